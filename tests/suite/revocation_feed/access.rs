//! Who may read the feed, how it must be asked, and how often.

use axum::body::Body;
use entryway_tests::{Engine, FeedClient, Reply, TestServer, both_engines, log, secrets};
use http::{Method, Request};

use super::Scene;

const PATH: &str = "/oauth/revocations";

/// A refusal that tells no more than it should, and to nobody else.
#[track_caller]
fn refusal(reply: &Reply) -> (u16, String) {
    assert_eq!(reply.header("cache-control"), Some("no-store"), "{reply:?}");
    for name in [
        "access-control-allow-origin",
        "set-cookie",
        "dpop-nonce",
        "location",
    ] {
        assert!(!reply.headers.contains_key(name), "{reply:?}");
    }
    let json = reply.json();
    let members: Vec<&String> = json.as_object().unwrap().keys().collect();
    assert_eq!(members, ["error", "error_description"], "{json}");
    (reply.code(), reply.member("error"))
}

async fn ask(server: &TestServer, query: &str, authorization: &[&str], accept: &str) -> Reply {
    let mut request = Request::get(format!("{PATH}{query}")).header("accept", accept);
    for value in authorization {
        request = request.header("authorization", *value);
    }
    server.send(request.body(Body::empty()).unwrap()).await
}

