//! One PDS behind the gate, and the one door to it.

use std::sync::Arc;

use bytes::Bytes;
use entryway_oauth::issuer::Issuer;
use entryway_oauth::jwk::Algorithm;
use http::uri::{Authority, Scheme};
use http::{Response, Uri};
use serde::Serialize;

use super::credentials::Signer;
use super::fault::GateFault;
use super::figures;
use super::forwarded::Forwarded;
use super::password::PasswordSessions;
use super::paths::PagePattern;
use super::settings::{Entropy, HostSettings, Legacy, Passwords};
use crate::client::{AnswerBody, HttpClient};
use crate::{Permissions, Verifier};

/// A host, ready to be asked.
pub(super) struct Host {
    pub(super) verifier: Arc<Verifier>,
    pub(super) permissions: Permissions,
    pub(super) signer: Signer,
    pub(super) legacy: Legacy,
    pub(super) passwords: Option<PasswordSessions>,
    pub(super) pages: Vec<PagePattern>,
    pub(super) upstream: Upstream,
    /// The document of [`super::paths::PROTECTED_RESOURCE`].
    pub(super) metadata: Bytes,
}

impl Host {
    /// # Errors
    /// [`UnusableUpstream`].
    pub(super) fn new(
        settings: HostSettings,
        client: HttpClient,
        entropy: Entropy,
    ) -> Result<Self, UnusableUpstream> {
        let upstream = Upstream::new(&settings, client)?;
        let passwords = match settings.passwords {
            Passwords::Refused => None,
            Passwords::Exchanged => Some(PasswordSessions::new(&entropy)),
        };
        let metadata = Metadata {
            resource: &settings.public_url,
            authorization_servers: [&settings.issuer],
            bearer_methods_supported: ["header"],
            dpop_bound_access_tokens_required: true,
            dpop_signing_alg_values_supported: Algorithm::ALL.map(Algorithm::name),
            resource_documentation: "https://atproto.com",
        };
        Ok(Self {
            // plain strings always serialise
            metadata: serde_json::to_vec(&metadata).unwrap_or_default().into(),
            signer: Signer::new(settings.credentials, settings.public_url, settings.did, entropy),
            verifier: settings.verifier,
            permissions: settings.permissions,
            legacy: settings.legacy,
            passwords,
            pages: settings.pages,
            upstream,
        })
    }
}

/// Where a host really is.
pub(super) struct Upstream {
    pub(super) scheme: Scheme,
    pub(super) authority: Authority,
    /// Under which name it knows itself.
    pub(super) public: Issuer,
    client: HttpClient,
}

impl Upstream {
    fn new(settings: &HostSettings, client: HttpClient) -> Result<Self, UnusableUpstream> {
        let parts = settings.upstream.clone().into_parts();
        let is_origin = parts.path_and_query.is_none_or(|path| path == "/");
        match (parts.scheme, parts.authority) {
            (Some(scheme), Some(authority))
                if is_origin && [Scheme::HTTP, Scheme::HTTPS].contains(&scheme) =>
            {
                Ok(Self {
                    scheme,
                    authority,
                    public: settings.public_url.clone(),
                    client,
                })
            }
            _ => Err(UnusableUpstream),
        }
    }

    /// A PDS that is where its public URL says.
    pub(super) fn at(public: &Issuer, client: HttpClient) -> Result<Self, UnusableUpstream> {
        let parts = Uri::try_from(public.as_str())
            .map_err(|_| UnusableUpstream)?
            .into_parts();
        match (parts.scheme, parts.authority) {
            (Some(scheme), Some(authority)) => Ok(Self {
                scheme,
                authority,
                public: public.clone(),
                client,
            }),
            _ => Err(UnusableUpstream),
        }
    }

    /// Sends what was admitted, and nothing else: whatever reaches an upstream goes through here.
    ///
    /// # Errors
    /// Why there is no answer.
    pub(super) async fn send(&self, forwarded: Forwarded) -> Result<Response<AnswerBody>, GateFault> {
        self.client.send(forwarded.into_request()).await.map_err(|fault| {
            // once, where it is turned into an answer that says less
            let cause = std::error::Error::source(&fault).map(ToString::to_string);
            tracing::warn!(upstream = %self.authority, fault = %fault, cause, "no answer of an upstream");
            let fault = fault.into();
            figures::upstream_failed(&fault);
            fault
        })
    }
}

/// The URL of an upstream is not an http or https origin.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct UnusableUpstream;

/// RFC 9728 section 2, with the one issuer that atproto allows.
#[derive(Serialize)]
struct Metadata<'a> {
    resource: &'a Issuer,
    authorization_servers: [&'a Issuer; 1],
    bearer_methods_supported: [&'static str; 1],
    dpop_bound_access_tokens_required: bool,
    dpop_signing_alg_values_supported: [&'static str; Algorithm::ALL.len()],
    resource_documentation: &'static str,
}
