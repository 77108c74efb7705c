//! What goes to an upstream.
//!
//! A [`Forwarded`] is made here only, from what was admitted or listed, never from a request as it
//! arrived: its target is written anew, its headers are selected, its credentials are ours to give. It is
//! the only thing [`super::host::Upstream::send`] takes.

use std::net::IpAddr;

use bytes::Bytes;
use http::header::{
    ACCEPT_ENCODING, CONNECTION, CONTENT_LENGTH, CONTENT_TYPE, HOST, HeaderMap, HeaderName, HeaderValue,
    UPGRADE,
};
use http::{Method, Request, Uri};
use http_body_util::{Empty, Full};
use hyper::body::Body as _;

use super::admit::{Admitted, Asked, Caller};
use super::answer::{GateBody, boxed};
use super::fault::GateFault;
use super::host::{Host, Upstream};
use super::request_headers;
use super::target::{Path, Target};
use super::tunnel::Handshake;
use crate::Moment;
use crate::peer::{FORWARDED_FOR, FORWARDED_PROTO, Origin};

/// A request that may go upstream.
pub(super) struct Forwarded(Request<GateBody>);

impl Forwarded {
    /// A call that was admitted.
    ///
    /// # Errors
    /// [`GateFault::Unable`].
    pub(super) fn call(
        host: &Host,
        asked: Asked,
        admitted: Admitted,
        handshake: Option<&Handshake>,
        now: Moment,
    ) -> Result<Self, GateFault> {
        let mut headers = request_headers::of_call(&asked.headers);
        let (caller, body) = admitted.into_parts();
        match &caller {
            Caller::Nobody => {}
            Caller::Legacy(authorization) | Caller::Password(authorization) => {
                headers.insert(http::header::AUTHORIZATION, authorization.clone());
            }
            Caller::Verified(verified) => {
                if host.permissions.is_own(asked.call.nsid()) {
                    // a careless PDS would send a call elsewhere that was judged as one of its own
                    headers.remove("atproto-proxy");
                }
                let path = asked.call.path();
                let request = (&asked.method, path.as_str());
                host.signer
                    .sign(verified, &asked.headers, request, now.wall, &mut headers)?;
            }
        }
        if asked.is_read_here(&caller) {
            // to be read here it must come whole and plain
            for name in READ_HERE_WITHOUT {
                headers.remove(name);
            }
        }
        if let Some(handshake) = handshake {
            headers.insert(CONNECTION, HeaderValue::from_static("upgrade"));
            headers.insert(UPGRADE, HeaderValue::from_static("websocket"));
            headers.extend(handshake.headers());
        }
        let target = Target::Method(asked.call).path_and_query();
        Self::new(
            &host.upstream,
            (asked.method, &target),
            headers,
            asked.origin.address,
            body,
        )
    }

    /// A document or a page, for anybody.
    ///
    /// # Errors
    /// [`GateFault::Unable`].
    pub(super) fn page(
        upstream: &Upstream,
        (method, path): (Method, Path),
        headers: HeaderMap,
        origin: Origin,
        body: GateBody,
    ) -> Result<Self, GateFault> {
        let target = Target::Path(path).path_and_query();
        Self::new(upstream, (method, &target), headers, origin.address, body)
    }

    /// The document that says whose handle a host name is, asked for under that name.
    ///
    /// # Errors
    /// [`GateFault::Unable`].
    pub(super) fn handle(
        upstream: &Upstream,
        (method, path): (Method, Path),
        name: HeaderValue,
        origin: Origin,
    ) -> Result<Self, GateFault> {
        let mut forwarded = Self::page(
            upstream,
            (method, path),
            HeaderMap::new(),
            origin,
            boxed(Empty::new()),
        )?;
        forwarded.0.headers_mut().insert(HOST, name);
        Ok(forwarded)
    }

    /// An exchange of a password for a session; the body is its JSON.
    ///
    /// # Errors
    /// [`GateFault::Unable`].
    pub(super) fn sign_in(upstream: &Upstream, origin: Origin, body: Bytes) -> Result<Self, GateFault> {
        let mut headers = HeaderMap::new();
        headers.insert(CONTENT_TYPE, HeaderValue::from_static("application/json"));
        let target = (Method::POST, "/xrpc/com.atproto.server.createSession");
        Self::new(upstream, target, headers, origin.address, boxed(Full::new(body)))
    }

    /// What was asked of this PDS, as it may be passed on.
    ///
    /// # Errors
    /// [`GateFault::Unable`].
    pub(super) fn new(
        upstream: &Upstream,
        (method, target): (Method, &str),
        mut headers: HeaderMap,
        client: IpAddr,
        body: GateBody,
    ) -> Result<Self, GateFault> {
        let public = upstream.public.as_str();
        let (scheme, name) = public.split_once("://").unwrap_or_default();
        for (header, text) in [
            (HOST, name.to_owned()),
            (FORWARDED_FOR, client.to_string()),
            (FORWARDED_PROTO, scheme.to_owned()),
        ] {
            let value = HeaderValue::from_str(&text).map_err(|_| GateFault::Unable)?;
            headers.insert(header, value);
        }
        if method == Method::POST && body.is_end_stream() {
            // RFC 9110 section 8.6; the HTTP library says nothing
            headers.insert(CONTENT_LENGTH, HeaderValue::from_static("0"));
        }
        let uri = Uri::builder()
            .scheme(upstream.scheme.clone())
            .authority(upstream.authority.clone())
            .path_and_query(target)
            .build()
            .map_err(|_| GateFault::Unable)?;
        let mut request = Request::new(body);
        *request.method_mut() = method;
        *request.uri_mut() = uri;
        *request.headers_mut() = headers;
        Ok(Self(request))
    }

    pub(super) fn into_request(self) -> Request<GateBody> {
        self.0
    }
}

/// What would make an answer that is read here partial, compressed or left out.
const READ_HERE_WITHOUT: [HeaderName; 7] = [
    ACCEPT_ENCODING,
    http::header::IF_MATCH,
    http::header::IF_MODIFIED_SINCE,
    http::header::IF_NONE_MATCH,
    http::header::IF_RANGE,
    http::header::IF_UNMODIFIED_SINCE,
    http::header::RANGE,
];
