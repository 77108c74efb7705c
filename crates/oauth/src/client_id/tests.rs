use proptest::prelude::*;

use super::*;

/// The sentence a text is refused with; nothing if it is accepted.
fn refusal(text: &str) -> Option<&'static str> {
    match ClientId::parse(text) {
        Ok(id) => {
            assert_eq!(id.as_str(), text);
            None
        }
        Err(Denial::ClientIdInvalid { expected }) => Some(expected),
        Err(other) => panic!("{other:?}"),
    }
}

//
#[test]
fn the_virtual_client_is_exactly_http_localhost() {
    for good in [
        "http://localhost",
        "http://localhost/",
        "http://localhost?",
        "http://localhost?scope=a",
        "http://localhost/?scope=a",
    ] {
        assert_eq!(
            ClientId::parse(good).unwrap().kind(),
            ClientIdKind::Loopback,
            "{good}"
        );
    }
    for bad in [
        "",
        "localhost",
        "http://localhost:80",
        "http://localhost:80/",
        "http://localhost/x",
        "http://localhost//",
        "http://localhost.evil/",
        "http://LOCALHOST",
        "HTTP://localhost",
        "https://localhost",
        "http://localhost#",
        "http://localhost?a#b",
        "http://u@localhost",
        "http://localhost@evil.example",
        "http://localhost\\x",
        " http://localhost",
        "http://127.0.0.1",
        "http://[::1]",
        "ftp://a.example/x",
        "file:///etc/passwd",
        "http://localhost?\u{202e}",
    ] {
        assert!(refusal(bad).is_some(), "{bad}");
    }
}

//
#[test]
fn a_long_client_id_is_refused() {
    assert!(refusal(&format!("http://localhost?scope={}", "a".repeat(64 * 1024))).is_some());
    let document = |bytes: usize| format!("https://app.example/{}", "a".repeat(bytes - 20));
    assert_eq!(document(2048).len(), 2048);
    assert_eq!(refusal(&document(2048)), None);
    assert_eq!(refusal(&document(2049)), Some("is longer than 2048 bytes"));
    assert_eq!(refusal(&document(4097)), Some("is longer than 4096 bytes"));
}

//
#[test]
fn an_https_url_of_a_public_host_with_a_path_names_a_document() {
    for (text, host) in [
        ("https://app.example/client-metadata.json", "app.example"),
        ("https://app.example/a", "app.example"),
        ("https://app.example/a/b.json?v=2", "app.example"),
        (
            "https://app.example/a?x=/../&y=https://other.example:80/",
            "app.example",
        ),
        ("https://app.example//a", "app.example"),
        ("https://app.example/a%2Fb", "app.example"),
        ("https://app.example/%252e%252e/a", "app.example"),
        ("https://app.example/...", "app.example"),
        ("https://app.example/.well-known/client", "app.example"),
        ("https://app.example/~me/@you:1", "app.example"),
        ("https://xn--bcher-kva.example/a", "xn--bcher-kva.example"),
        ("https://xn--80ak6aa92e.com/a", "xn--80ak6aa92e.com"),
        ("https://localhost.example/a", "localhost.example"),
        ("https://1.example/a", "1.example"),
    ] {
        let id = ClientId::parse(text).unwrap();
        assert_eq!((id.kind(), id.host()), (ClientIdKind::Document, host), "{text}");
        assert_eq!(id.document_url().unwrap().as_str(), text);
    }
}

const PORT: &str = "must not have a port";
const USER: &str = "must not have a user or password";
const PATH: &str = "must have a path, such as /client-metadata.json";
const DOTS: &str = "must not have a path segment of dots";
const SLASH: &str = "must not end with a slash";
const ADDRESS: &str = "must name its host by a domain name, not by an address";
const NAME: &str = "must be at a public domain name";
const SCHEME: &str = "must be an https URL, or http://localhost for development";
const HTTP: &str = "must be https, since only a client under development is at http";
const ASCII: &str = "must be a URL of printable ASCII characters, its host in xn-- form if need be";

