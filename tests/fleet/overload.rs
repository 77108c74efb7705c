//! What becomes of requests when there are more than can be done: each gets an answer, or the word to come again.

use axum::body::{Body, Bytes};
use entryway_server::Capacity;
use entryway_tests::{
    Browser, Client, Connection, Endpoint, Engine, Listening, Reply, TestServer, alice, both_engines, login,
};
use futures_util::future::join_all;
use http::Request;
use http::header::{ACCEPT, CONTENT_TYPE};

use crate::scene::sign_in;

/// One place of each kind; eight may wait for it.
fn narrow(capacity: &mut Capacity) {
    capacity.session_calls = 1;
    capacity.other_calls = 1;
    capacity.password_calls = 1;
    capacity.passed_calls = 1;
}

async fn narrow_server(engine: Engine) -> TestServer {
    TestServer::start_with(engine, |config| narrow(&mut config.capacity)).await
}

/// Those who got what they asked for, and those who are to come again; there is nothing else.
fn sorted(replies: Vec<Reply>) -> (Vec<Reply>, Vec<Reply>) {
    let (done, told): (Vec<_>, Vec<_>) = replies.into_iter().partition(|reply| reply.code() == 200);
    for reply in &told {
        assert_eq!(reply.code(), 503, "{reply:?}");
        let seconds: u32 = reply.header("retry-after").unwrap().parse().unwrap();
        assert!((1..=4).contains(&seconds), "{reply:?}");
    }
    (done, told)
}

async fn sign_in_alice(server: &TestServer) -> Reply {
    sign_in(server, alice().handle, alice().password.as_str()).await
}

// three times as many as there is room for, running or waiting
async fn a_refresh_succeeds_or_never_happened(engine: Engine) {
    let (server, client) = (narrow_server(engine).await, Client::new());
    let mut tokens = Vec::new();
    for _ in 0..27 {
        tokens.push(login(&server, &client, alice()).await.refresh_token);
    }
    let mut told_before = 0;
    while !tokens.is_empty() {
        let calls = tokens.iter().map(|token| client.refresh(token).send(&server));
        let replies = join_all(calls).await;
        let again: Vec<String> = tokens
            .iter()
            .zip(&replies)
            .filter(|(_, reply)| reply.code() == 503)
            .map(|(token, _)| token.clone())
            .collect();
        let (done, told) = sorted(replies);
        assert!(!done.is_empty(), "whatever comes, work goes on");
        for reply in &told {
            assert_eq!(reply.member("error"), "temporarily_unavailable");
            assert!(!reply.nonce().is_empty());
            assert_eq!(reply.header("access-control-allow-origin"), Some("*"));
            let exposed = reply.header("access-control-expose-headers").unwrap();
            assert!(exposed.contains("retry-after"), "{exposed}");
        }
        // the successor is good, so that nothing was half done
        for reply in done {
            let next = reply.member("refresh_token");
            assert_eq!(client.refresh(&next).send(&server).await.code(), 200);
        }
        told_before += told.len();
        // those who were told come again with the token they had
        tokens = again;
    }
    assert!(told_before > 0, "there was room for all");
}

// R-507, D12
async fn refreshes_and_metadata_go_on_while_sign_ins_are_turned_away(engine: Engine) {
    let (server, client) = (narrow_server(engine).await, Client::new());
    let tokens = login(&server, &client, alice()).await;
    let pushed = client.push(&server).await;
    let sign_ins = join_all((0..27).map(|_| sign_in_alice(&server)));
    let others = async {
        let mut token = tokens.refresh_token;
        for _ in 0..9 {
            let refreshed = client.refresh(&token).send(&server).await;
            assert_eq!(refreshed.code(), 200);
            token = refreshed.member("refresh_token");
            server.assert_well().await;
            assert_eq!(server.get("/_health").await.code(), 200);
            let described = server.get("/xrpc/com.atproto.server.describeServer").await;
            assert_eq!(described.code(), 200);
        }
        let mut browser = Browser::new();
        assert_eq!(browser.open(&server, &pushed).await.status(), 200);
    };
    let (signed_in, ()) = futures_util::future::join(sign_ins, others).await;
    let (done, told) = sorted(signed_in);
    assert!(
        !done.is_empty() && !told.is_empty(),
        "{} {}",
        done.len(),
        told.len()
    );
    for reply in told {
        assert_eq!(reply.member("error"), "NotEnoughResources");
        assert_eq!(reply.header("access-control-allow-origin"), Some("*"));
    }
}

