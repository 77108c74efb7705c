//! Who is confidential and who is not: what a client's document says, and nothing it sends.

use entryway_tests::{
    Browser, Call, Client, ClientSite, Document, Engine, NamedKey, TestServer, Tokens, alice, both_engines,
    login,
};

const DAY: i64 = 24 * 60 * 60;

/// Public clients that assert all the same: one by document, one whose document even has keys, and the virtual one.
fn pretenders(site: &ClientSite, key: &NamedKey) -> [Client; 3] {
    let with_keys = Document::confidential(&site.url("/keys.json"), &[key])
        .with("token_endpoint_auth_method", "none")
        .without("token_endpoint_auth_signing_alg");
    let clients = [
        site.public_client("/public.json"),
        site.publish("/keys.json", with_keys),
        Client::new(),
    ];
    clients.map(|client| client.asserting_with(key))
}

// whatever it sends, it is a public client
async fn a_public_client_that_asserts_is_a_public_client(engine: Engine) {
    let (site, server) = (ClientSite::http().await, TestServer::start(engine).await);
    let key = NamedKey::generate("key-1");
    for client in pretenders(&site, &key) {
        let tokens = login(&server, &client, alice()).await;
        // good or bad, its assertions are passed over
        let changes: [fn(Call) -> Call; 4] = [
            Call::without_assertion,
            |call| call.assertion(|draft| draft.claims["aud"] = "https://other.example".into()),
            |call| call.assertion_given("a.b.c"),
            |call| call.with("client_assertion_type", "x"),
        ];
        let mut tokens = tokens;
        for change in changes {
            assert_eq!(change(client.par()).send(&server).await.code(), 201);
            let refresh = change(client.refresh(&tokens.refresh_token)).send(&server).await;
            tokens = Tokens::of(&refresh);
            assert_eq!(
                change(client.revoke("ref-nothing")).send(&server).await.code(),
                200
            );
        }
        // it has the time of a public one
        server.clock().advance(14 * DAY);
        let late = client.refresh(&tokens.refresh_token).send(&server).await;
        assert_eq!(late.refusal(), (400, "invalid_grant".to_owned()));
    }
}

// nor is it granted anything silently
async fn a_public_client_that_asserts_is_asked_for_consent(engine: Engine) {
    let (site, server) = (ClientSite::http().await, TestServer::start(engine).await);
    let key = NamedKey::generate("key-1");
    for client in pretenders(&site, &key) {
        let mut browser = Browser::new();
        let pushed = client.push(&server).await;
        browser.approve(&server, &pushed, alice()).await.code();
        let pushed = client
            .push_with(&server, |call| call.with("prompt", "none"))
            .await;
        let url = pushed.url(&server);
        let landing = browser.open_url(&server, &url).await.left();
        assert_eq!(landing.parameter("error"), Some("login_required"));
    }
}

// and to assert for somebody else makes nobody of them
async fn a_confidential_client_is_not_impersonated_by_a_public_one(engine: Engine) {
    let (site, server) = (ClientSite::http().await, TestServer::start(engine).await);
    let key = NamedKey::generate("key-1");
    let confidential = site.confidential_client("/client.json", &key);
    let tokens = login(&server, &confidential, alice()).await;
    let stranger = Client::with(confidential.id(), confidential.redirect_uri(), "atproto");
    for call in [
        stranger.par(),
        // with all that the session is bound to but the client's key
        stranger
            .refresh(&tokens.refresh_token)
            .signed_by(confidential.key()),
        stranger
            .revoke(&tokens.refresh_token)
            .signed_by(confidential.key()),
    ] {
        let own = call.clone().asserted_by(&NamedKey::generate("key-1"));
        for call in [call, own] {
            assert_eq!(
                call.send(&server).await.refusal(),
                (400, "invalid_client".to_owned())
            );
        }
    }
    Tokens::of(&confidential.refresh(&tokens.refresh_token).send(&server).await);
}

both_engines! {
    a_public_client_that_asserts_is_a_public_client,
    a_public_client_that_asserts_is_asked_for_consent,
    a_confidential_client_is_not_impersonated_by_a_public_one,
}
