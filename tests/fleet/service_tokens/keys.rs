//! Keys that change while a document is kept.

use entryway_oauth::service_token::InvalidServiceToken as Fault;
use entryway_tests::{Engine, both_engines};

use super::assert_invalid;
use super::token::Signer;
use crate::scene::GET_SESSION;
use crate::xrpc::query;

// one forced look, and no flood of them
async fn a_key_that_changed_is_looked_up_once_and_not_for_every_forgery(engine: Engine) {
    let mut signer = Signer::settle(engine).await;
    let old = signer.token(GET_SESSION);
    let token = signer.token(GET_SESSION);
    let reply = query(GET_SESSION).bearer(&token).send(&signer.world.server).await;
    assert_eq!(reply.code(), 200, "{reply:?}");

    signer.rotate();
    let token = signer.token(GET_SESSION);
    let reply = query(GET_SESSION).bearer(&token).send(&signer.world.server).await;
    assert_eq!(reply.code(), 200, "{reply:?}");
    // the old key signs no more
    let reply = query(GET_SESSION).bearer(&old).send(&signer.world.server).await;
    assert_invalid(&reply, Fault::Signature);

    // again within seconds: who forges would have the directory asked each time
    signer.rotate();
    let token = signer.token(GET_SESSION);
    let reply = query(GET_SESSION).bearer(&token).send(&signer.world.server).await;
    assert_invalid(&reply, Fault::Signature);
    // another instance keeps nothing of it
    let other = signer.world.server.another_instance().await;
    assert_eq!(query(GET_SESSION).bearer(&token).send(&other).await.code(), 200);
}

async fn a_did_that_was_ended_has_no_key(engine: Engine) {
    let signer = Signer::settle(engine).await;
    signer.end();
    let token = signer.token(GET_SESSION);
    let reply = query(GET_SESSION).bearer(&token).send(&signer.world.server).await;
    assert_invalid(&reply, Fault::Signature);
}

both_engines! {
    a_key_that_changed_is_looked_up_once_and_not_for_every_forgery,
    a_did_that_was_ended_has_no_key,
}
