//! Members that ask for what this server does not do, and that it would be wrong to pass over: a client
//! that wants its answers encrypted, say, must not take plain ones for those.

use serde_json::Value;

use super::finding::{Findings, Rule};
use super::wire::Document;

/// The value with which a member asks for nothing.
#[derive(Clone, Copy)]
enum Harmless {
    /// There is none: the member must not be there.
    Never,
    /// `false`.
    False,
    /// An empty list.
    Empty,
    /// This word.
    Word(&'static str),
}

impl Harmless {
    fn is(self, json: &str) -> bool {
        match (self, serde_json::from_str(json)) {
            (Self::False, Ok(Value::Bool(asked))) => !asked,
            (Self::Empty, Ok(Value::Array(values))) => values.is_empty(),
            (Self::Word(word), Ok(Value::String(text))) => text == word,
            _ => false,
        }
    }
}

///
pub(super) fn unsupported(document: &Document<'_>, findings: &mut Findings) {
    for group in &GROUPS {
        for name in group.names {
            if document.json(name).is_some_and(|json| !group.harmless.is(json)) {
                findings.error(*name, group.expected, group.rule);
            }
        }
    }
}

/// All names, for finding them twice.
pub(super) fn names() -> impl Iterator<Item = &'static str> {
    GROUPS.iter().flat_map(|group| group.names).copied()
}

/// Members that are refused in one sentence.
struct Group {
    names: &'static [&'static str],
    harmless: Harmless,
    expected: &'static str,
    rule: Rule,
}

/// `authorization_signed_response_alg` is not among them: a client library writes its default, RS256, into
/// every document, and means nothing by it.
const GROUPS: [Group; 9] = [
    Group {
        names: &["client_secret", "client_secret_expires_at"],
        harmless: Harmless::Never,
        expected: "must be absent, since nothing is secret in a public document",
        rule: Rule::new("R-076", "Client ID Metadata Document section 4.1"),
    },
    Group {
        names: &["subject_type"],
        harmless: Harmless::Word("public"),
        expected: "must be public, since the subject is the DID of an account",
        rule: Rule::new("R-094", "OpenID Connect Dynamic Client Registration section 2"),
    },
    Group {
        names: &[
            "id_token_signed_response_alg",
            "id_token_encrypted_response_alg",
            "id_token_encrypted_response_enc",
            "userinfo_signed_response_alg",
            "userinfo_encrypted_response_alg",
            "userinfo_encrypted_response_enc",
            "introspection_signed_response_alg",
            "introspection_encrypted_response_alg",
            "introspection_encrypted_response_enc",
            "authorization_encrypted_response_alg",
            "authorization_encrypted_response_enc",
        ],
        harmless: Harmless::Never,
        expected: "must be absent, since this server neither signs nor encrypts such answers",
        rule: Rule::new("R-094", "OpenID Connect Dynamic Client Registration section 2"),
    },
    Group {
        names: &["tls_client_certificate_bound_access_tokens"],
        harmless: Harmless::False,
        expected: "must not be true, since tokens are bound by DPoP",
        rule: Rule::new("R-094", "RFC 8705 section 3.4"),
    },
    Group {
        names: &[
            "tls_client_auth_subject_dn",
            "tls_client_auth_san_dns",
            "tls_client_auth_san_uri",
            "tls_client_auth_san_ip",
            "tls_client_auth_san_email",
        ],
        harmless: Harmless::Never,
        expected: "must be absent, since clients do not authenticate by certificate",
        rule: Rule::new("R-094", "RFC 8705 section 2.1.2"),
    },
    Group {
        names: &["require_signed_request_object"],
        harmless: Harmless::False,
        expected: "must not be true, since this server takes no request objects",
        rule: Rule::new("R-025", "RFC 9101 section 10.5"),
    },
    Group {
        names: &[
            "request_object_signing_alg",
            "request_object_encryption_alg",
            "request_object_encryption_enc",
        ],
        harmless: Harmless::Never,
        expected: "must be absent, since this server takes no request objects",
        rule: Rule::new("R-025", "RFC 9101 section 10.5"),
    },
    Group {
        names: &["default_max_age"],
        harmless: Harmless::Never,
        expected: "must be absent, since this server says when to sign in again",
        rule: Rule::new("R-094", "OpenID Connect Dynamic Client Registration section 2"),
    },
    Group {
        names: &["authorization_details_types"],
        harmless: Harmless::Empty,
        expected: "must be absent, since permissions are asked for by scope",
        rule: Rule::new("R-094", "RFC 9396 section 10"),
    },
];

#[cfg(test)]
mod tests;
