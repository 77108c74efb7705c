use serde_json::{Value, json};

use crate::client_document::fixtures::{
    ABSENT, LOCAL_ID, changed, check, confidential, key, lines, local, read_at, said,
};

fn with(members: Value) -> Value {
    changed(&key("key-1"), members)
}

fn keys(keys: &[Value]) -> Value {
    json!({"jwks": {"keys": keys}})
}

const FIT: &str =
    "R-074 jwks must have a key, with kid, of the algorithm that token_endpoint_auth_signing_alg names";

// R-074, R-288
#[test]
fn a_document_has_public_keys_and_one_for_its_algorithm() {
    let object: &[&str] = &["R-074 jwks must be a JSON object with an array of keys"];
    let private = "R-074 jwks.keys[0] must not hold private or symmetric key material";
    let other = "(R-074 jwks.keys[0] is not one this server can verify signatures with, and is passed over)";
    check(
        &confidential(),
        vec![
            (keys(&[key("a"), key("b")]), &[]),
            (json!({"jwks": null}), object),
            (json!({"jwks": []}), object),
            (json!({"jwks": "https://app.example/jwks.json"}), object),
            (json!({"jwks": {}}), object),
            (json!({"jwks": {"keys": {}}}), object),
            (keys(&[]), &["R-074 jwks must have at least one key"]),
            (keys(&[json!(1)]), &["R-074 jwks.keys[0] must be a JSON object"]),
            (
                keys(&[key("a"), key("a")]),
                &["R-288 jwks must not give two keys of one type the same kid"],
            ),
            (
                keys(&vec![key("a"); 101]),
                &["R-288 jwks must have at most 100 keys"],
            ),
            (keys(&[with(json!({"d": "AAAA"}))]), &[private]),
            (keys(&[with(json!({"d": null}))]), &[private]),
            (
                keys(&[json!({"kty": "oct", "kid": "a", "k": "AAAA"})]),
                &[private],
            ),
            (
                keys(&[with(json!({"kid": ABSENT}))]),
                &[
                    FIT,
                    "(R-074 jwks.keys[0] has no kid, so no assertion can name it)",
                ],
            ),
            (keys(&[with(json!({"use": "enc"}))]), &[FIT, other]),
            (keys(&[with(json!({"key_ops": ["sign"]}))]), &[FIT, other]),
            (keys(&[with(json!({"alg": "ES384"}))]), &[FIT, other]),
            (keys(&[with(json!({"crv": "P-521"}))]), &[FIT, other]),
            (keys(&[with(json!({"x": "AA"}))]), &[FIT, other]),
            (keys(&[with(json!({"crv": "secp256k1"}))]), &[FIT]),
            (json!({"token_endpoint_auth_signing_alg": "EdDSA"}), &[FIT]),
            (
                keys(&[
                    with(json!({"d": "AAAA"})),
                    json!("x"),
                    with(json!({"kid": ABSENT})),
                    key("b"),
                ]),
                &[
                    private,
                    "R-074 jwks.keys[1] must be a JSON object",
                    "(R-074 jwks.keys[2] has no kid, so no assertion can name it)",
                ],
            ),
        ],
    );
}

// R-057
#[test]
fn a_key_that_names_a_member_twice_is_refused() {
    let text = confidential().to_string();
    let twice = text.replace(r#""kid":"key-1""#, r#""kid":"key-1","kid":"key-2""#);
    assert_ne!(twice, text);
    let reading = read_at(crate::client_document::fixtures::ID, twice.as_bytes());
    assert_eq!(
        lines(&reading),
        ["R-057 jwks.keys[0] must not name a member twice"]
    );
    let twice = text.replace(r#""keys":"#, r#""keys":[],"keys":"#);
    let reading = read_at(crate::client_document::fixtures::ID, twice.as_bytes());
    assert_eq!(lines(&reading), ["R-057 jwks must not name a member twice"]);
}

// R-074
#[test]
fn a_private_key_is_refused_also_where_no_key_is_needed() {
    let public = json!({"token_endpoint_auth_method": "none", "token_endpoint_auth_signing_alg": ABSENT});
    let document = changed(
        &changed(&confidential(), public),
        keys(&[with(json!({"d": "AAAA"}))]),
    );
    assert_eq!(
        said(&document),
        [
            "R-074 jwks.keys[0] must not hold private or symmetric key material",
            "(R-073 jwks is of no use, since token_endpoint_auth_method is none)",
        ]
    );
}

// R-075
#[test]
fn keys_elsewhere_are_at_https() {
    let at = |uri: &str| json!({"jwks": ABSENT, "jwks_uri": uri});
    check(
        &confidential(),
        vec![
            (at("https://keys.example:8443/jwks.json?x"), &[]),
            (
                at("http://app.example/jwks.json"),
                &["R-075 jwks_uri must use https"],
            ),
            (
                at("http://127.0.0.1/jwks.json"),
                &["R-075 jwks_uri must use https"],
            ),
            (at("file:///etc/passwd"), &["R-075 jwks_uri must use https"]),
            (at("data:application/json,{}"), &["R-075 jwks_uri must use https"]),
            (at("/jwks.json"), &["R-075 jwks_uri must be an absolute URL"]),
            (at(""), &["R-075 jwks_uri must be an absolute URL"]),
            (
                at("https://u:p@app.example/jwks.json"),
                &["R-075 jwks_uri must not have a user or password"],
            ),
            (
                at("https://localhost/jwks.json"),
                &["R-075 jwks_uri must be at a public domain name"],
            ),
            (
                at("https://127.1/jwks.json"),
                &["R-075 jwks_uri must be at a public domain name"],
            ),
            (
                at("https://[::1]/jwks.json"),
                &["R-075 jwks_uri must be at a public domain name"],
            ),
            (
                at("https://keys.internal/jwks.json"),
                &["R-075 jwks_uri must be at a public domain name"],
            ),
            (
                json!({"jwks": ABSENT, "jwks_uri": 1}),
                &["R-093 jwks_uri must be a string"],
            ),
        ],
    );
}

#[test]
fn keys_of_a_client_under_development_may_be_on_this_machine() {
    let confidential = json!({
        "token_endpoint_auth_method": "private_key_jwt",
        "token_endpoint_auth_signing_alg": "ES256"
    });
    let document = changed(&local(), confidential);
    for (uri, expected) in [
        ("http://127.0.0.1:3000/jwks.json", &[][..]),
        ("http://localhost:4000/jwks.json", &[]),
        ("https://keys.example/jwks.json", &[]),
        (
            "http://127.0.0.2:3000/jwks.json",
            &["R-075 jwks_uri must use https"],
        ),
        (
            "https://127.0.0.1/jwks.json",
            &["R-075 jwks_uri must be at a public domain name"],
        ),
    ] {
        let document = changed(&document, json!({"jwks_uri": uri}));
        let reading = read_at(LOCAL_ID, document.to_string().as_bytes());
        assert_eq!(lines(&reading), expected, "{uri}");
    }
}
