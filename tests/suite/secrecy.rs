//! What the log holds: what happened, and nothing that lets somebody in (R-513, R-514, R-521, A1).

use entryway_tests::{
    Browser, Call, Client, ClientSite, Engine, Key, NamedKey, TestServer, Tokens, alice, bob, both_engines,
    log, login, secrets,
};

/// Everything that issues or takes a secret, and every way in which one can be refused.
async fn live_through_everything(server: &TestServer, client: &Client) {
    let pushed = client.push(server).await;
    let mut browser = Browser::new();
    let page = browser.open(server, &pushed).await;
    let wrong = [("username", "alice.test"), ("password", bob().password.as_str())];
    browser.press(server, &page, "Sign in", &wrong).await.page();
    let consent = browser.sign_in(server, &page, alice()).await;
    let without = consent.form("Authorize").without("csrf");
    browser.submit(server, &without).await.page();
    let landing = browser.press(server, &consent, "Authorize", &[]).await.left();
    let exchange = client.exchange(&pushed, landing.code());
    let refused: [fn(Call) -> Call; 4] = [
        |call| call.with("redirect_uri", "https://evil.example/"),
        |call| call.without_proof(),
        |call| call.twice("code"),
        |call| call.signed_by(&Key::generate()),
    ];
    for change in refused {
        change(exchange.clone()).send(server).await;
    }
    let first = Tokens::of(&exchange.clone().send(server).await);
    let second = Tokens::of(&client.refresh(&first.refresh_token).send(server).await);
    Tokens::of(&client.refresh(&second.refresh_token).send(server).await);
    client.refresh(&first.refresh_token).send(server).await;
    exchange.send(server).await;
    let other = login(server, client, bob()).await;
    client.revoke(&other.access_token).send(server).await;
    client
        .revoke(&other.refresh_token)
        .without_proof()
        .send(server)
        .await;
    let home = browser
        .open_url(server, &format!("{}/", entryway_tests::Service::issuer(server)))
        .await
        .page();
    browser
        .press(server, &home, "Sign out of this device", &[])
        .await
        .page();
    // a secret in the wrong place: the address
    let path = format!("/oauth/token?refresh_token={}", other.refresh_token);
    server.get(&path).await;
}

// this test reads what it logs; tests/run reads what everything logged
async fn the_most_talkative_log_holds_no_secret(engine: Engine) {
    let capture = log::capture();
    let before = secrets::count();
    let (site, server) = (ClientSite::http().await, TestServer::start(engine).await);
    live_through_everything(&server, &Client::new()).await;
    let client = site.confidential_client("/client.json", &NamedKey::generate("key-1"));
    live_through_everything(&server, &client).await;
    let mut issued = secrets::since(before);
    issued.extend([alice(), bob()].map(|account| account.password.clone()));
    assert!(issued.len() > 40, "{}", issued.len());
    let heard = capture.heard();
    assert_eq!(
        secrets::found_in(&heard, &issued).into_iter().collect::<Vec<_>>(),
        Vec::<&str>::new()
    );
    // and it would have been found
    let planted = [&heard[..], issued.last().unwrap().as_bytes()].concat();
    assert_eq!(secrets::found_in(&planted, &issued).len(), 1);
}

//
async fn the_log_says_what_happened_to_whom(engine: Engine) {
    let capture = log::capture();
    let (server, client) = (TestServer::start(engine).await, Client::new());
    live_through_everything(&server, &client).await;
    let heard = String::from_utf8(capture.heard()).unwrap();
    for (event, fields) in [
        ("sign-in refused", &["denial.code="][..]),
        ("signed in", &["account.did=did:plc:alice", "client.id="]),
        ("consent given", &["account.did=did:plc:alice", "client.id="]),
        (
            "refresh token replayed",
            &["account.did=did:plc:alice", "client.id="],
        ),
        ("code replayed", &["account.did=did:plc:alice", "client.id="]),
        ("session revoked", &["account.did=did:plc:bob", "client.id="]),
    ] {
        let mut lines = heard.lines().filter(|line| line.contains(event));
        assert!(
            lines.any(|line| fields.iter().all(|field| line.contains(field))),
            "{event}"
        );
    }
}

//
#[tokio::test]
async fn nobody_writes_lines_into_the_log() {
    let capture = log::capture();
    let (server, client) = (TestServer::start(Engine::Sqlite).await, Client::new());
    let forged = "x\r\n2026-01-01T00:00:00Z ERROR forged line \u{1b}[31m";
    let pushed = client.push(&server).await;
    let mut browser = Browser::new();
    let page = browser.open(&server, &pushed).await;
    let fields = [("username", forged), ("password", "wrong and wrong")];
    browser.press(&server, &page, "Sign in", &fields).await.page();
    for parameter in client.par().names() {
        client.par().with(&parameter, forged).send(&server).await;
    }
    server
        .get("/%0d%0a2026-01-01T00:00:00Z%20ERROR%20forged%20line%20%1b[31m")
        .await;
    let heard = String::from_utf8(capture.heard()).unwrap();
    assert!(!heard.lines().any(|line| line.starts_with("2026-01-01T00:00:00Z")));
    assert!(!heard.contains('\u{1b}'));
}

both_engines! {
    the_most_talkative_log_holds_no_secret,
    the_log_says_what_happened_to_whom,
}
