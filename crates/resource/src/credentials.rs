//! What a request presents, read from its headers and not yet believed.
//!
//! Only `Authorization` and `DPoP` are looked at: a token in a query or a body does not exist here
//!

use std::fmt;

use entryway_oauth::denial::Denial;
use http::HeaderMap;
use http::header::{AUTHORIZATION, GetAll, HeaderName, HeaderValue};

use crate::Refusal;

pub(crate) const DPOP: HeaderName = HeaderName::from_static("dpop");

/// "Nothing" and "something wrong" are never confused.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Credentials<'a> {
    /// There is no `Authorization` header, whatever else there is.
    NotPresented,
    /// One token under the `DPoP` scheme and one proof.
    Presented(UnverifiedCredentials<'a>),
    /// Anything else, with the answer it gets.
    Malformed(Refusal),
}

/// A token and a proof as they arrived.
#[derive(PartialEq, Eq)]
pub(crate) struct UnverifiedCredentials<'a> {
    pub(crate) token: &'a str,
    pub(crate) proof: &'a str,
}

impl fmt::Debug for UnverifiedCredentials<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("UnverifiedCredentials([redacted])")
    }
}

impl<'a> Credentials<'a> {
    pub(crate) fn of(headers: &'a HeaderMap) -> Self {
        if !headers.contains_key(AUTHORIZATION) {
            return Self::NotPresented;
        }
        match presented(headers) {
            Ok(credentials) => Self::Presented(credentials),
            Err(refusal) => Self::Malformed(refusal),
        }
    }
}

fn presented(headers: &HeaderMap) -> Result<UnverifiedCredentials<'_>, Refusal> {
    let malformed = |expected| Refusal::CredentialsMalformed { expected };
    // two headers, or two credentials in one: which of them a proxy believed cannot be known
    let authorization = only(headers.get_all(AUTHORIZATION)).ok_or(malformed(
        "exactly one authorization header of visible characters is taken",
    ))?;
    let (scheme, token) = authorization
        .split_once(' ')
        .ok_or(malformed("authorization must be a scheme, one space and a token"))?;
    if token.is_empty() || token.contains([' ', '\t', ',']) {
        return Err(malformed("authorization must be a scheme, one space and a token"));
    }
    // RFC 9449 section 7.2: a bound token is no bearer token. The scheme has no case
    if !scheme.eq_ignore_ascii_case("dpop") {
        return Err(Refusal::SchemeUnsupported);
    }
    if !headers.contains_key(DPOP) {
        return Err(Refusal::ProofInvalid(Denial::ProofMissing));
    }
    // RFC 9449 section 4.3, step 1
    let proof = only(headers.get_all(DPOP)).ok_or(Refusal::ProofInvalid(Denial::ProofInvalid {
        expected: "exactly one dpop header of visible characters is taken",
    }))?;
    Ok(UnverifiedCredentials { token, proof })
}

/// The one value, if there is one only and it is visible ASCII.
fn only(values: GetAll<'_, HeaderValue>) -> Option<&str> {
    let mut values = values.into_iter();
    match (values.next(), values.next()) {
        (Some(value), None) => value.to_str().ok(),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use http::StatusCode;
    use proptest::prelude::*;

    use super::*;

    fn headers(authorization: &[&str], dpop: &[&str]) -> HeaderMap {
        let mut headers = HeaderMap::new();
        for value in authorization {
            headers.append(AUTHORIZATION, value.parse().unwrap());
        }
        for value in dpop {
            headers.append(DPOP, value.parse().unwrap());
        }
        headers
    }

    #[test]
    fn nothing_is_not_the_same_as_something_wrong() {
        assert_eq!(Credentials::of(&headers(&[], &[])), Credentials::NotPresented);
        assert_eq!(
            Credentials::of(&headers(&[], &["proof"])),
            Credentials::NotPresented
        );
    }

    //
    #[test]
    fn the_scheme_has_no_case() {
        for scheme in ["DPoP", "dpop", "DPOP", "dPoP"] {
            let headers = headers(&[&format!("{scheme} token")], &["proof"]);
            let expected = UnverifiedCredentials {
                token: "token",
                proof: "proof",
            };
            assert_eq!(Credentials::of(&headers), Credentials::Presented(expected));
        }
    }

    //
    #[test]
    fn everything_else_is_malformed_and_its_status_says_how() {
        let (bad, unauthorized) = (StatusCode::BAD_REQUEST, StatusCode::UNAUTHORIZED);
        for (authorization, dpop, status) in [
            (&["DPoP a", "DPoP a"][..], &["p"][..], bad),
            (&["DPoP a", "Bearer a"], &["p"], bad),
            (&["DPoP a, DPoP b"], &["p"], bad),
            (&["DPoP a,b"], &["p"], bad),
            (&["DPoP  a"], &["p"], bad),
            (&["DPoP a "], &["p"], bad),
            (&["DPoP\ta"], &["p"], bad),
            (&["DPoP "], &["p"], bad),
            (&["DPoP"], &["p"], bad),
            (&[""], &["p"], bad),
            (&["Bearer a"], &["p"], unauthorized),
            (&["Bearer a"], &[], unauthorized),
            (&["Basic a"], &["p"], unauthorized),
            (&["DPoPX a"], &["p"], unauthorized),
            (&["DPoP a"], &[], unauthorized),
            (&["DPoP a"], &["p", "p"], unauthorized),
        ] {
            let headers = headers(authorization, dpop);
            let Credentials::Malformed(refusal) = Credentials::of(&headers) else {
                panic!("{authorization:?} {dpop:?}")
            };
            assert_eq!(refusal.status(), status, "{authorization:?} {dpop:?}");
        }
    }

    #[test]
    fn credentials_never_print_themselves() {
        let headers = headers(&["DPoP s3cret"], &["s3cret"]);
        assert!(!format!("{:?}", Credentials::of(&headers)).contains("s3cret"));
    }

    proptest! {
        #[test]
        fn arbitrary_header_values_never_panic(
            authorization in proptest::collection::vec(proptest::collection::vec(any::<u8>(), 0..60), 0..3),
            dpop in proptest::collection::vec(proptest::collection::vec(any::<u8>(), 0..60), 0..3),
        ) {
            let mut headers = HeaderMap::new();
            for (name, values) in [(AUTHORIZATION, authorization), (DPOP, dpop)] {
                for value in values.iter().filter_map(|bytes| HeaderValue::from_bytes(bytes).ok()) {
                    headers.append(&name, value);
                }
            }
            let _ = Credentials::of(&headers);
        }
    }
}
