use std::fmt::Write as _;

use entryway_core::handle::{HandleDomains, HandleRules, ReservedNames};
use entryway_core::invite::Invitation;
use entryway_core::request::AuthorizationRequest;
use entryway_core::response::{self, Answer};
use entryway_identity::resolve::RealTxt;
use entryway_oauth::issuer::Issuer;
use entryway_resource::client::{ClientSettings, HttpClient};
use entryway_scope::Did;
use http_body_util::BodyExt as _;

use super::*;
use crate::app::App;
use crate::authorize::reply;
use crate::{Chance, Clock, Config, Outside};

#[test]
fn a_fault_shows_its_causes_in_the_log_and_nothing_to_the_caller() {
    let fault = Fault::because("rotating", std::io::Error::other("disk on fire at /var/lib"));
    assert_eq!(format!("{fault:#}"), "rotating: disk on fire at /var/lib");
    let response = Failure::Fault(fault).into_json();
    assert_eq!(response.status(), 500);
}

/// D9: every denial in every rendering, as the checked-in table has it. A change of a code, a status or
/// a sentence is a change of this file, which a reviewer sees.
#[tokio::test]
async fn every_denial_has_the_renderings_of_the_checked_in_table() {
    let app = app().await;
    let mut table = String::from(HEAD);
    for denial in Denial::samples() {
        write_row(&mut table, &app, &denial).await;
    }
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/src/failure/denials.txt");
    let checked_in = std::fs::read_to_string(path).unwrap_or_default();
    if checked_in != table {
        let written = std::env::temp_dir().join("denials.txt");
        std::fs::write(&written, &table).unwrap();
        panic!(
            "the renderings differ from {path}; the new table is {}",
            written.display()
        );
    }
}

const HEAD: &str = "\
Every denial in every rendering: JSON (status, headers, body), the error page (status), the answer by redirect.
Made by the test beside it; look at each line before you check it in.

";

async fn write_row(table: &mut String, app: &App, denial: &Denial) {
    let name = format!("{denial:?}");
    let json = Failure::Denial(denial.clone()).into_json();
    let status = json.status().as_u16();
    let headers = [header::RETRY_AFTER, header::ALLOW, header::WWW_AUTHENTICATE]
        .into_iter()
        .filter_map(|name| {
            let value = json.headers().get(&name)?.to_str().unwrap().to_owned();
            Some(format!(" [{name}: {value}]"))
        });
    let headers: String = headers.collect();
    let body = json.into_body().collect().await.unwrap().to_bytes();
    let page = reply::failure(app, denial.clone().into());
    let page_status = page.status().as_u16();
    let html = page.into_body().collect().await.unwrap().to_bytes();
    let html = std::str::from_utf8(&html).unwrap();
    // the sentence is on the page, escaped for HTML
    assert!(html.contains(denial.code()), "{name}");
    let request = request();
    let issuer = Issuer::parse("https://entryway.example").unwrap();
    let Answer::Redirect(location) = response::failure(&request, denial, &issuer) else {
        panic!("{name}")
    };
    let query = location.split_once('?').unwrap().1;
    writeln!(table, "{}", name.split([' ', '{']).next().unwrap()).unwrap();
    writeln!(
        table,
        "  json  {status}{headers} {}",
        std::str::from_utf8(&body).unwrap()
    )
    .unwrap();
    writeln!(table, "  page  {page_status} {}", heading(html)).unwrap();
    writeln!(table, "  query {query}\n").unwrap();
}

/// What the page says first.
fn heading(html: &str) -> &str {
    let after = html.split_once("<h1>").unwrap().1;
    after.split_once("</h1>").unwrap().0.trim()
}

fn request() -> AuthorizationRequest {
    let stored = r#"{"client_id":"http://localhost","redirect_uri":"http://127.0.0.1/","response_mode":"query",
        "state":"s","scope":"atproto","code_challenge":"E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM",
        "prompt":null,"login_hint":null,"jkt":null}"#;
    serde_json::from_str(stored).unwrap()
}

async fn app() -> App {
    let config = Config {
        issuer: Issuer::parse("https://entryway.example").unwrap(),
        prefix: "/oauth".to_owned(),
        policy: entryway_core::policy::Policy::default(),
        local_documents: crate::LocalDocuments::Refused,
        root_key: entryway_oauth::secret::ServerKey::new([1; 32]),
        limit_sign_ins: true,
        calls_per_minute: None,
        capacity: crate::Capacity::default(),
        feed_readers: Vec::new(),
        service_did: Did::parse("did:web:entryway.example").unwrap(),
        handles: HandleRules {
            domains: HandleDomains::parse(&[".example.com"]).unwrap(),
            reserved: ReservedNames::default(),
        },
        invitation: Invitation::Required,
        admin_tokens: Vec::new(),
        trusted_proxies: Vec::new(),
        pds_watch_every: None,
        about: crate::About::default(),
    };
    let directory = tempfile::tempdir().unwrap();
    let url = format!(
        "sqlite://{}?mode=rwc",
        directory.path().join("denials.sqlite").display()
    );
    let store = entryway_store::Store::open(&url).await.unwrap();
    let fetcher =
        entryway_identity::fetch::Fetcher::new(entryway_identity::fetch::FetchSettings::default()).unwrap();
    let nobody = RealTxt::new(Some("127.0.0.1:1".parse().unwrap())).unwrap();
    let outside = Outside::new(
        fetcher,
        HttpClient::new(ClientSettings::default()).unwrap(),
        "https://plc.example".parse().unwrap(),
        std::sync::Arc::new(nobody),
    );
    App::open(config, store, outside, Clock::system(), Chance::system())
        .await
        .unwrap()
}
