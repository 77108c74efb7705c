//! How long what was read is believed, and how often its host is asked.

use entryway_tests::{Answer, Client, Document, Engine, NamedKey, TestServer};
use futures_util::future::{join, join_all};
use tokio::sync::watch;

use super::{assert_admitted, site_and_server};

const MINUTE: i64 = 60;

// what each `Cache-Control` makes of it
const SAID: [(&str, i64); 13] = [
    ("", 10 * MINUTE),
    ("public", 10 * MINUTE),
    ("max-age=60", 60),
    ("max-age=1", 1),
    ("Public, Max-Age=120", 120),
    ("max-age=900", 15 * MINUTE),
    ("max-age=86400", 15 * MINUTE),
    ("max-age=99999999999999999999", 15 * MINUTE),
    ("max-age=0", 0),
    ("max-age=-1", 0),
    ("no-store", 0),
    ("no-cache", 0),
    ("max-age=600, no-store", 0),
];

// the last second in which it is fresh, and the first in which it is not
#[tokio::test]
async fn a_document_is_fresh_as_long_as_its_host_says_and_a_quarter_of_an_hour_at_most() {
    let (site, server) = site_and_server(Engine::Sqlite).await;
    for (number, (said, fresh)) in SAID.into_iter().enumerate() {
        let path = format!("/{number}.json");
        let client = site.public_client(&path);
        site.serve(
            &path,
            Document::public(client.id())
                .answer()
                .header("cache-control", said),
        );
        assert_admitted(&server, &client).await;
        if fresh > 0 {
            server.clock().advance(fresh - 1);
            assert_admitted(&server, &client).await;
            assert_eq!(site.hits(&path), 1, "{said}");
            server.clock().advance(1);
        }
        assert_admitted(&server, &client).await;
        assert_eq!(site.hits(&path), 2, "{said}");
    }
}

//
#[tokio::test]
async fn a_key_set_is_kept_by_itself() {
    let (site, server) = site_and_server(Engine::Sqlite).await;
    let key = NamedKey::generate("key-1");
    let keys = Answer::json(&serde_json::json!({ "keys": [key.public()] }));
    for (number, (said, fresh)) in SAID.into_iter().enumerate() {
        let (path, keys_path) = (format!("/{number}.json"), format!("/{number}/jwks.json"));
        let document = Document::confidential(&site.url(&path), &[&key]).with_keys_at(&site.url(&keys_path));
        let client = site.publish(&path, document.clone()).asserting_with(&key);
        site.serve(&path, document.answer().header("cache-control", "max-age=900"));
        site.serve(&keys_path, keys.clone().header("cache-control", said));
        assert_admitted(&server, &client).await;
        if fresh > 0 {
            server.clock().advance(fresh - 1);
            assert_admitted(&server, &client).await;
            assert_eq!(site.hits(&keys_path), 1, "{said}");
            server.clock().advance(1);
        }
        assert_admitted(&server, &client).await;
        assert_eq!(site.hits(&keys_path), 2, "{said}");
        let documents = if fresh == 15 * MINUTE { 2 } else { 1 };
        assert_eq!(site.hits(&path), documents, "{said}");
    }
}

// a clock that was set back makes nothing fresh for longer
#[tokio::test]
async fn what_was_read_in_the_future_is_read_again() {
    let (site, server) = site_and_server(Engine::Sqlite).await;
    let client = site.public_client("/client.json");
    assert_admitted(&server, &client).await;
    server.clock().advance(-1);
    assert_admitted(&server, &client).await;
    assert_eq!(site.hits("/client.json"), 2);
}

// for what is no token of ours, nobody is asked who brings it
#[tokio::test]
async fn nothing_is_fetched_for_what_is_no_code_and_no_token() {
    let (site, server) = site_and_server(Engine::Sqlite).await;
    let client = site.confidential_client("/client.json", &NamedKey::generate("key-1"));
    let pushed = Client::new().push(&server).await;
    let code = format!("cod-{}", "0".repeat(64));
    for call in [client.exchange(&pushed, "x"), client.exchange(&pushed, &code)] {
        let reply = call.with("client_id", client.id()).send(&server).await;
        assert_eq!(reply.refusal(), (400, "invalid_grant".to_owned()));
    }
    for garbage in ["x", "ref-x", "a.b.c", &code] {
        let refreshed = client.refresh(garbage).send(&server).await;
        assert_eq!(refreshed.refusal(), (400, "invalid_grant".to_owned()));
    }
    assert_eq!(site.connections(), 0);
}

/// So that what follows is sent once. Nothing is fetched for it: a nonce is asked for first.
async fn learn_nonce(server: &TestServer, client: &Client) {
    let reply = client.par().once().send(server).await;
    assert_eq!(reply.refusal(), (400, "use_dpop_nonce".to_owned()));
}

/// Sixty-four requests that all wait for the same answer, which comes when all of them do.
async fn sixty_four(server: &TestServer, client: &Client, gate: &watch::Sender<bool>) -> Vec<u16> {
    let calls = (0..64).map(|_| async {
        let one = client.elsewhere();
        one.par().send(server).await.code()
    });
    // the first poll of each comes as far as the fetch, and the gate is polled after all of them
    let (codes, opened) = join(join_all(calls), async { gate.send(true) }).await;
    assert!(opened.is_ok(), "nobody waits at the gate");
    codes
}

//
#[tokio::test]
async fn sixty_four_requests_of_one_unknown_client_ask_its_host_once() {
    let (site, server) = site_and_server(Engine::Sqlite).await;
    for (path, keys_path) in [("/public.json", None), ("/confidential.json", Some("/jwks.json"))] {
        let (gate, key) = (watch::Sender::new(false), NamedKey::generate("key-1"));
        let (mut client, mut document) = (site.public_client(path), Document::public(&site.url(path)));
        if let Some(keys_path) = keys_path {
            document = Document::confidential(client.id(), &[&key]).with_keys_at(&site.url(keys_path));
            site.publish_keys(keys_path, &[&key]);
            client = client.asserting_with(&key);
        }
        site.serve(path, document.answer().after(&gate));
        learn_nonce(&server, &client).await;
        assert_eq!(sixty_four(&server, &client, &gate).await, [201; 64]);
        assert_eq!(site.hits(path), 1);
        assert_eq!(keys_path.map_or(1, |path| site.hits(path)), 1);
    }
}

// a failure is shared by those who waited for it, and by nobody after
#[tokio::test]
async fn sixty_four_requests_share_a_failure_and_the_next_one_asks_again() {
    let (site, server) = site_and_server(Engine::Sqlite).await;
    let gate = watch::Sender::new(false);
    let client = site.public_client("/client.json");
    site.serve("/client.json", Answer::status(503).after(&gate));
    learn_nonce(&server, &client).await;
    assert_eq!(sixty_four(&server, &client, &gate).await, [400; 64]);
    assert_eq!(site.hits("/client.json"), 1);
    site.serve("/client.json", Document::public(client.id()));
    assert_admitted(&server, &client).await;
}
