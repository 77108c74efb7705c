//! Sessions of `createSession` (R-475 to, contract sections 2.4 and 3.1).

mod bad_input;
mod factor;
mod limits;
mod oauth;
mod refreshing;
mod status;

use std::time::{Duration, Instant};

use entryway_tests::{Engine, TestServer, alice as elsewhere, both_engines};
use serde_json::json;

use crate::scene::{CHECK_SIGNUP_QUEUE, GET_SESSION, Session, lived_in, refresh, sign_in};
use crate::xrpc::{assert_refused, query, unverified};

// contract 3.1
async fn a_session_opens_by_any_name_of_its_account(engine: Engine) {
    let (world, host, alice) = lived_in(engine).await;
    let server = &world.server;
    for name in [
        "alice.test",
        "Alice.TEST",
        "@alice.test",
        " alice.test ",
        alice.did.as_str(),
        "alice@mail.example",
        "Alice@Mail.EXAMPLE",
    ] {
        let reply = sign_in(server, name, &alice.password).await;
        assert_eq!(reply.code(), 200, "{name}: {reply:?}");
        let mut session = reply.json();
        let members = session.as_object_mut().unwrap();
        let (access, refresh) = (members.remove("accessJwt"), members.remove("refreshJwt"));
        let document = members.remove("didDoc").unwrap();
        assert_eq!(document["id"], alice.did.as_str());
        assert_eq!(document["service"][0]["serviceEndpoint"], host.url.as_str());
        let expected = json!({
            "did": alice.did, "handle": "alice.test", "email": "alice@mail.example", "emailConfirmed": true,
            "emailAuthFactor": false, "active": true,
        });
        assert_eq!(session, expected, "{name}");

        let (header, claims) = unverified(access.unwrap().as_str().unwrap());
        assert_eq!(header, json!({"typ": "at+jwt", "alg": "ES256K"}));
        assert_eq!(claims["aud"], host.did.as_str());
        assert_eq!(claims["sub"], alice.did.as_str());
        assert_eq!(claims["scope"], "com.atproto.access");
        assert_eq!(claims["exp"], server.now() + 900);
        let (header, claims) = unverified(refresh.unwrap().as_str().unwrap());
        assert_eq!(header, json!({"typ": "refresh+jwt", "alg": "ES256K"}));
        assert_eq!(claims["aud"], server.config().service_did.as_str());
        assert_eq!(claims["scope"], "com.atproto.refresh");
        assert_eq!(claims["exp"], server.now() + 90 * 86_400);
    }
}

// contract 2.2, 2.4
async fn a_session_says_what_its_account_is(engine: Engine) {
    let (world, _, alice) = lived_in(engine).await;
    let server = &world.server;
    let begun = sign_in(server, "alice.test", &alice.password).await;
    let token = Session::of(&begun).access;
    let seen = query(GET_SESSION).bearer(&token).send(server).await;
    let mut expected = begun.json();
    for token in ["accessJwt", "refreshJwt"] {
        expected.as_object_mut().unwrap().remove(token);
    }
    assert_eq!((seen.code(), seen.json()), (200, expected));
    let queue = query(CHECK_SIGNUP_QUEUE).bearer(&token).send(server).await;
    assert_eq!((queue.code(), queue.json()), (200, json!({"activated": true})));
    for nsid in [GET_SESSION, CHECK_SIGNUP_QUEUE] {
        let without = query(nsid).send(server).await;
        assert_refused(&without, 401, "AuthMissing", "Authentication Required");
        let basic = query(nsid).header("authorization", "Basic YWRtaW46YWRtaW4=");
        let basic = basic.send(server).await;
        assert_refused(&basic, 400, "InvalidToken", "Unexpected authorization type");
    }
}

