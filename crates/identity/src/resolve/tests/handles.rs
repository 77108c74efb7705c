//! Whose a handle is, by the DNS and by its host.

use std::sync::Arc;

use entryway_scope::{Did, Handle};

use super::Table;
use crate::fetch::tests::host::{Answer, Authority, Host};
use crate::fetch::{Development, FetchSettings, Fetcher, Pin};
use crate::resolve::{HandleResolver, HandleUnresolved};

const DNS: &str = "did:plc:ewvi7nxzyoun6zhxrhs64oiz";
const HOST: &str = "did:plc:abcdefghijklmnopqrstuvwx";

fn document(status: &str, content_type: &str, body: &str) -> Answer {
    let length = body.len();
    Answer::text(&format!(
        "HTTP/1.1 {status}\r\ncontent-type: {content_type}\r\ncontent-length: {length}\r\n\r\n{body}"
    ))
}

/// What a handle resolves to whose host answers so, beside these TXT records; and what its host was asked.
async fn resolve(
    handle: &str,
    records: &[&str],
    answer: Answer,
) -> (Result<Did, HandleUnresolved>, Vec<String>) {
    let authority = Authority::new();
    let name = handle.to_owned();
    let host = Host::https(&authority, handle, move |_| answer.clone()).await;
    let fetcher = Fetcher::new(FetchSettings {
        development: Some(Development {
            loopback_http: true,
            resolve: vec![Pin::parse(&host.pin(&name)).unwrap()],
            extra_ca: vec![authority.pem()],
        }),
        ..FetchSettings::default()
    });
    let table = records
        .iter()
        .map(|text| ("_atproto.toy.test", (*text).to_owned()));
    let resolver = HandleResolver::new(fetcher.unwrap(), Arc::new(Table(table.collect())));
    let found = resolver.resolve(&Handle::parse(handle).unwrap()).await;
    (found, host.heads())
}

#[tokio::test]
async fn a_txt_record_counts_before_the_host_and_the_host_where_there_is_none_that_counts() {
    let (dns, host) = (format!("did={DNS}"), || document("200 OK", "text/plain", HOST));
    let (found, heads) = resolve("toy.test", &[&dns], host()).await;
    assert_eq!((found, heads), (Ok(Did::parse(DNS).unwrap()), Vec::new()));
    for records in [&[][..], &["v=spf1 -all"], &[&dns, &dns], &["did=nobody"]] {
        let (found, heads) = resolve("toy.test", records, host()).await;
        assert_eq!(found, Ok(Did::parse(HOST).unwrap()), "{records:?}");
        assert!(heads[0].starts_with("GET /.well-known/atproto-did HTTP/1.1\r\nhost: toy.test\r\n"));
    }
    // the DNS does not answer for this one
    let (found, _) = resolve("fails.test", &[], host()).await;
    assert_eq!(found, Ok(Did::parse(HOST).unwrap()));
}

#[tokio::test]
async fn a_host_says_one_did_as_text_and_nothing_else() {
    for (content_type, body) in [
        ("text/plain; charset=utf-8", HOST.to_owned()),
        ("application/octet-stream", format!("{HOST}\n")),
        ("text/plain", format!("  {HOST}\r\n")),
    ] {
        let (found, _) = resolve("toy.test", &[], document("200 OK", content_type, &body)).await;
        assert_eq!(found, Ok(Did::parse(HOST).unwrap()), "{content_type} {body:?}");
    }
    for answer in [
        document("404 Not Found", "text/plain", HOST),
        document("301 Moved Permanently", "text/plain", HOST),
        document("200 OK", "text/html", HOST),
        document("200 OK", "text/plain", ""),
        document(
            "200 OK",
            "text/plain",
            "did:key:zQ3shokFTS3brHcDQrn82RUDfCZESWL1ZdCEJwekUDPQiYBme",
        ),
        document("200 OK", "text/plain", &format!("{HOST} {DNS}")),
        document("200 OK", "text/plain", &format!("{HOST}{}", " ".repeat(1024))),
        Answer::text("junk"),
    ] {
        let (found, _) = resolve("toy.test", &[], answer).await;
        assert_eq!(found, Err(HandleUnresolved));
    }
}
