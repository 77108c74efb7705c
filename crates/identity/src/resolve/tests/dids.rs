//! DID documents from hosts on this machine.

use entryway_scope::Did;
use serde_json::{Value, json};

use crate::did::DidDocument;
use crate::fetch::tests::host::{Answer, Authority, Host};
use crate::fetch::{Development, FetchError, FetchSettings, Fetcher, Pin};
use crate::resolve::{DidResolver, DidUnresolved};

const PLC: &str = "did:plc:ewvi7nxzyoun6zhxrhs64oiz";

fn did(text: &str) -> Did {
    Did::parse(text).unwrap()
}

fn answer(status: &str, content_type: &str, body: &str) -> Answer {
    let length = body.len();
    Answer::text(&format!(
        "HTTP/1.1 {status}\r\ncontent-type: {content_type}\r\ncontent-length: {length}\r\n\r\n{body}"
    ))
}

fn document(of: &str) -> Value {
    json!({"id": of, "alsoKnownAs": ["at://toy.app"]})
}

fn fetcher(development: Development) -> Fetcher {
    Fetcher::new(FetchSettings {
        development: Some(development),
        ..FetchSettings::default()
    })
    .unwrap()
}

fn on_loopback() -> Fetcher {
    fetcher(Development {
        loopback_http: true,
        ..Development::default()
    })
}

/// What comes of a directory that answers like this, under a path of its own.
async fn from_directory(answer: Answer) -> (Result<DidDocument, DidUnresolved>, Vec<String>) {
    let host = Host::http(move |_| answer.clone()).await;
    let plc = format!("http://{}/plc/", host.address()).parse().unwrap();
    let outcome = DidResolver::new(on_loopback(), plc).resolve(&did(PLC)).await;
    (outcome, host.heads())
}

#[tokio::test]
async fn a_plc_did_is_asked_of_the_directory() {
    for content_type in [
        "application/did+ld+json",
        "application/did+json",
        "application/json; charset=utf-8",
    ] {
        let answer = answer("200 OK", content_type, &document(PLC).to_string());
        let (found, heads) = from_directory(answer).await;
        assert_eq!(found.unwrap().id, did(PLC), "{content_type}");
        assert_eq!(heads.len(), 1);
        assert!(
            heads[0].starts_with(&format!("GET /plc/{PLC} HTTP/1.1\r\n")),
            "{}",
            heads[0]
        );
        assert!(
            heads[0]
                .contains("\r\naccept: application/did+ld+json, application/did+json, application/json\r\n")
        );
    }
}

#[tokio::test]
async fn what_is_no_document_of_the_did_is_refused_with_its_reason() {
    let json = |body: &str| answer("200 OK", "application/json", body);
    let html = answer("200 OK", "text/html", &document(PLC).to_string());
    let body_bytes_max = 64 * 1024;
    let huge = json(&format!(
        "{{\"id\": \"{PLC}\", \"x\": \"{}\"}}",
        "x".repeat(body_bytes_max)
    ));
    let deep = json(&format!("{{\"id\": \"{PLC}\", \"x\": {}", "[".repeat(10_000)));
    let expected = &[
        "application/did+ld+json",
        "application/did+json",
        "application/json",
    ];
    let status = |code: u16| {
        DidUnresolved::Fetch(FetchError::Status {
            status: code.try_into().unwrap(),
        })
    };
    for (answer, fault, is_temporary) in [
        (
            answer("404 Not Found", "application/json", "{}"),
            DidUnresolved::Unknown,
            false,
        ),
        (
            answer("410 Gone", "application/json", "{}"),
            DidUnresolved::Ended,
            false,
        ),
        (
            answer("400 Bad Request", "application/json", "{}"),
            status(400),
            false,
        ),
        (
            answer("503 Service Unavailable", "application/json", "{}"),
            status(503),
            true,
        ),
        (
            html,
            DidUnresolved::Fetch(FetchError::ContentType { expected }),
            false,
        ),
        (
            huge,
            DidUnresolved::Fetch(FetchError::TooLarge {
                bytes_max: body_bytes_max,
            }),
            false,
        ),
        (deep, DidUnresolved::Malformed, false),
        (json("[]"), DidUnresolved::Malformed, false),
        (json("{\"id\": \"toy.app\"}"), DidUnresolved::Malformed, false),
        (
            json(&document("did:plc:abcdefghijklmnopqrstuvwx").to_string()),
            DidUnresolved::OtherDid,
            false,
        ),
    ] {
        let (outcome, _) = from_directory(answer).await;
        assert_eq!(outcome, Err(fault.clone()));
        assert_eq!(fault.is_temporary(), is_temporary, "{fault}");
    }
}

#[tokio::test]
async fn a_web_did_is_asked_of_its_host_by_https() {
    let authority = Authority::new();
    let host = Host::https(&authority, "toy.test", |_| {
        answer(
            "200 OK",
            "application/json",
            &document("did:web:toy.test").to_string(),
        )
    })
    .await;
    let fetcher = fetcher(Development {
        loopback_http: true,
        resolve: vec![Pin::parse(&host.pin("toy.test")).unwrap()],
        extra_ca: vec![authority.pem()],
    });
    let resolver = DidResolver::new(fetcher, "https://plc.directory".parse().unwrap());
    let found = resolver.resolve(&did("did:web:toy.test")).await.unwrap();
    assert_eq!(found.id, did("did:web:toy.test"));
    assert!(host.heads()[0].starts_with("GET /.well-known/did.json HTTP/1.1\r\nhost: toy.test\r\n"));
}

#[tokio::test]
async fn a_web_did_on_localhost_is_for_machines_under_development() {
    let host = Host::http(|head| {
        // the request says where it came to, so that the document can
        let at = head.lines().find_map(|line| line.strip_prefix("host: ")).unwrap();
        let did = format!("did:web:{}", at.replace(':', "%3A"));
        answer("200 OK", "application/json", &document(&did).to_string())
    })
    .await;
    let did = did(&format!("did:web:localhost%3A{}", host.address().port()));
    let plc: url::Url = "https://plc.directory".parse().unwrap();
    let found = DidResolver::new(on_loopback(), plc.clone()).resolve(&did).await;
    assert_eq!(found.unwrap().id, did);
    assert_eq!(host.heads().len(), 1);
    //
    let production = Fetcher::new(FetchSettings::default()).unwrap();
    assert_eq!(
        DidResolver::new(production, plc).resolve(&did).await,
        Err(DidUnresolved::Fetch(FetchError::SchemeRefused))
    );
    assert_eq!(host.heads().len(), 1);
}

//
#[tokio::test]
async fn hosts_that_are_not_public_are_not_asked() {
    let production = Fetcher::new(FetchSettings::default()).unwrap();
    let resolver = DidResolver::new(production, "data:plc".parse().unwrap());
    for (text, fault) in [
        ("did:web:localhost", DidUnresolved::Fetch(FetchError::NameRefused)),
        (
            "did:web:router.local",
            DidUnresolved::Fetch(FetchError::NameRefused),
        ),
        ("did:web:intranet", DidUnresolved::Fetch(FetchError::NameRefused)),
        ("did:web:xn--a.com", DidUnresolved::Host),
        (PLC, DidUnresolved::Fetch(FetchError::SchemeRefused)),
    ] {
        assert_eq!(resolver.resolve(&did(text)).await, Err(fault), "{text}");
    }
}
