use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use k256::ecdsa::signature::Signer as _;
use proptest::prelude::*;
use serde_json::{Value, json};

use super::claims::AHEAD_MAX;
use super::*;
use crate::time::Seconds;

const NOW: Timestamp = Timestamp::from_seconds(1_700_000_000);
const ISS: &str = "did:plc:ewvi7nxzyoun6zhxrhs64oiz";
const CALL: Purpose = Purpose::Call(ServiceMethod::GetSession);
const HEADER: &str = r#"{"typ":"JWT","alg":"ES256K"}"#;

fn service() -> Did {
    Did::parse("did:web:entryway.example").unwrap()
}

/// What a PDS claims (contract 2.1).
fn claims() -> Value {
    json!({
        "iat": 1_700_000_000,
        "iss": ISS,
        "aud": "did:web:entryway.example",
        "exp": 1_700_000_060,
        "lxm": "com.atproto.server.getSession",
        "jti": "0123456789abcdef0123456789abcdef",
    })
}

fn with(name: &str, value: Value) -> Value {
    let mut claims = claims();
    claims[name] = value;
    claims
}

fn without(name: &str) -> Value {
    let mut claims = claims();
    claims.as_object_mut().unwrap().remove(name);
    claims
}

fn k256_key() -> k256::ecdsa::SigningKey {
    k256::ecdsa::SigningKey::from_slice(&[7; 32]).unwrap()
}

fn public() -> PublicKey {
    PublicKey::Ec {
        curve: Curve::Secp256k1,
        point: k256_key()
            .verifying_key()
            .to_sec1_point(false)
            .as_bytes()
            .to_vec(),
    }
}

fn unsigned(header: &str, payload: &str) -> String {
    format!(
        "{}.{}",
        URL_SAFE_NO_PAD.encode(header),
        URL_SAFE_NO_PAD.encode(payload)
    )
}

fn signed(header: &str, payload: &str) -> String {
    let text = unsigned(header, payload);
    let signature: k256::ecdsa::Signature = k256_key().sign(text.as_bytes());
    format!("{text}.{}", URL_SAFE_NO_PAD.encode(signature.to_bytes()))
}

fn token(claims: &Value) -> String {
    signed(HEADER, &claims.to_string())
}

fn verify_at(
    token: &str,
    key: &PublicKey,
    high_s: HighS,
    now: Timestamp,
) -> Result<ServiceToken, InvalidServiceToken> {
    let expected = Expectation {
        service: &service(),
        purpose: CALL,
        now,
    };
    UnverifiedServiceToken::parse(token, &expected)?.verify(key, high_s)
}

fn verify(token: &str) -> Result<ServiceToken, InvalidServiceToken> {
    verify_at(token, &public(), HighS::Taken, NOW)
}

// E12, contract 2.1
#[test]
fn what_a_pds_sends_is_taken() {
    let read = verify(&token(&claims())).unwrap();
    assert_eq!(read.account().as_str(), ISS);
    // A7: other PDSes repeat the account in sub
    assert_eq!(verify(&token(&with("sub", ISS.into()))), Ok(read));
    assert!(verify(&token(&without("iat"))).is_ok());
}

// B12
#[test]
fn both_curves_of_the_protocol_sign_and_neither_for_the_other() {
    let p256 = p256::ecdsa::SigningKey::from_slice(&[9; 32]).unwrap();
    let p256_public = PublicKey::Ec {
        curve: Curve::P256,
        point: p256.verifying_key().to_sec1_point(false).as_bytes().to_vec(),
    };
    let by_p256 = |header: &str| {
        let text = unsigned(header, &claims().to_string());
        let signature: p256::ecdsa::Signature = p256.sign(text.as_bytes());
        format!("{text}.{}", URL_SAFE_NO_PAD.encode(signature.to_bytes()))
    };
    let es256 = r#"{"typ":"JWT","alg":"ES256"}"#;
    let check = |token: &str, key: &PublicKey| verify_at(token, key, HighS::Taken, NOW).map(|_| ());
    assert_eq!(check(&by_p256(es256), &p256_public), Ok(()));
    for (token, key) in [
        (by_p256(es256), public()),
        (by_p256(HEADER), p256_public.clone()),
        (token(&claims()), p256_public),
        (signed(es256, &claims().to_string()), public()),
    ] {
        assert_eq!(check(&token, &key), Err(InvalidServiceToken::Signature));
    }
}

