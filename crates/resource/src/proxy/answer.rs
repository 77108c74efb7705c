//! Answers on their way to the client, and which of the upstream's headers are on them.

use std::pin::Pin;
use std::task::{Context, Poll};

use bytes::Bytes;
use http::header::{HeaderMap, HeaderName, HeaderValue};
use http::{Response, header};
use http_body_util::BodyExt as _;
use http_body_util::combinators::UnsyncBoxBody;
use hyper::body::{Body, Frame, SizeHint};
use pin_project_lite::pin_project;
use tokio::time::{Instant, Sleep};

use crate::client::BoxError;

/// A body of the gate's own, or one that passes.
pub(super) type GateBody = UnsyncBoxBody<Bytes, BoxError>;

/// What the gate answers.
pub(super) type Answer = Response<GateBody>;

pub(super) fn boxed<B>(body: B) -> GateBody
where
    B: Body<Data = Bytes> + Send + 'static,
    B::Error: Into<BoxError>,
{
    body.map_err(Into::into).boxed_unsync()
}

/// What was asked, as far as the headers of its answer care.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    /// An XRPC call with OAuth credentials that stay here.
    OAuth,
    /// An XRPC call with OAuth credentials that the upstream judges as well.
    OAuthPassed,
    /// An XRPC call without OAuth.
    Call,
    /// One of the few documents every PDS has.
    Document,
    /// A page of the upstream's own, which the operator listed.
    Page,
}

/// The headers of an upstream's answer that may be on ours.
///
/// Not among them: those of one connection; `Set-Cookie` but on pages; the upstream's nonces and what it
/// says about CORS, content security and who made it, all of which are ours to say.
pub(super) fn passed(upstream: &HeaderMap, kind: Kind, is_head: bool) -> HeaderMap {
    let mut headers = HeaderMap::new();
    for (name, value) in upstream {
        if may_pass(name, kind) || (is_head && name == header::CONTENT_LENGTH) {
            headers.append(name, value.clone());
        }
    }
    headers.insert(
        header::X_CONTENT_TYPE_OPTIONS,
        HeaderValue::from_static("nosniff"),
    );
    if kind != Kind::Page {
        allow_origins(&mut headers);
        // a blob is whatever somebody uploaded, and must not run on the origin of the PDS
        headers.insert(
            header::CONTENT_SECURITY_POLICY,
            HeaderValue::from_static("default-src 'none'; sandbox"),
        );
    }
    headers
}

/// That a page of any origin may read an answer, without cookies.
pub(super) fn allow_origins(headers: &mut HeaderMap) {
    headers.insert(header::ACCESS_CONTROL_ALLOW_ORIGIN, HeaderValue::from_static("*"));
    headers.insert(
        header::ACCESS_CONTROL_EXPOSE_HEADERS,
        HeaderValue::from_static(EXPOSED),
    );
}

fn may_pass(name: &HeaderName, kind: Kind) -> bool {
    let name = name.as_str();
    let always = ALWAYS.contains(&name) || PREFIXES.iter().any(|prefix| name.starts_with(prefix));
    always
        || match kind {
            Kind::OAuth | Kind::Document => false,
            Kind::OAuthPassed | Kind::Call => name == "www-authenticate",
            Kind::Page => ON_PAGES.contains(&name),
        }
}

/// What describes a body, or says how to go on.
const ALWAYS: [&str; 16] = [
    "accept-ranges",
    "age",
    "cache-control",
    "content-disposition",
    "content-encoding",
    "content-language",
    "content-range",
    "content-type",
    "deprecation",
    "etag",
    "expires",
    "last-modified",
    "location",
    "retry-after",
    "sunset",
    "vary",
];

/// What the protocol says of repositories and labels, and what a client has left to ask.
const PREFIXES: [&str; 4] = ["atproto-", "ratelimit-", "x-ratelimit-", "x-bsky-"];

/// What the upstream's own sign-in needs.
const ON_PAGES: [&str; 9] = [
    "content-security-policy",
    "cross-origin-embedder-policy",
    "cross-origin-opener-policy",
    "cross-origin-resource-policy",
    "permissions-policy",
    "referrer-policy",
    "set-cookie",
    "strict-transport-security",
    "x-frame-options",
];

