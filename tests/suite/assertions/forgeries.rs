//! Assertions that somebody else made, or that are none (R-266, R-268, R-277, R-278, R-281 to R-286).

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use entryway_tests::{
    Call, Client, Document, Draft, Endpoint, Engine, Key, NamedKey, TestServer, Tokens, both_engines, compact,
};
use josekit::jwk::Jwk;
use josekit::jws::{HS256, JwsSigner as _};
use serde_json::{Value, json};

use super::{Scene, asserted, fault_of};

const SIGNATURE: &str = "signature does not verify with the key that kid names";
const SHAPE: &str = "must be a compact JWS of three base64url parts";
const ALG: &str = "alg must be the token_endpoint_auth_signing_alg of the client metadata";

// R-266, R-278, R-283
async fn a_signature_of_any_other_key_is_none(engine: Engine) {
    let scene = Scene::begin(engine).await;
    let stranger = asserted(&scene, &Key::generate());
    scene
        .refuse("a foreign key", |call| call.asserted_by(&stranger), SIGNATURE)
        .await;
    // with its own public half beside it, in every way a header can name one
    let jwks = scene.site.url("/foreign.json");
    scene.site.publish_keys("/foreign.json", &[&stranger]);
    for (name, value) in [
        ("jwk", stranger.public()),
        ("jku", json!(jwks)),
        ("x5u", json!(jwks)),
        (
            "x5c",
            json!([URL_SAFE_NO_PAD.encode(stranger.public().to_string())]),
        ),
    ] {
        let change = move |draft: &mut Draft| draft.header[name] = value.clone();
        let forged = |call: Call| call.asserted_by(&stranger).assertion(change.clone());
        scene.refuse(name, forged, SIGNATURE).await;
    }
    assert_eq!(scene.site.hits("/foreign.json"), 0);
    for (name, signature) in signatures(&scene.key.key) {
        let change = move |draft: &mut Draft| draft.signature = Some(signature.clone());
        let sentence = if name == "no base64url" { SHAPE } else { SIGNATURE };
        scene
            .refuse(name, |call| call.assertion(change.clone()), sentence)
            .await;
    }
    scene.assert_unharmed().await;
}

/// What stands where a signature of 64 bytes should: CVE-2022-21449 and its like.
fn signatures(key: &Key) -> Vec<(&'static str, String)> {
    let encode = |bytes: &[u8]| URL_SAFE_NO_PAD.encode(bytes);
    let order = "ffffffff00000000ffffffffffffffffbce6faada7179e84f3b9cac2fc632551";
    let order: Vec<u8> = (0..64)
        .step_by(2)
        .map(|at| u8::from_str_radix(&order[at..at + 2], 16).unwrap())
        .collect();
    let other = key.sign(b"something else");
    vec![
        ("none", String::new()),
        ("zeros", encode(&[0; 64])),
        (
            "r and s the order",
            encode(&[order.clone(), order.clone()].concat()),
        ),
        ("r the order", encode(&[order, vec![1; 32]].concat())),
        ("ones", encode(&[1; 64])),
        ("of something else", encode(&other)),
        ("a byte less", encode(&other[1..])),
        ("a byte more", encode(&[other.clone(), vec![0]].concat())),
        ("in DER", encode(&der(&other))),
        ("no base64url", "++++".to_owned()),
    ]
}

/// The same numbers as `OpenSSL` writes them.
fn der(raw: &[u8]) -> Vec<u8> {
    let integer = |bytes: &[u8]| [&[2, 33, 0][..], bytes].concat();
    let both = [integer(&raw[..32]), integer(&raw[32..])].concat();
    [vec![0x30, u8::try_from(both.len()).unwrap()], both].concat()
}

// R-268: what everybody knows of the client is the secret of nobody
async fn a_public_key_is_no_secret_to_sign_with(engine: Engine) {
    let scene = Scene::begin(engine).await;
    let public = scene.key.public();
    let point = |name: &str| URL_SAFE_NO_PAD.decode(public[name].as_str().unwrap()).unwrap();
    let uncompressed = [vec![4], point("x"), point("y")].concat();
    let pem = p256::PublicKey::from_sec1_bytes(&uncompressed).unwrap();
    let pem = p256::pkcs8::EncodePublicKey::to_public_key_pem(&pem, p256::pkcs8::LineEnding::LF).unwrap();
    let secrets: [(&str, Vec<u8>); 7] = [
        ("its JWK", public.to_string().into_bytes()),
        ("its point", uncompressed.clone()),
        ("its x", point("x")),
        ("its PEM", pem.clone().into_bytes()),
        ("its PEM, trimmed", pem.trim().as_bytes().to_vec()),
        ("its name", b"key-1".to_vec()),
        ("nothing", vec![0]),
    ];
    for (name, secret) in secrets {
        let forge = |call: Call| {
            let assertion = hs256(&scene, &secret);
            call.assertion_given(&assertion)
        };
        scene.refuse(name, forge, ALG).await;
    }
    let unsigned = |call: Call| call.assertion_given(&none(&scene));
    scene.refuse("none", unsigned, ALG).await;
    scene.assert_unharmed().await;
}

