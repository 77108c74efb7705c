//! Accounts that their persons rest and wake (contract 0.8, 0.9, 2.5).

use axum::body::Body;
use entryway_server::pds::PdsClient;
use entryway_tests::{Engine, Host, Reply, TestServer, Trouble, World, both_engines};
use http::Request;
use serde_json::{Value, json};

use crate::scene::{CREATE_APP_PASSWORD, GET_SESSION, Session, lived_in, refresh, sign_in};
use crate::xrpc::{assert_refused, procedure, query};

const DEACTIVATE: &str = "com.atproto.server.deactivateAccount";
const ACTIVATE: &str = "com.atproto.server.activateAccount";

async fn deactivate(server: &TestServer, access: &str) -> Reply {
    procedure(DEACTIVATE)
        .bearer(access)
        .json(&json!({}))
        .send(server)
        .await
}

/// The same over a socket, where others may be down.
async fn deactivate_while_others_fail(world: &World, session: &Session) -> Reply {
    let request = Request::post(format!("/xrpc/{DEACTIVATE}"))
        .header("authorization", format!("Bearer {}", session.access))
        .header("content-type", "application/json")
        .body(Body::from("{}"));
    world.ask(request.unwrap()).await
}

async fn activate(server: &TestServer, access: &str) -> Reply {
    procedure(ACTIVATE).bearer(access).send(server).await
}

/// Whether the account rests there, and how it is here.
async fn standing(world: &World, host: &Host, session: &Session) -> (bool, Value) {
    let http = world.server.app().outside().http.clone();
    let pds = PdsClient::new(http, host.url.clone());
    let [only] = &host.pds.accounts()[..] else {
        panic!("one account lives there");
    };
    let admin = pds.as_admin(host.password.as_bytes());
    let there = admin.subject_status(&only.0).await.unwrap().unwrap();
    let here = query(GET_SESSION)
        .bearer(&session.access)
        .send(&world.server)
        .await;
    assert_eq!(here.code(), 200, "{here:?}");
    (there.is_deactivated, here.json()["active"].clone())
}

// contract 0.8, R-260
async fn an_account_rests_and_wakes_on_its_host_and_here(engine: Engine) {
    let (world, host, alice) = lived_in(engine).await;
    let (server, session) = (&world.server, Session::begin(&world.server, &alice).await);
    assert_eq!(standing(&world, &host, &session).await, (false, json!(true)));
    for _ in 0..2 {
        let rested = deactivate(server, &session.access).await;
        assert_eq!((rested.code(), rested.text()), (200, ""));
        assert_eq!(standing(&world, &host, &session).await, (true, json!(false)));
    }
    // with the session it had, with the one after it, or with a new one
    let later = Session::of(&refresh(server, &session.refresh).await);
    let anew = sign_in(server, alice.handle.as_str(), &alice.password).await;
    assert_eq!(anew.json()["status"], "deactivated");
    for session in [&later, &Session::of(&anew)] {
        let woken = activate(server, &session.access).await;
        assert_eq!((woken.code(), woken.text()), (200, ""));
        assert_eq!(standing(&world, &host, session).await, (false, json!(true)));
    }
}

// contract 2.5: what cannot be said to the PDS does not become true here
async fn a_host_that_is_not_told_leaves_all_as_it_was(engine: Engine) {
    let world = World::start_behind_fronts(engine, 1, |_| ()).await;
    let host = world.hosts[0].clone();
    let alice = world.settle(&host, "alice.test").await;
    let session = Session::begin(&world.server, &alice).await;
    let front = host.front.as_ref().unwrap();
    for (trouble, code, name) in [
        (Trouble::HangsUp, 502, "UpstreamFailure"),
        (Trouble::Page(502), 502, "UpstreamFailure"),
        (Trouble::Fails(500), 502, "UpstreamFailure"),
        (Trouble::Refuses("InvalidRequest"), 502, "UpstreamFailure"),
    ] {
        front.fail("updateSubjectStatus", 1, trouble);
        let refused = deactivate_while_others_fail(&world, &session).await;
        assert_eq!((refused.code(), refused.member("error").as_str()), (code, name));
        assert_eq!(standing(&world, &host, &session).await, (false, json!(true)));
    }
    // it did its work, and nobody heard: said again, both agree
    front.fail("updateSubjectStatus", 1, Trouble::LosesAnswer);
    assert_eq!(deactivate_while_others_fail(&world, &session).await.code(), 502);
    assert_eq!(standing(&world, &host, &session).await, (true, json!(true)));
    assert_eq!(deactivate_while_others_fail(&world, &session).await.code(), 200);
    assert_eq!(standing(&world, &host, &session).await, (true, json!(false)));
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
    assert_eq!(standing(&world, &host, &session).await, (false, json!(true)));
}

both_engines! {
    an_account_rests_and_wakes_on_its_host_and_here,
    a_host_that_is_not_told_leaves_all_as_it_was,
    neither_app_passwords_nor_strangers_rest_an_account,
}
