use proptest::prelude::*;
use serde_json::{Value, json};

use super::fixtures::{ABSENT, ID, changed, confidential, lines, local, native, read_at, reading, said, web};
use super::*;

fn of_bytes(body: &[u8]) -> Vec<String> {
    lines(&read_at(ID, body))
}

#[test]
fn documents_without_a_fault_are_clients() {
    for document in [web(), native(), confidential(), local()] {
        assert_eq!(said(&document), [""; 0]);
        let client = reading(&document).into_client().unwrap();
        assert_eq!(client.id.as_str(), document["client_id"]);
        assert_eq!(
            client.redirect_uris.len(),
            document["redirect_uris"].as_array().unwrap().len()
        );
    }
}

#[test]
fn every_fault_is_found_at_once() {
    let document = json!({
        "client_id": "https://other.example/client-metadata.json",
        "client_uri": "https://other.example",
        "logo_uri": 7,
        "application_type": "web",
        "grant_types": ["implicit", "authorization_code", "refresh_token"],
        "response_types": ["token"],
        "scope": "transition:generic",
        "redirect_uris": ["https://app.example/callback", "http://127.0.0.1/", "javascript:alert(1)"],
        "token_endpoint_auth_method": "client_secret_basic",
        "client_secret": "s3cret"
    });
    let expected = [
        "R-052 client_id must be exactly the URL the document is fetched from",
        "R-065 grant_types[0] must be authorization_code or refresh_token",
        "R-067 response_types must include code",
        "R-066 scope must include atproto",
        "R-079 redirect_uris[1] must use https, since application_type is web",
        "R-083 redirect_uris[2] must use https, or for an app a scheme such as com.example.app",
        "R-069 dpop_bound_access_tokens is required",
        "R-070 token_endpoint_auth_method must be none or private_key_jwt",
        "R-077 client_uri must be at the host of client_id",
        "R-093 logo_uri must be a string",
        "R-076 client_secret must be absent, since nothing is secret in a public document",
        "(R-067 response_types[0] is never granted, only code is)",
    ];
    assert_eq!(said(&document), expected);
    let refusal = reading(&document).into_client().unwrap_err();
    assert_eq!(
        refusal.to_string(),
        "client metadata: client_id must be exactly the URL the document is fetched from"
    );
}

//
#[test]
fn an_empty_document_lacks_what_is_required() {
    assert_eq!(
        of_bytes(b"{}"),
        [
            "R-052 client_id is required",
            "R-066 scope is required",
            "R-068 redirect_uris is required",
            "R-069 dpop_bound_access_tokens is required",
            "(R-065 grant_types is absent, which stands for authorization_code alone, so no session outlives its first access token)",
            "(R-067 response_types is absent, which stands for code)",
            "(R-070 token_endpoint_auth_method is absent, which is taken for none)",
        ]
    );
}

//
#[test]
fn what_is_not_strict_json_is_refused_as_a_whole() {
    let json = "R-056 the document must be well-formed JSON";
    let object = "R-056 the document must be an object";
    let deep = "R-056 the document must not nest deeper than 16 levels";
    let nested = |levels: usize| format!("{{\"x\":{}{}}}", "[".repeat(levels - 1), "]".repeat(levels - 1));
    for (body, expected) in [
        ("", json),
        (" ", json),
        ("{", json),
        ("{}{}", json),
        ("{} x", json),
        ("{\"a\":1,}", json),
        ("{\"a\":NaN}", json),
        ("{\"a\":Infinity}", json),
        ("{\"a\":01}", json),
        ("{a:1}", json),
        ("{'a':1}", json),
        ("{\"a\":\"\t\"}", json),
        ("{\"a\":\"\\x\"}", json),
        ("{/* a */}", json),
        ("{]", json),
        ("<html>", json),
        ("\u{0}", json),
        ("NaN", json),
        ("null", object),
        ("[]", object),
        ("[{}]", object),
        ("\"{}\"", object),
        ("1", object),
        (&nested(17), deep),
        (&"[".repeat(60_000), deep),
        (&"{\"a\":".repeat(10_000), deep),
        (
            "\u{feff}{}",
            "R-056 the document must not begin with a byte order mark",
        ),
    ] {
        assert_eq!(of_bytes(body.as_bytes()), [expected], "{body:.40}");
    }
    assert_eq!(
        of_bytes(b"{\"a\":\"\xff\"}"),
        ["R-056 the document must be UTF-8"]
    );
    assert_eq!(of_bytes(b"\xff\xfe{\0}\0"), ["R-056 the document must be UTF-8"]);
    // brackets in strings are no nesting
    let harmless = changed(&web(), json!({"x": format!("\\\"{}", "[{".repeat(100))}));
    assert_eq!(said(&harmless), [""; 0]);
    assert_ne!(of_bytes(nested(16).as_bytes()), [deep]);
}

//
#[test]
fn a_document_has_at_most_64_kib() {
    let document = web().to_string();
    let padded = |bytes: usize| document.clone() + &" ".repeat(bytes - document.len());
    assert_eq!(of_bytes(padded(BODY_BYTES_MAX).as_bytes()), [""; 0]);
    assert_eq!(
        of_bytes(padded(BODY_BYTES_MAX + 1).as_bytes()),
        ["R-053 the document is larger than 65536 bytes"]
    );
}

