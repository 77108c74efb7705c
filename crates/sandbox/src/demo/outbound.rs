//! The one way this app asks another server for something: no redirects, no proxy, bounded in time and size.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};
use std::time::Duration;

use josekit::JoseError;
use oauth2::{HttpRequest, HttpResponse};
use reqwest::redirect::Policy;
use url::{Host, Url};

/// Longest wait for one answer.
const ANSWER_WAIT: Duration = Duration::from_secs(10);

/// Longest wait for a connection.
const CONNECT_WAIT: Duration = Duration::from_secs(3);

/// Largest answer read, in bytes: fifty records and every metadata document fit many times.
const ANSWER_BYTES_MAX: usize = 512 * 1024;

/// The HTTP client of the app.
#[derive(Debug, Clone)]
pub(super) struct Outbound {
    client: reqwest::Client,
    fronts: Vec<Front>,
}

/// Another name for a service of this machine.
#[derive(Debug, Clone)]
pub(super) struct Front {
    /// The origin it is known by.
    pub(super) name: String,
    /// Where it listens.
    pub(super) here: Url,
}

impl Front {
    /// Turns a URL at the front into the one behind it.
    fn pass(&self, url: &Url) -> Option<Url> {
        if url.origin().ascii_serialization() != self.name {
            return None;
        }
        let mut behind = self.here.clone();
        behind.set_path(url.path());
        behind.set_query(url.query());
        Some(behind)
    }
}

impl Outbound {
    /// Makes the client; nothing is sent.
    pub(super) fn new(fronts: Vec<Front>) -> Result<Self, reqwest::Error> {
        let client = reqwest::Client::builder()
            // an answer that redirects is not the answer of the server that was asked
            .redirect(Policy::none())
            .no_proxy()
            // the name means this machine whatever a hosts file says (RFC 6761 section 6.3)
            .resolve_to_addrs(
                "localhost",
                &[(Ipv4Addr::LOCALHOST, 0).into(), (Ipv6Addr::LOCALHOST, 0).into()],
            )
            .timeout(ANSWER_WAIT)
            .connect_timeout(CONNECT_WAIT)
            .user_agent("jotter-demo-app")
            .build()?;
        Ok(Self { client, fronts })
    }

    /// Sends one request and reads the whole answer, whatever its status.
    pub(super) async fn send(&self, request: HttpRequest) -> Result<HttpResponse, Undelivered> {
        let mut request = reqwest::Request::try_from(request).map_err(|_| Undelivered::NotPermitted)?;
        if !may_be_asked(request.url()) {
            return Err(Undelivered::NotPermitted);
        }
        if let Some(behind) = self.fronts.iter().find_map(|front| front.pass(request.url())) {
            *request.url_mut() = behind;
        }
        let mut answer = self
            .client
            .execute(request)
            .await
            .map_err(Undelivered::no_answer)?;
        let mut body = Vec::new();
        while let Some(chunk) = answer.chunk().await.map_err(Undelivered::no_answer)? {
            if body.len() + chunk.len() > ANSWER_BYTES_MAX {
                return Err(Undelivered::TooLarge);
            }
            body.extend_from_slice(&chunk);
        }
        let mut response = HttpResponse::new(body);
        *response.status_mut() = answer.status();
        *response.headers_mut() = std::mem::take(answer.headers_mut());
        Ok(response)
    }
}

/// Why a request has no answer.
#[derive(Debug, thiserror::Error)]
pub(super) enum Undelivered {
    /// The URL is neither https nor http on this machine.
    #[error("the URL is neither https nor http on this machine")]
    NotPermitted,
    /// The server could not be reached, or took too long.
    #[error("no answer came in time")]
    NoAnswer(#[source] reqwest::Error),
    /// The answer is larger than this app reads.
    #[error("the answer is larger than {ANSWER_BYTES_MAX} bytes")]
    TooLarge,
    /// The DPoP proof could not be signed.
    #[error("the DPoP proof could not be signed")]
    Unsigned(#[from] JoseError),
}

impl Undelivered {
    fn no_answer(source: reqwest::Error) -> Self {
        // a URL may carry an identifier; the page names the URL itself where that is harmless
        Self::NoAnswer(source.without_url())
    }
}

/// Says whether the app talks to this URL: https anywhere, http on this machine only.
pub(super) fn may_be_asked(url: &Url) -> bool {
    match url.scheme() {
        "https" => url.host().is_some(),
        "http" => match url.host() {
            Some(Host::Domain(name)) => name == "localhost",
            Some(Host::Ipv4(address)) => IpAddr::V4(address).is_loopback(),
            Some(Host::Ipv6(address)) => IpAddr::V6(address).is_loopback(),
            None => false,
        },
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_behind_a_front_is_asked_directly() {
        let url = |text| Url::parse(text).unwrap();
        let front = Front {
            name: "https://login.test".to_owned(),
            here: url("http://localhost:2583"),
        };
        for (asked, sent) in [
            (
                "https://login.test/oauth/par?a=b%20c",
                Some("http://localhost:2583/oauth/par?a=b%20c"),
            ),
            ("https://login.test", Some("http://localhost:2583/")),
            ("https://login.test:8443/", None),
            ("http://login.test/", None),
            ("https://login.test.example/", None),
        ] {
            assert_eq!(front.pass(&url(asked)), sent.map(url), "{asked}");
        }
    }

    #[test]
    fn plain_http_is_only_for_this_machine() {
        let cases = [
            ("https://pds.example/", true),
            ("http://localhost:2583/", true),
            ("http://127.0.0.1:2583/", true),
            ("http://[::1]:2583/", true),
            ("http://pds.example/", false),
            ("http://localhost.example/", false),
            ("http://10.0.0.1/", false),
            ("file:///etc/passwd", false),
            ("data:text/plain,x", false),
        ];
        for (text, expected) in cases {
            assert_eq!(may_be_asked(&Url::parse(text).unwrap()), expected, "{text}");
        }
    }
}
