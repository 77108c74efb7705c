//! What a pushed request is bound to: a challenge, a key, a redirect URI (R-109, R-110, R-112, R-120 to R-124, D7).

use entryway_core::policy::ProofAtPar;
use entryway_tests::{Browser, Call, Client, Engine, Key, Pkce, TestServer, Tokens, alice, both_engines};

//
#[tokio::test]
async fn a_redirect_uri_that_is_nearly_the_registered_one_is_refused() {
    let server = TestServer::start(Engine::Sqlite).await;
    let id = "http://localhost?redirect_uri=http%3A%2F%2F127.0.0.1%2Fcb%2Fin%3Fx%3D1";
    let client = Client::with(id, "http://127.0.0.1:4711/cb/in?x=1", "atproto");
    for fine in [
        "http://127.0.0.1/cb/in?x=1",
        "http://127.0.0.1:1/cb/in?x=1",
        "http://127.0.0.1:65535/cb/in?x=1",
    ] {
        assert_eq!(
            client.par().with("redirect_uri", fine).send(&server).await.code(),
            201,
            "{fine}"
        );
    }
    for near in [
        "http://127.0.0.1/CB/in?x=1",
        "http://127.0.0.1/cb/in/?x=1",
        "http://127.0.0.1/cb/in",
        "http://127.0.0.1/cb/in?x=1&y=2",
        "http://127.0.0.1/cb/in?x=2",
        "http://127.0.0.1/cb/in?x=1#f",
        "http://127.0.0.1/cb/in?x=1#",
        "http://127.0.0.1/cb/../cb/in?x=1",
        "http://127.0.0.1/cb/..;/in?x=1",
        "http://127.0.0.1/cb/%2e%2e/in?x=1",
        "http://127.0.0.1/cb%2Fin?x=1",
        "http://127.0.0.1/cb/in%00?x=1",
        "http://127.0.0.1/cb/in%3Fx=1",
        "http://127.0.0.1/cb/%69n?x=1",
        "http://127.0.0.1/cb/%2569n?x=1",
        "http://127.0.0.1@evil.example/cb/in?x=1",
        "http://127.0.0.1\\@evil.example/cb/in?x=1",
        "http://127.0.0.1#@evil.example/cb/in?x=1",
        "http://evil.example#@127.0.0.1/cb/in?x=1",
        "http://evil.example/http://127.0.0.1/cb/in?x=1",
        "http://u:p@127.0.0.1/cb/in?x=1",
        "http://127.0.0.1.evil.example/cb/in?x=1",
        "http://127.0.0.11/cb/in?x=1",
        "http://127.1/cb/in?x=1",
        "http://2130706433/cb/in?x=1",
        "http://0x7f.0.0.1/cb/in?x=1",
        "http://127.0.0.1:80/cb/in?x=1",
        "http://127.0.0.1:/cb/in?x=1",
        "http://127.0.0.1:99999/cb/in?x=1",
        "http://[::1]/cb/in?x=1",
        "http://localhost/cb/in?x=1",
        "https://127.0.0.1/cb/in?x=1",
        "HTTP://127.0.0.1/cb/in?x=1",
        "javascript://127.0.0.1/cb/in?x=1",
        "data:text/html,x",
        "//127.0.0.1/cb/in?x=1",
        "/cb/in?x=1",
        "http:/127.0.0.1/cb/in?x=1",
        " http://127.0.0.1/cb/in?x=1",
        "http://127.0.0.1/cb/in?x=1 ",
        "http://127.0.0.1/cb/\tin?x=1",
        "http://127.0.0.1/cb/\nin?x=1",
        "http://127\u{3002}0\u{3002}0\u{3002}1/cb/in?x=1",
        "http://127.0.0.1\u{2044}cb/in?x=1",
        "*",
    ] {
        let reply = client.par().with("redirect_uri", near).send(&server).await;
        assert_eq!(reply.refusal(), (400, "invalid_request".to_owned()), "{near:?}");
    }
}

//
async fn a_challenge_serves_one_request_a_day(engine: Engine) {
    let (server, client) = (TestServer::start(engine).await, Client::new());
    let pkce = Pkce::new();
    let call = client.par_with(&pkce);
    assert_eq!(call.clone().send(&server).await.code(), 201);
    let refused = (400, "invalid_request".to_owned());
    assert_eq!(call.clone().send(&server).await.refusal(), refused);
    assert_eq!(client.par_with(&pkce).send(&server).await.refusal(), refused);
    server.clock().advance(24 * 60 * 60 - 1);
    assert_eq!(client.par_with(&pkce).send(&server).await.refusal(), refused);
    server.clock().advance(1);
    assert_eq!(client.par_with(&pkce).send(&server).await.code(), 201);
}

// the key of the proof, or the one that was named
async fn the_key_is_bound_from_the_first_request_on(engine: Engine) {
    let (server, client) = (TestServer::start(engine).await, Client::new());
    let other = Key::generate();
    let named = client.key().thumbprint();
    let changes: [&dyn Fn(Call) -> Call; 2] = [&|call| call, &|call| {
        call.without_proof().with("dpop_jkt", &named)
    }];
    for change in changes {
        let pushed = client.push_with(&server, change).await;
        let landing = Browser::new().approve(&server, &pushed, alice()).await;
        let exchange = client.exchange(&pushed, landing.code());
        let refused = exchange.clone().signed_by(&other).send(&server).await;
        assert_eq!(refused.refusal(), (400, "invalid_grant".to_owned()));
        assert_eq!(exchange.send(&server).await.code(), 200);
    }
}

// R-121, D7
async fn a_request_without_a_key_binds_the_first_key_it_sees(engine: Engine) {
    let (server, client) = (TestServer::start(engine).await, Client::new());
    let pushed = client.push_with(&server, Call::without_proof).await;
    let landing = Browser::new().approve(&server, &pushed, alice()).await;
    let key = Key::generate();
    let first = client
        .exchange(&pushed, landing.code())
        .signed_by(&key)
        .send(&server)
        .await;
    let tokens = Tokens::of(&first);
    assert_eq!(tokens.unverified().1["cnf"]["jkt"], key.thumbprint());
    assert_eq!(
        client.refresh(&tokens.refresh_token).send(&server).await.code(),
        400
    );
    assert_eq!(
        client
            .refresh(&tokens.refresh_token)
            .signed_by(&key)
            .send(&server)
            .await
            .code(),
        200
    );
}

//
#[tokio::test]
async fn a_strict_server_wants_a_key_at_once() {
    let strict = TestServer::start_with(Engine::Sqlite, |config| {
        config.policy.proof_at_par = ProofAtPar::Required;
    });
    let (server, client) = (strict.await, Client::new());
    let refused = client.par().without_proof().send(&server).await;
    assert_eq!(refused.refusal(), (400, "invalid_dpop_proof".to_owned()));
    assert_eq!(client.par().send(&server).await.code(), 201);
    let named = client
        .par()
        .without_proof()
        .with("dpop_jkt", &client.key().thumbprint());
    assert_eq!(named.send(&server).await.code(), 201);
}

both_engines! {
    a_challenge_serves_one_request_a_day,
    the_key_is_bound_from_the_first_request_on,
    a_request_without_a_key_binds_the_first_key_it_sees,
}
