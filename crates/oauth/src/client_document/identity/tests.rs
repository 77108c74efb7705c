use serde_json::{Value, json};

use crate::client_document::fixtures::{ABSENT, ID, changed, check, lines, read_at, reading, said, web};

//
#[test]
fn a_document_names_the_url_it_is_fetched_from() {
    let mismatch: &[&str] = &["R-052 client_id must be exactly the URL the document is fetched from"];
    check(
        &web(),
        vec![
            (json!({"client_id": ABSENT}), &["R-052 client_id is required"]),
            (json!({"client_id": ""}), mismatch),
            (json!({"client_id": format!("{ID}/")}), mismatch),
            (json!({"client_id": format!("{ID}?")}), mismatch),
            (
                json!({"client_id": "https://App.example/client-metadata.json"}),
                mismatch,
            ),
            (
                json!({"client_id": "https://app.example:443/client-metadata.json"}),
                mismatch,
            ),
            (
                json!({"client_id": "https://other.example/client-metadata.json"}),
                mismatch,
            ),
            (json!({"client_id": 1}), &["R-093 client_id must be a string"]),
        ],
    );
}

//
#[test]
fn a_virtual_client_has_no_document() {
    let id = "http://localhost";
    let document = changed(&web(), json!({"client_id": id}));
    let reading = read_at(id, document.to_string().as_bytes());
    assert_eq!(
        lines(&reading)[0],
        "R-052 client_id must be the URL of a document"
    );
}

#[test]
fn a_query_of_the_identifier_is_advised_against() {
    let id = format!("{ID}?v=2");
    let document = changed(&web(), json!({"client_id": id}));
    let reading = read_at(&id, document.to_string().as_bytes());
    assert_eq!(lines(&reading), ["(R-044 client_id should not have a query)"]);
}

//
#[test]
fn a_client_runs_on_the_web_unless_it_says_otherwise() {
    check(
        &web(),
        vec![
            (json!({"application_type": ABSENT}), &[]),
            (
                json!({"application_type": "Web"}),
                &["R-064 application_type must be web or native"],
            ),
            (
                json!({"application_type": "browser"}),
                &["R-064 application_type must be web or native"],
            ),
            (
                json!({"application_type": ""}),
                &["R-064 application_type must be web or native"],
            ),
            (
                json!({"application_type": null}),
                &["R-093 application_type must be a string"],
            ),
            (
                json!({"application_type": ["web"]}),
                &["R-093 application_type must be a string"],
            ),
        ],
    );
}

//
#[test]
fn grant_types_are_code_and_perhaps_refresh() {
    let alone =
        "(R-065 grant_types does not include refresh_token, so no session outlives its first access token)";
    check(
        &web(),
        vec![
            (
                json!({"grant_types": ["refresh_token", "authorization_code"]}),
                &[],
            ),
            (json!({"grant_types": ["authorization_code"]}), &[alone]),
            (
                json!({"grant_types": ABSENT}),
                &[
                    "(R-065 grant_types is absent, which stands for authorization_code alone, so no session outlives its first access token)",
                ],
            ),
            (
                json!({"grant_types": []}),
                &["R-065 grant_types must include authorization_code", alone],
            ),
            (
                json!({"grant_types": ["refresh_token"]}),
                &["R-065 grant_types must include authorization_code"],
            ),
            (
                json!({"grant_types": ["authorization_code", "authorization_code", "refresh_token"]}),
                &["R-065 grant_types[1] must not be listed twice"],
            ),
            (
                json!({"grant_types": "authorization_code"}),
                &["R-093 grant_types must be an array of strings"],
            ),
            (
                json!({"grant_types": {}}),
                &["R-093 grant_types must be an array of strings"],
            ),
            (
                json!({"grant_types": ["authorization_code", 1, "refresh_token", null]}),
                &[
                    "R-093 grant_types[1] must be a string",
                    "R-093 grant_types[3] must be a string",
                ],
            ),
        ],
    );
    for other in [
        "implicit",
        "password",
        "client_credentials",
        "Authorization_Code",
        "",
    ] {
        let document = changed(
            &web(),
            json!({"grant_types": ["authorization_code", "refresh_token", other]}),
        );
        assert_eq!(
            said(&document),
            ["R-065 grant_types[2] must be authorization_code or refresh_token"]
        );
    }
}