// R-491, R-492
#[test]
fn a_header_of_something_else_is_refused() {
    use InvalidServiceToken::{Algorithm, Malformed, Type};
    let own_key = format!(r#"{{"typ":"JWT","alg":"ES256K","kid":"{ISS}#atproto"}}"#);
    let others_key = r#"{"typ":"JWT","alg":"ES256K","kid":"did:web:mallory.example#atproto"}"#;
    for (header, expected) in [
        (r#"{"alg":"ES256K"}"#, None),
        (r#"{"typ":"jwt","alg":"ES256K"}"#, None),
        (r##"{"typ":"JWT","alg":"ES256K","kid":"#atproto"}"##, None),
        (&own_key, None),
        (r#"{"typ":"at+jwt","alg":"ES256K"}"#, Some(Type)),
        (r#"{"typ":"refresh+jwt","alg":"ES256K"}"#, Some(Type)),
        (r#"{"typ":"dpop+jwt","alg":"ES256K"}"#, Some(Type)),
        (r#"{"typ":"","alg":"ES256K"}"#, Some(Type)),
        (others_key, Some(Algorithm)),
        (
            r##"{"typ":"JWT","alg":"ES256K","kid":"#atproto_label"}"##,
            Some(Algorithm),
        ),
        (r#"{"typ":"JWT","alg":"ES256K","crit":["exp"]}"#, Some(Algorithm)),
        (r#"{"typ":"JWT","alg":"none"}"#, Some(Algorithm)),
        (r#"{"typ":"JWT","alg":"HS256"}"#, Some(Algorithm)),
        (r#"{"typ":"JWT","alg":"RS256"}"#, Some(Algorithm)),
        (r#"{"typ":"JWT"}"#, Some(Malformed)),
        (r#"{"typ":"JWT","alg":"ES256K","alg":"ES256K"}"#, Some(Malformed)),
        (r#"{"typ":"JWT","alg":"ES256K","x":1,"x":1}"#, Some(Malformed)),
        ("[]", Some(Malformed)),
    ] {
        let read = verify(&signed(header, &claims().to_string()));
        assert_eq!(read.err(), expected, "{header}");
    }
}

// R-491, A7, A8: each claim missing, wrong and oversized
#[test]
fn each_claim_is_refused_by_its_fault() {
    use InvalidServiceToken::{Audience, AudienceUrl, Issuer, Malformed, Method};
    let long = "j".repeat(257);
    for (name, claims, fault) in [
        ("no iss", without("iss"), Malformed),
        ("iss a handle", with("iss", "alice.example".into()), Issuer),
        (
            "iss with a service",
            with("iss", format!("{ISS}#atproto_labeler").into()),
            Issuer,
        ),
        ("iss a did:key", with("iss", "did:key:zQ3sh".into()), Issuer),
        (
            "sub of another",
            with("sub", "did:web:mallory.example".into()),
            Issuer,
        ),
        ("sub a number", with("sub", 1.into()), Malformed),
        ("no aud", without("aud"), Malformed),
        (
            "aud of another",
            with("aud", "did:web:other.example".into()),
            Audience,
        ),
        (
            "aud a URL",
            with("aud", "https://entryway.example".into()),
            AudienceUrl,
        ),
        ("aud a wildcard", with("aud", "*".into()), Audience),
        (
            "aud with a service",
            with("aud", "did:web:entryway.example#x".into()),
            Audience,
        ),
        (
            "aud a list",
            with("aud", json!(["did:web:entryway.example"])),
            Malformed,
        ),
        ("no lxm", without("lxm"), Method),
        ("lxm null", with("lxm", Value::Null), Method),
        (
            "lxm of another",
            with("lxm", "com.atproto.server.updateEmail".into()),
            Method,
        ),
        ("lxm a wildcard", with("lxm", "*".into()), Method),
        ("no exp", without("exp"), Malformed),
        ("exp a fraction", with("exp", 1_700_000_060.5.into()), Malformed),
        ("exp a text", with("exp", "1700000060".into()), Malformed),
        ("no jti", without("jti"), Malformed),
        ("jti empty", with("jti", "".into()), Malformed),
        ("jti oversized", with("jti", long.into()), Malformed),
    ] {
        assert_eq!(verify(&token(&claims)), Err(fault), "{name}");
    }
    let twice = claims()
        .to_string()
        .replace('{', r#"{"iss":"did:web:mallory.example","#);
    assert_eq!(verify(&signed(HEADER, &twice)), Err(Malformed));
    for text in ["", "a.b", "a.b.c", "e30.e30.AAAA", &"A".repeat(20_000)] {
        assert_eq!(verify(text), Err(Malformed), "{text:.20}");
    }
}

#[test]
fn the_clock_is_kept_to_the_second() {
    use InvalidServiceToken::{Early, Expired, LongLived};
    let at = |offset: Seconds| Value::from((NOW + offset).seconds());
    let beyond = |limit: Seconds| Seconds(limit.0 + 1);
    let ahead_max = CALL.expiry_ahead_max();
    for (name, claims, fault) in [
        ("a second left", with("exp", at(Seconds(1))), None),
        ("this second", with("exp", at(Seconds(0))), Some(Expired)),
        ("a second ago", with("exp", at(Seconds(-1))), Some(Expired)),
        ("as far as may be", with("exp", at(ahead_max)), None),
        (
            "a second too far",
            with("exp", at(beyond(ahead_max))),
            Some(LongLived),
        ),
        ("for ever", with("exp", i64::MAX.into()), Some(LongLived)),
        ("long ago", with("exp", i64::MIN.into()), Some(Expired)),
        ("issued ahead", with("iat", at(AHEAD_MAX)), None),
        (
            "issued too far ahead",
            with("iat", at(beyond(AHEAD_MAX))),
            Some(Early),
        ),
        ("issued long ago", with("iat", 0.into()), None),
        ("good from soon", with("nbf", at(AHEAD_MAX)), None),
        ("good from later", with("nbf", at(beyond(AHEAD_MAX))), Some(Early)),
    ] {
        assert_eq!(verify(&token(&claims)).err(), fault, "{name}");
    }
}

// R-494: replay across leeway
#[test]
fn a_mark_outlives_its_token() {
    let exp = NOW + Seconds(60);
    let last = verify_at(&token(&claims()), &public(), HighS::Taken, exp - Seconds(1)).unwrap();
    assert!(last.expires_at() > exp);
}

#[test]
fn one_account_cannot_spend_the_mark_of_another() {
    let mark = |claims: &Value| verify(&token(claims)).unwrap().mark();
    assert_eq!(mark(&claims()), mark(&with("exp", 1_700_000_061.into())));
    assert_ne!(mark(&claims()), mark(&with("jti", "another".into())));
    assert_ne!(mark(&claims()), mark(&with("iss", "did:web:bob.example".into())));
}

// R-493: the caller asks with the key it knows, then once with the one the document has now
#[test]
fn a_token_is_tried_against_a_second_key() {
    let text = token(&claims());
    let expected = Expectation {
        service: &service(),
        purpose: CALL,
        now: NOW,
    };
    let unverified = UnverifiedServiceToken::parse(&text, &expected).unwrap();
    assert_eq!(unverified.unverified_issuer().as_str(), ISS);
    let old = k256::ecdsa::SigningKey::from_slice(&[8; 32]).unwrap();
    let old = PublicKey::Ec {
        curve: Curve::Secp256k1,
        point: old.verifying_key().to_sec1_point(false).as_bytes().to_vec(),
    };
    assert_eq!(
        unverified.verify(&old, HighS::Taken),
        Err(InvalidServiceToken::Signature)
    );
    assert!(unverified.verify(&public(), HighS::Taken).is_ok());
}

// R-495
#[test]
fn the_twin_of_a_signature_is_taken_or_refused_by_policy_and_counts_once() {
    let text = unsigned(HEADER, &claims().to_string());
    let low: k256::ecdsa::Signature = k256_key().sign(text.as_bytes());
    let (r, s) = low.split_scalars();
    let high = k256::ecdsa::Signature::from_scalars(r.to_bytes(), (-s).to_bytes()).unwrap();
    assert_ne!(low, high);
    let [low, high] =
        [low, high].map(|signature| format!("{text}.{}", URL_SAFE_NO_PAD.encode(signature.to_bytes())));
    let check = |token: &str, high_s| verify_at(token, &public(), high_s, NOW);
    assert!(check(&low, HighS::Refused).is_ok());
    assert_eq!(check(&high, HighS::Refused), Err(InvalidServiceToken::Signature));
    assert_eq!(check(&high, HighS::Taken), check(&low, HighS::Taken));
}

#[test]
fn the_methods_are_those_a_pds_never_lets_its_user_call() {
    let nsids = ServiceMethod::ALL.map(ServiceMethod::nsid);
    assert!(nsids.is_sorted(), "{nsids:?}");
    for method in ServiceMethod::ALL {
        assert_eq!(ServiceMethod::parse(method.nsid()), Some(method));
    }
    // R-496: these any app may have a token for
    for open in [
        "com.atproto.server.createAccount",
        "com.atproto.repo.uploadBlob",
        "com.atproto.server.deleteAccount",
        "com.atproto.server.getsession",
        "",
    ] {
        assert_eq!(ServiceMethod::parse(open), None, "{open}");
    }
}

proptest! {
    #[test]
    fn arbitrary_text_never_panics(text in "[A-Za-z0-9._-]{0,300}", payload in ".{0,120}") {
        prop_assert!(verify(&text).is_err());
        prop_assert!(verify(&signed(HEADER, &payload)).is_err());
    }
}

// R-477, R-497
#[test]
fn a_bearer_is_judged_by_the_type_its_header_names() {
    for (header, is_service) in [
        (r#"{"typ":"JWT","alg":"ES256K"}"#, true),
        (r#"{"typ":"jwt","alg":"none"}"#, true),
        (r#"{"alg":"ES256K"}"#, true),
        (r#"{"typ":"at+jwt","alg":"ES256K"}"#, false),
        (r#"{"typ":"refresh+jwt","alg":"ES256K"}"#, false),
        (r#"{"typ":"dpop+jwt"}"#, false),
        (r#"{"typ":"JWT","typ":"at+jwt"}"#, false),
        (r#"{"typ":1}"#, false),
        ("[]", false),
        ("", false),
    ] {
        let token = format!("{}.AAAA", unsigned(header, "{}"));
        assert_eq!(is_service_token(&token), is_service, "{header}");
    }
    for garbage in ["", "x", "a.b", "....", "\u{e4}.\u{e4}.\u{e4}"] {
        assert!(!is_service_token(garbage), "{garbage}");
    }
}

// A7, A8, A17
#[test]
fn a_token_with_which_an_account_moves_here_is_for_that_alone() {
    use InvalidServiceToken::{Audience, AudienceUrl, LongLived, Method};
    let check = |claims: &Value, purpose| {
        let service = &service();
        let expected = Expectation {
            service,
            purpose,
            now: NOW,
        };
        UnverifiedServiceToken::parse(&token(claims), &expected)?.verify(&public(), HighS::Taken)
    };
    let arriving = with("lxm", "com.atproto.server.createAccount".into());
    let arriving_with = |name: &str, value: Value| {
        let mut claims = arriving.clone();
        claims[name] = value;
        claims
    };
    let read = check(&arriving, Purpose::Arrival).unwrap();
    assert_eq!(read.account().as_str(), ISS);
    let at = |offset: i64| Value::from(NOW.seconds() + offset);
    for (claims, purpose, fault) in [
        (claims(), Purpose::Arrival, Some(Method)),
        (arriving.clone(), CALL, Some(Method)),
        (with("lxm", "*".into()), Purpose::Arrival, Some(Method)),
        (without("lxm"), Purpose::Arrival, Some(Method)),
        (arriving_with("exp", at(3600)), Purpose::Arrival, None),
        (arriving_with("exp", at(3601)), Purpose::Arrival, Some(LongLived)),
        (with("exp", at(301)), CALL, Some(LongLived)),
        (
            arriving_with("aud", "https://entryway.example".into()),
            Purpose::Arrival,
            Some(AudienceUrl),
        ),
        (
            with("aud", "http://localhost:2583/".into()),
            CALL,
            Some(AudienceUrl),
        ),
        (
            arriving_with("aud", "did:web:entryway.example#atproto_pds".into()),
            Purpose::Arrival,
            Some(Audience),
        ),
    ] {
        assert_eq!(check(&claims, purpose).err(), fault, "{claims}");
    }
}
