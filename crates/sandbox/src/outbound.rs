//! The services of the sandbox as clients of each other.

use std::time::Duration;

use serde_json::Value;

/// An HTTP client for loopback: no proxy, no redirect, bounded in time.
///
/// # Errors
///
/// When the system has no room for one.
pub fn client() -> Result<reqwest::Client, reqwest::Error> {
    reqwest::Client::builder()
        .user_agent(USER_AGENT)
        .no_proxy()
        .redirect(reqwest::redirect::Policy::none())
        .timeout(ANSWER_WAIT)
        // a connection dialled in vain and kept would hold up the end of the service at its other end
        .pool_max_idle_per_host(0)
        // the name means loopback whatever a hosts file says (RFC 6761 section 6.3)
        .resolve_to_addrs("localhost", &[([127, 0, 0, 1], 0).into()])
        .build()
}

/// What whoever is asked sees of who asks.
pub const USER_AGENT: &str = "entryway-sandbox";

/// `message` of an answer that is not too long to have one.
pub(crate) async fn message(answer: reqwest::Response) -> Option<String> {
    let body = json(answer).await?;
    body["message"].as_str().map(str::to_owned)
}

/// The JSON body of an answer that is not too long to be one of ours.
pub(crate) async fn json(mut answer: reqwest::Response) -> Option<Value> {
    let mut body = Vec::new();
    while let Some(chunk) = answer.chunk().await.ok()? {
        body.extend_from_slice(&chunk);
        if body.len() > ANSWER_BYTES_MAX {
            return None;
        }
    }
    serde_json::from_slice(&body).ok()
}

const ANSWER_WAIT: Duration = Duration::from_secs(10);

/// The public directory repeats whole operations in some of its messages.
const ANSWER_BYTES_MAX: usize = 16 * 1024;
