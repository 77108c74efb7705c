//! How the client proves who it is, and that its tokens are bound.

use super::finding::{Findings, Rule};
use super::keys;
use super::wire::{Document, Member};
use crate::client::{ApplicationType, ClientAuthentication, KeySource};
use crate::client_id::ClientId;
use crate::jwk::Algorithm;

const METHOD: &str = "token_endpoint_auth_method";
const ALGORITHM: &str = "token_endpoint_auth_signing_alg";

#[derive(Clone, Copy, PartialEq, Eq)]
enum Method {
    None,
    PrivateKeyJwt,
}

/// tokens are bound to a key of the client's, and the document says so.
pub(super) fn dpop_bound_access_tokens(document: &Document<'_>, findings: &mut Findings) {
    const NAME: &str = "dpop_bound_access_tokens";
    let bound = document.flag(NAME, findings);
    if bound.required(NAME, DPOP, findings) == Some(false) {
        findings.error(NAME, "must be true", DPOP);
    }
}

/// the method, and what belongs to it. Nothing where that is unclear.
pub(super) fn authentication(
    document: &Document<'_>,
    id: &ClientId,
    application_type: Option<ApplicationType>,
    findings: &mut Findings,
) -> Option<ClientAuthentication> {
    let method = method(document, findings);
    if method == Some(Method::PrivateKeyJwt) && application_type == Some(ApplicationType::Native) {
        // what is installed on many devices keeps no secret
        findings.error(METHOD, "must be none, since application_type is native", NATIVE);
    }
    let algorithm = algorithm(document, method, findings);
    let keys = key_source(document, id, method, algorithm, findings);
    match method? {
        Method::None => Some(ClientAuthentication::None),
        Method::PrivateKeyJwt => Some(ClientAuthentication::PrivateKeyJwt {
            algorithm: algorithm?,
            keys: keys?,
        }),
    }
}

/// RFC 7591 has a shared secret for the default, which no server of atproto takes; what is meant
/// shows in whether there are keys.
fn method(document: &Document<'_>, findings: &mut Findings) -> Option<Method> {
    let written = match document.text(METHOD, findings) {
        Member::Absent if document.has("jwks") || document.has("jwks_uri") => {
            findings.error(
                METHOD,
                "is required, since there are keys: private_key_jwt",
                KNOWN,
            );
            return None;
        }
        Member::Absent => {
            findings.warning(METHOD, "is absent, which is taken for none", KNOWN);
            return Some(Method::None);
        }
        Member::Mistyped => return None,
        Member::Given(written) => written,
    };
    match written.as_str() {
        "none" => Some(Method::None),
        "private_key_jwt" => Some(Method::PrivateKeyJwt),
        _ => {
            findings.error(METHOD, "must be none or private_key_jwt", KNOWN);
            None
        }
    }
}

///
fn algorithm(document: &Document<'_>, method: Option<Method>, findings: &mut Findings) -> Option<Algorithm> {
    let written = document.text(ALGORITHM, findings);
    match (written, method) {
        (Member::Given(_), Some(Method::None)) => {
            findings.error(
                ALGORITHM,
                "must be absent, since token_endpoint_auth_method is none",
                WITH_KEY,
            );
            None
        }
        (Member::Given(name), _) => {
            let algorithm = Algorithm::parse(&name);
            if algorithm.is_none() {
                findings.error(
                    ALGORITHM,
                    "must be one of ES256, ES256K, ES384, EdDSA, PS256 and RS256",
                    KNOWN_ALGORITHM,
                );
            }
            algorithm
        }
        (Member::Absent, Some(Method::PrivateKeyJwt)) => {
            findings.error(
                ALGORITHM,
                "is required, since token_endpoint_auth_method is private_key_jwt",
                WITH_KEY,
            );
            None
        }
        (Member::Absent | Member::Mistyped, _) => None,
    }
}

/// the keys are in one place. They are judged wherever they are, also where nobody needs them:
/// a private key that is published is lost.
fn key_source(
    document: &Document<'_>,
    id: &ClientId,
    method: Option<Method>,
    algorithm: Option<Algorithm>,
    findings: &mut Findings,
) -> Option<KeySource> {
    let (inline, elsewhere) = (document.has("jwks"), document.has("jwks_uri"));
    match method {
        _ if inline && elsewhere => {
            findings.error("jwks_uri", "must be absent, since there is jwks", ONE_SOURCE);
        }
        Some(Method::PrivateKeyJwt) if !inline && !elsewhere => findings.error(
            "jwks or jwks_uri",
            "is required, since token_endpoint_auth_method is private_key_jwt",
            ONE_SOURCE,
        ),
        Some(Method::None) if inline || elsewhere => findings.warning(
            if inline { "jwks" } else { "jwks_uri" },
            "is of no use, since token_endpoint_auth_method is none",
            ONE_SOURCE,
        ),
        _ => {}
    }
    let inline = keys::inline(document, algorithm, findings).map(KeySource::Inline);
    let elsewhere = keys::elsewhere(document, id, findings).map(KeySource::Uri);
    inline.or(elsewhere)
}

const DPOP: Rule = Rule::new("R-069", "RFC 9449 section 5.2");
const KNOWN: Rule = Rule::new("R-070", "Client ID Metadata Document section 4.1");
const KNOWN_ALGORITHM: Rule = Rule::new("R-071", "atproto OAuth, Confidential Client Authentication");
const WITH_KEY: Rule = Rule::new("R-072", "OpenID Connect Dynamic Client Registration section 2");
const ONE_SOURCE: Rule = Rule::new("R-073", "RFC 7591 section 2");
const NATIVE: Rule = Rule::new("R-095", "RFC 8252 section 8.4");

#[cfg(test)]
mod tests;
