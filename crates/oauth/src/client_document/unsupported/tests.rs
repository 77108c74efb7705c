use serde_json::json;

use super::names;
use crate::client_document::fixtures::{changed, check, said, web};

//
#[test]
fn what_this_server_does_not_do_is_refused_and_not_passed_over() {
    check(
        &web(),
        vec![
            (
                json!({"client_secret": "s3cret"}),
                &["R-076 client_secret must be absent, since nothing is secret in a public document"],
            ),
            (
                json!({"client_secret_expires_at": 0}),
                &[
                    "R-076 client_secret_expires_at must be absent, since nothing is secret in a public document",
                ],
            ),
            (
                json!({"subject_type": "pairwise"}),
                &["R-094 subject_type must be public, since the subject is the DID of an account"],
            ),
            (
                json!({"id_token_signed_response_alg": "RS256"}),
                &[
                    "R-094 id_token_signed_response_alg must be absent, since this server neither signs nor encrypts such answers",
                ],
            ),
            (
                json!({"authorization_encrypted_response_enc": "A128CBC-HS256"}),
                &[
                    "R-094 authorization_encrypted_response_enc must be absent, since this server neither signs nor encrypts such answers",
                ],
            ),
            (
                json!({"tls_client_certificate_bound_access_tokens": true}),
                &[
                    "R-094 tls_client_certificate_bound_access_tokens must not be true, since tokens are bound by DPoP",
                ],
            ),
            (
                json!({"tls_client_certificate_bound_access_tokens": "false"}),
                &[
                    "R-094 tls_client_certificate_bound_access_tokens must not be true, since tokens are bound by DPoP",
                ],
            ),
            (
                json!({"tls_client_auth_san_dns": "app.example"}),
                &[
                    "R-094 tls_client_auth_san_dns must be absent, since clients do not authenticate by certificate",
                ],
            ),
            (
                json!({"require_signed_request_object": true}),
                &[
                    "R-025 require_signed_request_object must not be true, since this server takes no request objects",
                ],
            ),
            (
                json!({"request_object_signing_alg": "ES256"}),
                &[
                    "R-025 request_object_signing_alg must be absent, since this server takes no request objects",
                ],
            ),
            (
                json!({"default_max_age": 60}),
                &["R-094 default_max_age must be absent, since this server says when to sign in again"],
            ),
            (
                json!({"authorization_details_types": ["payment"]}),
                &[
                    "R-094 authorization_details_types must be absent, since permissions are asked for by scope",
                ],
            ),
        ],
    );
}

#[test]
fn every_one_of_them_is_refused_for_a_value_that_asks_for_something() {
    for name in names() {
        for value in [json!("x"), json!(null), json!({}), json!([1])] {
            let said = said(&changed(&web(), json!({name: value})));
            assert!(
                said.len() == 1 && said[0].contains(name),
                "{name} {value}: {said:?}"
            );
        }
    }
}

/// Stock libraries write their defaults into the document.
#[test]
fn the_values_that_ask_for_nothing_are_fine() {
    let document = changed(
        &web(),
        json!({
            "subject_type": "public",
            "authorization_signed_response_alg": "RS256",
            "tls_client_certificate_bound_access_tokens": false,
            "require_signed_request_object": false,
            "authorization_details_types": []
        }),
    );
    assert_eq!(said(&document), [""; 0]);
}

//
#[test]
fn members_nobody_here_knows_are_passed_over() {
    let document = changed(
        &web(),
        json!({
            "contacts": ["a@app.example"],
            "software_id": "x",
            "client_name#de": "Beispiel",
            "logo_uri#ja": "javascript:alert(1)",
            "require_auth_time": true,
            "x": {"y": [null, 1.5e300, {"z": "\u{202e}"}]},
            "": "",
            "\u{202e}": 1
        }),
    );
    assert_eq!(said(&document), [""; 0]);
}
