mod refused;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use josekit::jwk::Jwk;
use josekit::jws::ES256;
use serde_json::{Value, json};

use super::*;
use crate::access_token::{self, AccessTokenKey};
use crate::denial::Denial;
use crate::jws::UnverifiedJws;

const NOW: Timestamp = Timestamp::from_seconds(1_700_000_000);

fn key() -> FeedKey {
    FeedKey::from_bytes(&[7; 32]).unwrap()
}

fn believed(text: &str) -> Result<Statement, InvalidStatement> {
    verify(text, &[key().public().clone()])
}

fn issuer() -> Issuer {
    Issuer::parse("https://entryway.example").unwrap()
}

fn account() -> Did {
    Did::parse("did:plc:ewvi7nxzyoun6zhxrhs64oiz").unwrap()
}

fn sessions(count: u8) -> Vec<SessionId> {
    (0..count).map(|n| SessionId::from_entropy([n; 16])).collect()
}

fn of_each_kind() -> Vec<Revoked> {
    let (sub, client_id) = (account(), "https://app.example/client-metadata.json".to_owned());
    vec![
        Revoked::Session {
            sessions: sessions(1),
        },
        Revoked::Grant {
            sub: sub.clone(),
            client_id: client_id.clone(),
            sessions: sessions(2),
        },
        Revoked::Account {
            sub,
            sessions: sessions(0),
        },
        Revoked::Client {
            client_id,
            sessions: sessions(64),
        },
        Revoked::Key {
            jkt: key().public().thumbprint(),
        },
    ]
}

fn event(subject: Revoked) -> Statement {
    Statement::Event(RevocationEvent {
        iss: issuer(),
        seq: 7,
        iat: NOW,
        until: NOW + Seconds::minutes(15),
        subject,
    })
}

fn head() -> Statement {
    Statement::Head(FeedHead {
        iss: issuer(),
        seq: 7,
        oldest: 3,
        iat: NOW,
        challenge: Some(Challenge::from_entropy([9; 16])),
    })
}

fn jwk() -> Jwk {
    let mut jwk: Value = serde_json::from_str(&key().public().canonical_json()).unwrap();
    jwk["d"] = URL_SAFE_NO_PAD.encode([7; 32]).into();
    Jwk::from_bytes(jwk.to_string()).unwrap()
}

/// Signs any header and payload, also what no library would write.
fn signed(header: &str, payload: &str) -> String {
    let text = format!(
        "{}.{}",
        URL_SAFE_NO_PAD.encode(header),
        URL_SAFE_NO_PAD.encode(payload)
    );
    let by = ES256.signer_from_jwk(&jwk()).unwrap();
    let signature = josekit::jws::JwsSigner::sign(&by, text.as_bytes()).unwrap();
    format!("{text}.{}", URL_SAFE_NO_PAD.encode(signature))
}

fn header(typ: &str) -> String {
    json!({"alg": "ES256", "kid": key().kid(), "typ": typ}).to_string()
}

fn signed_event(payload: &str) -> String {
    signed(&header("entryway-revocation+jwt"), payload)
}

fn claims_of(statement: &Statement) -> Value {
    let text = key().sign(statement).unwrap();
    UnverifiedJws::parse(&text).unwrap().unverified_claims().unwrap()
}

fn changed(statement: &Statement, changes: &Value) -> String {
    let mut claims = claims_of(statement);
    for (name, value) in changes.as_object().unwrap() {
        claims[name] = value.clone();
    }
    let typ = match statement {
        Statement::Event(_) => "entryway-revocation+jwt",
        Statement::Head(_) => "entryway-feed-head+jwt",
    };
    signed(&header(typ), &claims.to_string())
}

#[test]
fn a_statement_of_each_kind_reads_back_as_it_was() {
    for statement in of_each_kind().into_iter().map(event).chain([head()]) {
        let text = key().sign(&statement).unwrap();
        assert_eq!(believed(&text), Ok(statement));
    }
}