async fn nobody_reads_without_a_token_of_a_reader(engine: Engine) {
    let (gate, stranger) = (FeedClient::named("gate"), FeedClient::named("stranger"));
    let readers = vec![gate.reader(), FeedClient::named("another").reader()];
    let server = TestServer::start_with(engine, |config| config.feed_readers = readers).await;
    let (good, foreign) = (gate.authorization(), stranger.authorization());
    let digest = gate.reader().token.to_string();
    let token = good.strip_prefix("Bearer ").unwrap();
    let cases: &[(&str, &str, &[&str])] = &[
        ("nothing", "", &[]),
        ("an empty header", "", &[""]),
        ("the scheme alone", "", &["Bearer"]),
        ("the scheme and a space", "", &["Bearer "]),
        ("the token alone", "", &[token]),
        ("another scheme", "", &[&good.replace("Bearer", "Basic")]),
        ("another scheme of ours", "", &[&good.replace("Bearer", "DPoP")]),
        ("two headers", "", &[&good, &good]),
        ("a good one and a bad one", "", &[&good, &foreign]),
        ("two spaces", "", &[&good.replace(' ', "  ")]),
        ("a token of nobody", "", &[&foreign]),
        ("a token cut short", "", &[&good[..good.len() - 1]]),
        ("a token with more", "", &[&format!("{good}0")]),
        (
            "a token in upper case",
            "",
            &[&format!("Bearer {}", token.to_uppercase())],
        ),
        ("what is stored of a token", "", &[&format!("Bearer {digest}")]),
        (
            "the same in the form of one",
            "",
            &[&format!("Bearer fee-{digest}")],
        ),
        ("two tokens", "", &[&format!("{good}, {good}")]),
        ("a token in the query", &format!("?access_token={token}"), &[]),
        ("nothing, and a bad query", "?after=x", &[]),
    ];
    for (number, (name, query, authorization)) in cases.iter().enumerate() {
        // each from elsewhere, for one address may not try for ever
        let server = server.seen_from(&format!("192.0.2.{number}"));
        for accept in ["application/json", "text/event-stream"] {
            let reply = ask(&server, query, authorization, accept).await;
            assert_eq!(refusal(&reply), (401, "invalid_token".to_owned()), "{name}");
            assert_eq!(
                reply.header("www-authenticate"),
                Some(r#"Bearer realm="revocations", error="invalid_token""#)
            );
        }
    }
    server.assert_well().await;
    assert_eq!(ask(&server, "", &[&good], "application/json").await.code(), 200);
}

async fn a_reader_that_was_taken_back_reads_no_more(engine: Engine) {
    let (gate, other) = (FeedClient::named("gate"), FeedClient::named("other"));
    let server = TestServer::start_with(engine, |config| {
        config.feed_readers = vec![gate.reader(), other.reader()];
    })
    .await;
    for client in [&gate, &other] {
        assert_eq!(client.page(&server, "").await.head.seq, 0);
    }
    let without = TestServer::start_with(engine, |config| config.feed_readers = vec![other.reader()]).await;
    assert_eq!(refusal(&gate.ask(&without, "").await).0, 401);
    assert_eq!(other.page(&without, "").await.head.seq, 0);
    let nobody = TestServer::start(engine).await;
    assert_eq!(refusal(&gate.ask(&nobody, "").await).0, 401);
}

// attack: guesses cost the one who guesses, and nobody else, wherever they come from
async fn guesses_are_counted_and_readers_are_not_held_up(engine: Engine) {
    let gate = FeedClient::named("gate");
    let readers = vec![gate.reader()];
    let server = TestServer::start_with(engine, |config| config.feed_readers = readers).await;
    let guesser = server.seen_from("192.0.2.7");
    let mut answers = Vec::new();
    for _ in 0..35 {
        answers.push(guesser.get(PATH).await);
        assert_eq!(gate.page(&guesser, "").await.head.seq, 0);
    }
    let codes: Vec<u16> = answers.iter().map(Reply::code).collect();
    assert_eq!(codes, [[401; 30].as_slice(), &[429; 5]].concat());
    assert_eq!(refusal(&answers[34]), (429, "invalid_request".to_owned()));
    assert_eq!(answers[34].header("retry-after"), Some("300"));
    assert_eq!(server.seen_from("192.0.2.8").get(PATH).await.code(), 401);
}

async fn a_question_that_is_none_is_refused(engine: Engine) {
    let scene = Scene::begin(engine).await;
    scene.tell(1).await;
    for (query, parameter) in [
        ("after=x", "after"),
        ("after=-1", "after"),
        ("after=%2B1", "after"),
        ("after=1.0", "after"),
        ("after=0x1", "after"),
        ("after=9223372036854775808", "after"),
        ("after=18446744073709551617", "after"),
        ("after=%EF%BC%91", "after"),
        ("after=0&after=0", "after"),
        ("after=0&%61fter=1", "after"),
        ("wait=31", "wait"),
        ("wait=-1", "wait"),
        ("wait=1.5", "wait"),
        ("wait=256", "wait"),
        ("wait=1&wait=1", "wait"),
        ("challenge=short", "challenge"),
        ("challenge=AAAAAAAAAAAAAAAAAAAAAA%3D%3D", "challenge"),
        ("challenge=AAAAAAAAAAAAAAAAAAAAAAA", "challenge"),
        (
            "challenge=AAAAAAAAAAAAAAAAAAAAAA&challenge=AAAAAAAAAAAAAAAAAAAAAA",
            "challenge",
        ),
        ("after=%", "percent"),
        ("after=%ff", "UTF-8"),
        ("after=0%00", "control"),
    ] {
        for accept in ["application/json", "text/event-stream"] {
            let authorization = scene.gate.authorization();
            let reply = ask(&scene.server, &format!("?{query}"), &[&authorization], accept).await;
            assert_eq!(refusal(&reply), (400, "invalid_request".to_owned()), "{query}");
            let sentence = reply.member("error_description");
            assert!(sentence.contains(parameter), "{query}: {sentence}");
        }
    }
    scene.server.assert_well().await;
}

async fn nothing_but_get_is_answered_and_no_page_of_another_origin(engine: Engine) {
    let scene = Scene::begin(engine).await;
    for method in [
        Method::POST,
        Method::PUT,
        Method::DELETE,
        Method::PATCH,
        Method::OPTIONS,
    ] {
        let request = Request::builder()
            .method(method.clone())
            .uri(PATH)
            .header("authorization", scene.gate.authorization())
            .header("origin", "https://evil.example")
            .header("access-control-request-method", "GET")
            .body(Body::empty());
        let reply = scene.server.send(request.unwrap()).await;
        assert_eq!(refusal(&reply).0, 405, "{method}");
        assert_eq!(reply.header("allow"), Some("GET, HEAD"));
    }
    let request = scene.gate.request("").header("origin", "https://evil.example");
    let reply = scene.server.send(request.body(Body::empty()).unwrap()).await;
    assert_eq!(reply.code(), 200);
    assert!(!reply.headers.contains_key("access-control-allow-origin"));
    assert_eq!(reply.header("cache-control"), Some("no-store"));
}

/// Connections that broke without a word give way to new ones, and no reader to another.
async fn a_reader_has_so_many_connections_and_the_newest_stay(engine: Engine) {
    let (gate, other) = (FeedClient::named("gate"), FeedClient::named("other"));
    let readers = vec![gate.reader(), other.reader()];
    let server = TestServer::start_with(engine, |config| config.feed_readers = readers).await;
    let scene = Scene::on(server, gate).await;
    let mut others = other.stream(&scene.server, &scene.listening, "").await;
    let mut streams = Vec::new();
    for _ in 0..17 {
        let mut stream = scene.stream("").await;
        stream.head().await;
        streams.push(stream);
    }
    // a page takes a place of its own while it is made
    assert_eq!(scene.gate.page(&scene.server, "").await.head.seq, 0);
    streams[0].end().await;
    streams[1].end().await;
    scene.tell(1).await;
    for stream in &mut streams[2..] {
        assert_eq!(stream.event().await.seq, 1);
    }
    assert_eq!(others.event().await.seq, 1);
}

// R-513
async fn no_token_of_a_reader_is_logged_or_stored(engine: Engine) {
    let capture = log::capture();
    let before = secrets::count();
    let scene = Scene::begin(engine).await;
    scene.stream("").await.head().await;
    scene.gate.page(&scene.server, "wait=0").await;
    scene.gate.ask(&scene.server, "after=x").await;
    let stranger = FeedClient::named("stranger");
    stranger.ask(&scene.server, "").await;
    let issued = secrets::since(before);
    assert!(issued.contains(&scene.gate.authorization().replace("Bearer ", "")));
    assert!(secrets::found_in(&capture.heard(), &issued).is_empty());
    let stored = scene.server.database().everything().await;
    assert!(secrets::found_in(&stored, &issued).is_empty());
}

both_engines! {
    nobody_reads_without_a_token_of_a_reader,
    a_reader_that_was_taken_back_reads_no_more,
    guesses_are_counted_and_readers_are_not_held_up,
    a_question_that_is_none_is_refused,
    nothing_but_get_is_answered_and_no_page_of_another_origin,
    a_reader_has_so_many_connections_and_the_newest_stay,
    no_token_of_a_reader_is_logged_or_stored,
}
