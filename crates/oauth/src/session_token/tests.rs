use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use k256::ecdsa::signature::Signer as _;
use k256::ecdsa::{Signature, SigningKey};
use proptest::prelude::*;

use super::*;
use crate::access_token::{AccessTokenClaims, Confirmation, TokenScope, verify_signature};
use crate::time::Seconds;

const NOW: Timestamp = Timestamp::from_seconds(1_700_000_000);
const ACCESS_HEADER: &str = r#"{"alg":"ES256K","typ":"at+jwt"}"#;
const REFRESH_HEADER: &str = r#"{"alg":"ES256K","typ":"refresh+jwt"}"#;

fn key() -> AccessTokenKey {
    AccessTokenKey::from_bytes(&[7; 32]).unwrap()
}

fn keys() -> [PublicKey; 1] {
    [key().public().clone()]
}

fn issuer() -> Issuer {
    Issuer::parse("https://entryway.example").unwrap()
}

fn service() -> Did {
    Did::parse("did:web:entryway.example").unwrap()
}

fn alice() -> Did {
    Did::parse("did:plc:ewvi7nxzyoun6zhxrhs64oiz").unwrap()
}

fn access_claims(scope: SessionScope) -> SessionAccessClaims {
    SessionAccessClaims {
        iss: issuer(),
        aud: "did:web:pds.example".to_owned(),
        sub: alice(),
        scope,
        iat: NOW,
        exp: NOW + Seconds::minutes(15),
        jti: TokenId::from_entropy([0xab; 16]),
        sid: SessionId::from_entropy([1; 16]),
    }
}

fn refresh_claims() -> SessionRefreshClaims {
    SessionRefreshClaims {
        iss: issuer(),
        aud: service(),
        sub: alice(),
        iat: NOW,
        exp: NOW + Seconds::days(90),
        jti: "a-generation".to_owned(),
    }
}

fn access() -> String {
    let token = access_claims(SessionScope::Access).sign(&key());
    token.expose().to_owned()
}

fn refresh() -> String {
    refresh_claims().sign(&key()).expose().to_owned()
}

/// Any header and payload, signed by the service's own key.
fn forged(header: &str, payload: &str) -> String {
    let signing = SigningKey::from_slice(&[7; 32]).unwrap();
    let signed = format!(
        "{}.{}",
        URL_SAFE_NO_PAD.encode(header),
        URL_SAFE_NO_PAD.encode(payload)
    );
    let signature: Signature = signing.sign(signed.as_bytes());
    format!("{signed}.{}", URL_SAFE_NO_PAD.encode(signature.to_bytes()))
}

fn payload_of(token: &str) -> serde_json::Value {
    UnverifiedJws::parse(token).unwrap().unverified_claims().unwrap()
}

fn read_access(token: &str) -> Result<SessionAccessClaims, InvalidSessionToken> {
    verify_access(token, &keys(), &issuer()).map(Signed::even_if_expired)
}

fn read_refresh(token: &str) -> Result<SessionRefreshClaims, InvalidSessionToken> {
    verify_refresh(token, &keys(), &issuer(), &service()).map(Signed::even_if_expired)
}

// E8, E9, R-477, contract 3.1
#[test]
fn tokens_have_the_shape_an_unmodified_pds_wants() {
    let (access, refresh) = (access(), refresh());
    let header = |token: &str| UnverifiedJws::parse(token).unwrap().header().unwrap().to_owned();
    assert_eq!(header(&access), ACCESS_HEADER);
    assert_eq!(header(&refresh), REFRESH_HEADER);
    assert_eq!(
        payload_of(&access),
        serde_json::json!({
            "iss": "https://entryway.example",
            "aud": "did:web:pds.example",
            "sub": "did:plc:ewvi7nxzyoun6zhxrhs64oiz",
            "scope": "com.atproto.access",
            "iat": 1_700_000_000,
            "exp": 1_700_000_900,
            "jti": "tok-abababababababababababababababab",
            "sid": "ses-01010101010101010101010101010101",
        })
    );
    assert_eq!(
        payload_of(&refresh),
        serde_json::json!({
            "scope": "com.atproto.refresh",
            "iss": "https://entryway.example",
            "aud": "did:web:entryway.example",
            "sub": "did:plc:ewvi7nxzyoun6zhxrhs64oiz",
            "iat": 1_700_000_000,
            "exp": 1_707_776_000,
            "jti": "a-generation",
        })
    );
}

#[test]
fn the_words_of_the_scopes_are_those_of_the_contract() {
    let words = SessionScope::ALL.map(SessionScope::name);
    assert_eq!(
        words,
        [
            "com.atproto.access",
            "com.atproto.appPass",
            "com.atproto.appPassPrivileged",
            "com.atproto.signupQueued",
            "com.atproto.takendown",
        ]
    );
    for scope in SessionScope::ALL {
        let token = access_claims(scope).sign(&key());
        assert_eq!(read_access(token.expose()), Ok(access_claims(scope)));
    }
    for other in ["com.atproto.apppass", "com.atproto.access ", "atproto", ""] {
        assert_eq!(SessionScope::parse(other), None, "{other}");
    }
}

