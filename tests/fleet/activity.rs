//! Accounts that their persons rest and wake (contract 0.8, 0.9, 2.5).

use axum::body::Body;
use entryway_core::account::AccountStatus;
use entryway_tests::{
    Client, Engine, FeedClient, Reply, TestServer, Trouble, World, at_once, both_engines, login,
};
use http::Request;
use serde_json::json;

use crate::agreement::{reconciled, standing};
use crate::scene::{CREATE_APP_PASSWORD, GET_SESSION, Session, lived_in, refresh, sign_in};
use crate::xrpc::{assert_refused, procedure, query};

const DEACTIVATE: &str = "com.atproto.server.deactivateAccount";
const ACTIVATE: &str = "com.atproto.server.activateAccount";

/// Here, and on the host: neither deactivated nor taken down.
const AWAKE: (AccountStatus, bool, bool) = (AccountStatus::Active, false, false);
const AT_REST: (AccountStatus, bool, bool) = (AccountStatus::Deactivated, true, false);

async fn deactivate(server: &TestServer, access: &str) -> Reply {
    procedure(DEACTIVATE)
        .bearer(access)
        .json(&json!({}))
        .send(server)
        .await
}

/// The same over a socket, where others may be down.
async fn ask(world: &World, method: &str, session: &Session) -> Reply {
    let request = Request::post(format!("/xrpc/{method}"))
        .header("authorization", format!("Bearer {}", session.access))
        .header("content-type", "application/json")
        .body(Body::from("{}"));
    world.ask(request.unwrap()).await
}

async fn activate(server: &TestServer, access: &str) -> Reply {
    procedure(ACTIVATE).bearer(access).send(server).await
}

// contract 0.8, R-260
async fn an_account_rests_and_wakes_on_its_host_and_here(engine: Engine) {
    let (world, host, alice) = lived_in(engine).await;
    let (server, session) = (&world.server, Session::begin(&world.server, &alice).await);
    assert_eq!(standing(&world, &host, &alice.did).await, AWAKE);
    for _ in 0..2 {
        let rested = deactivate(server, &session.access).await;
        assert_eq!((rested.code(), rested.text()), (200, ""));
        assert_eq!(standing(&world, &host, &alice.did).await, AT_REST);
    }
    let seen = query(GET_SESSION).bearer(&session.access).send(server).await;
    assert_eq!(
        (seen.json()["active"].clone(), seen.member("status").as_str()),
        (json!(false), "deactivated")
    );
    // with the session it had, with the one after it, or with a new one
    let later = Session::of(&refresh(server, &session.refresh).await);
    let anew = sign_in(server, alice.handle.as_str(), &alice.password).await;
    assert_eq!(anew.json()["status"], "deactivated");
    for session in [&later, &Session::of(&anew)] {
        let woken = activate(server, &session.access).await;
        assert_eq!((woken.code(), woken.text()), (200, ""));
        assert_eq!(standing(&world, &host, &alice.did).await, AWAKE);
    }
    let changes = server.app().store().changes_of(&alice.did).await.unwrap();
    assert_eq!(changes, Vec::new());
}

// R-260
async fn a_rest_ends_the_sessions_of_apps_and_the_feed_tells_though_the_host_is_down(engine: Engine) {
    let reader = FeedClient::named("a host");
    let readers = vec![reader.reader()];
    let world = World::start_behind_fronts(engine, 1, |config| config.feed_readers = readers).await;
    let host = world.hosts[0].clone();
    let alice = world.settle(&host, "alice.test").await;
    let (server, session) = (&world.server, Session::begin(&world.server, &alice).await);
    let client = Client::new();
    let tokens = login(server, &client, &alice.in_browser()).await;
    let told = async || reader.page(server, "after=0&wait=0").await.events.len();
    let before = told().await;
    let front = host.front.as_ref().unwrap();
    front.fail("updateSubjectStatus", 1, Trouble::HangsUp);
    assert_eq!(ask(&world, DEACTIVATE, &session).await.code(), 502);
    assert_eq!(told().await, before + 1);
    let refused = client.refresh(&tokens.refresh_token).send(server).await;
    assert_eq!(refused.member("error"), "invalid_grant");
    // its own stays, which is what wakes it
    assert_eq!(ask(&world, ACTIVATE, &session).await.code(), 200);
    assert_eq!(told().await, before + 1);
}

