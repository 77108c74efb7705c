use serde_json::{Value, json};

use crate::client_document::fixtures::{ABSENT, changed, check, reading, web};

//
#[test]
fn the_home_page_is_at_the_host_of_the_document() {
    check(
        &web(),
        vec![
            (json!({"client_uri": ABSENT}), &[]),
            (json!({"client_uri": "https://app.example:8443/home?x#y"}), &[]),
            (
                json!({"client_uri": "https://other.example"}),
                &["R-077 client_uri must be at the host of client_id"],
            ),
            (
                json!({"client_uri": "https://www.app.example"}),
                &["R-077 client_uri must be at the host of client_id"],
            ),
            (
                json!({"client_uri": "https://app.example.evil.example"}),
                &["R-077 client_uri must be at the host of client_id"],
            ),
            (
                json!({"client_uri": "https://app.example@evil.example"}),
                &["R-078 client_uri must not have a user or password"],
            ),
            (
                json!({"client_uri": "http://app.example"}),
                &["R-078 client_uri must use https"],
            ),
            (
                json!({"client_uri": ["https://app.example"]}),
                &["R-093 client_uri must be a string"],
            ),
        ],
    );
}

//
#[test]
fn links_are_https_at_a_public_host() {
    for name in ["logo_uri", "tos_uri", "policy_uri"] {
        for (uri, expected) in [
            (json!("https://cdn.example/x"), ""),
            (json!("http://cdn.example/x"), "R-078 ? must use https"),
            (json!("http://127.0.0.1/x"), "R-078 ? must use https"),
            (json!("javascript:alert(1)"), "R-078 ? must use https"),
            (json!(" JavaScript:alert(1)"), "R-078 ? must use https"),
            (json!("data:image/png;base64,AAAA"), "R-078 ? must use https"),
            (json!("x"), "R-078 ? must be an absolute URL"),
            (json!(""), "R-078 ? must be an absolute URL"),
            (
                json!("https://localhost/x"),
                "R-078 ? must be at a public domain name",
            ),
            (
                json!("https://10.0.0.1/x"),
                "R-078 ? must be at a public domain name",
            ),
            (
                json!("https://u@cdn.example/x"),
                "R-078 ? must not have a user or password",
            ),
            (
                json!(format!("https://cdn.example/{}", "x".repeat(2048))),
                "R-078 ? is longer than 2048 bytes",
            ),
            (json!(null), "R-093 ? must be a string"),
            (json!({}), "R-093 ? must be a string"),
        ] {
            let expected = expected.replace('?', name);
            let said = crate::client_document::fixtures::said(&changed(&web(), json!({name: uri})));
            assert_eq!(said, expected.split_terminator('|').collect::<Vec<_>>(), "{uri}");
        }
    }
}

//
#[test]
fn a_name_that_cannot_be_shown_turns_nobody_away() {
    let directing: &[&str] =
        &["(R-196 client_name has control or bidirectional characters, so it is not shown)"];
    let empty: &[&str] = &["(R-196 client_name is empty, so it is not shown)"];
    check(
        &web(),
        vec![
            (
                json!({"client_name": "B\u{fc}cher \u{5e9}\u{5dc}\u{5d5}\u{5dd} \u{1f468}\u{200d}\u{1f469}"}),
                &[],
            ),
            (json!({"client_name": "n".repeat(100)}), &[]),
            (json!({"client_name": "\u{fc}".repeat(100)}), &[]),
            (
                json!({"client_name": "n".repeat(101)}),
                &["(R-196 client_name is longer than 100 characters, so it is not shown)"],
            ),
            (json!({"client_name": ""}), empty),
            (json!({"client_name": " \t "}), empty),
            (json!({"client_name": "a\u{0}b"}), directing),
            (json!({"client_name": "a\nb"}), directing),
            (json!({"client_name": "a\u{85}b"}), directing),
            (json!({"client_name": "a\u{61c}b"}), directing),
            (json!({"client_name": "a\u{200f}b"}), directing),
            (json!({"client_name": "a\u{2028}b"}), directing),
            (json!({"client_name": "a\u{202e}b"}), directing),
            (json!({"client_name": "a\u{2067}b"}), directing),
            (json!({"client_name": 1}), &["R-093 client_name must be a string"]),
        ],
    );
    let name = |name: Value| {
        let client = reading(&changed(&web(), json!({"client_name": name}))).client;
        client.unwrap().presentation.name
    };
    assert_eq!(
        name(json!(" Example \u{2764} ")).as_deref(),
        Some("Example \u{2764}")
    );
    assert_eq!(name(json!("a\u{202e}b")), None);
}

#[test]
fn what_a_client_says_of_itself_is_kept() {
    let shown = reading(&web()).client.unwrap().presentation;
    let text = |url: &Option<url::Url>| url.as_ref().unwrap().to_string();
    assert_eq!(shown.name.as_deref(), Some("Example App"));
    assert_eq!(text(&shown.client_uri), "https://app.example/");
    assert_eq!(text(&shown.logo_uri), "https://cdn.example/logo.png");
    assert_eq!(text(&shown.tos_uri), "https://legal.example/terms");
    assert_eq!(text(&shown.policy_uri), "https://legal.example/privacy");
}