//
async fn a_wrong_password_and_an_unknown_account_look_the_same(engine: Engine) {
    let (world, ..) = lived_in(engine).await;
    for name in [
        "alice.test",
        "nobody.test",
        "nobody@mail.example",
        "did:plc:nobodynobodynobodynobody",
        "did:key:zQ3sh",
        "\u{202e}x",
        "@",
    ] {
        for password in [
            "not the password",
            "aaaa-aaaa-aaaa-aaaa",
            "x",
            " ",
            &"x".repeat(512),
            // not worth hashing, and no different for it
            &"x".repeat(513),
            &"x".repeat(90_000),
        ] {
            let reply = sign_in(&world.server, name, password).await;
            assert_refused(
                &reply,
                401,
                "AuthenticationRequired",
                "Invalid identifier or password",
            );
        }
    }
}

// the quickest of as many as it takes on a machine that has other things to do
#[tokio::test]
async fn a_wrong_password_and_an_unknown_account_take_the_same_time() {
    const ROUNDS_MAX: usize = 60;
    let (world, ..) = lived_in(Engine::Sqlite).await;
    for password in ["not the password", "aaaa-aaaa-aaaa-aaaa"] {
        let mut quickest = [Duration::MAX; 2];
        for round in 1.. {
            for (name, quickest) in ["alice.test", "nobody.test"].into_iter().zip(&mut quickest) {
                let begun = Instant::now();
                assert_eq!(sign_in(&world.server, name, password).await.code(), 401);
                *quickest = begun.elapsed().min(*quickest);
            }
            let [known, unknown] = quickest.map(|time| time.as_secs_f64());
            if round >= 5 && (0.7..1.4).contains(&(known / unknown)) {
                break;
            }
            assert!(round < ROUNDS_MAX, "{quickest:?}");
        }
    }
}

//
async fn no_token_stands_for_another(engine: Engine) {
    let (world, _, alice) = lived_in(engine).await;
    let server = &world.server;
    let session = Session::begin(server, &alice).await;
    let unverified = "Token could not be verified";
    let swapped = refresh(server, &session.access).await;
    assert_refused(&swapped, 400, "InvalidToken", unverified);
    let swapped = query(GET_SESSION).bearer(&session.refresh).send(server).await;
    assert_refused(&swapped, 400, "InvalidToken", unverified);
    for forged in [
        "x".to_owned(),
        "a.b.c".to_owned(),
        format!("{}x", session.access),
        session.access.replace('.', ""),
        session.access.rsplit_once('.').unwrap().0.to_owned() + ".",
    ] {
        let reply = query(GET_SESSION).bearer(&forged).send(server).await;
        assert_refused(&reply, 400, "InvalidToken", unverified);
        let reply = refresh(server, &forged).await;
        assert_refused(&reply, 400, "InvalidToken", unverified);
    }
    // what another deployment signed is as good as forged
    let (other, _, other_alice) = lived_in(engine).await;
    let foreign = Session::begin(&other.server, &other_alice).await;
    let reply = refresh(server, &foreign.refresh).await;
    assert_refused(&reply, 400, "InvalidToken", unverified);
}

async fn a_session_token_ends_at_its_second(engine: Engine) {
    let (world, _, alice) = lived_in(engine).await;
    let server = &world.server;
    let session = Session::begin(server, &alice).await;
    server.clock().advance(899);
    let last = query(GET_SESSION).bearer(&session.access).send(server).await;
    assert_eq!(last.code(), 200, "{last:?}");
    server.clock().advance(1);
    let over = query(GET_SESSION).bearer(&session.access).send(server).await;
    assert_refused(&over, 400, "ExpiredToken", "Token has expired");
}

// contract 2.4: a directory that is down keeps nobody out
#[tokio::test]
async fn a_session_begins_without_a_did_document_while_nobody_has_it() {
    let server = TestServer::start(Engine::Sqlite).await;
    let reply = sign_in(&server, "alice.test", &elsewhere().password).await;
    let session = Session::of(&reply);
    assert_eq!(reply.json().get("didDoc"), None);
    let refreshed = refresh(&server, &session.refresh).await;
    assert_eq!((refreshed.code(), refreshed.json().get("didDoc")), (200, None));
}

both_engines! {
    a_session_opens_by_any_name_of_its_account,
    a_session_says_what_its_account_is,
    a_wrong_password_and_an_unknown_account_look_the_same,
    no_token_stands_for_another,
    a_session_token_ends_at_its_second,
}
