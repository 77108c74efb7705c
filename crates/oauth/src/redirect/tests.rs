use proptest::prelude::*;

use super::*;

fn uri(text: &str) -> RedirectUri {
    RedirectUri::parse(text).unwrap()
}

//
#[test]
fn only_the_port_of_a_loopback_address_is_free() {
    let registered = uri("http://127.0.0.1/callback?x=1");
    for (asked, covered) in [
        ("http://127.0.0.1/callback?x=1", true),
        ("http://127.0.0.1:1/callback?x=1", true),
        ("http://127.0.0.1:65535/callback?x=1", true),
        ("http://127.0.0.1:1/callback", false),
        ("http://127.0.0.1:1/callback?x=2", false),
        ("http://127.0.0.1:1/Callback?x=1", false),
        ("http://127.0.0.1:1/callback/?x=1", false),
        ("http://[::1]:1/callback?x=1", false),
        ("https://127.0.0.1:1/callback?x=1", false),
    ] {
        assert_eq!(registered.covers(&uri(asked)), covered, "{asked}");
    }
    assert!(uri("http://127.0.0.1").covers(&uri("http://127.0.0.1:9000/")));
    assert!(uri("http://127.0.0.1:3000/cb").covers(&uri("http://127.0.0.1:9000/cb")));
    assert!(!uri("https://app.example/cb").covers(&uri("https://app.example:8443/cb")));
}

//
#[test]
fn texts_that_parsers_disagree_about_are_refused() {
    for bad in [
        "",
        "/cb",
        "http://127.0.0.1/a/../b",
        "http://127.0.0.1/%2e%2e/b",
        "http:\\\\127.0.0.1\\cb",
        "http:/127.0.0.1/",
        "HTTP://127.0.0.1/",
        "http://127.0.0.1:80/",
        "http://127.1/",
        "http://2130706433/",
        "http://127.0.0.1/\tcb",
        "http://u@127.0.0.1/",
        "http://127.0.0.1/#f",
        "http://127.0.0.1\\@evil.example/",
        " http://127.0.0.1/",
        "http://127。0。0。1/",
        "https://[::1",
        "https://a.example:443/cb",
    ] {
        assert!(RedirectUri::parse(bad).is_err(), "{bad}");
    }
}

//
#[test]
fn no_answer_goes_by_a_scheme_that_runs_or_reads_something() {
    for bad in [
        "javascript:alert(1)",
        "JavaScript:alert(1)",
        " javascript:alert(1)",
        "java\tscript:alert(1)",
        "\u{1}javascript:alert(1)",
        "javascript://app.example/%0aalert(1)",
        "data:text/html,x",
        "vbscript:x",
        "file:///etc/passwd",
        "blob:https://app.example/x",
        "about:blank",
        "intent://app.example/#Intent;scheme=https;end",
        "view-source:https://app.example/",
        "ftp://app.example/cb",
        "ws://app.example/cb",
        "mailto:a@app.example",
        "myapp:/cb",
        "myapp://cb",
    ] {
        assert!(RedirectUri::parse(bad).is_err(), "{bad}");
    }
}

#[test]
fn the_kind_and_the_host_say_where_an_answer_goes() {
    for (text, kind, host) in [
        ("https://app.example/cb", RedirectKind::Web, "app.example"),
        ("https://app.example:8443/cb", RedirectKind::Web, "app.example"),
        (
            "https://xn--bcher-kva.example/cb",
            RedirectKind::Web,
            "xn--bcher-kva.example",
        ),
        ("https://127.0.0.1/cb", RedirectKind::Web, "127.0.0.1"),
        ("http://127.0.0.1:3000/cb", RedirectKind::Loopback, "127.0.0.1"),
        ("http://[::1]/cb", RedirectKind::Loopback, "[::1]"),
        ("http://localhost:3000/cb", RedirectKind::LocalWeb, "localhost"),
        (
            "com.example.app:/cb?x=1",
            RedirectKind::PrivateUse,
            "com.example.app",
        ),
        ("com.example.app:cb", RedirectKind::PrivateUse, "com.example.app"),
        (
            "com.example.app://cb",
            RedirectKind::PrivateUse,
            "com.example.app",
        ),
    ] {
        assert_eq!(
            (uri(text).kind(), uri(text).host()),
            (kind, host.to_owned()),
            "{text}"
        );
    }
    for bad in [
        "http://app.example/cb",
        "http://127.0.0.2/",
        "http://[::2]/",
        "http://[::ffff:127.0.0.1]/",
    ] {
        assert!(RedirectUri::parse(bad).is_err(), "{bad}");
    }
}

//
#[test]
fn a_private_use_scheme_is_read_as_it_is_written_or_not_at_all() {
    for bad in [
        "COM.example.app:/cb",
        "com.example.app:/a/../b",
        "com.example.app:/%2e/b",
        "com.example.app:/cb#f",
        "com.example.app://u@cb",
        "com.example.app:/a b",
        "com.example.app:/\u{fc}",
        "com.example.app:/a\nb",
        "1com.example.app:/cb",
        ".com:/cb",
    ] {
        assert!(RedirectUri::parse(bad).is_err(), "{bad}");
    }
}

//
#[test]
fn a_virtual_client_returns_to_loopback_addresses_only() {
    for bad in [
        "https://127.0.0.1/",
        "http://localhost/cb",
        "http://127.0.0.1.evil.example/",
        "http://127.0.0.2/",
        "http://[::2]/",
    ] {
        assert!(RedirectUri::parse_loopback(bad).is_err(), "{bad}");
    }
    assert!(RedirectUri::parse_loopback("http://[::1]:80801/").is_err());
    assert!(RedirectUri::parse_loopback("http://[::1]:8080/x").is_ok());
}

proptest! {
    #[test]
    fn arbitrary_text_never_panics(left in ".{0,120}|[a-z.]{1,9}:[ -~]{0,40}", right in "http://(127.0.0.1|\\[::1\\])(:[0-9]{0,6})?/?.{0,40}") {
        if let (Ok(left), Ok(right)) = (RedirectUri::parse(&left), RedirectUri::parse(&right)) {
            let _ = left.covers(&right);
        }
        for uri in [RedirectUri::parse(&left), RedirectUri::parse(&right)].into_iter().flatten() {
            prop_assert!(uri.covers(&uri));
            prop_assert!(uri.as_str().is_ascii() && !uri.host().is_empty());
        }
    }
}