#[test]
fn the_json_is_the_one_readers_of_other_makes_were_promised() {
    let session = SessionId::from_entropy([0; 16]);
    assert_eq!(
        claims_of(&event(Revoked::Grant {
            sub: account(),
            client_id: "http://localhost".to_owned(),
            sessions: vec![session],
        })),
        json!({
            "iss": "https://entryway.example", "seq": 7, "iat": 1_700_000_000, "until": 1_700_000_900,
            "kind": "grant", "sub": "did:plc:ewvi7nxzyoun6zhxrhs64oiz", "client_id": "http://localhost",
            "sessions": ["ses-00000000000000000000000000000000"],
        })
    );
    assert_eq!(
        claims_of(&head()),
        json!({
            "iss": "https://entryway.example", "seq": 7, "oldest": 3, "iat": 1_700_000_000,
            "challenge": "CQkJCQkJCQkJCQkJCQkJCQ",
        })
    );
    let kinds: Vec<&str> = of_each_kind().iter().map(Revoked::kind).collect();
    assert_eq!(kinds, ["session", "grant", "account", "client", "key"]);
    for subject in of_each_kind() {
        assert_eq!(claims_of(&event(subject.clone()))["kind"], subject.kind());
    }
}

#[test]
fn another_implementation_verifies_our_signature_and_we_verify_its() {
    let text = key().sign(&head()).unwrap();
    let verifier = ES256.verifier_from_jwk(&jwk().to_public_key().unwrap()).unwrap();
    assert!(josekit::jwt::decode_with_verifier(&text, &verifier).is_ok());
    assert_eq!(believed(&changed(&head(), &json!({}))), Ok(head()));
}

#[test]
fn only_the_named_key_of_the_issuer_is_believed() {
    let other = FeedKey::from_bytes(&[8; 32]).unwrap();
    let both = [other.public().clone(), key().public().clone()];
    let text = key().sign(&head()).unwrap();
    assert_eq!(verify(&text, &both), Ok(head()));
    assert_eq!(verify(&text, &both[..1]), Err(InvalidStatement::Signature));
    assert_eq!(verify(&text, &[]), Err(InvalidStatement::Signature));
    // the attacker's own signature under the issuer's kid
    let (_, rest) = other
        .sign(&head())
        .unwrap()
        .split_once('.')
        .map(|(a, b)| (a.to_owned(), b.to_owned()))
        .unwrap();
    let forged = format!(
        "{}.{rest}",
        URL_SAFE_NO_PAD.encode(header("entryway-feed-head+jwt"))
    );
    assert_eq!(verify(&forged, &both), Err(InvalidStatement::Signature));
}

#[test]
fn neither_passes_a_token_for_a_statement_nor_a_statement_for_a_token() {
    let token_key = AccessTokenKey::from_bytes(&[7; 32]).unwrap();
    let text = key().sign(&head()).unwrap();
    let keys = [token_key.public().clone(), key().public().clone()];
    assert_eq!(
        access_token::verify_signature(&text, &keys),
        Err(access_token::InvalidAccessToken::Malformed)
    );
    for typ in [
        "at+jwt",
        "dpop+jwt",
        "JWT",
        "",
        "application/entryway-feed-head+jwt",
    ] {
        let text = signed(&header(typ), &claims_of(&head()).to_string());
        assert_eq!(believed(&text), Err(InvalidStatement::Malformed), "{typ}");
    }
}

#[test]
fn an_event_is_no_head_and_a_head_no_event() {
    let (event, head) = (event(of_each_kind().remove(0)), head());
    for (typ, claims) in [
        ("entryway-feed-head+jwt", claims_of(&event)),
        ("entryway-revocation+jwt", claims_of(&head)),
    ] {
        let text = signed(&header(typ), &claims.to_string());
        assert_eq!(believed(&text), Err(InvalidStatement::Claims), "{typ}");
    }
}

