use serde_json::{Value, json};

use crate::client_document::fixtures::{ABSENT, changed, check, local, native, reading, said, web};

/// What is said of a client with this redirect URI besides its own.
fn one_more(document: &Value, uri: &str) -> Vec<String> {
    let mut uris = document["redirect_uris"].as_array().unwrap().clone();
    uris.insert(0, json!(uri));
    said(&changed(document, json!({"redirect_uris": uris})))
}

fn check_each(document: &Value, table: &[(&str, &str)]) {
    for (uri, expected) in table {
        let expected: Vec<&str> = expected.split_terminator('|').collect();
        assert_eq!(one_more(document, uri), expected, "{uri:?}");
    }
}

//
#[test]
fn a_client_has_a_list_of_different_redirect_uris() {
    let many = |count: usize| {
        (0..count)
            .map(|n| format!("https://app.example/{n}"))
            .collect::<Vec<_>>()
    };
    check(
        &web(),
        vec![
            (
                json!({"redirect_uris": ABSENT}),
                &["R-068 redirect_uris is required"],
            ),
            (
                json!({"redirect_uris": []}),
                &["R-068 redirect_uris must list at least one URI"],
            ),
            (
                json!({"redirect_uris": "https://app.example/callback"}),
                &["R-093 redirect_uris must be an array of strings"],
            ),
            (
                json!({"redirect_uris": null}),
                &["R-093 redirect_uris must be an array of strings"],
            ),
            (
                json!({"redirect_uris": [{}, "https://app.example/callback"]}),
                &["R-093 redirect_uris[0] must be a string"],
            ),
            (
                json!({"redirect_uris": ["https://a.example/", "https://b.example/", "https://a.example/"]}),
                &["R-068 redirect_uris[2] must not be listed twice"],
            ),
            (json!({"redirect_uris": many(32)}), &[]),
            (
                json!({"redirect_uris": many(33)}),
                &["R-053 redirect_uris must list at most 32 values"],
            ),
        ],
    );
}

const WEB: &str = "R-079 redirect_uris[0] must use https, since application_type is web";
const PUBLIC: &str = "R-079 redirect_uris[0] must be at a public domain name";
const URL: &str = "R-079 redirect_uris[0] must be an absolute URL";
const SCHEME: &str = "R-083 redirect_uris[0] must use https, or for an app a scheme such as com.example.app";
const HTTP: &str =
    "R-080 redirect_uris[0] must use https, since http is for http://127.0.0.1 and http://[::1] only";
const CANONICAL: &str = "R-110 redirect_uris[0] must be written in canonical form, as a browser shows it";
const USER: &str = "R-079 redirect_uris[0] must not have a user or password";
const FRAGMENT: &str = "R-079 redirect_uris[0] must not have a fragment";
const WILDCARD: &str = "R-084 redirect_uris[0] must not have a wildcard in its host, where it has no meaning";
const LOCALHOST: &str =
    "R-080 redirect_uris[0] must use http://127.0.0.1 or http://[::1] instead of localhost";
const REVERSED: &str = "R-081 redirect_uris[0] must have the host of client_id in reverse order for its scheme, such as com.example.app";
const SLASH: &str =
    "R-081 redirect_uris[0] must have exactly one slash after the scheme, as in com.example.app:/callback";
const ORIGIN: &str =
    "R-082 redirect_uris[0] must be at the origin of client_id, since application_type is native";

