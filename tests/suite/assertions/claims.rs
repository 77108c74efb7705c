//! What an assertion says: each thing it must, and each thing it must not (R-267 to,
//!

use entryway_tests::{Draft, Engine, both_engines};
use serde_json::{Value, json};

use super::Scene;

const AUD: &str = "aud must be this server's issuer, and neither an endpoint nor a list of several";
const ALG: &str = "alg must be the token_endpoint_auth_signing_alg of the client metadata";
const EXP: &str = "exp is required, in whole seconds";
const FAR: &str = "exp must be at most five minutes ahead";
const IAT: &str = "iat is required, in whole seconds";
const ISS: &str = "iss must be the client_id";
const JTI: &str = "jti is required, in 1 to 256 bytes";
const KID: &str = "kid must name a key of the client's jwks that fits alg";
const KID_SHAPE: &str = "kid must name a key of the client's jwks, in 1 to 256 bytes";
const HEADER: &str = "header must be a JSON object that names no member twice";
const PASSED: &str = "exp has passed, make a new assertion for every request";
const SUB: &str = "sub must be the client_id";
const TYP: &str = "typ must be JWT or client-authentication+jwt, or absent";
const TYPES: &str = "claims must be a JSON object that names none twice: iss, sub and jti as strings, \
                     aud as a string or a list, iat and exp as whole seconds";

fn set(part: &mut Value, name: &str, value: &Value) {
    let members = part.as_object_mut().unwrap();
    // null stands for nothing at all
    if value.is_null() {
        members.remove(name);
    } else {
        members.insert(name.to_owned(), value.clone());
    }
}

//
async fn the_header_of_an_assertion_names_a_key_and_says_nothing_else(engine: Engine) {
    let scene = Scene::begin(engine).await;
    for (name, value, sentence) in [
        ("alg", json!(null), ALG),
        ("alg", json!("none"), ALG),
        ("alg", json!("None"), ALG),
        ("alg", json!("HS256"), ALG),
        ("alg", json!("ES384"), ALG),
        ("alg", json!("ES256K"), ALG),
        ("alg", json!("RS256"), ALG),
        ("alg", json!("es256"), ALG),
        ("alg", json!(["ES256"]), HEADER),
        ("typ", json!("dpop+jwt"), TYP),
        ("typ", json!("at+jwt"), TYP),
        ("typ", json!("entity-statement+jwt"), TYP),
        ("typ", json!(""), TYP),
        ("typ", json!(1), HEADER),
        ("crit", json!(["exp"]), "crit must not be used"),
        ("crit", json!([]), "crit must not be used"),
        ("kid", json!(null), KID_SHAPE),
        ("kid", json!(""), KID_SHAPE),
        ("kid", json!("k".repeat(257)), KID_SHAPE),
        ("kid", json!("key-1\0"), KID_SHAPE),
        ("kid", json!("key-1\r\nx: y"), KID_SHAPE),
        ("kid", json!(1), HEADER),
        ("kid", json!({ "$ne": null }), HEADER),
        ("kid", json!("k".repeat(256)), KID),
        ("kid", json!("KEY-1"), KID),
        ("kid", json!("key-1 "), KID),
        ("kid", json!("../../../../etc/passwd"), KID),
        ("kid", json!("file:///dev/null"), KID),
        ("kid", json!(scene.site.url("/jwks.json")), KID),
        ("kid", json!("' or 1=1 --"), KID),
        ("kid", json!("\u{202e}key-1"), KID),
    ] {
        let named = format!("{name} {value}");
        let change = move |draft: &mut Draft| set(&mut draft.header, name, &value);
        scene
            .refuse(&named, |call| call.assertion(change.clone()), sentence)
            .await;
    }
    // however many unknown names, the document was asked for four times more at most
    assert!(scene.site.hits(super::PATH) <= 5);
    assert_eq!(scene.site.hits("/jwks.json"), 0);
    scene.assert_unharmed().await;
}