//
#[test]
fn a_near_miss_of_a_document_url_is_told_which_rule_it_breaks() {
    for (text, expected) in [
        ("http://app.example/x", HTTP),
        ("http://127.0.0.1.example:3000/x", HTTP),
        ("http://127.0.0.2:3000/x", HTTP),
        ("http://2130706433:3000/x", HTTP),
        ("http://0x7f.1:3000/x", HTTP),
        ("http://[::ffff:127.0.0.1]:3000/x", HTTP),
        ("http://localhost.evil.example:3000/x", HTTP),
        ("http://localhost@evil.example:3000/x", HTTP),
        ("ftp://app.example/x", SCHEME),
        ("file:///etc/passwd", SCHEME),
        ("data:application/json,{}", SCHEME),
        ("app.example/x", SCHEME),
        ("//app.example/x", SCHEME),
        ("HTTPS://app.example/x", SCHEME),
        ("https:/app.example/x", SCHEME),
        ("https:\\\\app.example\\x", SCHEME),
        ("https:app.example/x", SCHEME),
        ("https://app.example:8443/x", PORT),
        ("https://app.example:443/x", PORT),
        ("https://app.example:/x", PORT),
        ("https://app.example/x#f", "must not have a fragment"),
        ("https://app.example/x#", "must not have a fragment"),
        ("https://u:p@app.example/x", USER),
        ("https://u@app.example/x", USER),
        ("https://@app.example/x", USER),
        ("https://app.example", PATH),
        ("https://app.example/", PATH),
        ("https://app.example?x=1", PATH),
        ("https://app.example/?x=1", PATH),
        ("https://app.example/a/../x", DOTS),
        ("https://app.example/./x", DOTS),
        ("https://app.example/a/..", DOTS),
        ("https://app.example/%2e%2e/x", DOTS),
        ("https://app.example/%2E./x", DOTS),
        ("https://app.example/a/.%2e", DOTS),
        ("https://app.example/%2e", DOTS),
        ("https://app.example/x/", SLASH),
        ("https://app.example/x/?y", SLASH),
        ("https://App.example/x", NOT_CANONICAL),
        ("https://app.example/a\\b", NOT_CANONICAL),
        ("https://app.example\\@evil.example/x", USER),
        ("https://app.example\\.evil.example/x", NOT_CANONICAL),
        ("https:///app.example/x", NOT_CANONICAL),
        ("https://app.example/<x>", NOT_CANONICAL),
        ("https://app%2eexample/x", NOT_CANONICAL),
        ("https://%61pp.example/x", NOT_CANONICAL),
        ("https://app.example/\tx", ASCII),
        (" https://app.example/x", ASCII),
        ("https://app.example/x\n", ASCII),
        ("https://\u{430}pp.example/x", ASCII),
        ("https://app.example/\u{fc}", ASCII),
        ("https://app.example\u{3002}evil.example/x", ASCII),
        ("https://xn--a.example/x", NOT_A_URL),
        ("https://xn--\u{fc}.example/x", ASCII),
        ("https://a^b.example/x", NOT_A_URL),
        ("https:///", NOT_A_URL),
        ("https://?x", NOT_A_URL),
        ("https://app..example/x", NAME),
        ("https://*.example/x", NAME),
        ("https://a_b.example/x", NAME),
        ("https://localhost/x", NAME),
        ("https://app.localhost/x", NAME),
        ("https://printer.local/x", NAME),
        ("https://intranet/x", NAME),
        ("https://com/x", NAME),
        ("https://app.example./x", NAME),
        ("https://localhost./x", NAME),
        ("https://metadata.google.internal/x", NAME),
    ] {
        assert_eq!(refusal(text), Some(expected), "{text}");
    }
}