//
#[test]
fn a_web_client_is_answered_at_an_https_url_of_a_public_host() {
    check_each(
        &web(),
        &[
            ("https://app.example", ""),
            ("https://app.example:8443/callback", ""),
            ("https://other.example/callback?a=b&c=%20", ""),
            ("https://xn--bcher-kva.example/callback", ""),
            ("https://app.example/*", ""),
            ("https://app.example/a*b?c=*", ""),
            ("http://app.example/callback", HTTP),
            ("http://127.0.0.1/callback", WEB),
            ("http://[::1]:3000/callback", WEB),
            ("http://localhost/callback", WEB),
            ("example.app:/callback", WEB),
            ("https://localhost/callback", PUBLIC),
            ("https://app.localhost/callback", PUBLIC),
            ("https://printer.local/callback", PUBLIC),
            ("https://intranet/callback", PUBLIC),
            ("https://wiki.internal/callback", PUBLIC),
            ("https://app.example./callback", PUBLIC),
            ("https://127.0.0.1/callback", PUBLIC),
            ("https://[::1]/callback", PUBLIC),
            ("https://10.0.0.1/callback", PUBLIC),
            ("https://app.example/callback#", FRAGMENT),
            ("https://app.example/callback#f", FRAGMENT),
            ("https://u@app.example/callback", USER),
            ("https://u:p@app.example/callback", USER),
            ("https://*.app.example/callback", WILDCARD),
            ("https://*/callback", WILDCARD),
            (
                "https://app.example/callback",
                "R-068 redirect_uris[1] must not be listed twice",
            ),
            ("", URL),
            ("/callback", URL),
            ("app.example/callback", URL),
            ("//app.example/callback", URL),
            ("https://", URL),
            ("https://[::1/callback", URL),
        ],
    );
    let long = format!("https://app.example/{}", "a".repeat(2048));
    assert_eq!(
        one_more(&web(), &long),
        ["R-079 redirect_uris[0] is longer than 2048 bytes"]
    );
}

//
#[test]
fn what_a_browser_reads_differently_is_refused() {
    for uri in [
        "HTTPS://app.example/callback",
        "https://App.example/callback",
        "https://app.example:443/callback",
        "https://app.example:/callback",
        "https:/app.example/callback",
        "https:app.example/callback",
        "https:\\\\app.example\\callback",
        "https://app.example\\callback",
        "https://app.example\\@evil.example/",
        "https:///app.example/callback",
        "https://app.example/a/../callback",
        "https://app.example/%2e%2e/callback",
        "https://app.example/./callback",
        "https://app%2eexample/callback",
        "https://127.1/callback",
        "https://2130706433/callback",
        "https://0x7f.0.0.1/callback",
        "https://b\u{fc}cher.example/callback",
        "https://app.example/\u{fc}",
        "https://app.example/a b",
        "https://app.example/\tcallback",
        "https://app.example/callback\n",
        " https://app.example/callback",
        "https://app.example/callback ",
    ] {
        assert_eq!(one_more(&web(), uri), [CANONICAL], "{uri:?}");
    }
}

//
#[test]
fn no_client_is_answered_by_a_scheme_that_runs_something() {
    for document in [web(), native()] {
        for uri in [
            "javascript:alert(1)",
            "JAVASCRIPT:alert(1)",
            "javascript://app.example/%0aalert(1)",
            " javascript:alert(1)",
            "\u{0}javascript:alert(1)",
            "\u{1}javascript:alert(1)",
            "java\nscript:alert(1)",
            "java\tscript:alert(1)",
            "data:text/html,x",
            "Data:text/html;base64,AAAA",
            "vbscript:x",
            "file:///etc/passwd",
            "blob:https://app.example/x",
            "about:blank",
            "filesystem:https://app.example/x",
            "intent:#Intent;end",
            "intent://app.example/x",
            "view-source:https://app.example/",
            "ftp://app.example/",
            "wss://app.example/",
            "chrome://settings",
            "mailto:a@app.example",
            "myapp:/callback",
            "myapp://callback",
            "urn:ietf:wg:oauth:2.0:oob",
        ] {
            assert_eq!(one_more(&document, uri), [SCHEME], "{uri:?}");
        }
    }
}