both_engines!(
    a_refresh_succeeds_or_never_happened,
    refreshes_and_metadata_go_on_while_sign_ins_are_turned_away,
);

#[tokio::test]
async fn a_person_is_told_on_a_page() {
    let server = narrow_server(Engine::Sqlite).await;
    let open = || {
        let request = Request::get("/account").header(ACCEPT, "text/html");
        server.send(request.body(Body::empty()).unwrap())
    };
    let post = || {
        let request = Request::post("/account/sign-in").header(ACCEPT, "text/html");
        server.send(request.body(Body::empty()).unwrap())
    };
    let sign_ins = join_all((0..27).map(|_| sign_in_alice(&server)));
    let pages = async {
        let pages = join_all((0..9).map(|_| post())).await;
        (pages, open().await)
    };
    let (_, (forms, opened)) = futures_util::future::join(sign_ins, pages).await;
    assert_ne!(opened.code(), 503, "looking takes no place of those who sign in");
    let (_, told) = sorted(forms.into_iter().filter(|reply| reply.code() == 503).collect());
    let page = told.first().expect("the line is full");
    assert!(
        page.text().contains("Too much is going on here just now"),
        "{page:?}"
    );
    assert_eq!(page.header("cache-control"), Some("no-store"));
    assert!(page.header("content-security-policy").is_some());
    assert_eq!(page.header("set-cookie"), None);
}

// attack: heads without their bodies, on as many connections as there are places
#[tokio::test]
async fn a_body_that_does_not_come_takes_no_place() {
    let (server, client) = (narrow_server(Engine::Sqlite).await, Client::new());
    let tokens = login(&server, &client, alice()).await;
    let slow = || {
        let never = futures_util::stream::pending::<Result<Bytes, std::io::Error>>();
        let request = Request::post(server.path(Endpoint::Token))
            .header(CONTENT_TYPE, "application/x-www-form-urlencoded");
        server.send(request.body(Body::from_stream(never)).unwrap())
    };
    let waiting = join_all((0..3).map(|_| slow()));
    tokio::select! {
        biased;
        replies = waiting => panic!("{replies:?}"),
        refreshed = client.refresh(&tokens.refresh_token).send(&server) => assert_eq!(refreshed.code(), 200),
    }
}

#[tokio::test]
async fn a_connection_too_many_is_told_so_and_closed() {
    let server = TestServer::start_with(Engine::Sqlite, |config| config.capacity.connections = 2).await;
    let listening = Listening::on(&server).await;
    let get = |path: &str| Request::get(path).body(Body::empty()).unwrap();
    let mut kept = Vec::new();
    for _ in 0..2 {
        let mut connection = Connection::open(listening.address).await.unwrap();
        assert_eq!(connection.ask(get("/_health")).await.unwrap().code(), 200);
        kept.push(connection);
    }
    for (path, name) in [
        ("/xrpc/com.atproto.server.describeServer", "NotEnoughResources"),
        ("/oauth/jwks", "temporarily_unavailable"),
    ] {
        let mut one_more = Connection::open(listening.address).await.unwrap();
        let told = one_more.ask(get(path)).await.unwrap();
        assert_eq!((told.code(), told.member("error").as_str()), (503, name));
        assert!(told.header("retry-after").is_some());
        assert_eq!(told.header("connection"), Some("close"));
    }
    // whether we live is told to everybody
    let mut watcher = Connection::open(listening.address).await.unwrap();
    assert_eq!(watcher.ask(get("/_health")).await.unwrap().code(), 200);
    // those who have a place are not disturbed, and their places become free
    for mut connection in kept {
        assert_eq!(connection.ask(get("/oauth/jwks")).await.unwrap().code(), 200);
    }
    let mut statuses = Vec::new();
    while statuses.last() != Some(&200) {
        let mut connection = Connection::open(listening.address).await.unwrap();
        statuses.push(connection.ask(get("/oauth/jwks")).await.unwrap().code());
        assert!(statuses.len() < 10_000, "a place never became free");
    }
    listening.stop().await;
}