//
#[test]
fn an_address_in_any_notation_is_no_host_of_a_document() {
    for host in [
        "127.0.0.1",
        "127.0.0.1.",
        "127.1",
        "127.0.1",
        "2130706433",
        "0x7f000001",
        "0x7f.0.0.1",
        "0x7f.1",
        "0X7F.1",
        "017700000001",
        "0177.0.0.1",
        "0177.1",
        "%31%32%37.0.0.1",
        "127%2e0%2e0%2e1",
        "0",
        "0.0.0.0",
        "10.0.0.1",
        "169.254.169.254",
        "0xa9fea9fe",
        "100.64.0.1",
        "192.0.2.1",
        "203.0.113.9",
        "[::1]",
        "[::]",
        "[0:0:0:0:0:0:0:1]",
        "[::ffff:127.0.0.1]",
        "[::ffff:7f00:1]",
        "[::127.0.0.1]",
        "[64:ff9b::7f00:1]",
        "[fd00::1]",
        "[fe80::1]",
        "[2001:db8::1]",
    ] {
        assert_eq!(refusal(&format!("https://{host}/x")), Some(ADDRESS), "{host}");
    }
    for host in [
        "256.0.0.1",
        "1.2.3.4.5",
        "[::1",
        "[fe80::1%25eth0]",
        "0x100000000",
    ] {
        assert_eq!(refusal(&format!("https://{host}/x")), Some(NOT_A_URL), "{host}");
    }
}

#[test]
fn a_document_of_ones_own_machine_is_at_a_port_and_a_path() {
    for (text, host) in [
        ("http://127.0.0.1:3000/client-metadata.json", "127.0.0.1:3000"),
        ("http://[::1]:3000/a?b", "[::1]:3000"),
        ("http://localhost:65535/a", "localhost:65535"),
    ] {
        let id = ClientId::parse(text).unwrap();
        assert_eq!(
            (id.kind(), id.host()),
            (ClientIdKind::LocalDocument, host),
            "{text}"
        );
        assert_eq!(id.document_url().unwrap().as_str(), text);
    }
    for (text, expected) in [
        ("http://localhost/x", DEVELOPMENT),
        ("http://127.0.0.1/x", DEVELOPMENT),
        ("http://localhost:80/x", DEVELOPMENT),
        ("http://localhost:/x", DEVELOPMENT),
        ("http://localhost:3000", DEVELOPMENT),
        ("http://localhost:3000/", DEVELOPMENT),
        ("http://localhost:3000?x", DEVELOPMENT),
        ("http://localhost:3000/?x", DEVELOPMENT),
        ("http://localhost:0/x", DEVELOPMENT),
        ("http://localhost:3000/x/", SLASH),
        ("http://localhost:3000/%2e%2e/x", DOTS),
        ("http://localhost:03000/x", NOT_CANONICAL),
        ("http://localhost:3000\\x/y", DEVELOPMENT),
        ("http://localhost:65536/x", NOT_A_URL),
        ("http://localhost:3000/a\\b", NOT_CANONICAL),
        ("http://localhost:x/y", DEVELOPMENT),
        ("http://localhost:@evil.example:3000/x", DEVELOPMENT),
        ("http://localhost:3000@evil.example/x", DEVELOPMENT),
        ("http://localhost:3000@evil.example:4000/x", DEVELOPMENT),
        ("http://LOCALHOST:3000/x", HTTP),
    ] {
        assert_eq!(refusal(text), Some(expected), "{text}");
    }
}

#[test]
fn every_sentence_keeps_to_the_characters_of_rfc_6749() {
    for sentence in [
        NOT_A_URL,
        NOT_CANONICAL,
        DEVELOPMENT,
        PORT,
        USER,
        PATH,
        DOTS,
        SLASH,
        ADDRESS,
        NAME,
    ] {
        assert!(
            sentence
                .bytes()
                .all(|b| matches!(b, b' '..=b'~') && !matches!(b, b'"' | b'\\')),
            "{sentence}"
        );
    }
}

proptest! {
    #[test]
    fn arbitrary_text_never_panics(text in ".{0,200}|https?://[ -~]{0,60}|https://[a-z0-9.%\\[\\]:-]{0,30}/[ -~]{0,30}") {
        if let Ok(id) = ClientId::parse(&text) {
            let _ = (id.loopback_query().len(), id.host().len());
            if let Some(url) = id.document_url() {
                prop_assert_eq!(url.as_str(), text);
            }
        }
    }
}
