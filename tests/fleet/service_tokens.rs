//! Service tokens of a PDS (R-477, R-491 to R-497, contract section 2.1).

mod bad_tokens;
mod keys;
pub(crate) mod token;

use entryway_core::account::AccountStatus;
use entryway_oauth::service_token::InvalidServiceToken;
use entryway_oauth::xrpc_denial::XrpcDenial;
use entryway_tests::{Engine, Reply, at_once, both_engines};
use serde_json::json;

use crate::scene::{
    CHECK_SIGNUP_QUEUE, CREATE_APP_PASSWORD, CREATE_SESSION, DELETE_SESSION, DOWN, GET_SESSION,
    LIST_APP_PASSWORDS, REFRESH_SESSION, REVOKE_APP_PASSWORD, set_status,
};
use crate::xrpc::{assert_refused, procedure, query};
use token::Signer;

#[track_caller]
fn assert_invalid(reply: &Reply, fault: InvalidServiceToken) {
    let denial = XrpcDenial::ServiceToken(fault);
    assert_refused(reply, 401, denial.name(), &denial.to_string());
}

// contract 2.1, 2.2
async fn a_pds_calls_for_an_account_of_its_own(engine: Engine) {
    let signer = Signer::settle(engine).await;
    let server = &signer.world.server;
    let reply = query(GET_SESSION)
        .bearer(&signer.token(GET_SESSION))
        .send(server)
        .await;
    assert_eq!(reply.code(), 200, "{reply:?}");
    let mut session = reply.json();
    let document = session.as_object_mut().unwrap().remove("didDoc").unwrap();
    assert_eq!(document["id"], signer.did.as_str());
    let expected = json!({
        "did": signer.did, "handle": "carol.test", "email": "carol@mail.example", "emailConfirmed": false,
        "emailAuthFactor": false, "active": true,
    });
    assert_eq!(session, expected);

    let token = signer.token(CREATE_APP_PASSWORD);
    let made = procedure(CREATE_APP_PASSWORD)
        .bearer(&token)
        .json(&json!({"name": "bot"}));
    let made = made.send(server).await;
    assert_eq!((made.code(), made.member("name").as_str()), (200, "bot"));
    let token = signer.token(LIST_APP_PASSWORDS);
    let listed = query(LIST_APP_PASSWORDS).bearer(&token).send(server).await;
    assert_eq!(listed.json()["passwords"][0]["name"], "bot");
    let token = signer.token(REVOKE_APP_PASSWORD);
    let gone = procedure(REVOKE_APP_PASSWORD)
        .bearer(&token)
        .json(&json!({"name": "bot"}));
    let gone = gone.send(server).await;
    assert_eq!((gone.code(), gone.text()), (200, ""));
}

// replay
async fn a_token_counts_once(engine: Engine) {
    let signer = Signer::settle(engine).await;
    let (server, other) = (&signer.world.server, signer.world.server.another_instance().await);
    let token = signer.token(GET_SESSION);
    let call = query(GET_SESSION).bearer(&token);
    assert_eq!(call.clone().send(server).await.code(), 200);
    for instance in [server, &other] {
        assert_invalid(&call.clone().send(instance).await, InvalidServiceToken::Replayed);
    }
    let token = signer.token(GET_SESSION);
    let all = at_once((0..64).map(|n| {
        let instance = if n % 2 == 0 { server.clone() } else { other.clone() };
        let call = query(GET_SESSION).bearer(&token);
        async move { call.send(&instance).await.code() }
    }));
    let counted = all.await.into_iter().filter(|code| *code == 200).count();
    assert_eq!(counted, 1);
}

//
async fn a_service_token_opens_no_method_that_is_not_on_the_list(engine: Engine) {
    let signer = Signer::settle(engine).await;
    let server = &signer.world.server;
    for call in [
        query(CHECK_SIGNUP_QUEUE).bearer(&signer.token(CHECK_SIGNUP_QUEUE)),
        procedure(REFRESH_SESSION).bearer(&signer.token(REFRESH_SESSION)),
        procedure(DELETE_SESSION).bearer(&signer.token(DELETE_SESSION)),
    ] {
        let reply = call.send(server).await;
        assert_refused(&reply, 400, "InvalidToken", "Token could not be verified");
    }
    // and is nothing to a method that takes no credential
    let body = json!({"identifier": "carol.test", "password": "x"});
    let call = procedure(CREATE_SESSION)
        .bearer(&signer.token(CREATE_SESSION))
        .json(&body);
    assert_refused(
        &call.send(server).await,
        401,
        "AuthenticationRequired",
        "Invalid identifier or password",
    );
}

// contract 2.2, R-485
async fn a_pds_that_has_not_heard_of_a_takedown_is_told(engine: Engine) {
    let signer = Signer::settle(engine).await;
    let server = &signer.world.server;
    set_status(server, &signer.did, DOWN).await;
    let reply = query(GET_SESSION)
        .bearer(&signer.token(GET_SESSION))
        .send(server)
        .await;
    assert_eq!(reply.json()["status"], json!(AccountStatus::TakenDown.word()));
    for call in [
        procedure(CREATE_APP_PASSWORD)
            .json(&json!({"name": "bot"}))
            .bearer(&signer.token(CREATE_APP_PASSWORD)),
        query(LIST_APP_PASSWORDS).bearer(&signer.token(LIST_APP_PASSWORDS)),
        procedure(REVOKE_APP_PASSWORD)
            .json(&json!({"name": "bot"}))
            .bearer(&signer.token(REVOKE_APP_PASSWORD)),
    ] {
        let reply = call.send(server).await;
        assert_refused(&reply, 401, "AccountTakedown", "Account has been taken down");
    }
}

both_engines! {
    a_pds_calls_for_an_account_of_its_own,
    a_token_counts_once,
    a_service_token_opens_no_method_that_is_not_on_the_list,
    a_pds_that_has_not_heard_of_a_takedown_is_told,
}
