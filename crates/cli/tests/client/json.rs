//! The form for programs.

use serde_json::{Value, json};

use crate::binary::entryway;
use crate::documents::document;

fn linted(name: &str) -> (Option<i32>, Value) {
    let file = document(name);
    let arguments = [
        "client".as_ref(),
        "lint".as_ref(),
        "--json".as_ref(),
        file.as_os_str(),
    ];
    let run = entryway(arguments);
    assert_eq!(run.stdout.lines().count(), 1);
    (run.status, serde_json::from_str(&run.stdout).unwrap())
}

#[test]
fn a_report_is_one_json_object_with_every_finding() {
    let expected = json!({
        "client_id": "http://localhost?scope=atproto",
        "findings": [{
            "severity": "error",
            "member": "client_id",
            "expected": "must be the URL of this document, a client at http://localhost has none",
            "rule": "R-037",
            "source": "Client ID Metadata Document section 3",
        }],
        "consent": null,
    });
    assert_eq!(linted("11-virtual-identifier.json"), (Some(1), expected));
}

#[test]
fn a_document_that_names_nobody_has_no_client_id() {
    for name in [
        "01-breaks-off.json",
        "02-says-nothing.json",
        "03-wrong-types.json",
    ] {
        assert_eq!(linted(name).1["client_id"], Value::Null, "{name}");
    }
}

#[test]
fn a_client_without_errors_has_a_consent_page() {
    let expected = json!({
        "client_id": "https://app.example/client-metadata.json",
        "findings": [{
            "severity": "warning",
            "member": "scope[4]",
            "expected": "is not a scope value this server knows, and is never granted",
            "rule": "R-361",
            "source": "atproto Permission",
        }],
        "consent": {
            "host": "app.example",
            "client_id": "https://app.example/client-metadata.json",
            "name": "Example App",
            "confidential": false,
            "session_seconds": 1_209_600,
            "refresh_token_seconds": 1_209_600,
            "access_token_seconds": 900,
            "returns_to": [
                {"redirect_uri": "https://app.example/callback", "on_this_device": false},
                {"redirect_uri": "example.app:/callback", "on_this_device": true},
                {"redirect_uri": "http://127.0.0.1/callback", "on_this_device": true},
            ],
            "permissions": [
                {
                    "scope": "atproto",
                    "group": "Who you are",
                    "sentence": "Know who you are: your handle and your account identifier",
                    "caution": null,
                },
                {
                    "scope": "transition:email",
                    "group": "Your e-mail address",
                    "sentence": "See your e-mail address, and whether it is confirmed",
                    "caution": null,
                },
                {
                    "scope": "repo:app.bsky.feed.like?action=create",
                    "group": "Your posts and other public records",
                    "sentence": "Create new likes",
                    "caution": null,
                },
                {
                    "scope": "identity:*",
                    "group": "Your account and identity",
                    "sentence":
                        "Change your handle, the keys of your identity, and where your account lives",
                    "caution":
                        "This can take the account away from you for good. Only tools that move accounts need this.",
                },
            ],
            "scope_unknown": ["future:thing"],
        },
    });
    assert_eq!(linted("20-native-app.json"), (Some(0), expected));
}
