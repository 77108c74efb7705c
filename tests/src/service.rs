//! What a client and a browser need of the service, whether it runs in this process or in another.

use std::future::Future;

use axum::body::Body;
use http::{Request, StatusCode};

use crate::reply::Reply;
use crate::secrets;
use crate::server::Endpoint;

/// Something that answers as an authorization server does.
pub trait Service: Sync {
    /// The answer, or `None` where the service went away before it had given one.
    fn ask(&self, request: Request<Body>) -> impl Future<Output = Option<Reply>> + Send;

    /// The issuer identifier.
    fn issuer(&self) -> &str;

    /// The path of an endpoint.
    fn path(&self, endpoint: Endpoint) -> String;

    /// This instant as the service sees it, in seconds since the epoch.
    fn now(&self) -> i64;

    /// The public URL of an endpoint.
    fn url(&self, endpoint: Endpoint) -> String {
        format!("{}{}", self.issuer(), self.path(endpoint))
    }
}

/// Takes an answer from a service, whatever was asked: it is never the service's fault, though others it needs may be
/// down; it is never guessed to be of another type than it says, and what is secret in it is noted.
pub(crate) fn received(asked: &str, reply: Reply) -> Reply {
    secrets::record_reply(&reply);
    assert!(
        reply.status.as_u16() < 500 || reply.status == StatusCode::SERVICE_UNAVAILABLE,
        "{asked} gave {reply:?}"
    );
    assert_eq!(
        reply.header("x-content-type-options"),
        Some("nosniff"),
        "{asked} gave {reply:?}"
    );
    reply
}
