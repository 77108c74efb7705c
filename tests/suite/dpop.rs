//! Proofs of possession on the wire (R-291 to R-323).

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use entryway_tests::{Client, Endpoint, Engine, Key, TestServer, compact};
use josekit::jwk::alg::ec::{EcCurve, EcKeyPair};
use josekit::jws::{ES256K, HS256, JwsSigner as _};
use serde_json::{Value, json};

pub(crate) fn invalid() -> (u16, String) {
    (400, "invalid_dpop_proof".to_owned())
}

// R-293 to R-300, R-317
#[tokio::test]
async fn each_member_of_the_header_has_its_rule() {
    let (server, client) = (TestServer::start(Engine::Sqlite).await, Client::new());
    let public = client.key().public();
    let jwk = |name: &str, value: Value| {
        let mut jwk = public.clone();
        jwk[name] = value;
        Some(jwk)
    };
    let bytes = |bytes: &[u8]| json!(URL_SAFE_NO_PAD.encode(bytes));
    for (member, value) in [
        ("typ", None),
        ("typ", Some(json!("JWT"))),
        ("typ", Some(json!("at+jwt"))),
        ("typ", Some(json!(1))),
        ("alg", None),
        ("alg", Some(json!("none"))),
        ("alg", Some(json!("HS256"))),
        ("alg", Some(json!("es256"))),
        ("alg", Some(json!("ES384"))),
        ("alg", Some(json!("ES256K"))),
        ("alg", Some(json!("RS256"))),
        ("crit", Some(json!(["b64"]))),
        ("crit", Some(json!([]))),
        ("jwk", None),
        ("jwk", Some(json!(null))),
        ("jwk", Some(json!("key"))),
        ("jwk", Some(json!([]))),
        ("jwk", Some(json!({}))),
        ("jwk", Some(Key::generate().public())),
        (
            "jwk",
            Some(json!({ "kty": "oct", "k": "AAAAAAAAAAAAAAAAAAAAAA" })),
        ),
        ("jwk", jwk("d", client.key().private_scalar())),
        ("jwk", jwk("y", bytes(&[1; 32]))),
        ("jwk", jwk("x", bytes(&[0; 32]))),
        ("jwk", jwk("x", bytes(&[1; 31]))),
        ("jwk", jwk("x", json!(1))),
        ("jwk", jwk("crv", json!("P-257"))),
        ("jwk", jwk("use", json!("enc"))),
    ] {
        let name = format!("{member}: {value:?}");
        let call = client
            .par()
            .proof(move |draft| set(&mut draft.header, member, value.as_ref()));
        let reply = call.send(&server).await;
        assert_eq!(reply.refusal(), invalid(), "{name}: {}", reply.text());
    }
    let weak_rsa = json!({ "kty": "RSA", "e": "AQAB", "n": bytes(&[0xff; 128]) });
    let weak_rsa = json!({ "typ": "dpop+jwt", "alg": "RS256", "jwk": weak_rsa });
    let reply = client
        .par()
        .proof(move |draft| draft.header = weak_rsa.clone())
        .send(&server)
        .await;
    assert_eq!(reply.refusal(), invalid());
}

// R-301 to R-303, R-306, R-313, R-315
#[tokio::test]
async fn each_claim_has_its_rule() {
    let (server, client) = (TestServer::start(Engine::Sqlite).await, Client::new());
    let now = server.now();
    for (claim, value) in [
        ("jti", None),
        ("jti", Some(json!(1))),
        ("jti", Some(json!(""))),
        ("jti", Some(json!("j".repeat(257)))),
        ("jti", Some(json!("j".repeat(8192)))),
        ("htm", None),
        ("htm", Some(json!(null))),
        ("htm", Some(json!("GET"))),
        ("htm", Some(json!("post"))),
        ("htu", None),
        ("htu", Some(json!([server.url(Endpoint::Par)]))),
        ("htu", Some(json!(server.url(Endpoint::Token)))),
        ("htu", Some(json!("http://localhost:2583"))),
        ("htu", Some(json!("http://localhost:2583/oauth/par/"))),
        ("htu", Some(json!("http://localhost:2583/oauth/parade"))),
        ("htu", Some(json!("http://localhost:2583/OAuth/par"))),
        ("htu", Some(json!("http://evil.example:2583/oauth/par"))),
        ("htu", Some(json!("http://localhost:2584/oauth/par"))),
        ("htu", Some(json!("https://localhost:2583/oauth/par"))),
        ("htu", Some(json!("http://u@localhost:2583/oauth/par"))),
        (
            "htu",
            Some(json!("http://evil.example/?http://localhost:2583/oauth/par")),
        ),
        ("htu", Some(json!("/oauth/par"))),
        ("htu", Some(json!(""))),
        ("iat", None),
        ("iat", Some(json!(now.to_string()))),
        ("iat", Some(json!(1.5))),
        ("iat", Some(json!(-1))),
        ("iat", Some(json!(1e300))),
        ("iat", Some(json!(i64::MAX))),
        ("iat", Some(json!(i64::MIN))),
        ("iat", Some(json!(u64::MAX))),
        ("iat", Some(json!(now - 301))),
        ("iat", Some(json!(now + 301))),
        ("exp", Some(json!(1))),
        ("exp", Some(json!("never"))),
        ("nbf", Some(json!(i64::MAX))),
        ("ath", Some(json!("of an access token"))),
        ("nonce", Some(json!(1))),
    ] {
        let name = format!("{claim}: {value:?}");
        let call = client
            .par()
            .proof(move |draft| set(&mut draft.claims, claim, value.as_ref()));
        let reply = call.send(&server).await;
        assert_eq!(reply.refusal(), invalid(), "{name:.100}: {}", reply.text());
    }
}

