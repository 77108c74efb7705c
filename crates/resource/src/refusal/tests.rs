use std::fmt::Write as _;

use entryway_oauth::issuer::Issuer;

use super::*;

/// One of each kind of answer.
fn samples() -> Vec<Refusal> {
    vec![
        Refusal::CredentialsMissing,
        Refusal::CredentialsMalformed {
            expected: "authorization must be a scheme, one space and a token",
        },
        Refusal::SchemeUnsupported,
        Refusal::TokenInvalid(InvalidToken::Malformed),
        Refusal::TokenInvalid(InvalidToken::IssuerUnknown),
        Refusal::TokenInvalid(InvalidToken::Signature),
        Refusal::TokenInvalid(InvalidToken::AudienceMismatch),
        Refusal::TokenInvalid(InvalidToken::Expired),
        Refusal::TokenInvalid(InvalidToken::Misdated),
        Refusal::TokenInvalid(InvalidToken::ScopeReferenced),
        Refusal::TokenInvalid(InvalidToken::ScopeUnknown),
        Refusal::TokenInvalid(InvalidToken::AtprotoMissing),
        Refusal::TokenInvalid(InvalidToken::SessionUnnamed),
        Refusal::TokenInvalid(InvalidToken::Revoked),
        Refusal::TokenInvalid(InvalidToken::KeyMismatch),
        Refusal::ProofInvalid(Denial::ProofMissing),
        Refusal::ProofInvalid(Denial::ProofInvalid {
            expected: "typ must be dpop+jwt",
        }),
        Refusal::ProofInvalid(Denial::ProofClock {
            off_seconds: 900,
            direction: "behind",
        }),
        Refusal::ProofInvalid(Denial::ProofReplayed),
        Refusal::ProofInvalid(Denial::NonceRequired),
        Refusal::scope_missing("repo:a.b.c?action=create"),
        Refusal::CallMalformed {
            expected: "atproto-proxy must be a did, a hash and the name of a service",
        },
        Refusal::MethodClosed,
        Refusal::BodyTooLarge,
        Refusal::IssuerSilent,
        Refusal::RevocationsStale,
        Refusal::ReplayMarksFull,
    ]
}

/// Status, challenge and body on three lines each.
fn rendered() -> String {
    let challenge = Challenge::new(&Issuer::parse("https://pds.example").unwrap());
    let mut text = String::new();
    for refusal in samples() {
        let response = refusal.response(&challenge);
        let header = |name| response.headers().get(name).map_or("-", |v| v.to_str().unwrap());
        writeln!(
            text,
            "{}\n  {}\n  {}",
            response.status(),
            header(WWW_AUTHENTICATE)
                .replace(ENDS, "")
                .replace(BEGINS, "DPoP .."),
            std::str::from_utf8(response.body()).unwrap()
        )
        .unwrap();
    }
    text
}

const BEGINS: &str = r#"DPoP algs="ES256 ES256K ES384 EdDSA PS256 RS256""#;
const ENDS: &str = r#", resource_metadata="https://pds.example/.well-known/oauth-protected-resource""#;

// R-324 to R-341, R-360, contract section 3.2; `..` stands for `algs`, and the metadata ends each challenge
#[test]
fn every_refusal_has_the_status_challenge_and_body_stock_clients_know() {
    assert_eq!(rendered(), include_str!("table.txt"));
}

#[test]
fn every_challenge_begins_with_its_scheme_and_names_the_metadata() {
    let challenge = Challenge::new(&Issuer::parse("https://pds.example").unwrap());
    for refusal in samples()
        .iter()
        .filter(|refusal| refusal.status().is_client_error() && !is_about_the_call(refusal))
    {
        let response = refusal.response(&challenge);
        let value = response.headers()[WWW_AUTHENTICATE].to_str().unwrap();
        assert!(value.starts_with(BEGINS) && value.ends_with(ENDS), "{value}");
    }
}

/// Better credentials would not help, so the answer asks for none.
fn is_about_the_call(refusal: &Refusal) -> bool {
    matches!(
        refusal,
        Refusal::CallMalformed { .. } | Refusal::MethodClosed | Refusal::BodyTooLarge
    )
}

#[test]
fn every_sentence_keeps_to_the_characters_of_rfc_6749() {
    for refusal in samples() {
        let text = refusal.to_string();
        let plain = text
            .bytes()
            .all(|b| matches!(b, b' '..=b'~') && !matches!(b, b'"' | b'\\'));
        assert!(
            plain && !text.ends_with('.') && !text.starts_with(char::is_uppercase),
            "{text}"
        );
    }
}

// R-356
#[test]
fn a_scope_of_any_characters_is_still_one_json_string() {
    let challenge = Challenge::new(&Issuer::parse("https://pds.example").unwrap());
    let response = Refusal::scope_missing("a\", \"b\u{0}\n").response(&challenge);
    let body: serde_json::Value = serde_json::from_slice(response.body()).unwrap();
    assert_eq!(body["message"], "Missing required scope \"a\", \"b\u{0}\n\"");
    assert_eq!(body.as_object().map(serde_json::Map::len), Some(2));
}
