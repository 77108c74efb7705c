//! How long sessions live, by the class of their client.

use std::sync::LazyLock;

use entryway_core::policy::SessionLifetime;
use entryway_oauth::time::Seconds;
use entryway_tests::{
    Browser, Client, ClientSite, Engine, NamedKey, TestServer, Tokens, alice, both_engines, login,
};

const DAY: i64 = 24 * 60 * 60;

/// A public client, or a confidential one.
fn client(site: &ClientSite, confidential: bool) -> Client {
    static KEY: LazyLock<NamedKey> = LazyLock::new(|| NamedKey::generate("key-1"));
    if confidential {
        site.confidential_client("/confidential.json", &KEY)
    } else {
        site.public_client("/public.json")
    }
}

async fn refresh(server: &TestServer, client: &Client, tokens: &Tokens) -> Option<Tokens> {
    let reply = client.refresh(&tokens.refresh_token).send(server).await;
    if reply.status.is_success() {
        return Some(Tokens::of(&reply));
    }
    assert_eq!(reply.refusal(), (400, "invalid_grant".to_owned()));
    assert_eq!(
        reply.member("error_description"),
        "refresh_token is unknown or expired, or its session has ended"
    );
    None
}

// the second before, the second, and the one after
async fn a_session_that_is_not_used_ends_with_its_refresh_token(engine: Engine) {
    let (site, server) = (ClientSite::http().await, TestServer::start(engine).await);
    for (confidential, days) in [(false, 14), (true, 180)] {
        for (seconds, fine) in [(-1, true), (0, false), (1, false)] {
            let client = client(&site, confidential);
            let tokens = login(&server, &client, alice()).await;
            server.clock().advance(days * DAY + seconds);
            let refreshed = refresh(&server, &client, &tokens).await;
            assert_eq!(refreshed.is_some(), fine, "{days} days and {seconds} s");
        }
    }
}

// however often it is used
async fn a_session_ends_at_its_time(engine: Engine) {
    let (site, server) = (ClientSite::http().await, TestServer::start(engine).await);
    for (confidential, days, step) in [(false, 14, 7), (true, 730, 146)] {
        let client = client(&site, confidential);
        let mut tokens = login(&server, &client, alice()).await;
        let begun = server.now();
        for _ in 1..days / step {
            server.clock().advance(step * DAY);
            tokens = refresh(&server, &client, &tokens).await.unwrap();
            assert_eq!(tokens.expires_in, 900);
        }
        // an access token does not outlive its session
        server.clock().advance(step * DAY - 100);
        tokens = refresh(&server, &client, &tokens).await.unwrap();
        assert_eq!(tokens.expires_in, 100);
        assert_eq!(tokens.unverified().1["exp"], begun + days * DAY);
        server.clock().advance(99);
        tokens = refresh(&server, &client, &tokens).await.unwrap();
        assert_eq!(tokens.expires_in, 1);
        server.clock().advance(1);
        assert_eq!(refresh(&server, &client, &tokens).await, None);
        // the answer that may have been lost is not given again either
        assert_eq!(refresh(&server, &client, &tokens).await, None);
    }
}

// as the operator decides, for each class
async fn an_operator_says_how_long_sessions_of_each_class_live(engine: Engine) {
    let site = ClientSite::http().await;
    let server = TestServer::start_with(engine, |config| {
        config.policy.public_sessions = SessionLifetime {
            session: Seconds(5000),
            refresh_token: Seconds(1000),
        };
        config.policy.confidential_sessions = SessionLifetime {
            session: Seconds(3000),
            refresh_token: Seconds(2000),
        };
    })
    .await;
    for (confidential, unused, whole) in [(false, 1000, 5000), (true, 2000, 3000)] {
        let client = client(&site, confidential);
        let tokens = login(&server, &client, alice()).await;
        server.clock().advance(unused);
        assert_eq!(refresh(&server, &client, &tokens).await, None);
        let mut tokens = login(&server, &client, alice()).await;
        for _ in 1..whole / 500 {
            server.clock().advance(500);
            tokens = refresh(&server, &client, &tokens).await.unwrap();
        }
        server.clock().advance(500);
        assert_eq!(refresh(&server, &client, &tokens).await, None);
    }
}

//
#[tokio::test]
async fn the_consent_page_says_how_long_access_lasts() {
    let (site, server) = (ClientSite::http().await, TestServer::start(Engine::Sqlite).await);
    for (confidential, lasts) in [(false, "14 days"), (true, "2 years")] {
        let pushed = client(&site, confidential).push(&server).await;
        let page = Browser::new().reach_consent(&server, &pushed, alice()).await;
        let sentence = format!("Access ends after {lasts} unless you take it back sooner");
        assert!(page.text.contains(&sentence), "{}", page.text);
    }
}

both_engines! {
    a_session_that_is_not_used_ends_with_its_refresh_token,
    a_session_ends_at_its_time,
    an_operator_says_how_long_sessions_of_each_class_live,
}
