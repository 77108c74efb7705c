//! What is refused for its URL alone.

use proptest::prelude::*;

use super::super::Dns;
use super::super::destination::{Destination, Place};
use super::super::names;
use super::watched::{Answers, Watched};
use super::*;

fn admitting_loopback() -> FetchSettings {
    FetchSettings {
        development: Some(Development {
            loopback_http: true,
            resolve: vec![Pin::parse("app.test=127.0.0.1:8443").unwrap()],
            extra_ca: Vec::new(),
        }),
        ..FetchSettings::default()
    }
}

#[test]
fn in_production_a_document_is_at_an_https_url_of_a_public_name_on_port_443() {
    let table: &[(&str, Result<&str, FetchError>)] = &[
        ("https://app.com", Ok("app.com /")),
        ("https://app.com:443/client.json", Ok("app.com /client.json")),
        ("https://app.com/a?b=c&d#e", Ok("app.com /a?b=c&d")),
        ("https://app.com/?", Ok("app.com /?")),
        ("HTTPS://APP.COM/A", Ok("app.com /A")),
        ("https://b\u{fc}cher.com/\u{fc}", Ok("xn--bcher-kva.com /%C3%BC")),
        (
            "https://app.com/a/../b//c;d|e^f{g}`h\"i",
            Ok("app.com /b//c;d|e^f%7Bg%7D%60h%22i"),
        ),
        ("http://app.com/", Err(FetchError::SchemeRefused)),
        ("http://127.0.0.1:8080/", Err(FetchError::SchemeRefused)),
        ("http://[::1]:8080/", Err(FetchError::SchemeRefused)),
        ("http://localhost:8080/", Err(FetchError::SchemeRefused)),
        ("ftp://app.com/", Err(FetchError::SchemeRefused)),
        ("file:///etc/passwd", Err(FetchError::SchemeRefused)),
        ("file://app.com/etc/passwd", Err(FetchError::SchemeRefused)),
        ("data:application/json,{}", Err(FetchError::SchemeRefused)),
        ("javascript:alert(1)", Err(FetchError::SchemeRefused)),
        ("about:blank", Err(FetchError::SchemeRefused)),
        ("blob:https://app.com/x", Err(FetchError::SchemeRefused)),
        ("gopher://app.com:6379/x", Err(FetchError::SchemeRefused)),
        ("ws://app.com/", Err(FetchError::SchemeRefused)),
        ("wss://app.com/", Err(FetchError::SchemeRefused)),
        ("httpss://app.com/", Err(FetchError::SchemeRefused)),
        ("unix:/run/docker.sock", Err(FetchError::SchemeRefused)),
        ("https://user@app.com/", Err(FetchError::UserinfoRefused)),
        ("https://user:secret@app.com/", Err(FetchError::UserinfoRefused)),
        ("https://:secret@app.com/", Err(FetchError::UserinfoRefused)),
        ("https://app.com@evil.com/", Err(FetchError::UserinfoRefused)),
        ("https://app.com:80/", Err(FetchError::PortRefused)),
        ("https://app.com:444/", Err(FetchError::PortRefused)),
        ("https://app.com:22/", Err(FetchError::PortRefused)),
        ("https://app.com:0/", Err(FetchError::PortRefused)),
        ("https://app/", Err(FetchError::NameRefused)),
        ("https://app.com./", Err(FetchError::NameRefused)),
        ("https://a_b.com/", Err(FetchError::NameRefused)),
        ("https://app.test/", Err(FetchError::NameRefused)),
        ("https://127.0.0.1/", Err(FetchError::LiteralRefused)),
        ("https://127.0.0.1.nip.io/", Ok("127.0.0.1.nip.io /")),
    ];
    for (text, expected) in table {
        let outcome = Destination::of(&url(text), &FetchSettings::default());
        let outcome = outcome.map(|to| format!("{} {}", to.authority, to.target));
        assert_eq!(outcome.as_deref(), expected.as_deref(), "{text}");
    }
}

#[test]
fn a_url_fits_to_the_byte() {
    for (length, fits) in [(4095, true), (4096, true), (4097, false)] {
        let long = url(&format!("https://app.com/{}", "x".repeat(length - 16)));
        let outcome = Destination::of(&long, &FetchSettings::default()).map(|_| ());
        let refusal = Err(FetchError::UrlRefused { bytes_max: 4096 });
        assert_eq!(outcome, if fits { Ok(()) } else { refusal }, "{length}");
    }
}