fn claims(scene: &Scene) -> Value {
    let now = scene.server.now();
    json!({
        "iss": scene.client.id(), "sub": scene.client.id(), "aud": scene.server.issuer(),
        "jti": "forged", "iat": now, "exp": now + 60,
    })
}

fn message(header: &Value, claims: &Value) -> String {
    let encode = |part: &Value| URL_SAFE_NO_PAD.encode(part.to_string());
    format!("{}.{}", encode(header), encode(claims))
}

fn hs256(scene: &Scene, secret: &[u8]) -> String {
    let message = message(&json!({ "alg": "HS256", "kid": scene.key.kid }), &claims(scene));
    let mut jwk = Jwk::new("oct");
    jwk.set_key_value(secret);
    let signature = match HS256.signer_from_jwk(&jwk) {
        Ok(signer) => signer.sign(message.as_bytes()).unwrap(),
        // josekit wants longer ones
        Err(_) => vec![0; 32],
    };
    format!("{message}.{}", URL_SAFE_NO_PAD.encode(signature))
}

fn none(scene: &Scene) -> String {
    message(&json!({ "alg": "none", "kid": scene.key.kid }), &claims(scene)) + "."
}

// R-281, R-284
async fn other_texts_are_no_assertions(engine: Engine) {
    let scene = Scene::begin(engine).await;
    let proof = scene.client.prove(&scene.server, Endpoint::Par);
    let twice = r#"{"alg":"ES256","kid":"key-1","kid":"key-1"}"#;
    let header = r#"{"alg":"ES256","kid":"key-1"}"#;
    let claims = claims(&scene).to_string();
    let sign = |header: &str, claims: &str| compact(&scene.key.key, header, claims);
    let again = format!("{},\"sub\":\"x\"}}", &claims[..claims.len() - 1]);
    let types = "claims must be a JSON object that names none twice: iss, sub and jti as strings, \
                 aud as a string or a list, iat and exp as whole seconds";
    let object = "header must be a JSON object that names no member twice";
    for (name, text, sentence) in [
        ("a word", "x".to_owned(), SHAPE),
        ("dots", "..".to_owned(), object),
        ("letters", "a.b.c".to_owned(), SHAPE),
        (
            "two parts",
            sign(header, &claims).rsplit_once('.').unwrap().0.to_owned(),
            SHAPE,
        ),
        ("four parts", sign(header, &claims) + ".AAAA", SHAPE),
        ("padded", sign(header, &claims) + "=", SHAPE),
        ("a space before", format!(" {}", sign(header, &claims)), SHAPE),
        (
            "a JSON serialization",
            json!({ "payload": "", "signatures": [] }).to_string(),
            SHAPE,
        ),
        ("an encrypted one", "e30.e30.e30.e30.e30".to_owned(), SHAPE),
        ("much", "a.".repeat(8000), SHAPE),
        ("a header twice", sign(twice, &claims), object),
        ("no header", sign("", &claims), object),
        ("a list for a header", sign("[]", &claims), object),
        ("a header that is no UTF-8", "_w.e30.AAAA".to_owned(), object),
        ("claims twice", sign(header, &again), types),
        ("no claims", sign(header, ""), types),
        ("a list for claims", sign(header, "[]"), types),
        ("deep claims", sign(header, &"[".repeat(5000)), types),
        (
            "a proof",
            proof,
            "typ must be JWT or client-authentication+jwt, or absent",
        ),
        (
            "an access token",
            scene.tokens.access_token.clone(),
            "typ must be JWT or client-authentication+jwt, or absent",
        ),
    ] {
        scene
            .refuse(name, |call| call.assertion_given(&text), sentence)
            .await;
    }
    // longer than any parameter may be, and than any body
    for (bytes, status) in [(17_000, 400), (110_000, 413)] {
        for call in scene.calls() {
            let reply = call.assertion_given(&"a".repeat(bytes)).send(&scene.server).await;
            assert_eq!(reply.refusal(), (status, "invalid_request".to_owned()));
        }
    }
    scene.assert_unharmed().await;
}

// R-269, R-285: what one client may say of itself says nothing of another
async fn the_assertion_of_one_client_is_of_no_use_to_another(engine: Engine) {
    let scene = Scene::begin(engine).await;
    // the same key and the same name for it: a developer with two clients
    let other = scene.site.confidential_client("/other.json", &scene.key);
    let theirs = other.par().ready_for(&scene.server);
    let assertion = theirs.value("client_assertion").to_owned();
    let borrowed = |call: Call| call.assertion_given(&assertion);
    scene
        .refuse("of another client", borrowed, "iss must be the client_id")
        .await;
    // refused attempts use nothing up
    assert_eq!(theirs.send(&scene.server).await.code(), 201);
    scene.assert_unharmed().await;
}

