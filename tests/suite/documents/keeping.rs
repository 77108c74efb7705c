//! How long what was read is believed, and how often its host is asked.

use entryway_tests::{
    Answer, Client, ClientSite, Document, Engine, NamedKey, TestServer, Tokens, alice, both_engines, login,
    push_and_approve,
};
use futures_util::future::{join, join_all};
use tokio::sync::watch;

use super::{fault_of, refused, site_and_server};

const MINUTE: i64 = 60;
const DAY: i64 = 24 * 60 * MINUTE;

async fn assert_admitted(server: &TestServer, client: &Client) {
    assert_eq!(client.par().send(server).await.code(), 201);
}

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

/// Two clients of one host with a session each: a public one, and one whose keys are elsewhere.
struct Sessions {
    site: ClientSite,
    clients: [Client; 2],
    key: NamedKey,
}

const PATHS: [&str; 3] = ["/public.json", "/confidential.json", "/jwks.json"];

impl Sessions {
    async fn begin(server: &TestServer) -> (Self, [Tokens; 2]) {
        let (site, key) = (ClientSite::http().await, NamedKey::generate("key-1"));
        let document = Document::confidential(&site.url(PATHS[1]), &[&key]);
        let public = site.public_client(PATHS[0]);
        let confidential = site.publish(PATHS[1], document);
        let clients = [public, confidential.asserting_with(&key)];
        let sessions = Self { site, clients, key };
        sessions.mend();
        let [public, confidential] = &sessions.clients;
        let tokens = [
            login(server, public, alice()).await,
            login(server, confidential, alice()).await,
        ];
        (sessions, tokens)
    }

    fn fail(&self, answer: &Answer) {
        for path in PATHS {
            self.site.serve(path, answer.clone());
        }
    }

    fn mend(&self) {
        let [public, confidential] = &self.clients;
        self.site.serve(PATHS[0], Document::public(public.id()));
        let document = Document::confidential(confidential.id(), &[&self.key]);
        self.site
            .serve(PATHS[1], document.with_keys_at(&self.site.url(PATHS[2])));
        self.site.publish_keys(PATHS[2], &[&self.key]);
    }

    /// Both sessions go on.
    async fn refresh(&self, server: &TestServer, tokens: &mut [Tokens; 2]) {
        for (client, tokens) in self.clients.iter().zip(tokens) {
            *tokens = Tokens::of(&client.refresh(&tokens.refresh_token).send(server).await);
        }
    }
}

fn temporary() -> Vec<Answer> {
    vec![
        Answer::status(500),
        Answer::status(502),
        Answer::status(503).header("retry-after", "3600"),
        Answer::status(429),
        Answer::status(408),
        Answer::raw(b""),
        Answer::text("{}").promising(100),
    ]
}

fn final_word() -> Vec<Answer> {
    vec![
        Answer::status(404),
        Answer::status(410),
        Answer::status(401),
        Answer::status(302).header("location", "/moved"),
        Answer::bytes("text/html", b"<!doctype html>"),
        Answer::text("{}").header("content-encoding", "gzip"),
        Answer::text(&" ".repeat(70_000)),
        Answer::text("{"),
    ]
}

// sessions outlive a bad day of their client's host; a new request does not begin on one
async fn a_temporary_failure_keeps_out_new_requests_and_ends_no_session(engine: Engine) {
    let server = TestServer::start(engine).await;
    let (sessions, mut tokens) = Sessions::begin(&server).await;
    for answer in temporary() {
        server.clock().advance(10 * MINUTE);
        sessions.fail(&answer);
        sessions.refresh(&server, &mut tokens).await;
        for client in &sessions.clients {
            refused(&server, client.par()).await;
        }
        //
        sessions.mend();
        for client in &sessions.clients {
            assert_admitted(&server, client).await;
        }
    }
    sessions.refresh(&server, &mut tokens).await;
}

// an answer that nobody would repeat is a refusal, but not the end
async fn a_host_that_says_no_holds_its_sessions_up_and_ends_none(engine: Engine) {
    let server = TestServer::start(engine).await;
    let (sessions, mut tokens) = Sessions::begin(&server).await;
    for answer in final_word() {
        server.clock().advance(10 * MINUTE);
        sessions.fail(&answer);
        for (client, tokens) in sessions.clients.iter().zip(&tokens) {
            for call in [client.par(), client.refresh(&tokens.refresh_token)] {
                refused(&server, call).await;
            }
        }
        sessions.mend();
        sessions.refresh(&server, &mut tokens).await;
    }
}

// a day, and not longer: the second before, the second, and the one after
async fn what_was_read_serves_sessions_for_a_day(engine: Engine) {
    let server = TestServer::start(engine).await;
    for (seconds, fine) in [(DAY - 1, true), (DAY, false), (DAY + 1, false)] {
        let (sessions, mut tokens) = Sessions::begin(&server).await;
        sessions.fail(&Answer::status(503));
        server.clock().advance(seconds);
        if fine {
            sessions.refresh(&server, &mut tokens).await;
        } else {
            for (client, tokens) in sessions.clients.iter().zip(&tokens) {
                refused(&server, client.refresh(&tokens.refresh_token)).await;
            }
        }
        sessions.mend();
        sessions.refresh(&server, &mut tokens).await;
    }
}

// not to be stored means not to be believed again, and still good enough for a bad day
#[tokio::test]
async fn a_document_that_must_not_be_stored_still_serves_its_sessions() {
    let (site, server) = site_and_server(Engine::Sqlite).await;
    let client = site.public_client("/client.json");
    let answer = Document::public(client.id()).answer();
    site.serve("/client.json", answer.header("cache-control", "no-store"));
    let tokens = login(&server, &client, alice()).await;
    site.serve("/client.json", Answer::status(503));
    let tokens = Tokens::of(&client.refresh(&tokens.refresh_token).send(&server).await);
    fault_of(&client.par().send(&server).await);
    assert_eq!(
        client.revoke(&tokens.access_token).send(&server).await.code(),
        200
    );
}

// whoever has consented already is not turned back at the last step
async fn a_code_is_exchanged_while_the_host_is_down(engine: Engine) {
    let (site, server) = site_and_server(engine).await;
    let client = site.public_client("/client.json");
    let answer = Document::public(client.id()).answer();
    site.serve("/client.json", answer.header("cache-control", "max-age=0"));
    let (pushed, landing) = push_and_approve(&server, &client, alice()).await;
    site.serve("/client.json", Answer::status(503));
    Tokens::of(&client.exchange(&pushed, landing.code()).send(&server).await);
}

// another instance has read nothing yet; it refuses, and ends nothing
async fn an_instance_that_never_read_the_document_ends_no_session(engine: Engine) {
    let server = TestServer::start(engine).await;
    let (sessions, mut tokens) = Sessions::begin(&server).await;
    let other = server.another_instance().await;
    sessions.fail(&Answer::status(503));
    for (client, tokens) in sessions.clients.iter().zip(&tokens) {
        refused(&other, client.refresh(&tokens.refresh_token)).await;
    }
    sessions.refresh(&server, &mut tokens).await;
    sessions.mend();
    sessions.refresh(&other, &mut tokens).await;
}

both_engines! {
    a_temporary_failure_keeps_out_new_requests_and_ends_no_session,
    a_host_that_says_no_holds_its_sessions_up_and_ends_none,
    what_was_read_serves_sessions_for_a_day,
    a_code_is_exchanged_while_the_host_is_down,
    an_instance_that_never_read_the_document_ends_no_session,
}
