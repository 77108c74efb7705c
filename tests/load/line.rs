//! A connection that is kept, and opened again where it was lost.

use std::fmt;
use std::net::SocketAddr;
use std::time::Duration;

use axum::body::Body;
use entryway_tests::{Connection, Reply};
use http::Request;
use tokio::time::timeout;

/// One of the connections to the server.
pub(crate) struct Line {
    address: SocketAddr,
    open: Option<Connection>,
}

/// Why an operation did not succeed. It is counted, and the next one tried.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Failure {
    /// Nobody took the connection.
    Closed,
    /// The server went away before it had answered.
    Gone,
    /// No answer came in time.
    Late,
    /// An answer came with another status than that of a success.
    Refused(u16),
}

impl Line {
    pub(crate) const fn to(address: SocketAddr) -> Self {
        Self { address, open: None }
    }

    /// Asks, on a new connection if the former was lost.
    pub(crate) async fn ask(&mut self, request: Request<Body>) -> Result<Reply, Failure> {
        let mut connection = match self.open.take() {
            Some(connection) => connection,
            None => Connection::open(self.address).await.ok_or(Failure::Closed)?,
        };
        let answered = timeout(ANSWER_WAIT_MAX, connection.ask(request)).await;
        let reply = answered.map_err(|_| Failure::Late)?.ok_or(Failure::Gone)?;
        let is_kept = reply.header("connection") != Some("close");
        self.open = is_kept.then_some(connection);
        Ok(reply)
    }
}

impl fmt::Display for Failure {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Closed => formatter.write_str("closed"),
            Self::Gone => formatter.write_str("gone"),
            Self::Late => formatter.write_str("late"),
            Self::Refused(status) => write!(formatter, "{status}"),
        }
    }
}

impl std::error::Error for Failure {}

/// Longer than any answer that somebody would still wait for.
const ANSWER_WAIT_MAX: Duration = Duration::from_secs(20);
