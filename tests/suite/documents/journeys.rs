//! The whole way of clients that are documents.

use entryway_tests::{
    Answer, Client, ClientSite, Document, Engine, NamedKey, TestServer, Tokens, alice, both_engines, login,
};

/// Logs in, refreshes twice, revokes, and finds the session over.
async fn live(server: &TestServer, client: &Client) {
    let first = login(server, client, alice()).await;
    assert_eq!(first.unverified().1["client_id"], client.id());
    assert_eq!(first.scope, "atproto transition:generic");
    let second = Tokens::of(&client.refresh(&first.refresh_token).send(server).await);
    let third = Tokens::of(&client.refresh(&second.refresh_token).send(server).await);
    assert_eq!(client.revoke(&third.access_token).send(server).await.code(), 200);
    let over = client.refresh(&third.refresh_token).send(server).await;
    assert_eq!(over.refusal(), (400, "invalid_grant".to_owned()));
}

//
async fn every_kind_of_document_client_logs_in_refreshes_and_revokes(engine: Engine) {
    let (v4, v6) = (ClientSite::http().await, ClientSite::http_v6().await);
    let https = ClientSite::https("app.example").await;
    let server = TestServer::start_beside(engine, &[&v4, &v6, &https], |_| ()).await;
    let key = NamedKey::generate("key-1");
    for site in [&v4, &v6, &https] {
        live(&server, &site.public_client("/public.json")).await;
        live(&server, &site.confidential_client("/inline.json", &key)).await;
        let document = Document::confidential(&site.url("/elsewhere.json"), &[&key]);
        let elsewhere = site.publish("/elsewhere.json", document.with_keys_at(&site.url("/jwks.json")));
        site.publish_keys("/jwks.json", &[&key]);
        live(&server, &elsewhere.asserting_with(&key)).await;
        for path in ["/public.json", "/inline.json", "/elsewhere.json", "/jwks.json"] {
            assert_eq!(site.hits(path), 1, "{}", site.url(path));
        }
    }
}

// a client may sign with anything the metadata advertises
async fn a_client_asserts_with_any_algorithm_that_is_advertised(engine: Engine) {
    let (site, server) = super::site_and_server(engine).await;
    for algorithm in entryway_tests::ALGORITHMS {
        let key = NamedKey::of(algorithm, "the only one");
        let client = site.confidential_client(&format!("/{algorithm}.json"), &key);
        live(&server, &client).await;
    }
}

// what is asked for, and nothing of who asked
#[tokio::test]
async fn a_fetch_says_nothing_about_the_caller() {
    let (site, server) = super::site_and_server(Engine::Sqlite).await;
    let client = site.public_client("/client.json?a=b");
    let call = client
        .par()
        .header("cookie", "entryway=caller")
        .header("referer", "https://caller.example/")
        .header("x-forwarded-for", "192.0.2.1")
        .header("user-agent", "caller/1.0")
        .header("accept", "text/html");
    assert_eq!(call.send(&server).await.code(), 201);
    let [request] = &site.requests("/client.json?a=b")[..] else {
        panic!("asked more than once");
    };
    let mut lines: Vec<&str> = request.trim_end().split("\r\n").collect();
    assert_eq!(lines.remove(0), "GET /client.json?a=b HTTP/1.1");
    lines.sort_unstable();
    let host = format!("host: {}", site.address());
    let agent = format!("user-agent: entryway/{}", env!("CARGO_PKG_VERSION"));
    let mut expected = vec![
        "accept: application/json",
        "accept-encoding: identity",
        "connection: close",
        &host,
        &agent,
    ];
    expected.sort_unstable();
    assert_eq!(lines, expected);
}

/// How the same document is sent.
type Form = fn(Answer) -> Answer;

// the forms in which an honest host may send a document
#[tokio::test]
async fn a_document_is_read_in_every_honest_form() {
    let (site, server) = super::site_and_server(Engine::Sqlite).await;
    let forms: [(&str, Form); 10] = [
        ("/plain", |answer| answer),
        ("/charset", |answer| {
            answer.header("content-type", "application/json; charset=utf-8")
        }),
        ("/parameters", |answer| {
            answer.header("content-type", "application/json;a=b;c=\"d\"")
        }),
        ("/case", |answer| {
            answer.header("content-type", "Application/JSON")
        }),
        ("/identity", |answer| {
            answer.header("content-encoding", "identity")
        }),
        ("/chunks", |answer| answer.chunked(7)),
        ("/close", Answer::until_closed),
        ("/cookie", |answer| answer.header("set-cookie", "a=b")),
        ("/moved", |answer| {
            answer.header("location", "http://127.0.0.1:1/canary")
        }),
        ("/space", |answer| answer),
    ];
    for (path, form) in forms {
        let client = site.public_client(path);
        let mut answer = Document::public(client.id()).answer();
        if path == "/space" {
            let document = Document::public(client.id()).json().to_string();
            answer = answer.with_body(format!("\n{document:65000}\n").as_bytes());
        }
        site.serve(path, form(answer));
        assert_eq!(client.par().send(&server).await.code(), 201, "{path}");
    }
}

// what other services read in a document is none of our business
#[tokio::test]
async fn members_and_scopes_of_other_servers_are_tolerated() {
    let (site, server) = super::site_and_server(Engine::Sqlite).await;
    let client = site.public_client("/client.json");
    let document = Document::public(client.id())
        .with("software_id", "x")
        .with("client_name#de", "Himmelslicht")
        .with("contacts", vec!["mailto:a@app.example"])
        .with("constructor", serde_json::json!({ "__proto__": null }))
        .with(
            "scope",
            "atproto transition:generic future:thing?with=more repo:*",
        )
        .with("authorization_signed_response_alg", "RS256");
    site.publish("/client.json", document);
    login(&server, &client, alice()).await;
    // and are not granted for being declared
    let asked = client.asking_for("atproto future:thing?with=more");
    assert_eq!(
        asked.par().send(&server).await.refusal(),
        (400, "invalid_scope".to_owned())
    );
}

both_engines! {
    every_kind_of_document_client_logs_in_refreshes_and_revokes,
    a_client_asserts_with_any_algorithm_that_is_advertised,
}
