//! The fetcher against hosts on this machine that misbehave on purpose.
//!
//! Nothing leaves the machine: hosts listen on loopback and are reached through pins, and where a public
//! address has to be connected to, a network made for the test leads it back here.

mod addresses;
mod answers;
mod certificates;
mod dns;
mod floods;
mod gate;
pub(crate) mod host;
mod limits;
mod log;
mod requests;
mod sentences;
mod together;
mod urls;
mod watched;

use std::time::Duration;

use url::Url;

use self::host::{Answer, Authority, Host};
use super::{Development, FetchError, FetchSettings, Fetched, Fetcher, Pin, Wanted};

/// What every test asks for. Long, so that a busy machine does not change an outcome; a test whose outcome is
/// the limit itself sets its own.
fn wanted() -> Wanted {
    Wanted {
        time_max: Duration::from_secs(20),
        ..Wanted::json()
    }
}

fn url(text: &str) -> Url {
    text.parse().unwrap_or_else(|error| panic!("{text}: {error}"))
}

/// As in production, with waits so long that a busy machine does not change an outcome.
fn patient() -> FetchSettings {
    FetchSettings {
        turn_wait_max: Duration::from_secs(20),
        new_step_time_max: Duration::from_secs(20),
        connect_time_max: Duration::from_secs(20),
        ..FetchSettings::default()
    }
}

/// Settings of a machine under development that trusts this authority and knows these names.
fn development(authority: &Authority, pins: &[String]) -> FetchSettings {
    FetchSettings {
        development: Some(Development {
            loopback_http: true,
            resolve: pins.iter().map(|pin| Pin::parse(pin).unwrap()).collect(),
            extra_ca: vec![authority.pem()],
        }),
        ..patient()
    }
}

/// Fetches what a host at `https://app.test` answers with.
async fn fetch(answer: Answer) -> Result<Fetched, FetchError> {
    let authority = Authority::new();
    let host = Host::https(&authority, "app.test", move |_| answer.clone()).await;
    let fetcher = Fetcher::new(development(&authority, &[host.pin("app.test")])).unwrap();
    fetcher.get(&url("https://app.test/client.json"), &wanted()).await
}

/// What an orderly host answers with.
fn document(body: &str) -> Answer {
    Answer::text(&format!(
        "HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: {}\r\n\r\n{body}",
        body.len()
    ))
}
