//! What answers carry besides their own content: the challenge, the nonce, and who may keep or see them.

use entryway_oauth::issuer::Issuer;
use entryway_oauth::jwk::Algorithm;
use http::header::{
    ACCESS_CONTROL_EXPOSE_HEADERS, AUTHORIZATION, CACHE_CONTROL, HeaderMap, HeaderName, HeaderValue, VARY,
};

/// The `WWW-Authenticate` of one resource (RFC 9449 section 7.1, RFC 9728 section 5.1).
pub(crate) struct Challenge {
    algorithms: String,
    resource_metadata: String,
}

/// What a challenge says is wrong (RFC 6750 section 3).
pub(crate) struct Fault<'a> {
    pub(crate) error: &'static str,
    pub(crate) description: &'a str,
    pub(crate) scope: Option<&'a str>,
}

impl Challenge {
    pub(crate) fn new(public_url: &Issuer) -> Self {
        Self {
            algorithms: Algorithm::ALL.map(Algorithm::name).join(" "),
            resource_metadata: public_url.url("/.well-known/oauth-protected-resource"),
        }
    }

    /// The value; it begins with `DPoP`, which stock clients look for. Without a fault it only says how
    /// to call (RFC 6750 section 3.1: no error for a request without credentials).
    pub(crate) fn value(&self, fault: Option<&Fault<'_>>) -> HeaderValue {
        let mut text = String::from("DPoP");
        let mut separator = ' ';
        let mut push = |name: &str, value: &str| {
            text.push(separator);
            if separator == ',' {
                text.push(' ');
            }
            separator = ',';
            text.push_str(name);
            text.push_str("=\"");
            text.extend(value.chars().filter(|c| is_quotable(*c)));
            text.push('"');
        };
        push("algs", &self.algorithms);
        if let Some(fault) = fault {
            push("error", fault.error);
            push("error_description", fault.description);
            if let Some(scope) = fault.scope {
                push("scope", scope);
            }
        }
        push("resource_metadata", &self.resource_metadata);
        // only visible characters were pushed, so this is a value
        HeaderValue::try_from(text).unwrap_or(HeaderValue::from_static("DPoP"))
    }
}

/// Characters that need no escape in a quoted string, so that nothing breaks out of it (R-356).
fn is_quotable(c: char) -> bool {
    matches!(c, ' '..='~') && !matches!(c, '"' | '\\')
}

/// Puts the nonce on an answer and says that it is private (R-343, R-344). Doing it twice changes
/// nothing, and what the application said about caching and CORS is kept where it is strict enough.
pub(crate) fn dress(headers: &mut HeaderMap, nonce: &str) {
    // base64url characters, so this is a value
    if let Ok(nonce) = HeaderValue::from_str(nonce) {
        headers.insert(DPOP_NONCE, nonce);
    }
    if !lists(headers, &CACHE_CONTROL, "private") && !lists(headers, &CACHE_CONTROL, "no-store") {
        headers.insert(CACHE_CONTROL, HeaderValue::from_static("private"));
    }
    if !lists(headers, &VARY, AUTHORIZATION.as_str()) && !lists(headers, &VARY, "*") {
        headers.append(VARY, HeaderValue::from_static("Authorization"));
    }
    for (name, value) in [
        ("dpop-nonce", "DPoP-Nonce"),
        ("www-authenticate", "WWW-Authenticate"),
    ] {
        // a wildcard does not count: it means nothing to a request with credentials
        if !lists(headers, &ACCESS_CONTROL_EXPOSE_HEADERS, name) {
            headers.append(ACCESS_CONTROL_EXPOSE_HEADERS, HeaderValue::from_static(value));
        }
    }
}

/// Whether a comma-separated header names a member, in any case and on any of its lines.
fn lists(headers: &HeaderMap, header: &HeaderName, member: &str) -> bool {
    headers
        .get_all(header)
        .iter()
        .filter_map(|value| value.to_str().ok())
        .flat_map(|line| line.split(','))
        .any(|item| item.trim().eq_ignore_ascii_case(member))
}

const DPOP_NONCE: HeaderName = HeaderName::from_static("dpop-nonce");

#[cfg(test)]
mod tests {
    use super::*;

    fn challenge() -> Challenge {
        Challenge::new(&Issuer::parse("https://pds.example").unwrap())
    }

    fn dressed(before: &[(&HeaderName, &str)]) -> Vec<(String, String)> {
        let mut headers = HeaderMap::new();
        for (name, value) in before {
            headers.append(*name, value.parse().unwrap());
        }
        dress(&mut headers, "old");
        dress(&mut headers, "nonce");
        let text = |value: &HeaderValue| value.to_str().unwrap().to_owned();
        let mut lines: Vec<_> = headers
            .iter()
            .map(|(name, value)| (name.to_string(), text(value)))
            .collect();
        lines.sort();
        lines
    }

    fn lines(expected: &[(&str, &str)]) -> Vec<(String, String)> {
        expected
            .iter()
            .map(|(name, value)| ((*name).to_owned(), (*value).to_owned()))
            .collect()
    }

    // R-343, R-344
    #[test]
    fn an_answer_is_dressed_once_however_often() {
        assert_eq!(
            dressed(&[]),
            lines(&[
                ("access-control-expose-headers", "DPoP-Nonce"),
                ("access-control-expose-headers", "WWW-Authenticate"),
                ("cache-control", "private"),
                ("dpop-nonce", "nonce"),
                ("vary", "Authorization"),
            ])
        );
    }

    #[test]
    fn what_the_application_said_is_kept_where_it_is_strict_enough() {
        assert_eq!(
            dressed(&[
                (
                    &ACCESS_CONTROL_EXPOSE_HEADERS,
                    "dpop-nonce, Atproto-Repo-Rev,www-authenticate"
                ),
                (&CACHE_CONTROL, "no-store, max-age=0"),
                (&VARY, "Origin"),
                (&VARY, "accept, AUTHORIZATION"),
            ]),
            lines(&[
                (
                    "access-control-expose-headers",
                    "dpop-nonce, Atproto-Repo-Rev,www-authenticate"
                ),
                ("cache-control", "no-store, max-age=0"),
                ("dpop-nonce", "nonce"),
                ("vary", "Origin"),
                ("vary", "accept, AUTHORIZATION"),
            ])
        );
        // a shared cache must not keep what one account may see
        assert_eq!(
            dressed(&[
                (&CACHE_CONTROL, "public, max-age=60"),
                (&ACCESS_CONTROL_EXPOSE_HEADERS, "*"),
                (&VARY, "*")
            ]),
            lines(&[
                ("access-control-expose-headers", "*"),
                ("access-control-expose-headers", "DPoP-Nonce"),
                ("access-control-expose-headers", "WWW-Authenticate"),
                ("cache-control", "private"),
                ("dpop-nonce", "nonce"),
                ("vary", "*"),
            ])
        );
    }

    // R-356
    #[test]
    fn nothing_breaks_out_of_a_quoted_string() {
        let fault = Fault {
            error: "insufficient_scope",
            description: "a\r\nSet-Cookie: a=b\u{0}\u{7f}\u{e9}",
            scope: Some(r#"x", error="invalid_token" \"#),
        };
        assert_eq!(
            challenge().value(Some(&fault)),
            concat!(
                r#"DPoP algs="ES256 ES256K ES384 EdDSA PS256 RS256", error="insufficient_scope", "#,
                r#"error_description="aSet-Cookie: a=b", scope="x, error=invalid_token ", "#,
                r#"resource_metadata="https://pds.example/.well-known/oauth-protected-resource""#,
            )
        );
    }
}
