//! Calls of XRPC methods, as a PDS and stock clients make them.

use axum::body::Body;
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use entryway_tests::{Reply, TestServer};
use http::Request;
use serde_json::Value;

/// A call to be made.
#[derive(Clone, Debug)]
pub(crate) struct Call {
    method: &'static str,
    nsid: String,
    headers: Vec<(&'static str, String)>,
    body: Option<Vec<u8>>,
}

/// A procedure, without a body.
pub(crate) fn procedure(nsid: &str) -> Call {
    Call::new("POST", nsid)
}

/// A query.
pub(crate) fn query(nsid: &str) -> Call {
    Call::new("GET", nsid)
}

impl Call {
    fn new(method: &'static str, nsid: &str) -> Self {
        Self {
            method,
            nsid: nsid.to_owned(),
            headers: Vec::new(),
            body: None,
        }
    }

    /// By another method of HTTP.
    pub(crate) fn by(self, method: &'static str) -> Self {
        Self { method, ..self }
    }

    /// With `Authorization: Bearer`.
    pub(crate) fn bearer(self, token: &str) -> Self {
        self.header("authorization", &format!("Bearer {token}"))
    }

    /// With one more header.
    pub(crate) fn header(mut self, name: &'static str, value: &str) -> Self {
        self.headers.push((name, value.to_owned()));
        self
    }

    /// With this JSON for a body.
    pub(crate) fn json(self, body: &Value) -> Self {
        self.raw(&body.to_string())
    }

    /// With this text for a body that says it is JSON.
    pub(crate) fn raw(self, body: &str) -> Self {
        self.text(body).header("content-type", "application/json")
    }

    /// With this text for a body that does not say what it is.
    pub(crate) fn text(mut self, body: &str) -> Self {
        self.body = Some(body.as_bytes().to_vec());
        self
    }

    /// To be sent over a socket.
    pub(crate) fn request(self) -> Request<Body> {
        let mut request = Request::builder()
            .method(self.method)
            .uri(format!("/xrpc/{}", self.nsid));
        for (name, value) in self.headers {
            request = request.header(name, value);
        }
        request.body(Body::from(self.body.unwrap_or_default())).unwrap()
    }

    pub(crate) async fn send(self, server: &TestServer) -> Reply {
        let reply = server.send(self.request()).await;
        //
        assert_eq!(reply.header("cache-control"), Some("no-store"), "{reply:?}");
        reply
    }
}

/// Status, name and text of a refusal.
#[track_caller]
pub(crate) fn refusal(reply: &Reply) -> (u16, String, String) {
    let json = reply.json();
    let members: Vec<&String> = json.as_object().unwrap().keys().collect();
    assert_eq!(members, ["error", "message"], "{json}");
    assert_eq!(
        reply.headers.contains_key("www-authenticate"),
        reply.code() == 401
    );
    (reply.code(), reply.member("error"), reply.member("message"))
}

/// Asserts that this is the refusal.
#[track_caller]
pub(crate) fn assert_refused(reply: &Reply, status: u16, name: &str, text: &str) {
    assert_eq!(refusal(reply), (status, name.to_owned(), text.to_owned()));
}

/// Header and claims of a token. Verifies nothing.
pub(crate) fn unverified(token: &str) -> (Value, Value) {
    let mut parts = token.split('.').map(|part| {
        let bytes = URL_SAFE_NO_PAD.decode(part).unwrap();
        serde_json::from_slice(&bytes).unwrap_or_default()
    });
    (parts.next().unwrap(), parts.next().unwrap())
}