/// How a PDS fails that will hear of it later.
const DOWN: [(Trouble, u16); 6] = [
    (Trouble::HangsUp, 502),
    (Trouble::Silent, 504),
    (Trouble::Page(502), 502),
    (Trouble::Fails(500), 502),
    (Trouble::Fails(429), 502),
    (Trouble::LosesAnswer, 502),
];

// contract 2.5: whoever rests an account has it at rest, whatever its PDS does
async fn a_host_that_is_not_told_of_a_rest_hears_of_it_later(engine: Engine) {
    let world = World::start_behind_fronts(engine, 1, |_| ()).await;
    let host = world.hosts[0].clone();
    let alice = world.settle(&host, "alice.test").await;
    let front = host.front.as_ref().unwrap();
    for (number, (trouble, code)) in DOWN.into_iter().enumerate() {
        let session = Session::begin(&world.server, &alice).await;
        let has_heard = matches!(trouble, Trouble::LosesAnswer);
        front.fail("updateSubjectStatus", 1, trouble);
        let refused = ask(&world, DEACTIVATE, &session).await;
        assert_eq!(refused.code(), code, "{refused:?}");
        let half = (AccountStatus::Deactivated, has_heard, false);
        assert_eq!(standing(&world, &host, &alice.did).await, half);
        // by the same request, or by nobody's
        if number % 2 == 0 {
            assert_eq!(ask(&world, DEACTIVATE, &session).await.code(), 200);
            assert_eq!(standing(&world, &host, &alice.did).await, AT_REST);
        }
        reconciled(&world).await;
        assert_eq!(standing(&world, &host, &alice.did).await, AT_REST);
        let session = Session::begin(&world.server, &alice).await;
        assert_eq!(ask(&world, ACTIVATE, &session).await.code(), 200);
        assert_eq!(standing(&world, &host, &alice.did).await, AWAKE);
    }
}

async fn a_host_that_does_not_wake_an_account_leaves_it_at_rest(engine: Engine) {
    let world = World::start_behind_fronts(engine, 1, |_| ()).await;
    let host = world.hosts[0].clone();
    let alice = world.settle(&host, "alice.test").await;
    let front = host.front.as_ref().unwrap();
    let session = Session::begin(&world.server, &alice).await;
    assert_eq!(ask(&world, DEACTIVATE, &session).await.code(), 200);
    for (trouble, code) in DOWN {
        let has_heard = matches!(trouble, Trouble::LosesAnswer);
        front.fail("updateSubjectStatus", 1, trouble);
        let refused = ask(&world, ACTIVATE, &session).await;
        assert_eq!(refused.code(), code, "{refused:?}");
        let still = (AccountStatus::Deactivated, !has_heard, false);
        assert_eq!(standing(&world, &host, &alice.did).await, still);
    }
    reconciled(&world).await;
    assert_eq!(standing(&world, &host, &alice.did).await, AWAKE);
    // for good: it stays at rest, and can be asked for again
    let session = Session::begin(&world.server, &alice).await;
    assert_eq!(ask(&world, DEACTIVATE, &session).await.code(), 200);
    front.fail("updateSubjectStatus", 1, Trouble::Refuses("InvalidRequest"));
    assert_eq!(ask(&world, ACTIVATE, &session).await.code(), 502);
    assert_eq!(standing(&world, &host, &alice.did).await, AT_REST);
    assert_eq!(
        world.server.app().store().changes_of(&alice.did).await.unwrap(),
        Vec::new()
    );
    assert_eq!(ask(&world, ACTIVATE, &session).await.code(), 200);
    assert_eq!(standing(&world, &host, &alice.did).await, AWAKE);
}