//
async fn the_claims_of_an_assertion_are_who_for_whom_and_when(engine: Engine) {
    let scene = Scene::begin(engine).await;
    let (issuer, now) = (scene.server.issuer().to_owned(), scene.server.now());
    let other = scene.site.url("/other.json");
    for (name, value, sentence) in [
        ("iss", json!(null), ISS),
        ("iss", json!(""), ISS),
        ("iss", json!(other), ISS),
        ("iss", json!(issuer), ISS),
        ("iss", json!(format!("{}/", scene.client.id())), ISS),
        ("iss", json!([scene.client.id()]), TYPES),
        ("sub", json!(null), SUB),
        ("sub", json!(other), SUB),
        ("sub", json!("did:plc:alicealicealicealicealic"), SUB),
        ("sub", json!({ "iss": 1 }), TYPES),
        ("aud", json!(null), AUD),
        ("aud", json!(""), AUD),
        ("aud", json!(format!("{issuer}/")), AUD),
        ("aud", json!(format!("{issuer}/oauth/token")), AUD),
        ("aud", json!(format!("{issuer}/oauth/par")), AUD),
        ("aud", json!(format!("{issuer}/oauth/revoke")), AUD),
        ("aud", json!(issuer.to_uppercase()), AUD),
        ("aud", json!("https://other.example"), AUD),
        ("aud", json!(scene.client.id()), AUD),
        ("aud", json!([]), AUD),
        ("aud", json!([issuer, "https://other.example"]), AUD),
        ("aud", json!([issuer, issuer]), AUD),
        ("aud", json!([[issuer]]), TYPES),
        ("aud", json!(1), TYPES),
        ("exp", json!(null), EXP),
        ("exp", json!("4102444800"), TYPES),
        ("exp", json!(1.5e9), TYPES),
        ("exp", json!(0), PASSED),
        ("exp", json!(-1), PASSED),
        ("exp", json!(i64::MIN), PASSED),
        ("exp", json!(now - 30), PASSED),
        ("exp", json!(now + 361), FAR),
        ("exp", json!(4_102_444_800_i64), FAR),
        ("exp", json!(i64::MAX), FAR),
        ("exp", json!(u64::MAX), TYPES),
        ("iat", json!(null), IAT),
        ("iat", json!("0"), TYPES),
        (
            "iat",
            json!(now - 301),
            "iat is 301 seconds behind this server's clock",
        ),
        (
            "iat",
            json!(now + 61),
            "iat is 61 seconds ahead of this server's clock",
        ),
        (
            "iat",
            json!(0),
            &format!("iat is {now} seconds behind this server's clock"),
        ),
        ("nbf", json!(now + 61), "nbf has not come yet"),
        ("nbf", json!(i64::MAX), "nbf has not come yet"),
        ("nbf", json!("now"), TYPES),
        ("jti", json!(null), JTI),
        ("jti", json!(""), JTI),
        ("jti", json!("j".repeat(257)), JTI),
        ("jti", json!(1), TYPES),
        (
            "cnf",
            json!({ "jkt": scene.key.key.thumbprint() }),
            "cnf.jkt must be the key of the request's dpop proof",
        ),
    ] {
        let named = format!("{name} {value}");
        let change = move |draft: &mut Draft| set(&mut draft.claims, name, &value);
        scene
            .refuse(&named, |call| call.assertion(change.clone()), sentence)
            .await;
    }
    scene.assert_unharmed().await;
}

// to the last second and byte
async fn an_assertion_may_be_all_that_the_rules_allow(engine: Engine) {
    let scene = Scene::begin(engine).await;
    let (issuer, now) = (scene.server.issuer().to_owned(), scene.server.now());
    let header: [(&str, Value); 7] = [
        ("typ", json!("JWT")),
        ("typ", json!("jwt")),
        ("typ", json!("client-authentication+jwt")),
        // data, to be passed over
        ("jku", json!(scene.site.url("/jwks.json"))),
        ("x5u", json!(scene.site.url("/jwks.json"))),
        ("jwk", entryway_tests::Key::generate().public()),
        ("x5c", json!(["AAAA"])),
    ];
    for (name, value) in header {
        let named = format!("{name} {value}");
        let call = scene
            .client
            .par()
            .assertion(move |draft| set(&mut draft.header, name, &value));
        assert_eq!(call.send(&scene.server).await.code(), 201, "{named}");
    }
    for (name, value) in [
        ("aud", json!([issuer])),
        ("exp", json!(now - 29)),
        ("exp", json!(now + 360)),
        ("iat", json!(now - 300)),
        ("iat", json!(now + 60)),
        ("nbf", json!(now + 60)),
        ("nbf", json!(0)),
        ("jti", json!("j".repeat(256))),
        ("jti", json!("j")),
        ("jti", json!("\u{202e}\u{0}")),
        ("cnf", json!({ "jkt": scene.client.key().thumbprint() })),
        ("cnf", json!({ "x5t#S256": "x" })),
        ("more", json!({ "than": ["is", "read"] })),
    ] {
        let named = format!("{name} {value}");
        let call = scene
            .client
            .par()
            .assertion(move |draft| set(&mut draft.claims, name, &value));
        assert_eq!(call.send(&scene.server).await.code(), 201, "{named}");
    }
    assert_eq!(scene.site.hits("/jwks.json"), 0);
    scene.assert_unharmed().await;
}

//
async fn the_type_of_an_assertion_is_the_one_there_is(engine: Engine) {
    let scene = Scene::begin(engine).await;
    let one = "client_assertion_type must be urn:ietf:params:oauth:client-assertion-type:jwt-bearer";
    let required = "client_assertion_type is required";
    for (value, sentence) in [
        (
            Some("urn:ietf:params:oauth:client-assertion-type:saml2-bearer"),
            one,
        ),
        (Some("urn:ietf:params:oauth:grant-type:jwt-bearer"), one),
        (
            Some("URN:IETF:PARAMS:OAUTH:CLIENT-ASSERTION-TYPE:JWT-BEARER"),
            one,
        ),
        (
            Some("urn:ietf:params:oauth:client-assertion-type:jwt-bearer "),
            one,
        ),
        (Some("jwt-bearer"), one),
        (Some(""), required),
        (None, required),
    ] {
        for call in scene.calls() {
            let call = match value {
                Some(value) => call.with("client_assertion_type", value),
                None => call.without("client_assertion_type"),
            };
            let reply = call.send(&scene.server).await;
            assert_eq!(reply.refusal(), (400, "invalid_request".to_owned()), "{value:?}");
            assert_eq!(reply.member("error_description"), sentence, "{value:?}");
        }
    }
    scene.assert_unharmed().await;
}

both_engines! {
    the_header_of_an_assertion_names_a_key_and_says_nothing_else,
    the_claims_of_an_assertion_are_who_for_whom_and_when,
    an_assertion_may_be_all_that_the_rules_allow,
    the_type_of_an_assertion_is_the_one_there_is,
}
