//! What the client says of itself, for people.

use url::Url;

use super::finding::{Findings, Rule};
use super::link;
use super::wire::Document;
use crate::client::Presentation;
use crate::client_id::ClientId;

/// what may be shown where an operator trusts the client. Translations such as
/// `client_name#de` are members nobody here knows.
pub(super) fn presentation(document: &Document<'_>, id: &ClientId, findings: &mut Findings) -> Presentation {
    Presentation {
        name: name(document, findings),
        client_uri: client_uri(document, id, findings),
        logo_uri: uri("logo_uri", document, id, findings),
        tos_uri: uri("tos_uri", document, id, findings),
        policy_uri: uri("policy_uri", document, id, findings),
    }
}

/// A name that cannot be shown is dropped: it is no reason to turn anybody away.
fn name(document: &Document<'_>, findings: &mut Findings) -> Option<String> {
    let written = document.text("client_name", findings).given()?;
    match unfit(&written) {
        None => Some(written.trim().to_owned()),
        Some(expected) => {
            findings.warning("client_name", expected, NAME);
            None
        }
    }
}

fn unfit(name: &str) -> Option<&'static str> {
    if name.trim().is_empty() {
        Some("is empty, so it is not shown")
    } else if name.chars().count() > NAME_CHARS_MAX {
        Some("is longer than 100 characters, so it is not shown")
    } else if name.chars().any(is_directing) {
        Some("has control or bidirectional characters, so it is not shown")
    } else {
        None
    }
}

/// Whether a character acts on the text around it: a control, or one that turns the direction of writing.
fn is_directing(point: char) -> bool {
    point.is_control()
        || matches!(point,
            '\u{61c}' | '\u{200e}'..='\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2066}'..='\u{2069}')
}

/// the home page is at the host of the document, or it could be anybody's.
fn client_uri(document: &Document<'_>, id: &ClientId, findings: &mut Findings) -> Option<Url> {
    let url = uri("client_uri", document, id, findings)?;
    let own = id.document_url();
    if own.as_ref().and_then(Url::host_str) == url.host_str() {
        return Some(url);
    }
    findings.error("client_uri", "must be at the host of client_id", HOME);
    None
}

///
fn uri(name: &'static str, document: &Document<'_>, id: &ClientId, findings: &mut Findings) -> Option<Url> {
    let written = document.text(name, findings).given()?;
    link::read(&written, id)
        .map_err(|expected| findings.error(name, expected, LINK))
        .ok()
}

/// Characters of a name, as Unicode counts them.
const NAME_CHARS_MAX: usize = 100;

const NAME: Rule = Rule::new("R-196", "Client ID Metadata Document section 6.4");
const HOME: Rule = Rule::new("R-077", "atproto OAuth, Client ID Metadata Document");
const LINK: Rule = Rule::new("R-078", "atproto OAuth, Client ID Metadata Document");

#[cfg(test)]
mod tests;
