//! An account that has left for a PDS that is none of ours.

use entryway_identity::plc::UnsignedOperation;
use entryway_sandbox::plc::Submission;
use entryway_tests::{Engine, both_engines};
use serde_json::json;

use crate::agreement::registered;
use crate::scene::{Session, lived_in, refresh, sign_in};
use crate::xrpc::{assert_refused, procedure};

both_engines!(
    an_account_that_left_gets_no_new_tokens_once_it_rests_here,
    an_account_that_rests_at_home_goes_on,
);

const LEFT: &str = "the account has left for another PDS, sign in there";

async fn an_account_that_left_gets_no_new_tokens_once_it_rests_here(engine: Engine) {
    let (world, _, alice) = lived_in(engine).await;
    let (server, directory) = (&world.server, &world.directory);
    let elsewhere = registered(&world, &alice.did).on_pds("https://elsewhere.test");
    let last = directory.last(&alice.did).unwrap();
    let operation = UnsignedOperation::update(&last, elsewhere).sign(&server.app().keys().plc_rotation);
    assert_eq!(
        directory.submit(&alice.did, operation).unwrap(),
        Submission::Accepted
    );
    // until its person says that it is done here
    let session = Session::begin(server, &alice).await;
    let session = Session::of(&refresh(server, &session.refresh).await);
    rest(&world, &session).await;
    let refused = refresh(server, &session.refresh).await;
    assert_refused(&refused, 400, "ExpiredToken", LEFT);
    let refused = sign_in(server, alice.handle.as_str(), &alice.password).await;
    assert_refused(&refused, 400, "ExpiredToken", LEFT);
    // who does not know the password is not told
    let wrong = sign_in(server, alice.handle.as_str(), "somebody else's password").await;
    assert_eq!(wrong.code(), 401);
}

async fn an_account_that_rests_at_home_goes_on(engine: Engine) {
    let (world, _, alice) = lived_in(engine).await;
    let session = Session::begin(&world.server, &alice).await;
    rest(&world, &session).await;
    let session = Session::of(&refresh(&world.server, &session.refresh).await);
    Session::of(&sign_in(&world.server, alice.handle.as_str(), &alice.password).await);
    Session::of(&refresh(&world.server, &session.refresh).await);
}

async fn rest(world: &entryway_tests::World, session: &Session) {
    let rested = procedure("com.atproto.server.deactivateAccount")
        .bearer(&session.access)
        .json(&json!({}))
        .send(&world.server)
        .await;
    assert_eq!(rested.code(), 200, "{rested:?}");
}