#[test]
fn another_implementation_verifies_our_signature() {
    let jwk = josekit::jwk::Jwk::from_bytes(key().public().canonical_json()).unwrap();
    let verifier = josekit::jws::ES256K.verifier_from_jwk(&jwk).unwrap();
    for token in [access(), refresh()] {
        assert!(josekit::jwt::decode_with_verifier(token, &verifier).is_ok());
    }
}

#[test]
fn a_token_ends_at_its_second_and_can_be_read_after() {
    for (offset, good) in [(-1, true), (0, false), (1, false)] {
        let expired = Err(InvalidSessionToken::Expired);
        let claims = access_claims(SessionScope::Access);
        let now = claims.exp + Seconds(offset);
        let read = verify_access(&access(), &keys(), &issuer()).unwrap();
        assert_eq!(
            read.unexpired(now),
            if good { Ok(claims) } else { expired },
            "{offset}"
        );

        let now = refresh_claims().exp + Seconds(offset);
        let read = verify_refresh(&refresh(), &keys(), &issuer(), &service()).unwrap();
        assert_eq!(read.clone().unexpired(now).is_ok(), good, "{offset}");
        assert_eq!(read.even_if_expired(), refresh_claims());
    }
}

// R-478, B1
#[test]
fn neither_kind_of_token_does_the_work_of_the_other() {
    assert_eq!(read_access(&refresh()), Err(InvalidSessionToken::Unverified));
    assert_eq!(read_refresh(&access()), Err(InvalidSessionToken::Unverified));
    // nor with the other's typ, should one ever be signed so
    let [access, refresh] = [access(), refresh()].map(|token| payload_of(&token).to_string());
    let (as_access, as_refresh) = (forged(ACCESS_HEADER, &refresh), forged(REFRESH_HEADER, &access));
    assert_eq!(read_access(&as_access), Err(InvalidSessionToken::Scope));
    assert_eq!(read_refresh(&as_refresh), Err(InvalidSessionToken::Scope));
}

// R-481, R-497, E10
#[test]
fn an_oauth_token_is_no_session_token_and_a_session_token_no_oauth_token() {
    let scope = entryway_scope::ScopeSet::parse("atproto transition:generic").unwrap();
    let oauth = key().sign(&AccessTokenClaims {
        iss: issuer(),
        aud: "did:web:pds.example".to_owned(),
        sub: alice(),
        jti: TokenId::from_entropy([1; 16]),
        iat: NOW,
        exp: NOW + Seconds(900),
        client_id: "http://localhost".to_owned(),
        scope: TokenScope::Permissions(scope),
        cnf: Confirmation {
            jkt: key().public().thumbprint(),
        },
        sid: SessionId::from_entropy([1; 16]),
    });
    assert_eq!(read_access(&oauth), Err(InvalidSessionToken::Malformed));
    assert_eq!(read_refresh(&oauth), Err(InvalidSessionToken::Unverified));
    // nor can the vocabularies be mixed
    for scope in SessionScope::ALL {
        assert!(entryway_scope::ScopeSet::parse(scope.name()).is_err());
    }
    for token in [access(), refresh()] {
        assert!(verify_signature(&token, &keys()).is_err());
    }
}

