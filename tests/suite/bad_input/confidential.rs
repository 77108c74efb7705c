//! The same of a client that asserts: its assertion is one parameter more, and no refusal uses it up.

use entryway_tests::{
    ClientSite, Engine, NamedKey, TestServer, alice, both_engines, login, push_and_approve,
};

use super::Outcome::No;
use super::back_channel::{PAR, try_all};
use super::{Parameter, REQUEST, forbidden, no, required};

/// What every call of a client that asserts has: the rest is the same for all clients.
fn authentication() -> Vec<Parameter> {
    let assertion = Parameter {
        missing: no(400, "invalid_client"),
        empty: no(400, "invalid_client"),
        ..required("client_assertion", no(400, "invalid_client"))
    };
    vec![
        required("client_id", no(400, "invalid_client_metadata")),
        assertion,
        required("client_assertion_type", No(REQUEST)),
        forbidden("client_secret", (401, "invalid_client")),
    ]
}

async fn every_call_of_a_confidential_client_with_a_spoilt_parameter_is_refused(engine: Engine) {
    let (site, server) = (ClientSite::http().await, TestServer::start(engine).await);
    let client = site.confidential_client("/client.json", &NamedKey::generate("key-1"));
    let authentication = authentication();
    let others = PAR
        .iter()
        .copied()
        .filter(|other| !other.name.starts_with("client_"));
    let of_par: Vec<Parameter> = others.chain(authentication.clone()).collect();
    try_all(&server, &of_par, async || client.par().ready_for(&server)).await;
    try_all(&server, &authentication, async || {
        let (pushed, landing) = push_and_approve(&server, &client, alice()).await;
        client.exchange(&pushed, landing.code()).ready_for(&server)
    })
    .await;
    try_all(&server, &authentication, async || {
        let tokens = login(&server, &client, alice()).await;
        client.refresh(&tokens.refresh_token).ready_for(&server)
    })
    .await;
    try_all(&server, &authentication, async || {
        let tokens = login(&server, &client, alice()).await;
        client.revoke(&tokens.refresh_token).ready_for(&server)
    })
    .await;
}

both_engines! {
    every_call_of_a_confidential_client_with_a_spoilt_parameter_is_refused,
}
