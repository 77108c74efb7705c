//! Identifiers that lead nowhere: refused by their text, before anything is looked up or connected to (R-037 to
//!

use entryway_server::LocalDocuments;
use entryway_tests::{Client, ClientSite, Document, Engine, NamedKey, TestServer};

use super::{fault_of, refused};

/// Ways to write this machine; `PORT` is where the canary listens.
const NEARLY_LOCAL: &[&str] = &[
    "http://127.0.0.1:PORT",
    "http://127.0.0.1:PORT/",
    "http://127.0.0.1:PORT//",
    "http://127.0.0.1:PORT/x/",
    "http://127.0.0.1:PORT/x#y",
    "http://127.0.0.1:PORT/a/../x",
    "http://127.0.0.1:PORT/./x",
    "http://127.0.0.1:PORT/%2e%2E/x",
    "http://127.0.0.1:PORT/x y",
    "http://127.0.0.1:PORT/x\n",
    "http://127.0.0.1:PORT/x\0",
    "http://127.0.0.1:PORT\\x",
    " http://127.0.0.1:PORT/x",
    "\thttp://127.0.0.1:PORT/x",
    "HTTP://127.0.0.1:PORT/x",
    "http:/127.0.0.1:PORT/x",
    "http:127.0.0.1:PORT/x",
    "http:\\\\127.0.0.1:PORT/x",
    "//127.0.0.1:PORT/x",
    "127.0.0.1:PORT/x",
    "http://127.0.0.1:0PORT/x",
    "http://127.0.0.1:+PORT/x",
    "http://127.0.0.1:/x",
    "http://127.0.0.1/x",
    "http://127.0.0.1:80/x",
    "http://127.0.0.1:0/x",
    "http://127.0.0.1.:PORT/x",
    "http://127.1:PORT/x",
    "http://127.0.1:PORT/x",
    "http://0x7f.1:PORT/x",
    "http://0x7f000001:PORT/x",
    "http://2130706433:PORT/x",
    "http://0177.0.0.1:PORT/x",
    "http://017700000001:PORT/x",
    "http://127.000.000.001:PORT/x",
    "http://127.0.0.2:PORT/x",
    "http://0.0.0.0:PORT/x",
    "http://0:PORT/x",
    "http://127.0.0.1.nip.io:PORT/x",
    "http://127\u{3002}0\u{3002}0\u{3002}1:PORT/x",
    "http://\u{2460}\u{2461}\u{2466}.0.0.1:PORT/x",
    "http://%31%32%37.0.0.1:PORT/x",
    "http://[::]:PORT/x",
    "http://[0:0:0:0:0:0:0:1]:PORT/x",
    "http://[::0001]:PORT/x",
    "http://[::1%25lo]:PORT/x",
    "http://[::127.0.0.1]:PORT/x",
    "http://[::ffff:127.0.0.1]:PORT/x",
    "http://[::ffff:7f00:1]:PORT/x",
    "http://[64:ff9b::127.0.0.1]:PORT/x",
    "http://localhost.:PORT/x",
    "http://LOCALHOST:PORT/x",
    "http://app.localhost:PORT/x",
    "http://localhost.localdomain:PORT/x",
    "http://ip6-localhost:PORT/x",
    "http://localhost:PORT",
    "http://localhost:PORT/",
    "http://localhost:PORT?scope=atproto",
    "http://evil@127.0.0.1:PORT/x",
    "http://u:p@localhost:PORT/x",
    "http://127.0.0.1:PORT@app.example/x",
    "http://app.example#@127.0.0.1:PORT/x",
    "https://127.0.0.1:PORT/x",
    "https://[::1]:PORT/x",
    "https://localhost:PORT/x",
    "ws://127.0.0.1:PORT/x",
    "gopher://127.0.0.1:PORT/x",
    "ftp://127.0.0.1:PORT/x",
    "javascript://127.0.0.1:PORT/x",
    "did:web:127.0.0.1%3APORT",
];

