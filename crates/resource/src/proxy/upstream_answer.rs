//! What an upstream's answer says about itself.

use bytes::Bytes;
use http::header::{CONTENT_TYPE, HeaderValue};
use http::{Response, StatusCode, header};
use http_body_util::Full;
use hyper::body::Body as _;
use serde::Deserialize;
use tokio::time::Instant;

use super::answer::{Answer, GateBody, Kind, Until, boxed, passed};
use super::fault::GateFault;
use super::session_view;
use crate::client::AnswerBody;

/// The answer as it is passed on, piece by piece as it comes.
pub(super) fn streamed(answer: Response<GateBody>, kind: Kind, is_head: bool, deadline: Instant) -> Answer {
    let (parts, body) = answer.into_parts();
    let mut streamed = Response::new(boxed(Until::new(body, deadline)));
    *streamed.status_mut() = parts.status;
    *streamed.headers_mut() = passed(&parts.headers, kind, is_head);
    streamed
}

/// The answer of `getSession` to a caller who may not see the e-mail address.
///
/// # Errors
/// [`GateFault::UpstreamBroken`] for one that cannot be read, and its own faults.
pub(super) async fn viewed(
    answer: Response<AnswerBody>,
    kind: Kind,
    is_head: bool,
) -> Result<Answer, GateFault> {
    let (parts, body) = answer.into_parts();
    if parts.headers.contains_key(header::CONTENT_ENCODING) {
        return Err(GateFault::UpstreamBroken);
    }
    let body = if is_head {
        Bytes::new()
    } else {
        session_view::without_email(&body.read_whole(session_view::BYTES_MAX).await?)?
    };
    let mut viewed = Response::new(boxed(Full::new(body)));
    *viewed.status_mut() = parts.status;
    *viewed.headers_mut() = passed(&parts.headers, kind, false);
    // they are those of the whole answer
    viewed.headers_mut().remove(header::ETAG);
    viewed.headers_mut().remove(header::LAST_MODIFIED);
    Ok(viewed)
}

/// Looks whether a PDS refuses the session that this gate signed: a mistake of its operator, about which a
/// client can do nothing, so that it must not look like one about the client's own token.
///
/// # Errors
/// [`GateFault::CredentialsUnaccepted`].
pub(super) async fn check_session(answer: Response<AnswerBody>) -> Result<Response<GateBody>, GateFault> {
    let refuses = |status: &StatusCode| [StatusCode::BAD_REQUEST, StatusCode::UNAUTHORIZED].contains(status);
    let (answer, refusal) = refusal(answer, refuses).await?;
    if refusal.is_some_and(|refusal| refusal.is_about_our_signature()) {
        tracing::error!(
            "a PDS does not accept the sessions this gate signs: is its PDS_JWT_SECRET the same?"
        );
        return Err(GateFault::CredentialsUnaccepted);
    }
    Ok(answer)
}

/// Reads a refusal of such a status, where it is short and in words of XRPC. The answer stays whole.
///
/// # Errors
/// What is wrong with an answer that does not come to its end.
pub(super) async fn refusal(
    answer: Response<AnswerBody>,
    is_read: impl Fn(&StatusCode) -> bool,
) -> Result<(Response<GateBody>, Option<XrpcError>), GateFault> {
    let is_short = answer
        .body()
        .size_hint()
        .exact()
        .is_some_and(|length| length <= REFUSAL_BYTES_MAX);
    let is_plain = is_json(&answer) && !answer.headers().contains_key(header::CONTENT_ENCODING);
    if !is_read(&answer.status()) || !is_short || !is_plain {
        return Ok((answer.map(boxed), None));
    }
    let (parts, body) = answer.into_parts();
    let body = body
        .read_whole(usize::try_from(REFUSAL_BYTES_MAX).unwrap_or(0))
        .await?;
    let refusal = serde_json::from_slice(&body).ok();
    Ok((Response::from_parts(parts, boxed(Full::new(body))), refusal))
}

/// An error in words that no XRPC client reads: a page of a proxy, or nothing at all.
pub(super) fn unexplained<B>(answer: &Response<B>) -> Option<GateFault> {
    let status = answer.status();
    let is_error = status.is_client_error() || status.is_server_error();
    (is_error && !is_json(answer)).then_some(GateFault::UpstreamUnexplained { status })
}

fn is_json<B>(answer: &Response<B>) -> bool {
    let content_type = answer.headers().get(CONTENT_TYPE).map(HeaderValue::as_bytes);
    let essence = content_type.and_then(|value| value.split(|&byte| byte == b';').next());
    essence.is_some_and(|essence| essence.trim_ascii().eq_ignore_ascii_case(b"application/json"))
}

/// What an XRPC error says.
#[derive(Deserialize)]
pub(super) struct XrpcError {
    pub(super) error: String,
    message: Option<String>,
}

impl XrpcError {
    /// What the reference says of a token whose signature, type or audience is wrong (contract section
    /// 3.1). A wrong token out of an e-mail has the same name, and other words.
    fn is_about_our_signature(&self) -> bool {
        self.error == "InvalidToken" && self.message.as_deref() == Some("Token could not be verified")
    }
}

/// Bytes of a refusal.
const REFUSAL_BYTES_MAX: u64 = 8 * 1024;
