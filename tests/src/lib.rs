//! The test harness: a server per test, a client that really signs, a browser without JavaScript.
//!
//! [`TestServer`] is the authorization server on a fresh database of either [`Engine`], with a clock the
//! test moves. A [`Client`] makes valid calls of which a test changes one thing, and its document is at a
//! [`ClientSite`]; a [`Browser`] fills in forms as a person would. [`login`] walks the whole way. What is secret is [recorded](secrets), and
//! everything anybody logs is [kept](log), so that a search can show that the two never meet.
//!
//! The harness fails by panicking, at the line of the test that asked.

#![expect(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::missing_panics_doc,
    reason = "a harness fails by panicking, and the panic is the test's result"
)]

mod account;
mod at_once;
mod balancer;
mod browser;
mod call;
mod cells;
mod client;
mod clock;
mod connection;
mod document;
mod engine;
mod environment;
mod feed;
mod fill;
mod flow;
mod front;
mod instances;
mod key;
mod letters;
pub mod log;
mod page;
mod process;
mod proof;
mod publisher;
mod raw;
mod ready_proof;
mod reply;
pub mod secrets;
mod served;
mod server;
mod service;
mod site;
mod world;

pub use account::{TestAccount, alice, bob, carol};
pub use at_once::at_once;
pub use balancer::Balancer;
pub use browser::{Browser, Landing, Step};
pub use call::{Call, Encoding};
pub use cells::Cell;
pub use client::{Client, Pkce, Pushed};
pub use clock::TestClock;
pub use connection::Connection;
pub use document::Document;
pub use engine::{Database, Engine};
pub use feed::{FeedClient, FeedStream, Message, Told};
pub use fill::Fill;
pub use flow::{Tokens, login, push_and_approve};
pub use front::{Asked, Front, Gate, Trouble};
pub use instances::{At, INSTANCES, Instances, WRONG_PASSWORDS_MAX};
pub use key::{ALGORITHMS, Key, NamedKey};
pub use letters::Mail;
pub use page::{Element, Form, Page};
pub use process::{Launch, Process, binary};
pub use proof::{Draft, compact};
pub use publisher::Publisher;
pub use raw::Listening;
pub use reply::Reply;
pub use served::Served;
pub use server::{Endpoint, LexiconAuthorities, TestServer};
pub use service::Service;
pub use site::{Answer, ClientSite};
pub use world::{Host, Resident, Session, World};

/// Makes each test into two, one on each engine: `…::sqlite` and `…::postgres`.
///
/// A test that is not listed is never used, which the compiler says.
#[macro_export]
macro_rules! both_engines {
    ($($test:ident),+ $(,)?) => {$(
        mod $test {
            #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
            async fn sqlite() {
                $crate::Engine::Sqlite.run(super::$test).await;
            }

            #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
            async fn postgres() {
                $crate::Engine::Postgres.run(super::$test).await;
            }
        }
    )+};
}