/// Hosts that nobody holds on the internet, and identifiers that are not quite one.
const NEARLY_PUBLIC: &[&str] = &[
    "https://",
    "https:///x",
    "https://app.example",
    "https://app.example/",
    "https://app.example/?x",
    "https://app.example/x/",
    "https://app.example/x#",
    "https://app.example/a/../x",
    "https://app.example/%2e%2e/x",
    "https://app.example:443/x",
    "https://app.example:8443/x",
    "https://u@app.example/x",
    "https://u:p@app.example/x",
    "https://@app.example/x",
    "https://app.example./x",
    "https://app..example/x",
    "https://.app.example/x",
    "https://-app.example/x",
    "https://a_b.example/x",
    "https://*.example/x",
    "https://App.example/x",
    "HTTPS://app.example/x",
    "https:/app.example/x",
    "https:\\\\app.example\\x",
    "https://app.example\\x",
    "https://app.example/x\ty",
    "https://\u{430}pp.example/x",
    "https://app%2eexample/x",
    "https://app/x",
    "https://localhost/x",
    "https://app.localhost/x",
    "https://app.local/x",
    "https://app.internal/x",
    "https://metadata.google.internal/computeMetadata/v1/",
    "https://127.0.0.1/x",
    "https://127.1/x",
    "https://2130706433/x",
    "https://0x7f.1/x",
    "https://10.0.0.1/x",
    "https://169.254.169.254/latest/meta-data",
    "https://192.0.2.1/x",
    "https://93.184.216.34/x",
    "https://[::1]/x",
    "https://[fd00::1]/x",
    "https://[2001:db8::1]/x",
    "https://[::ffff:10.0.0.1]/x",
    "https://localhost",
    "http://app.example/x",
    "file:///etc/passwd",
    "data:application/json,{}",
    "javascript:alert(1)",
    "urn:example:client",
    "app.example",
    "null",
    "http://localhost:80",
    "http://localhost/x",
    "http://localhost//",
    "http://localhost#",
    "http://localhost.evil/",
    "http://u@localhost",
    "http://localhost?client_name=x",
    "http://localhost?scope=atproto&scope=atproto",
    "http://localhost?redirect_uri=https://app.example/",
];

//
#[tokio::test]
async fn what_is_not_quite_an_identifier_is_refused_and_nobody_is_asked() {
    let (v4, v6) = (ClientSite::http().await, ClientSite::http_v6().await);
    let server = TestServer::start(Engine::Sqlite).await;
    let ports = [&v4, &v6].map(|site| site.address().port().to_string());
    let local = NEARLY_LOCAL
        .iter()
        .flat_map(|id| ports.iter().map(|port| id.replace("PORT", port)));
    let ids: Vec<String> = local
        .chain(NEARLY_PUBLIC.iter().map(ToString::to_string))
        .collect();
    assert!(NEARLY_LOCAL.len() >= 60 && NEARLY_PUBLIC.len() >= 60);
    for id in &ids {
        let client = Client::with(id, "https://app.example/callback", "atproto");
        let reply = client.par().send(&server).await;
        let (status, code) = reply.refusal();
        // a control character is refused in any parameter
        let expected = ["invalid_client_metadata", "invalid_request"];
        assert!(
            status == 400 && expected.contains(&code.as_str()),
            "{id}: {reply:?}"
        );
        let said = reply.member("error_description");
        assert!(said.starts_with("client_id "), "{id}: {said}");
        assert!(ports.iter().all(|port| !said.contains(port)), "{said}");
        let refreshed = client.refresh("ref-x").send(&server).await;
        assert_eq!(refreshed.refusal().0, 400, "{id}");
        client.revoke("ref-x").send(&server).await;
    }
    assert_eq!((v4.connections(), v6.connections()), (0, 0));
    server.assert_well().await;
}