//
#[test]
fn a_member_given_twice_is_refused_and_named_if_it_is_ours() {
    let document = web().to_string();
    let with = |more: &str| format!("{{{more},{}", &document[1..]);
    for (more, expected) in [
        (
            "\"scope\":\"atproto repo:*\"",
            vec!["R-057 scope must not be given twice"],
        ),
        (
            "\"\\u0073cope\":\"atproto transition:generic\"",
            vec!["R-057 scope must not be given twice"],
        ),
        (
            "\"client_id\":null",
            vec![
                "R-057 client_id must not be given twice",
                "R-093 client_id must be a string",
            ],
        ),
        (
            "\"x\":1,\"x\":1",
            vec!["R-057 the document must not name a member twice"],
        ),
        (
            "\"x\":1,\"x\":1,\"y\":1,\"y\":1,\"y\":1",
            vec!["R-057 the document must not name a member twice"],
        ),
        ("\"x\":1,\"X\":1", vec![]),
        (
            "\"subject_type\":\"public\",\"subject_type\":\"public\"",
            vec!["R-057 subject_type must not be given twice"],
        ),
    ] {
        assert_eq!(of_bytes(with(more).as_bytes()), expected, "{more}");
    }
}

//
#[test]
fn every_member_of_a_wrong_type_is_named_and_nothing_panics() {
    let wrong = [
        json!(null),
        json!(1),
        json!(-1.5e300),
        json!(true),
        json!(""),
        json!([]),
        json!({}),
        json!([[]]),
    ];
    for document in [web(), native(), confidential(), local()] {
        for (name, right) in document.as_object().unwrap() {
            for value in &wrong {
                if value == right {
                    continue;
                }
                let said = said(&changed(&document, json!({name: value})));
                assert!(
                    said.iter().any(|one| one.contains(name.as_str())),
                    "{name} {value}: {said:?}"
                );
            }
        }
    }
}

//
#[test]
fn nothing_of_a_document_is_repeated() {
    let marker = "MARKER";
    let document: Value = serde_json::from_str(&web().to_string().replace("example", marker)).unwrap();
    let keys = json!({"keys": [{"kty": marker, "kid": marker, marker: marker}, marker]});
    let document = changed(
        &document,
        json!({
            marker: marker,
            "scope": format!("{marker} {marker}"),
            "application_type": marker,
            "grant_types": [marker],
            "response_types": [marker],
            "token_endpoint_auth_method": marker,
            "token_endpoint_auth_signing_alg": marker,
            "jwks": keys,
            "jwks_uri": marker,
            "redirect_uris": [marker, format!("https://{marker}/"), format!("{marker}://{marker}")],
            "client_name": format!("{marker}\u{202e}"),
            "subject_type": marker
        }),
    );
    let said = said(&document);
    assert!(
        said.len() > 15 && !said.iter().any(|one| one.contains(marker)),
        "{said:#?}"
    );
}

/// What a stock library publishes, and what people write by hand after its documentation.
#[test]
fn documents_in_the_wild_are_read() {
    let library = json!({
        "redirect_uris": ["https://app.example/callback"],
        "response_types": ["code"],
        "grant_types": ["authorization_code", "refresh_token"],
        "scope": "atproto transition:generic",
        "token_endpoint_auth_method": "none",
        "application_type": "web",
        "subject_type": "public",
        "authorization_signed_response_alg": "RS256",
        "client_id": ID,
        "client_name": "app",
        "client_uri": "https://app.example",
        "dpop_bound_access_tokens": true
    });
    assert_eq!(said(&library), [""; 0]);
    let without_method = changed(
        &library,
        json!({"token_endpoint_auth_method": ABSENT, "application_type": ABSENT}),
    );
    assert_eq!(
        reading(&without_method).client.unwrap().authentication,
        crate::client::ClientAuthentication::None
    );
}

fn any_json() -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        any::<f64>().prop_map(Value::from),
        ".{0,12}".prop_map(Value::from),
        "(https|http|javascript|com\\.example)://?[a-z\\[\\]:.@/*#]{0,20}".prop_map(Value::from),
        "(none|private_key_jwt|web|native|atproto|ES256|code)".prop_map(Value::from),
    ];
    leaf.prop_recursive(3, 24, 6, |inner| {
        prop_oneof![
            proptest::collection::vec(inner.clone(), 0..6).prop_map(Value::from),
            proptest::collection::btree_map("(keys|kid|kty|d|x|crv|.{0,3})", inner, 0..6)
                .prop_map(|members| Value::Object(members.into_iter().collect())),
        ]
    })
}

proptest! {
    #[test]
    fn arbitrary_bytes_never_panic(body in proptest::collection::vec(any::<u8>(), 0..300)) {
        read_at(ID, &body);
    }

    #[test]
    fn arbitrary_members_never_panic(at in 0..16_usize, other in 0..16_usize, value in any_json(), also in any_json()) {
        for document in [web(), native(), confidential(), local()] {
            let names: Vec<String> = document.as_object().unwrap().keys().cloned().collect();
            let (at, other) = (&names[at % names.len()], &names[other % names.len()]);
            let id = document["client_id"].as_str().unwrap().to_owned();
            let mut document = document;
            document[at.as_str()] = value.clone();
            document[other.as_str()] = also.clone();
            read_at(&id, document.to_string().as_bytes());
        }
    }

    #[test]
    fn a_cut_or_spoiled_document_never_panics(at in 0..900_usize, byte in any::<u8>()) {
        let mut body = confidential().to_string().into_bytes();
        let at = at % body.len();
        read_at(ID, &body[..at]);
        body[at] = byte;
        read_at(ID, &body);
    }
}