#[test]
fn in_development_plain_http_is_admitted_to_this_machine_and_to_nothing_else() {
    let table: &[(&str, Result<&[&str], FetchError>)] = &[
        ("http://127.0.0.1:8080/", Ok(&["127.0.0.1:8080"])),
        ("http://127.0.0.1/", Ok(&["127.0.0.1:80"])),
        ("http://[::1]:8080/", Ok(&["[::1]:8080"])),
        ("http://localhost:8080/", Ok(&["127.0.0.1:8080", "[::1]:8080"])),
        ("http://LOCALHOST:8080/", Ok(&["127.0.0.1:8080", "[::1]:8080"])),
        ("https://app.test/", Ok(&["127.0.0.1:8443"])),
        ("http://127.0.0.2:8080/", Err(FetchError::SchemeRefused)),
        ("http://0.0.0.0:8080/", Err(FetchError::SchemeRefused)),
        ("http://[::]:8080/", Err(FetchError::SchemeRefused)),
        ("http://[::ffff:127.0.0.1]:8080/", Err(FetchError::SchemeRefused)),
        ("http://10.0.0.1/", Err(FetchError::SchemeRefused)),
        (
            "http://169.254.169.254/latest/meta-data",
            Err(FetchError::SchemeRefused),
        ),
        ("http://localhost./", Err(FetchError::SchemeRefused)),
        ("http://app.localhost/", Err(FetchError::SchemeRefused)),
        ("http://localhost.com/", Err(FetchError::SchemeRefused)),
        ("http://app.com/", Err(FetchError::SchemeRefused)),
        ("http://app.test/", Err(FetchError::SchemeRefused)),
        ("http://user@127.0.0.1:8080/", Err(FetchError::UserinfoRefused)),
        ("https://localhost/", Err(FetchError::NameRefused)),
        ("https://127.0.0.1/", Err(FetchError::LiteralRefused)),
        ("https://user@app.test/", Err(FetchError::UserinfoRefused)),
        ("ftp://127.0.0.1/", Err(FetchError::SchemeRefused)),
    ];
    for (text, expected) in table {
        let outcome = Destination::of(&url(text), &admitting_loopback()).map(|to| match to.place {
            Place::Trusted(addresses) => addresses.iter().map(ToString::to_string).collect::<Vec<_>>(),
            Place::Name(name) => panic!("{name} would be looked up"),
        });
        let expected = expected
            .clone()
            .map(|addresses| addresses.iter().map(ToString::to_string).collect());
        assert_eq!(outcome, expected, "{text}");
    }
}

#[test]
fn plain_http_is_a_switch_of_its_own() {
    let pins_only = FetchSettings {
        development: Some(Development {
            loopback_http: false,
            ..admitting_loopback().development.unwrap()
        }),
        ..FetchSettings::default()
    };
    let refusal = Destination::of(&url("http://127.0.0.1:8080/"), &pins_only);
    assert_eq!(refusal.map(|_| ()), Err(FetchError::SchemeRefused));
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn any_text_is_refused_or_leads_to_a_public_name(
        text in prop_oneof![
            any::<String>(),
            "(https?|ftp)://([a-z0-9.:%@\\[\\]_-]{0,40})(:[0-9]{1,5})?(/[ -~]{0,40})?",
            "https://([a-z0-9-]{1,9}\\.){1,3}[a-z]{2,3}/[^\\p{Cc}]{0,30}",
        ]
    ) {
        let Ok(target) = Url::parse(&text) else { return Ok(()) };
        if let Ok(destination) = Destination::of(&target, &FetchSettings::default()) {
            let Place::Name(name) = destination.place else {
                return Err(TestCaseError::fail("nothing is trusted in production"));
            };
            prop_assert!(names::is_public_name(&name));
            prop_assert_eq!(destination.authority, name);
            prop_assert!(destination.server_name.is_some());
        }
        let _ = Destination::of(&target, &admitting_loopback());
    }

    #[test]
    fn any_text_is_a_pin_or_none(text in prop_oneof![any::<String>(), "[a-z.]{0,9}=[0-9a-f:.\\[\\]]{0,20}"]) {
        if let Ok(pin) = Pin::parse(&text) {
            prop_assert!(names::is_host_name(pin.name()));
            prop_assert!(pin.port() != Some(0));
        }
    }

    #[test]
    fn any_text_may_be_asked_for(text in any::<String>()) {
        let Ok(target) = Url::parse(&text) else { return Ok(()) };
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        let refused = runtime.block_on(async {
            let settings = FetchSettings { dns: Dns::Other(Answers::always(&[])), ..FetchSettings::default() };
            Fetcher::over(Watched::new(&[]).await, settings).unwrap().get(&target, &wanted()).await
        });
        prop_assert!(refused.is_err());
    }
}
