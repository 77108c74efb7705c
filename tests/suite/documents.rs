//! Clients that are a document at a URL: fetched, believed, kept for a while, and refused in plain words
//!

mod answers;
mod changes;
mod failures;
mod faults;
mod identifiers;
mod journeys;
mod json;
mod keeping;

use entryway_tests::{Call, Client, ClientSite, Engine, Reply, TestServer};

/// A host for documents, and a server that finds it.
async fn site_and_server(engine: Engine) -> (ClientSite, TestServer) {
    (ClientSite::http().await, TestServer::start(engine).await)
}

/// The sentence of a refusal that is about the client's document or its identifier.
#[track_caller]
fn fault_of(reply: &Reply) -> String {
    assert_eq!(
        reply.refusal(),
        (400, "invalid_client_metadata".to_owned()),
        "{reply:?}"
    );
    reply.member("error_description")
}

/// The sentence with which a call is refused for its client's document.
async fn refused(server: &TestServer, call: Call) -> String {
    fault_of(&call.send(server).await)
}

/// A request of this client is admitted.
async fn assert_admitted(server: &TestServer, client: &Client) {
    assert_eq!(client.par().send(server).await.code(), 201);
}