//
#[test]
fn a_native_client_is_answered_on_the_device_or_at_its_own_origin() {
    check_each(
        &native(),
        &[
            ("http://127.0.0.1:3000/callback", ""),
            ("http://[::1]/callback?x=1", ""),
            ("example.app:/", ""),
            ("example.app:/a/b?c=d", ""),
            ("https://app.example/other", ""),
            ("http://localhost/callback", LOCALHOST),
            ("http://localhost:3000/", LOCALHOST),
            ("http://127.0.0.2/", HTTP),
            ("http://127.1/", CANONICAL),
            ("http://[::ffff:127.0.0.1]/", HTTP),
            ("http://127.0.0.1.evil.example/", HTTP),
            ("http://app.example/callback", HTTP),
            ("http://u@127.0.0.1/", USER),
            ("http://127.0.0.1/#f", FRAGMENT),
            ("com.evil.app:/callback", REVERSED),
            ("app.example:/callback", REVERSED),
            ("com.example.app:/callback", REVERSED),
            ("example.app.evil:/callback", REVERSED),
            ("example.application:/callback", REVERSED),
            ("example.app://callback", SLASH),
            ("example.app:///callback", SLASH),
            ("example.app:/.//callback", SLASH),
            ("example.app:callback", SLASH),
            ("example.app:", SLASH),
            ("example.app://", SLASH),
            ("com.evil.app://callback", &format!("{REVERSED}|{SLASH}")),
            ("example.app:/a/../b", CANONICAL),
            ("Example.app:/callback", CANONICAL),
            ("example.app:/callback#f", FRAGMENT),
            ("example.app://u@callback", USER),
            ("https://other.example/callback", ORIGIN),
            ("https://www.app.example/callback", ORIGIN),
            ("https://app.example:8443/callback", ORIGIN),
            ("https://127.0.0.1/callback", &format!("{PUBLIC}|{ORIGIN}")),
            ("https://*.app.example/callback", &format!("{WILDCARD}|{ORIGIN}")),
        ],
    );
}

#[test]
fn a_client_under_development_is_answered_on_this_machine_too() {
    check_each(
        &local(),
        &[
            ("http://127.0.0.1:4000/callback", ""),
            ("http://localhost/callback", ""),
            ("https://app.example/callback", ""),
            ("http://app.example/callback", HTTP),
            ("http://127.0.0.2:3000/callback", HTTP),
            ("1.0.0.127:/callback", URL),
            ("com.example.app:/callback", WEB),
        ],
    );
    let native = changed(&local(), json!({"application_type": "native"}));
    assert_eq!(said(&native), [""; 0]);
    assert_eq!(one_more(&native, "https://app.example/callback"), [ORIGIN]);
    assert_eq!(one_more(&native, "com.example.app:/callback"), [REVERSED]);
}

#[test]
fn without_a_known_type_only_the_rules_for_both_are_held() {
    let unknown = changed(&web(), json!({"application_type": "desktop"}));
    let said = |uri| one_more(&unknown, uri)[1..].to_vec();
    assert_eq!(said("example.app://callback"), [""; 0]);
    assert_eq!(said("http://localhost/callback"), [""; 0]);
    assert_eq!(said("https://localhost/callback"), [PUBLIC]);
    assert_eq!(said("javascript:alert(1)"), [SCHEME]);
}

//
#[test]
fn a_request_is_answered_at_a_registered_uri_and_nowhere_near_it() {
    let web = reading(&changed(
        &web(),
        json!({"redirect_uris": ["https://app.example/callback?x=1"]}),
    ));
    let web = web.client.unwrap();
    assert!(web.redirect_uri("https://app.example/callback?x=1").is_ok());
    for near in [
        "https://app.example/callback",
        "https://app.example/callback?x=1&y=2",
        "https://app.example/callback?x=2",
        "https://app.example/Callback?x=1",
        "https://app.example/callback/?x=1",
        "https://app.example//callback?x=1",
        "https://app.example/callback?x=1#",
        "https://app.example/callback%3Fx=1",
        "https://app.example:8443/callback?x=1",
        "https://app.example:443/callback?x=1",
        "https://App.example/callback?x=1",
        "https://app.example./callback?x=1",
        "https://app.example.evil.example/callback?x=1",
        "https://evil.example/callback?x=1",
        "https://u@app.example/callback?x=1",
        "https://app.example@evil.example/callback?x=1",
        "http://app.example/callback?x=1",
        "https:/app.example/callback?x=1",
        "https://app.example/a/../callback?x=1",
        "https://app.example\\callback?x=1",
        " https://app.example/callback?x=1",
        "javascript:alert(1)",
        "",
    ] {
        assert!(web.redirect_uri(near).is_err(), "{near:?}");
    }
    let native = reading(&native()).client.unwrap();
    for (asked, answered) in [
        ("example.app:/callback", true),
        ("example.app:/callback?x", false),
        ("example.app://callback", false),
        ("http://127.0.0.1:4000/", true),
        ("http://[::1]:4000", true),
        ("http://localhost:4000/", false),
        ("http://127.0.0.1:4000/other", false),
        ("https://app.example:4000/callback", false),
    ] {
        assert_eq!(native.redirect_uri(asked).is_ok(), answered, "{asked}");
    }
}