//
#[tokio::test]
async fn the_url_of_a_document_is_bounded() {
    let (site, server) = super::site_and_server(Engine::Sqlite).await;
    let fill = |bytes: usize| "x".repeat(bytes - site.origin().len() - 1);
    for (bytes, fine) in [(2047, true), (2048, true), (2049, false), (16_000, false)] {
        let path = format!("/{}", fill(bytes));
        let client = site.public_client(&path);
        assert_eq!(client.id().len(), bytes);
        let reply = client.par().send(&server).await;
        if fine {
            assert_eq!(reply.code(), 201, "{bytes}");
        } else {
            fault_of(&reply);
        }
        assert_eq!(site.hits(&path), usize::from(fine), "{bytes}");
    }
}

// who does not develop reads no document of this machine
#[tokio::test]
async fn a_document_of_this_machine_is_for_development_only() {
    let (v4, v6) = (ClientSite::http().await, ClientSite::http_v6().await);
    let server = TestServer::start_with(Engine::Sqlite, |config| {
        config.local_documents = LocalDocuments::Refused;
    })
    .await;
    let named = format!("http://localhost:{}/client.json", v4.address().port());
    for id in [v4.url("/client.json"), v6.url("/client.json"), named] {
        let client = Client::with(&id, "https://app.example/callback", "atproto");
        let said = refused(&server, client.par()).await;
        assert_eq!(
            said,
            "client_id must be an https URL, http on a loopback address is for development only"
        );
        let refreshed = client.refresh("ref-x").send(&server).await;
        assert_eq!(refreshed.refusal(), (400, "invalid_grant".to_owned()));
        client.revoke("ref-x").send(&server).await;
    }
    assert_eq!((v4.connections(), v6.connections()), (0, 0));
    // the virtual client needs no fetch, and is left
    assert_eq!(Client::new().par().send(&server).await.code(), 201);
}

// what is compared as a string is another client however it is spelt
#[tokio::test]
async fn the_names_of_this_machine_are_three_clients() {
    let (site, server) = super::site_and_server(Engine::Sqlite).await;
    let client = site.public_client("/client.json");
    assert_eq!(client.par().send(&server).await.code(), 201);
    let named = client.id().replace("127.0.0.1", "localhost");
    let other = Client::with(&named, "https://app.example/callback", "atproto");
    let said = refused(&server, other.par()).await;
    assert_eq!(
        said,
        "client metadata: client_id must be exactly the URL the document is fetched from"
    );
    let with_query = Client::with(
        &format!("{}?", client.id()),
        "https://app.example/callback",
        "atproto",
    );
    refused(&server, with_query.par()).await;
    assert_eq!(client.par().send(&server).await.code(), 201);
}

// what a document points at is judged like an identifier, and a logo is for an operator
#[tokio::test]
async fn a_document_sends_nobody_anywhere() {
    let (site, canary) = (ClientSite::https("app.example").await, ClientSite::http().await);
    let server = TestServer::start_beside(Engine::Sqlite, &[&site], |_| ()).await;
    let key = NamedKey::generate("key-1");
    let port = canary.address().port().to_string();
    for (number, uri) in NEARLY_LOCAL.iter().enumerate() {
        let path = format!("/{number}.json");
        let document = Document::confidential(&site.url(&path), &[&key]);
        let client = site.publish(&path, document.with_keys_at(&uri.replace("PORT", &port)));
        refused(&server, client.asserting_with(&key).par()).await;
    }
    let links = ["logo_uri", "client_uri", "tos_uri", "policy_uri"];
    let document = links
        .iter()
        .fold(Document::public(&site.url("/links.json")), |document, name| {
            document.with(name, site.url(&format!("/{name}")))
        });
    let client = site.publish("/links.json", document);
    assert_eq!(client.par().send(&server).await.code(), 201);
    for name in links {
        assert_eq!(site.hits(&format!("/{name}")), 0);
    }
    assert_eq!(canary.connections(), 0);
}