// R-277
async fn the_key_of_the_proof_is_not_the_key_of_the_assertion(engine: Engine) {
    let scene = Scene::begin(engine).await;
    let sentence = "must be signed by another key than the dpop proof";
    let reply = scene
        .client
        .par()
        .signed_by(&scene.key.key)
        .send(&scene.server)
        .await;
    assert_eq!(fault_of(&reply), sentence);
    // and that it is published makes no difference
    let shared = asserted(&scene, scene.client.key());
    let document = Document::confidential(scene.client.id(), &[&scene.key]).with(
        "jwks",
        json!({ "keys": [scene.key.public(), rename(&shared, "key-2")] }),
    );
    scene.site.serve(super::PATH, document);
    scene.server.clock().advance(900);
    let shared = NamedKey {
        kid: "key-2".to_owned(),
        ..shared
    };
    scene
        .refuse("its own", |call| call.asserted_by(&shared), sentence)
        .await;
    scene.assert_unharmed().await;
}

fn rename(key: &NamedKey, kid: &str) -> Value {
    let mut public = key.public();
    public["kid"] = json!(kid);
    public
}

// R-282, R-288: keys for other purposes are published beside the one that counts, and none of them counts
async fn keys_that_are_for_something_else_are_not_used(engine: Engine) {
    let scene = Scene::begin(engine).await;
    let spare = NamedKey::generate("spare");
    let with = |name: &str, value: Value| {
        let mut public = spare.public();
        public[name] = value;
        public
    };
    let unfit = [
        with("use", json!("enc")),
        with("key_ops", json!(["sign"])),
        with("key_ops", json!([])),
        with("alg", json!("ES384")),
        with("alg", json!("ECDH-ES")),
        with("crv", json!("P-521")),
        with("kid", json!(null)),
        with("y", json!("AAAA")),
    ];
    for jwk in unfit {
        let named = jwk.to_string();
        let jwks = json!({ "keys": [scene.key.public(), jwk] });
        let document = Document::confidential(scene.client.id(), &[&scene.key]).with("jwks", jwks);
        scene.site.serve(super::PATH, document);
        scene.server.clock().advance(900);
        let reply = scene.client.par().asserted_by(&spare).send(&scene.server).await;
        assert_eq!(
            fault_of(&reply),
            "kid must name a key of the client's jwks that fits alg",
            "{named}"
        );
        assert_eq!(
            scene.client.par().send(&scene.server).await.code(),
            201,
            "{named}"
        );
    }
    // two of one name that cannot be mistaken for each other
    let other = NamedKey::of("ES384", &scene.key.kid);
    let document = Document::confidential(scene.client.id(), &[&scene.key, &other]);
    scene.site.serve(super::PATH, document);
    scene.server.clock().advance(900);
    scene.assert_unharmed().await;
}

// R-127, R-230, R-286
async fn a_secret_beside_an_assertion_is_refused(engine: Engine) {
    let scene = Scene::begin(engine).await;
    let changes: [fn(Call) -> Call; 3] = [
        |call| call.with("client_secret", "secret"),
        |call| call.header("authorization", "Basic YTpi"),
        |call| call.header("authorization", "Bearer x"),
    ];
    for change in changes {
        for call in scene.calls() {
            let reply = change(call).send(&scene.server).await;
            assert_eq!(reply.refusal(), (401, "invalid_client".to_owned()));
        }
    }
    for call in scene.calls() {
        let reply = call
            .ready_for(&scene.server)
            .twice("client_assertion")
            .send(&scene.server)
            .await;
        assert_eq!(reply.refusal(), (400, "invalid_request".to_owned()));
    }
    scene.assert_unharmed().await;
}

// R-127, R-231, R-410
async fn a_confidential_client_without_an_assertion_is_refused_everywhere(engine: Engine) {
    let scene = Scene::begin(engine).await;
    let sentence = "client_assertion is required: the client metadata says private_key_jwt";
    scene.refuse("nothing", Call::without_assertion, sentence).await;
    let emptied = |call: Call| call.with("client_assertion", "");
    scene.refuse("nothing but the type", emptied, sentence).await;
    exchange_needs_it(&scene.server, &scene.client, sentence).await;
    scene.assert_unharmed().await;
}

/// And the code is still good after that.
async fn exchange_needs_it(server: &TestServer, client: &Client, sentence: &str) {
    let (pushed, landing) = entryway_tests::push_and_approve(server, client, entryway_tests::alice()).await;
    let exchange = || client.exchange(&pushed, landing.code());
    assert_eq!(
        fault_of(&exchange().without_assertion().send(server).await),
        sentence
    );
    Tokens::of(&exchange().send(server).await);
}

both_engines! {
    a_signature_of_any_other_key_is_none,
    a_public_key_is_no_secret_to_sign_with,
    other_texts_are_no_assertions,
    the_assertion_of_one_client_is_of_no_use_to_another,
    the_key_of_the_proof_is_not_the_key_of_the_assertion,
    keys_that_are_for_something_else_are_not_used,
    a_secret_beside_an_assertion_is_refused,
    a_confidential_client_without_an_assertion_is_refused_everywhere,
}
