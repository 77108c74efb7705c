//! An issuer asked over HTTP.

use std::time::Duration;

use async_trait::async_trait;
use bytes::Bytes;
use entryway_oauth::issuer::Issuer;
use entryway_oauth::key_set;
use entryway_scope::ScopeReference;
use http::header::ACCEPT;
use http::{Request, StatusCode};
use http_body_util::Empty;
use serde::Deserialize;
use serde::de::DeserializeOwned;

use super::{IssuerSilent, KeySource, SCOPE_BYTES_MAX, ScopeSource};
use crate::client::HttpClient;

/// Asks an issuer for its keys and scopes at its own addresses.
///
/// Where its key set is, it says in its metadata (RFC 8414), which is read each time. No redirect is
/// followed.
#[derive(Clone, Debug)]
pub struct IssuerOverHttp {
    issuer: Issuer,
    key_set: Option<String>,
    client: HttpClient,
}

impl IssuerOverHttp {
    /// Asks the issuer where its key set is.
    pub const fn new(issuer: Issuer, client: HttpClient) -> Self {
        Self {
            issuer,
            key_set: None,
            client,
        }
    }

    /// Takes the key set from this URL, whatever the issuer's metadata say. The operator named it, so any
    /// http or https URL will do.
    #[must_use]
    pub fn with_key_set_at(self, url: String) -> Self {
        Self {
            key_set: Some(url),
            ..self
        }
    }

    async fn key_set_url(&self) -> Result<String, IssuerSilent> {
        if let Some(url) = &self.key_set {
            return Ok(url.clone());
        }
        let url = self.issuer.url("/.well-known/oauth-authorization-server");
        let metadata: Metadata = read(&self.ok(&url, METADATA_BYTES_MAX).await?)?;
        // RFC 8414 section 3.3
        if metadata.issuer != self.issuer.as_str() {
            return Err(IssuerSilent::because("its metadata name another issuer"));
        }
        let is_secure = metadata.jwks_uri.starts_with("https://") || !self.issuer.is_secure();
        if !is_secure {
            return Err(IssuerSilent::because("its jwks_uri is not https"));
        }
        Ok(metadata.jwks_uri)
    }

    /// The body of an answer with status 200.
    async fn ok(&self, url: &str, bytes_max: usize) -> Result<Bytes, IssuerSilent> {
        match self.get(url, bytes_max).await? {
            (StatusCode::OK, body) => Ok(body),
            (status, _) => Err(IssuerSilent::because(format!("the answer has status {status}"))),
        }
    }

    async fn get(&self, url: &str, bytes_max: usize) -> Result<(StatusCode, Bytes), IssuerSilent> {
        let request = Request::get(url)
            .header(ACCEPT, "application/json")
            .body(Empty::<Bytes>::new())
            .map_err(IssuerSilent::because)?;
        let exchange = async {
            let answer = self.client.send(request).await?;
            let status = answer.status();
            Ok((status, answer.into_body().read_whole(bytes_max).await?))
        };
        let answer = tokio::time::timeout(ANSWER_WAIT, exchange).await;
        answer
            .map_err(IssuerSilent::because)?
            .map_err(|fault: crate::client::ClientFault| IssuerSilent::because(fault))
    }
}

#[async_trait]
impl KeySource for IssuerOverHttp {
    async fn key_set(&self) -> Result<Bytes, IssuerSilent> {
        self.ok(&self.key_set_url().await?, key_set::BYTES_MAX).await
    }
}

#[async_trait]
impl ScopeSource for IssuerOverHttp {
    async fn scope(&self, reference: &ScopeReference) -> Result<Option<String>, IssuerSilent> {
        // a CID has no character that a query would read otherwise
        let path = format!(
            "/xrpc/com.atproto.temp.dereferenceScope?scope=ref%3A{}",
            reference.cid()
        );
        let (status, body) = self.get(&self.issuer.url(&path), ANSWER_BYTES_MAX).await?;
        match status {
            StatusCode::OK => Ok(Some(read::<Dereferenced>(&body)?.scope)),
            StatusCode::BAD_REQUEST if read::<Failed>(&body)?.error == "InvalidScopeReference" => Ok(None),
            status => Err(IssuerSilent::because(format!("the answer has status {status}"))),
        }
    }
}

fn read<T: DeserializeOwned>(body: &[u8]) -> Result<T, IssuerSilent> {
    serde_json::from_slice(body).map_err(IssuerSilent::because)
}

/// What is read of an issuer's metadata.
#[derive(Deserialize)]
struct Metadata {
    issuer: String,
    jwks_uri: String,
}

#[derive(Deserialize)]
struct Dereferenced {
    scope: String,
}

#[derive(Deserialize)]
struct Failed {
    error: String,
}

/// Requests wait with the question, so no longer than people do.
const ANSWER_WAIT: Duration = Duration::from_secs(5);
/// As identity's fetcher allows for documents of this kind.
const METADATA_BYTES_MAX: usize = 64 * 1024;
/// A scope and what is around it.
const ANSWER_BYTES_MAX: usize = SCOPE_BYTES_MAX + 1024;

#[cfg(test)]
mod tests;
