//! Every endpoint with every parameter spoilt in every way.
//!
//! A refusal has the right form, and leaves every cell of the database as it was. Whatever was sent, the service
//! answers afterwards, and somebody logs in. What no HTTP library would send is in `framing`.

mod account;
mod back_channel;
mod bodies;
mod confidential;
mod documents;
mod heads;
mod pages;
mod ways;

use entryway_tests::{Client, TestServer, Tokens, alice, login};

/// Status and code of a refusal.
type Refused = (u16, &'static str);

const REQUEST: Refused = (400, "invalid_request");

/// What becomes of a parameter that is sent in a way that is not wrong in itself.
#[derive(Clone, Copy, Debug)]
enum Outcome {
    /// The call goes well: the parameter is optional, or takes anything.
    Fine,
    No(Refused),
}

/// A parameter, and what becomes of a call that sends it missing, empty, and with a character that turns the
/// direction of writing behind its value.
#[derive(Clone, Copy, Debug)]
struct Parameter {
    name: &'static str,
    /// Its value where the call has none of its own.
    usual: &'static str,
    missing: Outcome,
    empty: Outcome,
    bidi: Outcome,
}

/// A parameter of every valid call.
const fn required(name: &'static str, bidi: Outcome) -> Parameter {
    Parameter {
        name,
        usual: "",
        missing: Outcome::No(REQUEST),
        empty: Outcome::No(REQUEST),
        bidi,
    }
}

/// A parameter that may be left out, or be empty.
const fn optional(name: &'static str, usual: &'static str, bidi: Outcome) -> Parameter {
    Parameter {
        name,
        usual,
        missing: Outcome::Fine,
        empty: Outcome::Fine,
        bidi,
    }
}

/// A parameter whose presence is the mistake.
const fn forbidden(name: &'static str, refused: Refused) -> Parameter {
    Parameter {
        name,
        usual: "x",
        missing: Outcome::Fine,
        empty: Outcome::No(refused),
        bidi: Outcome::No(refused),
    }
}

const fn no(status: u16, code: &'static str) -> Outcome {
    Outcome::No((status, code))
}

/// it answers, and somebody logs in.
async fn assert_serves(server: &TestServer) {
    server.assert_well().await;
    let client = Client::named("afterwards");
    let tokens = login(server, &client, alice()).await;
    Tokens::of(&client.refresh(&tokens.refresh_token).send(server).await);
}

/// Fails if a cell changed, and says which.
#[track_caller]
fn assert_unchanged(before: &[entryway_tests::Cell], after: &[entryway_tests::Cell], by: &str) {
    let changed: Vec<String> = before
        .iter()
        .filter(|cell| !after.contains(cell))
        .chain(after.iter().filter(|cell| !before.contains(cell)))
        .map(|cell| format!("{}.{}", cell.table, cell.column))
        .collect();
    assert!(
        changed.is_empty() && before.len() == after.len(),
        "{by} changed {changed:?}"
    );
}
