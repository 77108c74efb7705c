//! Permission sets: resolved with proof, expanded into tokens, opened on the page, kept for bad days
//!

mod ageing;
mod consent;
mod expansion;
mod references;
mod refusals;
mod sandbox;

use entryway_server::Config;
use entryway_tests::{Browser, Client, Engine, Publisher, TestServer, Tokens, alice};
use serde_json::{Value, json};
use url::form_urlencoded;

const MINUTE: i64 = 60;
const DAY: i64 = 24 * 60 * MINUTE;

/// The set most tests are about.
const TEND: &str = "test.garden.tend";
const INCLUDE: &str = "atproto include:test.garden.tend";

/// A server, and the publisher of `test.garden.*`.
struct Garden {
    publisher: Publisher,
    server: TestServer,
}

impl Garden {
    /// [`TEND`] is published, and lets apps keep plants.
    async fn open(engine: Engine) -> Self {
        Self::open_with(engine, |_| ()).await
    }

    /// The same, on a server that an operator configured.
    async fn open_with(engine: Engine, configure: impl FnOnce(&mut Config)) -> Self {
        let publisher = Publisher::new().await;
        publisher.publish(TEND, &tend(&["test.garden.plant"]));
        let server = TestServer::start_resolving(engine, publisher.found_by(), configure).await;
        Self { publisher, server }
    }
}

/// A session goes on; its claim.
async fn refresh(server: &TestServer, client: &Client, tokens: &mut Tokens) -> String {
    *tokens = Tokens::of(&client.refresh(&tokens.refresh_token).send(server).await);
    claim(tokens)
}

/// All that a client asks for, from alice.
async fn grant(server: &TestServer, browser: &mut Browser, client: &Client) -> Tokens {
    let pushed = client.push(server).await;
    let landing = browser.approve(server, &pushed, alice()).await;
    Tokens::of(&client.exchange(&pushed, landing.code()).send(server).await)
}

/// The `scope` claim.
fn claim(tokens: &Tokens) -> String {
    tokens.unverified().1["scope"].as_str().unwrap().to_owned()
}

/// A client that declares this scope, and asks for it.
fn client(scope: &str) -> Client {
    let query = form_urlencoded::Serializer::new(String::new())
        .append_pair("redirect_uri", "http://127.0.0.1/callback")
        .append_pair("scope", scope)
        .finish();
    Client::with(
        &format!("http://localhost?{query}"),
        "http://127.0.0.1:4711/callback",
        scope,
    )
}

/// A permission set of these permissions.
fn set(name: &str, permissions: &Value) -> Value {
    json!({
        "$type": "com.atproto.lexicon.schema",
        "lexicon": 1,
        "id": name,
        "defs": { "main": {
            "type": "permission-set",
            "title": "Tend your garden",
            "detail": "Plant, water and weed.",
            "permissions": permissions,
        } },
    })
}

/// [`TEND`] with everything in these collections.
fn tend(collections: &[&str]) -> Value {
    set(TEND, &json!([repo(collections)]))
}

fn repo(collections: &[&str]) -> Value {
    json!({ "type": "permission", "resource": "repo", "collection": collections })
}

/// A permission on more collections than fit in a scope.
fn boundless() -> Value {
    let names: Vec<String> = (0..1000)
        .map(|number| format!("test.garden.plantWithQuiteALongName{number:03}"))
        .collect();
    let names: Vec<&str> = names.iter().map(String::as_str).collect();
    repo(&names)
}