// R-300
#[tokio::test]
async fn the_signature_is_the_one_of_the_key() {
    let (server, client) = (TestServer::start(Engine::Sqlite).await, Client::new());
    let other = Key::generate();
    for signature in [
        String::new(),
        URL_SAFE_NO_PAD.encode([1; 64]),
        URL_SAFE_NO_PAD.encode([0; 64]),
        URL_SAFE_NO_PAD.encode([0x30; 70]),
        URL_SAFE_NO_PAD.encode(other.sign(b"something else")),
    ] {
        let call = client
            .par()
            .proof(move |draft| draft.signature = Some(signature.clone()));
        assert_eq!(call.send(&server).await.refusal(), invalid());
    }
}

fn set(object: &mut Value, member: &str, value: Option<&Value>) {
    match value {
        Some(value) => object[member] = value.clone(),
        None => drop(object.as_object_mut().unwrap().remove(member)),
    }
}

// R-304 to R-306, R-313, R-316, R-318, R-320
#[tokio::test]
async fn what_deployed_clients_do_is_admitted() {
    let (server, client) = (TestServer::start(Engine::Sqlite).await, Client::new());
    let now = server.now();
    let mut decorated = client.key().public();
    decorated["kid"] = json!("k");
    decorated["use"] = json!("sig");
    for (claim, value) in [
        ("iat", json!(now - 300)),
        ("iat", json!(now - 5)),
        ("iat", json!(now + 5)),
        ("iat", json!(now + 300)),
        ("htu", json!("HTTP://LOCALHOST:2583/oauth/par")),
        ("htu", json!("http://localhost:2583/x/../oauth/./par")),
        ("htu", json!("http://localhost:2583/oauth/par?x=y")),
        ("htu", json!("http://localhost:2583/oauth/par#x")),
        ("exp", json!(now + 30)),
        ("iss", json!("x")),
        ("foo", json!({ "a": [1, null] })),
        ("jti", json!("j".repeat(256))),
    ] {
        let name = format!("{claim}: {value}");
        let call = client
            .par()
            .proof(move |draft| draft.claims[claim] = value.clone());
        let reply = call.send(&server).await;
        assert_eq!(reply.code(), 201, "{name}: {}", reply.text());
    }
    for (member, value) in [
        ("foo", json!({ "a": null })),
        ("kid", json!("another")),
        ("jku", json!("http://127.0.0.1:1/canary")),
        ("x5u", json!("http://127.0.0.1:1/canary")),
        ("jwk", decorated),
    ] {
        let call = client
            .par()
            .proof(move |draft| draft.header[member] = value.clone());
        let reply = call.send(&server).await;
        assert_eq!(reply.code(), 201, "{member}: {}", reply.text());
    }
}