/// What a page in a browser may read beside the few headers that it always may.
const EXPOSED: &str = "Atproto-Content-Labelers, Atproto-Repo-Rev, Content-Range, ETag, RateLimit-Limit, \
                       RateLimit-Policy, RateLimit-Remaining, RateLimit-Reset, Retry-After";

pin_project! {
    /// A body that ends at an instant, however much of it is left.
    pub(super) struct Until<B> {
        #[pin]
        body: B,
        deadline: Option<Pin<Box<Sleep>>>,
        at: Instant,
    }
}

impl<B> Until<B> {
    pub(super) fn new(body: B, at: Instant) -> Self {
        Self {
            body,
            deadline: None,
            at,
        }
    }
}

impl<B> Body for Until<B>
where
    B: Body<Data = Bytes>,
    B::Error: Into<BoxError>,
{
    type Data = Bytes;
    type Error = BoxError;

    fn poll_frame(
        self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, BoxError>>> {
        let this = self.project();
        if let Poll::Ready(frame) = this.body.poll_frame(context) {
            return Poll::Ready(frame.map(|frame| frame.map_err(Into::into)));
        }
        let at = *this.at;
        let deadline = this
            .deadline
            .get_or_insert_with(|| Box::pin(tokio::time::sleep_until(at)));
        deadline
            .as_mut()
            .poll(context)
            .map(|()| Some(Err("the exchange took too long".into())))
    }

    fn is_end_stream(&self) -> bool {
        self.body.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.body.size_hint()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The names that pass, of these and what every kind adds.
    fn passing(kind: Kind, names: &[&'static str]) -> Vec<&'static str> {
        let mut upstream = HeaderMap::new();
        for name in names {
            upstream.insert(*name, HeaderValue::from_static("theirs"));
        }
        let headers = passed(&upstream, kind, false);
        let is_theirs = |name: &&&str| headers.get(**name).is_some_and(|value| value == "theirs");
        names.iter().filter(is_theirs).copied().collect()
    }

    const NEVER: [&str; 20] = [
        "access-control-allow-credentials",
        "access-control-allow-origin",
        "access-control-expose-headers",
        "alt-svc",
        "clear-site-data",
        "connection",
        "content-length",
        "dpop-nonce",
        "keep-alive",
        "proxy-authenticate",
        "refresh",
        "server",
        "service-worker-allowed",
        "te",
        "trailer",
        "transfer-encoding",
        "upgrade",
        "via",
        "x-content-type-options",
        "x-powered-by",
    ];

    //
    #[test]
    fn what_is_ours_to_say_is_never_the_upstreams() {
        for kind in [
            Kind::OAuth,
            Kind::OAuthPassed,
            Kind::Call,
            Kind::Document,
            Kind::Page,
        ] {
            assert_eq!(passing(kind, &NEVER), Vec::<&str>::new(), "{kind:?}");
            assert_eq!(passing(kind, &ALWAYS), ALWAYS, "{kind:?}");
            let named = [
                "atproto-repo-rev",
                "ratelimit-limit",
                "x-ratelimit-reset",
                "x-bsky-topics",
            ];
            assert_eq!(passing(kind, &named), named, "{kind:?}");
        }
    }

    //
    #[test]
    fn challenges_and_cookies_pass_where_somebody_needs_them() {
        let asked = ["www-authenticate", "set-cookie", "content-security-policy"];
        for (kind, passes) in [
            (Kind::OAuth, &[][..]),
            (Kind::OAuthPassed, &["www-authenticate"]),
            (Kind::Call, &["www-authenticate"]),
            (Kind::Document, &[]),
            (Kind::Page, &["set-cookie", "content-security-policy"]),
        ] {
            assert_eq!(passing(kind, &asked), passes, "{kind:?}");
        }
    }

    #[test]
    fn the_length_of_what_is_not_sent_is_told() {
        let mut upstream = HeaderMap::new();
        upstream.insert(header::CONTENT_LENGTH, HeaderValue::from_static("12"));
        let told = |is_head| passed(&upstream, Kind::Call, is_head).contains_key(header::CONTENT_LENGTH);
        assert_eq!((told(true), told(false)), (true, false));
    }

    #[test]
    fn calls_can_be_read_by_any_page_and_pages_by_their_own() {
        let allows =
            |kind| passed(&HeaderMap::new(), kind, false).contains_key("access-control-allow-origin");
        assert!(allows(Kind::Call) && allows(Kind::OAuth) && allows(Kind::Document));
        assert!(!allows(Kind::Page));
    }
}