// the last word counts, also with the PDS, whichever of them arrives there last
async fn whoever_changes_their_mind_while_the_host_is_down_has_the_last_word(engine: Engine) {
    let world = World::start_behind_fronts(engine, 1, |_| ()).await;
    let host = world.hosts[0].clone();
    let alice = world.settle(&host, "alice.test").await;
    let session = Session::begin(&world.server, &alice).await;
    let gate = host
        .front
        .as_ref()
        .unwrap()
        .hold("updateSubjectStatus", Trouble::WaitsBefore);
    assert_eq!(ask(&world, DEACTIVATE, &session).await.code(), 504);
    assert_eq!(ask(&world, ACTIVATE, &session).await.code(), 200);
    let here = world.server.app().store().account(&alice.did).await.unwrap();
    assert_eq!(here.unwrap().status, AccountStatus::Active);
    // what the PDS was told first arrives now
    gate.open();
    while host.front.as_ref().unwrap().asked("updateSubjectStatus")[0]
        .answered
        .is_none()
    {
        tokio::task::yield_now().await;
    }
    assert_eq!(
        standing(&world, &host, &alice.did).await,
        (AccountStatus::Active, true, false)
    );
    reconciled(&world).await;
    assert_eq!(standing(&world, &host, &alice.did).await, AWAKE);
}

async fn sixty_four_who_rest_and_wake_at_once_leave_one_word(engine: Engine) {
    let (world, host, alice) = lived_in(engine).await;
    let session = Session::begin(&world.server, &alice).await;
    let requests = (0..64).map(|number| {
        let (server, access) = (world.server.clone(), session.access.clone());
        async move {
            if number % 2 == 0 {
                deactivate(&server, &access).await
            } else {
                activate(&server, &access).await
            }
        }
    });
    for reply in at_once(requests.collect::<Vec<_>>()).await {
        assert!(matches!(reply.code(), 200 | 429), "{reply:?}");
    }
    reconciled(&world).await;
    let standing = standing(&world, &host, &alice.did).await;
    assert!(standing == AWAKE || standing == AT_REST, "{standing:?}");
}

// R-481, R-497
async fn neither_app_passwords_nor_strangers_rest_an_account(engine: Engine) {
    let (world, host, alice) = lived_in(engine).await;
    let (server, session) = (&world.server, Session::begin(&world.server, &alice).await);
    let made = procedure(CREATE_APP_PASSWORD)
        .bearer(&session.access)
        .json(&json!({"name": "bot", "privileged": true}));
    let password = made.send(server).await.member("password");
    let bot = Session::of(&sign_in(server, alice.handle.as_str(), &password).await);
    for reply in [
        deactivate(server, &bot.access).await,
        activate(server, &bot.access).await,
    ] {
        assert_refused(&reply, 400, "InvalidToken", "Bad token scope");
    }
    for reply in [
        procedure(DEACTIVATE).json(&json!({})).send(server).await,
        procedure(ACTIVATE).send(server).await,
    ] {
        assert_eq!(
            (reply.code(), reply.member("error").as_str()),
            (401, "AuthMissing")
        );
    }
    for body in [
        "",
        "[]",
        r#"{"deleteAfter": 3}"#,
        r#"{"deleteAfter": "a", "deleteAfter": "b"}"#,
    ] {
        let reply = procedure(DEACTIVATE)
            .bearer(&session.access)
            .raw(body)
            .send(server)
            .await;
        assert_eq!(reply.code(), 400, "{body}: {reply:?}");
    }
    for method in [DEACTIVATE, ACTIVATE] {
        let reply = query(method).bearer(&session.access).send(server).await;
        assert_eq!(reply.code(), 405, "{reply:?}");
    }
    assert_eq!(standing(&world, &host, &alice.did).await, AWAKE);
}

both_engines! {
    an_account_rests_and_wakes_on_its_host_and_here,
    a_rest_ends_the_sessions_of_apps_and_the_feed_tells_though_the_host_is_down,
    a_host_that_is_not_told_of_a_rest_hears_of_it_later,
    a_host_that_does_not_wake_an_account_leaves_it_at_rest,
    whoever_changes_their_mind_while_the_host_is_down_has_the_last_word,
    sixty_four_who_rest_and_wake_at_once_leave_one_word,
    neither_app_passwords_nor_strangers_rest_an_account,
}