// R-291, R-292, R-298, R-319, R-321
#[tokio::test]
async fn the_header_is_one_compact_jws() {
    let (server, client) = (TestServer::start(Engine::Sqlite).await, Client::new());
    let good = good_proof(&server, &client).await;
    let [header, claims, signature]: [&str; 3] = good.split('.').collect::<Vec<_>>().try_into().unwrap();
    let key = client.key();
    let text = |part: &str| String::from_utf8(URL_SAFE_NO_PAD.decode(part).unwrap()).unwrap();
    let (header_text, claims_text) = (text(header), text(claims));
    let twice_in_header = header_text.replacen('{', r#"{"typ":"dpop+jwt","#, 1);
    let twice_in_claims = claims_text.replacen('{', r#"{"htm":"POST","#, 1);
    let twice_in_jwk = header_text.replacen(r#""jwk":{"#, r#""jwk":{"kty":"EC","#, 1);
    let padded = format!("{header}=.{claims}.{signature}");
    let cases = [
        ("empty", vec![String::new()]),
        ("two headers", vec![good.clone(), good.clone()]),
        ("good and bad", vec![good.clone(), "x".to_owned()]),
        ("joined by a comma", vec![format!("{good},{good}")]),
        ("joined by a comma and space", vec![format!("{good}, {good}")]),
        ("two parts", vec![format!("{header}.{claims}")]),
        ("four parts", vec![format!("{good}.{signature}")]),
        (
            "five parts, as encrypted",
            vec![format!("{good}.{header}.{claims}")],
        ),
        ("dots", vec!["..".to_owned()]),
        ("no JSON in the header", vec![compact(key, "x", &claims_text)]),
        ("no JSON in the claims", vec![compact(key, &header_text, "x")]),
        (
            "JSON serialisation",
            vec![json!({ "payload": claims, "protected": header, "signature": signature }).to_string()],
        ),
        ("padding", vec![padded]),
        ("plus in the alphabet", vec![format!("+{good}")]),
        ("space inside", vec![format!("{header}. {claims}.{signature}")]),
        ("quoted", vec![format!("\"{good}\"")]),
        ("a scheme before", vec![format!("DPoP {good}")]),
        ("typ twice", vec![compact(key, &twice_in_header, &claims_text)]),
        ("htm twice", vec![compact(key, &header_text, &twice_in_claims)]),
        ("kty twice", vec![compact(key, &twice_in_jwk, &claims_text)]),
        ("deep JSON", vec![compact(key, &header_text, &"[".repeat(5000))]),
        (
            "24 KiB",
            vec![compact(
                key,
                &header_text,
                &format!("{{\"x\":\"{}\"}}", "x".repeat(18_000)),
            )],
        ),
        (
            "bits left over",
            vec![format!("{header}.{claims}.{}", with_loose_bits(signature))],
        ),
        (
            "HMAC with the public key",
            vec![hmac_proof(&client, &claims_text)],
        ),
    ];
    for (name, proofs) in cases {
        let proofs: Vec<&str> = proofs.iter().map(String::as_str).collect();
        let reply = client.par().proofs_given(&proofs).once().send(&server).await;
        assert_eq!(reply.refusal(), invalid(), "{name}: {}", reply.text());
    }
    assert_eq!(
        client.par().proofs_given(&[&good]).send(&server).await.code(),
        201
    );
}

/// The same bytes in a text that a strict decoder refuses.
fn with_loose_bits(base64url: &str) -> String {
    let last = base64url.chars().last().unwrap();
    let alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
    let at = alphabet.find(last).unwrap();
    format!(
        "{}{}",
        &base64url[..base64url.len() - 1],
        &alphabet[at ^ 1..=at ^ 1]
    )
}

/// Signed with HS256 under the text of the public key, which some libraries took for a secret once.
fn hmac_proof(client: &Client, claims: &str) -> String {
    let jwk = client.key().public();
    let header = json!({ "typ": "dpop+jwt", "alg": "HS256", "jwk": jwk }).to_string();
    let message = format!(
        "{}.{}",
        URL_SAFE_NO_PAD.encode(header),
        URL_SAFE_NO_PAD.encode(claims)
    );
    let signer = HS256.signer_from_bytes(jwk.to_string()).unwrap();
    format!(
        "{message}.{}",
        URL_SAFE_NO_PAD.encode(signer.sign(message.as_bytes()).unwrap())
    )
}

/// A valid proof for PAR that was not used yet.
pub(crate) async fn good_proof(server: &TestServer, client: &Client) -> String {
    client.par().without_proof().send(server).await;
    let header = json!({ "typ": "dpop+jwt", "alg": "ES256", "jwk": client.key().public() });
    let jti = Key::generate().thumbprint();
    let claims = json!({
        "jti": jti, "htm": "POST", "htu": server.url(Endpoint::Par), "iat": server.now(), "nonce": client.nonce(),
    });
    compact(client.key(), &header.to_string(), &claims.to_string())
}

// R-294, R-295: what is advertised works, here with another curve
#[tokio::test]
async fn a_proof_of_another_advertised_algorithm_is_taken() {
    let (server, client) = (TestServer::start(Engine::Sqlite).await, Client::new());
    client.par().without_proof().send(&server).await;
    let pair = EcKeyPair::generate(EcCurve::Secp256k1).unwrap();
    let public: Value = serde_json::from_str(&pair.to_jwk_public_key().to_string()).unwrap();
    let header = json!({ "typ": "dpop+jwt", "alg": "ES256K", "jwk": public }).to_string();
    let claims = json!({
        "jti": "of another curve", "htm": "POST", "htu": server.url(Endpoint::Par), "iat": server.now(), "nonce": client.nonce(),
    });
    let message = format!(
        "{}.{}",
        URL_SAFE_NO_PAD.encode(header),
        URL_SAFE_NO_PAD.encode(claims.to_string())
    );
    let signer = ES256K.signer_from_jwk(&pair.to_jwk_private_key()).unwrap();
    let proof = format!(
        "{message}.{}",
        URL_SAFE_NO_PAD.encode(signer.sign(message.as_bytes()).unwrap())
    );
    let reply = client.par().proofs_given(&[&proof]).send(&server).await;
    assert_eq!(reply.code(), 201, "{}", reply.text());
}
