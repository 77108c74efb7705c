//! Hosts that cannot be asked, or say no: who goes on, who waits, and how often they are asked again.

use entryway_tests::{
    Answer, Client, ClientSite, Document, Engine, NamedKey, TestServer, Tokens, alice, both_engines, login,
    push_and_approve,
};

use super::{assert_admitted, fault_of, refused, site_and_server};

const MINUTE: i64 = 60;
const DAY: i64 = 24 * 60 * MINUTE;

// a first failure stands for nothing, and those that follow for ever longer, up to a minute
#[tokio::test]
async fn a_document_that_goes_on_failing_is_asked_for_less_and_less() {
    let (site, server) = site_and_server(Engine::Sqlite).await;
    let client = site.public_client("/client.json");
    let hits = || site.hits("/client.json");
    for round in 1..=2 {
        site.serve("/client.json", Answer::status(404));
        let before = hits();
        refused(&server, client.par()).await;
        for (number, pause) in [2, 4, 8, 16, 32, 60, 60].into_iter().enumerate() {
            // asked for, and not again before its time
            for seconds in [0, 0, pause - 1] {
                server.clock().advance(seconds);
                let said = refused(&server, client.par()).await;
                assert_eq!(
                    said,
                    "client metadata: the document answered with status 404 instead of 200"
                );
            }
            assert_eq!(hits(), before + 2 + number, "{round}: {pause}");
            server.clock().advance(1);
        }
        // one success, and all is forgotten
        site.serve("/client.json", Document::public(client.id()));
        assert_admitted(&server, &client).await;
        server.clock().advance(15 * MINUTE);
    }
}

// nor for as long, once nobody asked for a while
#[tokio::test]
async fn failures_far_apart_are_no_row() {
    let (site, server) = site_and_server(Engine::Sqlite).await;
    let client = site.public_client("/client.json");
    site.serve("/client.json", Answer::status(404));
    for asked in 1..=5 {
        refused(&server, client.par()).await;
        assert_eq!(site.hits("/client.json"), asked);
        server.clock().advance(2 * MINUTE);
    }
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
        // two in a row stand for two seconds
        sessions.mend();
        server.clock().advance(2);
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
        server.clock().advance(2);
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

// to sign out takes nothing that the host would have to say
async fn a_session_is_revoked_while_the_host_is_down(engine: Engine) {
    for answer in [Answer::status(503), Answer::status(410)] {
        let server = TestServer::start(engine).await;
        let (sessions, tokens) = Sessions::begin(&server).await;
        // after a restart, nothing is known of anybody
        let server = server.restarted().await;
        sessions.fail(&answer);
        for (client, tokens) in sessions.clients.iter().zip(&tokens) {
            let reply = client.revoke(&tokens.refresh_token).send(&server).await;
            assert_eq!(reply.code(), 200, "{reply:?}");
        }
        sessions.mend();
        for (client, tokens) in sessions.clients.iter().zip(&tokens) {
            let reply = client.refresh(&tokens.refresh_token).send(&server).await;
            assert_eq!(reply.refusal(), (400, "invalid_grant".to_owned()));
        }
    }
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
    a_session_is_revoked_while_the_host_is_down,
    an_instance_that_never_read_the_document_ends_no_session,
}
