//! The document as it is written: every member read by itself, so that one of the wrong type hides no
//! other fault.

use std::collections::BTreeSet;

use serde::de::{DeserializeOwned, IgnoredAny};
use serde_json::value::RawValue;

use super::finding::{Findings, Rule};
use super::{BODY_BYTES_MAX, unsupported};
use crate::json::Members;

/// A JSON object without a repeated member, of members that nobody has read yet.
pub(super) struct Document<'a>(Members<'a>);

/// A member, as far as its type goes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Member<T> {
    /// It is not there.
    Absent,
    /// It is of another type, which is already among the findings.
    Mistyped,
    /// It is there.
    Given(T),
}

/// The values of a list; nothing in the place of one that is no string, which is among the findings.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct List(Vec<Option<String>>);

/// Values read of one list; the next one is a fault.
pub(super) const LIST_MAX: usize = 32;

impl<'a> Document<'a> {
    /// Reads strict JSON. Nothing if there is no object to go on with.
    pub(super) fn read(body: &'a [u8], findings: &mut Findings) -> Option<Self> {
        let text = match text(body) {
            Ok(text) => text,
            Err((expected, rule)) => {
                findings.error(DOCUMENT, expected, rule);
                return None;
            }
        };
        let Ok(members) = Members::read(text) else {
            let well_formed = serde_json::from_str::<IgnoredAny>(text).is_ok();
            let expected = if well_formed {
                "must be an object"
            } else {
                "must be well-formed JSON"
            };
            findings.error(DOCUMENT, expected, JSON);
            return None;
        };
        // a name that is not ours is the document's own text, which no sentence repeats
        let known = |name: &str| {
            MEMBERS
                .into_iter()
                .chain(unsupported::names())
                .find(|one| *one == name)
        };
        let repeated: BTreeSet<_> = members.repeated().map(known).collect();
        for name in repeated {
            match name {
                Some(name) => findings.error(name, "must not be given twice", REPEATED),
                None => findings.error(DOCUMENT, "must not name a member twice", REPEATED),
            }
        }
        Some(Self(members))
    }

    pub(super) fn has(&self, name: &str) -> bool {
        self.0.member(name).is_some()
    }

    /// The JSON text of a member.
    pub(super) fn json(&self, name: &str) -> Option<&'a str> {
        self.0.member(name)
    }

    pub(super) fn text(&self, name: &'static str, findings: &mut Findings) -> Member<String> {
        self.typed(name, "must be a string", findings)
    }

    pub(super) fn flag(&self, name: &'static str, findings: &mut Findings) -> Member<bool> {
        self.typed(
            name,
            "must be the JSON value true, without quotation marks",
            findings,
        )
    }

    pub(super) fn list(&self, name: &'static str, findings: &mut Findings) -> Member<List> {
        let values: Vec<&RawValue> = match self.0.member(name).map(serde_json::from_str) {
            None => return Member::Absent,
            Some(Err(_)) => {
                findings.error(name, "must be an array of strings", TYPE);
                return Member::Mistyped;
            }
            Some(Ok(values)) => values,
        };
        if values.len() > LIST_MAX {
            findings.error(name, "must list at most 32 values", SIZE);
        }
        let values = values.into_iter().take(LIST_MAX).map(RawValue::get);
        let texts: Vec<Option<String>> = values.map(|json| serde_json::from_str(json).ok()).collect();
        for (at, _) in texts.iter().enumerate().filter(|(_, text)| text.is_none()) {
            findings.error(item(name, at), "must be a string", TYPE);
        }
        Member::Given(List(texts))
    }

    fn typed<T: DeserializeOwned>(
        &self,
        name: &'static str,
        expected: &'static str,
        findings: &mut Findings,
    ) -> Member<T> {
        match self.0.member(name).map(serde_json::from_str) {
            None => Member::Absent,
            Some(Ok(value)) => Member::Given(value),
            Some(Err(_)) => {
                findings.error(name, expected, TYPE);
                Member::Mistyped
            }
        }
    }
}

impl<T> Member<T> {
    /// The value, if there is one to judge.
    pub(super) fn given(self) -> Option<T> {
        match self {
            Self::Given(value) => Some(value),
            Self::Absent | Self::Mistyped => None,
        }
    }

    /// The value of a member that must be there.
    pub(super) fn required(self, name: &'static str, rule: Rule, findings: &mut Findings) -> Option<T> {
        if matches!(self, Self::Absent) {
            findings.error(name, "is required", rule);
        }
        self.given()
    }
}

impl List {
    pub(super) const fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// The strings, each with its position.
    pub(super) fn iter(&self) -> impl Iterator<Item = (usize, &str)> {
        let texts = self.0.iter().enumerate();
        texts.filter_map(|(at, text)| Some((at, text.as_deref()?)))
    }
}

/// The name of one value of a list.
pub(super) fn item(name: &str, at: usize) -> String {
    format!("{name}[{at}]")
}

fn text(body: &[u8]) -> Result<&str, (&'static str, Rule)> {
    if body.len() > BODY_BYTES_MAX {
        return Err(("is larger than 65536 bytes", SIZE));
    }
    let text = std::str::from_utf8(body).map_err(|_| ("must be UTF-8", JSON))?;
    if text.starts_with('\u{feff}') {
        return Err(("must not begin with a byte order mark", JSON));
    }
    if is_deeper_than(text, DEPTH_MAX) {
        return Err(("must not nest deeper than 16 levels", JSON));
    }
    Ok(text)
}

/// Whether brackets outside of strings nest deeper; that they pair up is for the parser to see.
fn is_deeper_than(json: &str, limit: usize) -> bool {
    let (mut depth, mut in_string) = (0_usize, false);
    let mut bytes = json.bytes();
    while let Some(byte) = bytes.next() {
        match (in_string, byte) {
            // what is escaped ends no string
            (true, b'\\') => drop(bytes.next()),
            (_, b'"') => in_string = !in_string,
            (false, b'{' | b'[') if depth == limit => return true,
            (false, b'{' | b'[') => depth += 1,
            (false, b'}' | b']') => depth = depth.saturating_sub(1),
            _ => {}
        }
    }
    false
}

/// How the document itself is called.
const DOCUMENT: &str = "the document";
/// Levels of nesting; a key in a key set is on the fourth.
const DEPTH_MAX: usize = 16;

/// The members this service reads, beside those of which it only wants that they are not there.
const MEMBERS: [&str; 16] = [
    "application_type",
    "client_id",
    "client_name",
    "client_uri",
    "dpop_bound_access_tokens",
    "grant_types",
    "jwks",
    "jwks_uri",
    "logo_uri",
    "policy_uri",
    "redirect_uris",
    "response_types",
    "scope",
    "token_endpoint_auth_method",
    "token_endpoint_auth_signing_alg",
    "tos_uri",
];

const SIZE: Rule = Rule::new("R-053", "Client ID Metadata Document section 6.6");
const JSON: Rule = Rule::new("R-056", "RFC 8259");
const REPEATED: Rule = Rule::new("R-057", "RFC 8259 section 4");
const TYPE: Rule = Rule::new("R-093", "RFC 7591 section 2");
