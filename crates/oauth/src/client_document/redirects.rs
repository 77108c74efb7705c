//! Where the client may be answered.

use url::{Host, Url};

use super::finding::{Findings, Rule};
use super::wire::{Document, item};
use crate::client::ApplicationType;
use crate::client_id::{ClientId, ClientIdKind, is_public_name};
use crate::redirect::{InvalidRedirectUri, RedirectKind, RedirectUri};

const NAME: &str = "redirect_uris";

/// at least one redirect URI, none of them twice. Each that is well-formed is held against every
/// rule for its kind.
pub(super) fn redirect_uris(
    document: &Document<'_>,
    id: &ClientId,
    application_type: Option<ApplicationType>,
    findings: &mut Findings,
) -> Vec<RedirectUri> {
    let listed = document.list(NAME, findings);
    let Some(listed) = listed.required(NAME, LISTED, findings) else {
        return Vec::new();
    };
    if listed.is_empty() {
        findings.error(NAME, "must list at least one URI", LISTED);
    }
    let mut uris: Vec<RedirectUri> = Vec::new();
    for (at, text) in listed.iter() {
        match RedirectUri::read(text) {
            Err(fault) => findings.error(item(NAME, at), fault.expected(), rule_of(fault)),
            Ok(uri) if uris.contains(&uri) => {
                findings.error(item(NAME, at), "must not be listed twice", LISTED);
            }
            Ok(uri) => {
                for (expected, rule) in faults(&uri, id, application_type) {
                    findings.error(item(NAME, at), expected, rule);
                }
                uris.push(uri);
            }
        }
    }
    uris
}

/// Every rule a well-formed redirect URI breaks. Without a known type only the rules for both hold.
fn faults(
    uri: &RedirectUri,
    id: &ClientId,
    application_type: Option<ApplicationType>,
) -> Vec<(&'static str, Rule)> {
    let (Ok(url), Some(document)) = (Url::parse(uri.as_str()), id.document_url()) else {
        // neither happens: the text was read before, and a virtual client has no document
        return vec![(InvalidRedirectUri::NotAUrl.expected(), WEB)];
    };
    let local = id.kind() == ClientIdKind::LocalDocument;
    let native = application_type == Some(ApplicationType::Native);
    let faults = match (uri.kind(), application_type) {
        (RedirectKind::Loopback | RedirectKind::LocalWeb, _) if local => [None, None],
        (RedirectKind::Web, _) => [host(&url), native.then(|| origin(&url, &document)).flatten()],
        (_, Some(ApplicationType::Web)) => {
            [Some(("must use https, since application_type is web", WEB)), None]
        }
        (RedirectKind::LocalWeb, Some(ApplicationType::Native)) => [Some((NOT_LOCALHOST, LOOPBACK)), None],
        (RedirectKind::PrivateUse, Some(ApplicationType::Native)) => {
            [scheme(&url, &document), one_slash(&url)]
        }
        (RedirectKind::Loopback, Some(ApplicationType::Native)) | (_, None) => [None, None],
    };
    faults.into_iter().flatten().collect()
}

/// a host that anybody can reach, written out.
fn host(url: &Url) -> Option<(&'static str, Rule)> {
    match url.host() {
        Some(Host::Domain(name)) if name.contains('*') => Some((
            "must not have a wildcard in its host, where it has no meaning",
            WILDCARD,
        )),
        Some(Host::Domain(name)) if is_public_name(name) => None,
        _ => Some(("must be at a public domain name", WEB)),
    }
}

/// an app that is opened by an https link shares the origin of its document.
fn origin(url: &Url, document: &Url) -> Option<(&'static str, Rule)> {
    (url.origin() != document.origin()).then_some((
        "must be at the origin of client_id, since application_type is native",
        ORIGIN,
    ))
}

/// a scheme that only the holder of the document's host would choose.
fn scheme(url: &Url, document: &Url) -> Option<(&'static str, Rule)> {
    let host = document.host_str().unwrap_or_default();
    let reversed = host.split('.').rev().collect::<Vec<_>>().join(".");
    (url.scheme() != reversed).then_some((
        "must have the host of client_id in reverse order for its scheme, such as com.example.app",
        SCHEME,
    ))
}

/// `scheme:/path`, since there is no authority to name.
fn one_slash(url: &Url) -> Option<(&'static str, Rule)> {
    // a path of two slashes is written with a dot before it, `scheme:/.//`
    let one = !url.has_authority() && url.path().starts_with('/') && !url.path().starts_with("//");
    (!one).then_some((
        "must have exactly one slash after the scheme, as in com.example.app:/callback",
        SCHEME,
    ))
}

const fn rule_of(fault: InvalidRedirectUri) -> Rule {
    match fault {
        InvalidRedirectUri::Scheme => DANGEROUS,
        InvalidRedirectUri::PlainHttp => LOOPBACK,
        InvalidRedirectUri::NotCanonical => EXACT,
        InvalidRedirectUri::TooLong
        | InvalidRedirectUri::NotAUrl
        | InvalidRedirectUri::Fragment
        | InvalidRedirectUri::User => WEB,
    }
}

const NOT_LOCALHOST: &str = "must use http://127.0.0.1 or http://[::1] instead of localhost";

const LISTED: Rule = Rule::new("R-068", "atproto OAuth, Client ID Metadata Document");
const WEB: Rule = Rule::new("R-079", "RFC 6749 section 3.1.2");
const LOOPBACK: Rule = Rule::new("R-080", "RFC 8252 sections 7.3 and 8.3");
const SCHEME: Rule = Rule::new("R-081", "RFC 8252 section 7.1");
const ORIGIN: Rule = Rule::new("R-082", "atproto OAuth, Request Fields");
const DANGEROUS: Rule = Rule::new("R-083", "RFC 8252 section 8.4");
const WILDCARD: Rule = Rule::new("R-084", "RFC 9700 section 4.1.3");
const EXACT: Rule = Rule::new("R-110", "RFC 9700 section 4.1.3");

#[cfg(test)]
mod tests;
