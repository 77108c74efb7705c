//! What the tests of several instances begin with.

use axum::body::Body;
use entryway_tests::{
    Client, Draft, Endpoint, Instances, Reply, Service as _, TestAccount, Tokens, alice, login,
};
use http::Request;
use serde_json::json;

/// Makes a test of each of these, on instances of its own. They need PostgreSQL: a file is one instance's.
macro_rules! on_three {
    ($($test:ident),+ $(,)?) => {$(
        mod $test {
            #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
            async fn postgres() {
                entryway_tests::Engine::Postgres
                    .run(|_| async {
                        super::$test(entryway_tests::Instances::start(stringify!($test)).await).await;
                    })
                    .await;
            }
        }
    )+};
}
pub(super) use on_three;

/// A session of alice's.
pub(super) async fn session_with(several: &Instances, client: &Client) -> Tokens {
    login(several, client, alice()).await
}

/// A proof for the token endpoint, with the nonce that the client heard last.
pub(super) fn proof_for_token(client: &Client, several: &Instances) -> String {
    let nonce = client.nonce();
    Draft::proof(
        client.key(),
        &several.url(Endpoint::Token),
        several.now(),
        nonce.as_deref(),
    )
    .sign()
}

/// A `createSession`, at the instance of this number.
pub(super) struct CreateSession {
    at: usize,
    body: String,
}

pub(super) fn create_session(at: usize, account: &TestAccount, password: &str) -> CreateSession {
    let input = json!({ "identifier": account.handle, "password": password });
    CreateSession {
        at,
        body: input.to_string(),
    }
}

impl CreateSession {
    pub(super) async fn send(self, several: &Instances) -> Reply {
        let request = Request::post("/xrpc/com.atproto.server.createSession")
            .header("content-type", "application/json")
            .body(Body::from(self.body));
        let reply = several.at(self.at).ask(request.unwrap()).await;
        reply.expect("the service is there")
    }
}