// R-334, R-335, R-477
#[test]
fn a_header_decides_nothing_but_the_kind() {
    let payload = payload_of(&access()).to_string();
    for (header, fine) in [
        (ACCESS_HEADER, true),
        (r#"{"alg":"ES256K","typ":"application/at+jwt"}"#, true),
        // a kid may be there; no key is looked for by it
        (r#"{"alg":"ES256K","typ":"at+jwt","kid":"any"}"#, true),
        (r#"{"alg":"ES256K"}"#, false),
        (r#"{"alg":"ES256K","typ":"JWT"}"#, false),
        (r#"{"alg":"ES256K","typ":"dpop+jwt"}"#, false),
        (r#"{"alg":"ES256K","typ":"AT+JWT"}"#, false),
        (r#"{"alg":"ES256","typ":"at+jwt"}"#, false),
        (r#"{"alg":"HS256","typ":"at+jwt"}"#, false),
        (r#"{"alg":"none","typ":"at+jwt"}"#, false),
        (r#"{"typ":"at+jwt"}"#, false),
        (r#"{"alg":"ES256K","typ":"at+jwt","crit":[]}"#, false),
        (r#"{"alg":"ES256K","typ":"at+jwt","typ":"at+jwt"}"#, false),
        (r#"{"alg":"ES256K","typ":"at+jwt","x":1,"x":2}"#, false),
        ("[]", false),
        ("", false),
    ] {
        let read = read_access(&forged(header, &payload));
        if fine {
            assert_eq!(read, Ok(access_claims(SessionScope::Access)), "{header}");
        } else {
            assert_eq!(read, Err(InvalidSessionToken::Unverified), "{header}");
        }
    }
}

#[test]
fn claims_that_no_session_token_has_are_refused() {
    use InvalidSessionToken::{Malformed, Scope, Unverified};
    let whole = payload_of(&access());
    let with = |name: &str, value: serde_json::Value| {
        let mut changed = whole.clone();
        changed[name] = value;
        changed.to_string()
    };
    let without = |name: &str| {
        let mut changed = whole.clone();
        changed.as_object_mut().unwrap().remove(name);
        changed.to_string()
    };
    let twice = |member: &str| format!("{},{member}}}", whole.to_string().trim_end_matches('}'));
    let cases = [
        ("cnf", with("cnf", serde_json::json!({"jkt": "x"})), Malformed),
        ("cnf null", with("cnf", serde_json::Value::Null), Malformed),
        (
            "lxm",
            with("lxm", "com.atproto.server.getSession".into()),
            Malformed,
        ),
        (
            "client_id",
            with("client_id", "http://localhost".into()),
            Malformed,
        ),
        (
            "sub twice",
            twice(r#""sub":"did:web:mallory.example""#),
            Malformed,
        ),
        ("unknown twice", twice(r#""x":1,"x":1"#), Malformed),
        (
            "aud a list",
            with("aud", serde_json::json!(["did:web:pds.example"])),
            Malformed,
        ),
        ("sub a handle", with("sub", "alice.example".into()), Malformed),
        ("exp a text", with("exp", "1700000900".into()), Malformed),
        ("no exp", without("exp"), Malformed),
        ("no iat", without("iat"), Malformed),
        ("no jti", without("jti"), Malformed),
        ("no sub", without("sub"), Malformed),
        ("no aud", without("aud"), Malformed),
        ("no sid", without("sid"), Malformed),
        ("no scope", without("scope"), Malformed),
        (
            "scope a list",
            with("scope", serde_json::json!(["com.atproto.access"])),
            Malformed,
        ),
        ("other scope", with("scope", "com.atproto.admin".into()), Scope),
        (
            "two scopes",
            with("scope", "com.atproto.access com.atproto.appPass".into()),
            Scope,
        ),
        (
            "other issuer",
            with("iss", "https://other.example".into()),
            Unverified,
        ),
        ("not an object", "[]".to_owned(), Malformed),
    ];
    for (name, payload, fault) in cases {
        let token = forged(ACCESS_HEADER, &payload);
        assert_eq!(read_access(&token), Err(fault), "{name}");
    }
}

#[test]
fn a_refresh_token_is_for_this_service_alone() {
    for aud in ["did:web:pds.example", "did:web:other.example"] {
        let claims = SessionRefreshClaims {
            aud: Did::parse(aud).unwrap(),
            ..refresh_claims()
        };
        let token = claims.sign(&key());
        assert_eq!(
            read_refresh(token.expose()),
            Err(InvalidSessionToken::Unverified),
            "{aud}"
        );
    }
    let mut without = payload_of(&refresh());
    without.as_object_mut().unwrap().remove("jti");
    let token = forged(REFRESH_HEADER, &without.to_string());
    assert_eq!(read_refresh(&token), Err(InvalidSessionToken::Malformed));
}

#[test]
fn only_a_key_of_ours_signs_and_an_older_one_counts_while_it_is_listed() {
    let older = AccessTokenKey::from_bytes(&[8; 32]).unwrap();
    let token = access_claims(SessionScope::Access).sign(&older);
    assert_eq!(read_access(token.expose()), Err(InvalidSessionToken::Unverified));
    let both = [key().public().clone(), older.public().clone()];
    assert!(verify_access(token.expose(), &both, &issuer()).is_ok());
    let (good, cut) = (access(), access().len() - 2);
    for bad in [
        "",
        "a.b.c",
        &good[..cut],
        &good.replace('.', ""),
        &format!("{good} "),
    ] {
        assert_eq!(read_access(bad), Err(InvalidSessionToken::Unverified), "{bad}");
    }
}

#[test]
fn a_token_never_prints() {
    let token = access_claims(SessionScope::Access).sign(&key());
    assert_eq!(format!("{token:?}"), "SessionToken([redacted])");
}

proptest! {
    #[test]
    fn arbitrary_text_never_panics(text in "[A-Za-z0-9._-]{0,300}", payload in ".{0,120}") {
        prop_assert!(read_access(&text).is_err());
        prop_assert!(read_access(&forged(ACCESS_HEADER, &payload)).is_err());
        prop_assert!(read_refresh(&forged(REFRESH_HEADER, &payload)).is_err());
    }
}
