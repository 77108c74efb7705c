//! Who the client is, and what it may ask for.

use std::collections::{BTreeMap, BTreeSet};

use entryway_scope::{InvalidScope, ScopeSet};

use super::finding::{Findings, Rule};
use super::wire::{Document, Member, item};
use crate::client::ApplicationType;
use crate::client_id::{ClientId, ClientIdKind};

/// the document names the URL it was fetched from.
pub(super) fn client_id(document: &Document<'_>, id: &ClientId, findings: &mut Findings) {
    if id.kind() == ClientIdKind::Loopback {
        // a caller's mistake, answered as a refusal: the virtual client is what its query says
        findings.error("client_id", "must be the URL of a document", SAME_URL);
    }
    let named = document.text("client_id", findings);
    if let Some(named) = named.required("client_id", SAME_URL, findings)
        && named != id.as_str()
    {
        findings.error(
            "client_id",
            "must be exactly the URL the document is fetched from",
            SAME_URL,
        );
    }
    if id.as_str().contains('?') {
        findings.warning("client_id", "should not have a query", NO_QUERY);
    }
}

/// where the client runs; nothing if it does not say it in words of ours.
pub(super) fn application_type(document: &Document<'_>, findings: &mut Findings) -> Option<ApplicationType> {
    let written = match document.text("application_type", findings) {
        Member::Absent => return Some(ApplicationType::Web),
        Member::Mistyped => return None,
        Member::Given(written) => written,
    };
    match written.as_str() {
        "web" => Some(ApplicationType::Web),
        "native" => Some(ApplicationType::Native),
        _ => {
            findings.error("application_type", "must be web or native", KNOWN_TYPE);
            None
        }
    }
}

/// whether the client may refresh.
pub(super) fn grant_types(document: &Document<'_>, findings: &mut Findings) -> bool {
    const NAME: &str = "grant_types";
    let listed = match document.list(NAME, findings) {
        Member::Absent => {
            findings.warning(
                NAME,
                "is absent, which stands for authorization_code alone, so no session outlives its first access token",
                GRANTS,
            );
            return false;
        }
        Member::Mistyped => return false,
        Member::Given(listed) => listed,
    };
    let mut seen = BTreeSet::new();
    for (at, value) in listed.iter() {
        if !matches!(value, "authorization_code" | "refresh_token") {
            findings.error(
                item(NAME, at),
                "must be authorization_code or refresh_token",
                GRANTS,
            );
        } else if !seen.insert(value) {
            findings.error(item(NAME, at), "must not be listed twice", GRANTS);
        }
    }
    if !seen.contains("authorization_code") {
        findings.error(NAME, "must include authorization_code", GRANTS);
    }
    let refreshes = seen.contains("refresh_token");
    if !refreshes {
        findings.warning(
            NAME,
            "does not include refresh_token, so no session outlives its first access token",
            GRANTS,
        );
    }
    refreshes
}

/// of what may be answered, a code is all a client gets.
pub(super) fn response_types(document: &Document<'_>, findings: &mut Findings) {
    const NAME: &str = "response_types";
    let listed = match document.list(NAME, findings) {
        Member::Absent => return findings.warning(NAME, "is absent, which stands for code", RESPONSES),
        Member::Mistyped => return,
        Member::Given(listed) => listed,
    };
    if !listed.iter().any(|(_, value)| value == "code") {
        findings.error(NAME, "must include code", RESPONSES);
    }
    for (at, _) in listed.iter().filter(|(_, value)| *value != "code") {
        findings.warning(item(NAME, at), "is never granted, only code is", RESPONSES);
    }
}

/// what the client may ask for, and the values this server does not know.
pub(super) fn scope(document: &Document<'_>, findings: &mut Findings) -> Option<(ScopeSet, Vec<String>)> {
    let written = document
        .text("scope", findings)
        .required("scope", SCOPE, findings)?;
    let (known, unknown) = match ScopeSet::parse_lenient(&written) {
        Ok(read) => read,
        Err(fault) => {
            findings.error("scope", expected_of(fault), SCOPE);
            return None;
        }
    };
    let mut seen = BTreeMap::new();
    for (at, value) in written.split(' ').enumerate() {
        let times = seen.entry(value).or_insert(0_usize);
        *times += 1;
        if *times == 2 {
            findings.error(item("scope", at), "must not be listed twice", SCOPE);
        } else if *times == 1 && unknown.iter().any(|one| one == value) {
            findings.warning(
                item("scope", at),
                "is not a scope value this server knows, and is never granted",
                UNKNOWN_SCOPE,
            );
        }
    }
    if !known.contains_str("atproto") {
        findings.error("scope", "must include atproto", SCOPE);
    } else if seen.len() == 1 {
        findings.warning(
            "scope",
            "is atproto alone, which lets people sign in and grants nothing else",
            SCOPE,
        );
    }
    if known.contains_str("transition:chat.bsky") && !known.contains_str("transition:generic") {
        findings.warning(
            "scope",
            "has transition:chat.bsky, which grants nothing without transition:generic",
            CHAT,
        );
    }
    Some((known, unknown))
}

fn expected_of(fault: InvalidScope) -> &'static str {
    match fault {
        InvalidScope::TooLong => "must be at most 16384 bytes long",
        InvalidScope::TooManyValues => "must hold at most 512 values",
        InvalidScope::ValueTooLong => "must have values of at most 2048 bytes",
        InvalidScope::Charset => {
            "must have no other characters than printable ASCII without quotation marks and backslashes"
        }
        _ => "must be a list of scope values, with exactly one space between two",
    }
}

const SAME_URL: Rule = Rule::new("R-052", "Client ID Metadata Document section 4.1");
const NO_QUERY: Rule = Rule::new("R-044", "Client ID Metadata Document section 3");
const KNOWN_TYPE: Rule = Rule::new("R-064", "OpenID Connect Dynamic Client Registration section 2");
const GRANTS: Rule = Rule::new("R-065", "RFC 7591 section 2");
const RESPONSES: Rule = Rule::new("R-067", "RFC 7591 section 2");
const SCOPE: Rule = Rule::new("R-066", "atproto OAuth, Authorization Scopes");
const UNKNOWN_SCOPE: Rule = Rule::new("R-361", "atproto Permission");
const CHAT: Rule = Rule::new("R-379", "atproto OAuth, Transitional Scopes");

#[cfg(test)]
mod tests;