//
#[test]
fn a_client_refreshes_if_it_says_so() {
    let refreshes = |types: Value| {
        let document = changed(&web(), json!({"grant_types": types}));
        reading(&document).client.unwrap().refreshes
    };
    assert!(refreshes(json!(["authorization_code", "refresh_token"])));
    assert!(!refreshes(json!(["authorization_code"])));
}

//
#[test]
fn a_code_is_all_that_is_ever_answered() {
    check(
        &web(),
        vec![
            (
                json!({"response_types": ABSENT}),
                &["(R-067 response_types is absent, which stands for code)"],
            ),
            (
                json!({"response_types": []}),
                &["R-067 response_types must include code"],
            ),
            (
                json!({"response_types": ["token"]}),
                &[
                    "R-067 response_types must include code",
                    "(R-067 response_types[0] is never granted, only code is)",
                ],
            ),
            (
                json!({"response_types": ["code id_token", "code"]}),
                &["(R-067 response_types[0] is never granted, only code is)"],
            ),
            (
                json!({"response_types": "code"}),
                &["R-093 response_types must be an array of strings"],
            ),
        ],
    );
}

//
#[test]
fn a_scope_is_a_list_of_different_values_with_atproto_among_them() {
    let spacing: &[&str] =
        &["R-066 scope must be a list of scope values, with exactly one space between two"];
    check(
        &web(),
        vec![
            (json!({"scope": ABSENT}), &["R-066 scope is required"]),
            (
                json!({"scope": "transition:generic"}),
                &["R-066 scope must include atproto"],
            ),
            (
                json!({"scope": "Atproto"}),
                &[
                    "R-066 scope must include atproto",
                    "(R-361 scope[0] is not a scope value this server knows, and is never granted)",
                ],
            ),
            (
                json!({"scope": "atproto transition:generic atproto"}),
                &["R-066 scope[2] must not be listed twice"],
            ),
            (
                json!({"scope": "atproto atproto atproto transition:generic transition:generic"}),
                &[
                    "R-066 scope[1] must not be listed twice",
                    "R-066 scope[4] must not be listed twice",
                ],
            ),
            (json!({"scope": ""}), spacing),
            (json!({"scope": " atproto"}), spacing),
            (json!({"scope": "atproto  repo:*"}), spacing),
            (
                json!({"scope": "atproto,repo:*"}),
                &[
                    "R-066 scope must include atproto",
                    "(R-361 scope[0] is not a scope value this server knows, and is never granted)",
                ],
            ),
            (
                json!({"scope": "atproto\trepo:*"}),
                &[
                    "R-066 scope must have no other characters than printable ASCII without quotation marks and backslashes",
                ],
            ),
            (
                json!({"scope": "a".repeat(3000)}),
                &["R-066 scope must have values of at most 2048 bytes"],
            ),
            (
                json!({"scope": "a ".repeat(9000)}),
                &["R-066 scope must be at most 16384 bytes long"],
            ),
            (json!({"scope": ["atproto"]}), &["R-093 scope must be a string"]),
        ],
    );
}

#[test]
fn a_scope_that_gives_less_than_it_seems_is_worth_a_warning() {
    check(
        &web(),
        vec![
            (
                json!({"scope": "atproto"}),
                &["(R-066 scope is atproto alone, which lets people sign in and grants nothing else)"],
            ),
            (
                json!({"scope": "atproto transition:chat.bsky"}),
                &["(R-379 scope has transition:chat.bsky, which grants nothing without transition:generic)"],
            ),
            (
                json!({"scope": "atproto transition:generic transition:chat.bsky"}),
                &[],
            ),
            (
                json!({"scope": "atproto repo:app.bsky.feed.post?action=create blob:*/*"}),
                &[],
            ),
        ],
    );
}

// demand 14
#[test]
fn scope_values_of_other_servers_are_kept_apart_and_harm_nothing() {
    let document = changed(&web(), json!({"scope": "atproto space:com.example.forum repo:*"}));
    let reading = reading(&document);
    assert_eq!(
        lines(&reading),
        ["(R-361 scope[1] is not a scope value this server knows, and is never granted)"]
    );
    let client = reading.client.unwrap();
    assert_eq!(client.scope.to_string(), "atproto repo:*");
    assert_eq!(client.scope_unknown, ["space:com.example.forum"]);
}
