//! Passing calls on without judging them: for a service that knows its callers itself, and sends each of them to
//! the PDS of their account.
//!
//! What is kept of a call and of its answer, and how both are written anew, is what the gate does.

use std::net::IpAddr;
use std::time::Duration;

use bytes::Bytes;
use entryway_oauth::issuer::Issuer;
use entryway_scope::Nsid;
use http::header::{AUTHORIZATION, HeaderMap, HeaderValue, UPGRADE};
use http::{Method, Response, StatusCode, Uri};
use hyper::body::Body;
use tokio::time::Instant;

use super::answer::{GateBody, Kind, boxed};
use super::fault::GateFault;
use super::forwarded::Forwarded;
use super::host::Upstream;
use super::request_headers;
use super::target::{self, Target};
use super::upstream_answer::{XrpcError, refusal, streamed, unexplained};
use crate::client::{BoxError, HttpClient};

/// The body of an answer that was passed on.
pub type PassedBody = GateBody;

/// A call that may be passed on: it has one reading, and nothing in it is for this connection alone.
#[derive(Debug)]
pub struct PassedCall {
    method: Method,
    call: target::Method,
    headers: HeaderMap,
}

/// Where a call goes, and for whom.
#[derive(Debug)]
pub struct Onward<'a> {
    /// The PDS.
    pub host: &'a Issuer,
    /// What it is shown.
    pub authorization: HeaderValue,
    /// The address of the caller.
    pub client: IpAddr,
    /// How long the call may take with its answer.
    pub exchange_wait: Duration,
}

impl PassedCall {
    /// Reads a call. Its credentials are not looked at, and not passed on.
    ///
    /// # Errors
    /// [`NotPassed::Malformed`].
    pub fn read(method: Method, uri: &Uri, headers: HeaderMap) -> Result<Self, NotPassed> {
        let headers = request_headers::end_to_end(headers)?;
        let Target::Method(call) = Target::read(uri.path(), uri.query())? else {
            return Err(NotPassed::Malformed {
                expected: "after /xrpc/ must come the nsid of a method and nothing else",
            });
        };
        if headers.contains_key(UPGRADE) {
            return Err(NotPassed::Malformed {
                expected: "connections are not upgraded here, subscribe at the PDS itself",
            });
        }
        Ok(Self {
            method,
            call,
            headers,
        })
    }

    /// The method that is called.
    pub fn nsid(&self) -> &Nsid {
        self.call.nsid()
    }

    /// Sends the call with this body, and gives the answer as it may be passed on, piece by piece as it comes.
    ///
    /// # Errors
    /// Why there is no answer; [`NotPassed::Refused`] for a refusal that `concerns_us`, by its status and name.
    pub async fn send<B>(
        self,
        http: &HttpClient,
        onward: Onward<'_>,
        body: B,
        concerns_us: fn(StatusCode, &str) -> bool,
    ) -> Result<Response<PassedBody>, NotPassed>
    where
        B: Body<Data = Bytes> + Send + 'static,
        B::Error: Into<BoxError>,
    {
        let deadline = Instant::now() + onward.exchange_wait;
        let is_head = self.method == Method::HEAD;
        let upstream = Upstream::at(onward.host, http.clone()).map_err(|_| NotPassed::Unreachable)?;
        let mut headers = request_headers::of_call(&self.headers);
        headers.insert(AUTHORIZATION, onward.authorization);
        let target = Target::Method(self.call).path_and_query();
        let forwarded = Forwarded::new(
            &upstream,
            (self.method, &target),
            headers,
            onward.client,
            boxed(body),
        )?;
        let sent = tokio::time::timeout_at(deadline, upstream.send(forwarded)).await;
        let answer = sent.map_err(|_| NotPassed::TimedOut)??;
        if answer.status() == StatusCode::SWITCHING_PROTOCOLS {
            return Err(NotPassed::Broken);
        }
        let (answer, refusal) = refusal(answer, StatusCode::is_client_error).await?;
        if let Some(XrpcError { error, .. }) = refusal
            && concerns_us(answer.status(), &error)
        {
            return Err(NotPassed::Refused);
        }
        match unexplained(&answer) {
            Some(fault) if !is_head => Err(fault.into()),
            _ => Ok(streamed(answer, Kind::Call, is_head, deadline)),
        }
    }
}

/// Why a call has no answer of its PDS that may be passed on.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum NotPassed {
    /// The call has more readings than one, or asks for what is not done.
    #[error("{expected}")]
    Malformed {
        /// What was expected.
        expected: &'static str,
    },
    /// Its body did not come to its end, or to none that is passed on.
    #[error("the body could not be read to its end")]
    Body,
    /// Nobody is there.
    #[error("the pds cannot be reached")]
    Unreachable,
    /// Somebody is there and says nothing, or goes on for too long.
    #[error("the pds did not answer in time")]
    TimedOut,
    /// Somebody is there and speaks something else.
    #[error("the pds gave no usable answer")]
    Broken,
    /// An error without words that an XRPC client reads.
    #[error("the pds gave an error of status {status} without an explanation")]
    Unexplained {
        /// Its status.
        status: StatusCode,
    },
    /// A refusal that the caller asked for.
    #[error("the pds refused the call")]
    Refused,
}

impl From<GateFault> for NotPassed {
    fn from(fault: GateFault) -> Self {
        match fault {
            GateFault::TargetMalformed { expected } => Self::Malformed { expected },
            GateFault::HeaderRepeated { .. } => Self::Malformed {
                expected: "atproto-proxy, content-encoding, content-type and upgrade must be there once at most",
            },
            GateFault::UpstreamUnreachable => Self::Unreachable,
            GateFault::UpstreamTimedOut => Self::TimedOut,
            GateFault::UpstreamUnexplained { status } => Self::Unexplained { status },
            GateFault::BodyInterrupted => Self::Body,
            _ => Self::Broken,
        }
    }
}