#[test]
fn a_challenge_is_left_out_or_of_sixteen_bytes() {
    for bad in [
        json!(null),
        json!(""),
        json!("CQkJ"),
        json!("CQkJCQkJCQkJCQkJCQkJCQ=="),
        json!(9),
    ] {
        assert_eq!(
            believed(&changed(&head(), &json!({"challenge": bad}))),
            Err(InvalidStatement::Claims),
            "{bad}"
        );
    }
    let Statement::Head(mut unasked) = head() else {
        panic!()
    };
    unasked.challenge = None;
    let unasked = Statement::Head(unasked);
    assert_eq!(claims_of(&unasked).get("challenge"), None);
    assert_eq!(believed(&key().sign(&unasked).unwrap()), Ok(unasked));
}

#[test]
fn an_event_has_at_most_sixty_four_sessions_and_then_always_fits() {
    let many = event(Revoked::Session {
        sessions: sessions(65),
    });
    assert_eq!(key().sign(&many), Err(Unsigned));
    let fits = event(Revoked::Session {
        sessions: sessions(64),
    });
    let listed = json!(sessions(65));
    assert_eq!(
        believed(&changed(&fits, &json!({"sessions": listed}))),
        Err(InvalidStatement::TooManySessions)
    );
    // the longest account and client there are
    let longest = event(Revoked::Grant {
        sub: Did::parse(&format!(
            "did:web:{}example",
            format!("{}.", "a".repeat(63)).repeat(3)
        ))
        .unwrap(),
        client_id: "a".repeat(crate::client_id::BYTES_MAX),
        sessions: sessions(64),
    });
    let text = key().sign(&longest).unwrap();
    assert_eq!(believed(&text), Ok(longest));
    let too_long = event(Revoked::Client {
        client_id: "a".repeat(12_000),
        sessions: vec![],
    });
    assert_eq!(key().sign(&too_long), Err(Unsigned));
}

#[test]
fn the_private_half_never_prints() {
    assert_eq!(format!("{:?}", key()), format!("FeedKey({})", key().kid()));
    assert!(FeedKey::from_bytes(&[0; 32]).is_none());
    assert!(FeedKey::from_bytes(&[0xff; 32]).is_none());
    let kid = format!("feed-{}", key().public().thumbprint());
    assert_eq!(key().kid(), kid);
}

#[test]
fn a_request_to_the_feed_is_read_strictly() {
    let challenge = Challenge::from_entropy([9; 16]);
    for (query, read) in [
        ("", FeedRequest::default()),
        ("x=1", FeedRequest::default()),
        ("after=", FeedRequest::default()),
        (
            "after=0",
            FeedRequest {
                after: Some(0),
                ..FeedRequest::default()
            },
        ),
        (
            "after=9223372036854775807&wait=30&challenge=CQkJCQkJCQkJCQkJCQkJCQ",
            FeedRequest {
                after: Some(i64::MAX.unsigned_abs()),
                wait: 30,
                challenge: Some(challenge),
            },
        ),
    ] {
        assert_eq!(FeedRequest::parse(query), Ok(read), "{query}");
        assert_eq!(FeedRequest::parse(&read.query()), Ok(read));
    }
    for (query, name) in [
        ("after=-1", "after"),
        ("after=%2B1", "after"),
        ("after=+1", "after"),
        ("after=1.0", "after"),
        ("after=0x1", "after"),
        ("after=9223372036854775808", "after"),
        ("wait=31", "wait"),
        ("wait=256", "wait"),
        ("wait=-1", "wait"),
        ("challenge=CQkJ", "challenge"),
        ("challenge=CQkJCQkJCQkJCQkJCQkJCR", "challenge"),
    ] {
        let refused = FeedRequest::parse(query);
        assert!(
            matches!(refused, Err(Denial::ParameterInvalid { name: named, .. }) if named == name),
            "{query}: {refused:?}"
        );
    }
    for name in ["after", "wait", "challenge"] {
        assert_eq!(
            FeedRequest::parse(&format!("{name}=&{name}=")),
            Err(Denial::ParameterRepeated { name })
        );
    }
}
