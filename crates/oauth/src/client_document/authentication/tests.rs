use serde_json::json;

use crate::client::{ClientAuthentication, KeySource};
use crate::client_document::fixtures::{ABSENT, changed, check, confidential, key, native, reading, web};
use crate::jwk::Algorithm;

//
#[test]
fn tokens_are_bound_and_the_document_says_so() {
    let kind: &[&str] =
        &["R-093 dpop_bound_access_tokens must be the JSON value true, without quotation marks"];
    check(
        &web(),
        vec![
            (
                json!({"dpop_bound_access_tokens": ABSENT}),
                &["R-069 dpop_bound_access_tokens is required"],
            ),
            (
                json!({"dpop_bound_access_tokens": false}),
                &["R-069 dpop_bound_access_tokens must be true"],
            ),
            (json!({"dpop_bound_access_tokens": "true"}), kind),
            (json!({"dpop_bound_access_tokens": 1}), kind),
            (json!({"dpop_bound_access_tokens": null}), kind),
        ],
    );
}

const METHOD: &str = "R-070 token_endpoint_auth_method must be none or private_key_jwt";

//
#[test]
fn a_client_authenticates_by_nothing_or_by_a_key() {
    check(
        &web(),
        vec![
            (
                json!({"token_endpoint_auth_method": ABSENT}),
                &["(R-070 token_endpoint_auth_method is absent, which is taken for none)"],
            ),
            (
                json!({"token_endpoint_auth_method": "client_secret_basic"}),
                &[METHOD],
            ),
            (
                json!({"token_endpoint_auth_method": "client_secret_post"}),
                &[METHOD],
            ),
            (
                json!({"token_endpoint_auth_method": "client_secret_jwt"}),
                &[METHOD],
            ),
            (
                json!({"token_endpoint_auth_method": "tls_client_auth"}),
                &[METHOD],
            ),
            (json!({"token_endpoint_auth_method": "None"}), &[METHOD]),
            (json!({"token_endpoint_auth_method": ""}), &[METHOD]),
            (
                json!({"token_endpoint_auth_method": null}),
                &["R-093 token_endpoint_auth_method must be a string"],
            ),
        ],
    );
    check(
        &confidential(),
        vec![(
            json!({"token_endpoint_auth_method": ABSENT}),
            &["R-070 token_endpoint_auth_method is required, since there are keys: private_key_jwt"],
        )],
    );
}

//
#[test]
fn the_algorithm_belongs_to_the_key() {
    let known: &[&str] = &[
        "R-071 token_endpoint_auth_signing_alg must be one of ES256, ES256K, ES384, EdDSA, PS256 and RS256",
    ];
    check(
        &confidential(),
        vec![
            (
                json!({"token_endpoint_auth_signing_alg": ABSENT}),
                &[
                    "R-072 token_endpoint_auth_signing_alg is required, since token_endpoint_auth_method is private_key_jwt",
                ],
            ),
            (json!({"token_endpoint_auth_signing_alg": "none"}), known),
            (json!({"token_endpoint_auth_signing_alg": "HS256"}), known),
            (json!({"token_endpoint_auth_signing_alg": "ES512"}), known),
            (json!({"token_endpoint_auth_signing_alg": "es256"}), known),
            (json!({"token_endpoint_auth_signing_alg": ""}), known),
            (
                json!({"token_endpoint_auth_signing_alg": ["ES256"]}),
                &["R-093 token_endpoint_auth_signing_alg must be a string"],
            ),
        ],
    );
    let without: &[&str] =
        &["R-072 token_endpoint_auth_signing_alg must be absent, since token_endpoint_auth_method is none"];
    check(
        &web(),
        vec![
            (json!({"token_endpoint_auth_signing_alg": "ES256"}), without),
            (json!({"token_endpoint_auth_signing_alg": "none"}), without),
        ],
    );
    assert_eq!(
        Algorithm::ALL.map(Algorithm::name).join(" "),
        "ES256 ES256K ES384 EdDSA PS256 RS256",
        "the sentence lists them"
    );
}

//
#[test]
fn the_keys_of_a_confidential_client_are_in_one_place() {
    let unused = "(R-073 jwks is of no use, since token_endpoint_auth_method is none)";
    check(
        &confidential(),
        vec![
            (
                json!({"jwks": ABSENT}),
                &["R-073 jwks or jwks_uri is required, since token_endpoint_auth_method is private_key_jwt"],
            ),
            (
                json!({"jwks_uri": "https://app.example/jwks.json"}),
                &["R-073 jwks_uri must be absent, since there is jwks"],
            ),
            (
                json!({"token_endpoint_auth_method": "none", "token_endpoint_auth_signing_alg": ABSENT}),
                &[unused],
            ),
        ],
    );
    check(
        &web(),
        vec![
            (
                json!({"jwks": {"keys": [key("a")]}, "token_endpoint_auth_method": "none"}),
                &[unused],
            ),
            (
                json!({"jwks_uri": "https://app.example/jwks.json"}),
                &["(R-073 jwks_uri is of no use, since token_endpoint_auth_method is none)"],
            ),
        ],
    );
}

//
#[test]
fn what_is_installed_on_many_devices_keeps_no_key() {
    let document = changed(
        &native(),
        json!({
            "token_endpoint_auth_method": "private_key_jwt",
            "token_endpoint_auth_signing_alg": "ES256",
            "jwks": {"keys": [key("key-1")]}
        }),
    );
    check(
        &native(),
        vec![(
            document,
            &["R-095 token_endpoint_auth_method must be none, since application_type is native"],
        )],
    );
}

#[test]
fn the_client_is_as_confidential_as_its_document() {
    assert_eq!(
        reading(&web()).client.unwrap().authentication,
        ClientAuthentication::None
    );
    let client = reading(&confidential()).client.unwrap();
    let ClientAuthentication::PrivateKeyJwt {
        algorithm,
        keys: KeySource::Inline(keys),
    } = client.authentication
    else {
        panic!("{client:?}")
    };
    assert!(keys.key("key-1", algorithm).is_some() && algorithm == Algorithm::ES256);
    let elsewhere = changed(
        &confidential(),
        json!({"jwks": ABSENT, "jwks_uri": "https://app.example/jwks.json"}),
    );
    let client = reading(&elsewhere).client.unwrap();
    let ClientAuthentication::PrivateKeyJwt {
        keys: KeySource::Uri(uri),
        ..
    } = client.authentication
    else {
        panic!("{client:?}")
    };
    assert_eq!(uri.as_str(), "https://app.example/jwks.json");
}
