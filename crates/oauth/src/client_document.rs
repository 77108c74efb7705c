//! Client metadata documents (draft-ietf-oauth-client-id-metadata-document, atproto's OAuth profile).
//!
//! [`read`] finds every fault of a document at once, so that the linter and a refused request say the
//! same sentences. Each rule is a small function in the file of its subject; members this service does
//! not know are passed over (R-092).

mod authentication;
mod finding;
mod identity;
mod keys;
mod link;
mod presentation;
mod redirects;
mod unsupported;
mod wire;

use crate::client::Client;
use crate::client_id::ClientId;
use crate::denial::Denial;

use finding::Findings;
use wire::Document;

pub use finding::{Finding, Rule, Severity};

/// Bytes of a document.
pub const BODY_BYTES_MAX: usize = 64 * 1024;

/// What became of a document.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Reading {
    /// Everything there is to say, errors first, in the order of the document's rules.
    pub findings: Vec<Finding>,
    /// The client, if there was no error.
    pub client: Option<Client>,
}

impl Reading {
    /// The client.
    ///
    /// # Errors
    /// [`Denial::ClientMetadataInvalid`] with the first error.
    pub fn into_client(self) -> Result<Client, Denial> {
        let first = self.findings.first().map_or_else(String::new, Finding::to_string);
        self.client
            .ok_or(Denial::ClientMetadataInvalid { finding: first })
    }
}

/// Reads the document that was fetched from `id` (R-052 to R-057, R-064 to R-084, R-092 to R-095).
///
/// Does not fetch: neither the status and type of the answer are checked here, nor what `jwks_uri`
/// leads to. Does not say whether this server admits documents of the kind of `id`.
///
/// ```
/// use entryway_oauth::{client_document, client_id::ClientId};
/// let id = ClientId::parse("https://app.example/client-metadata.json").unwrap();
/// let document = br#"{
///     "client_id": "https://app.example/client-metadata.json",
///     "grant_types": ["authorization_code", "refresh_token"],
///     "response_types": ["code"],
///     "redirect_uris": ["http://app.example/callback"],
///     "scope": "atproto transition:generic",
///     "token_endpoint_auth_method": "none",
///     "dpop_bound_access_tokens": "true"
/// }"#;
/// let said: Vec<String> = client_document::read(&id, document)
///     .findings
///     .iter()
///     .map(|finding| format!("{} {finding}", finding.rule.id))
///     .collect();
/// assert_eq!(
///     said,
///     [
///         "R-080 redirect_uris[0] must use https, since http is for http://127.0.0.1 and http://[::1] only",
///         "R-093 dpop_bound_access_tokens must be the JSON value true, without quotation marks",
///     ]
/// );
/// ```
pub fn read(id: &ClientId, body: &[u8]) -> Reading {
    let mut findings = Findings::default();
    let client =
        Document::read(body, &mut findings).and_then(|document| client(id, &document, &mut findings));
    Reading {
        findings: findings.into_sorted(),
        client,
    }
}

/// Every rule in turn, whatever the ones before it found.
fn client(id: &ClientId, document: &Document<'_>, findings: &mut Findings) -> Option<Client> {
    identity::client_id(document, id, findings);
    let application_type = identity::application_type(document, findings);
    let refreshes = identity::grant_types(document, findings);
    identity::response_types(document, findings);
    let scope = identity::scope(document, findings);
    let redirect_uris = redirects::redirect_uris(document, id, application_type, findings);
    authentication::dpop_bound_access_tokens(document, findings);
    let authentication = authentication::authentication(document, id, application_type, findings);
    let presentation = presentation::presentation(document, id, findings);
    unsupported::unsupported(document, findings);
    if findings.has_errors() {
        return None;
    }
    let (scope, scope_unknown) = scope?;
    Some(Client {
        id: id.clone(),
        application_type: application_type?,
        authentication: authentication?,
        refreshes,
        redirect_uris,
        scope,
        scope_unknown,
        presentation,
    })
}

#[cfg(test)]
mod fixtures;
#[cfg(test)]
mod tests;
