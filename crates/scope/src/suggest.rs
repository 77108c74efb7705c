//! What somebody may have meant who wrote a value that grants nothing, or less than they think.

mod nearest;
#[cfg(test)]
mod tests;
mod words;

use crate::syntax::Syntax;
use crate::{Did, InvalidValue, Meaning, Nsid, Scope};
use nearest::is_near;

/// Advice on one value as somebody wrote it, for the developer who is reading an error.
///
/// There is some for values that are often mistaken: scopes of OpenID Connect and of other services, wildcards the
/// grammar does not have, misspellings; and for the valid ones that do less than their name says. `None` for all
/// others, so also for most of what is invalid. Linear in the length of the text.
///
/// ```
/// use entryway_scope::suggest;
///
/// let advice = suggest("repo:app.bsky.feed.*").unwrap();
/// assert_eq!(advice.sentence, "there are no partial wildcards: name each collection in full, or use repo:*");
/// assert_eq!(advice.instead.unwrap().as_str(), "repo:*");
/// assert_eq!(suggest("repo:app.bsky.feed.post"), None);
/// ```
pub fn suggest(text: &str) -> Option<Suggestion> {
    if text.len() > TEXT_BYTES_MAX {
        return None;
    }
    match Scope::parse(text) {
        Ok(scope) => on_valid(scope.meaning()),
        Err(fault) => on_several(text)
            .or_else(|| words::known(text))
            .or_else(|| on_resource(text))
            .or_else(|| on_fault(text, fault))
            .or_else(|| on_unknown(text)),
    }
}

/// A piece of advice.
///
/// ```
/// use entryway_scope::suggest;
///
/// let advice = suggest("offline_access").unwrap();
/// assert_eq!(advice.sentence, "leave it out: every session has a refresh token");
/// assert_eq!(advice.instead, None);
/// ```
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Suggestion {
    /// What to do: lower case, no full stop, printable ASCII without quotation marks. Names `instead`, if there is one.
    pub sentence: String,
    /// A value that grants what was probably meant.
    pub instead: Option<Scope>,
}

impl Suggestion {
    fn plain(sentence: impl Into<String>) -> Self {
        Self {
            sentence: sentence.into(),
            instead: None,
        }
    }

    /// `None` where there is no such value: advice that does not work is none.
    fn instead(value: &str, sentence: impl FnOnce(&Scope) -> String) -> Option<Self> {
        let scope = Scope::from(Scope::parse(value).ok()?.meaning().clone());
        Some(Self {
            sentence: sentence(&scope),
            instead: Some(scope),
        })
    }
}

fn on_valid(meaning: &Meaning) -> Option<Suggestion> {
    match meaning.to_string().as_str() {
        "atproto" => Some(Suggestion::plain(words::ATPROTO)),
        "transition:chat.bsky" => Some(Suggestion::plain(
            "this permits nothing by itself: ask for transition:generic beside it",
        )),
        "account:repo" => Some(Suggestion::plain(
            "this has no effect: public records are read without any permission, and account:repo?action=manage is \
             for importing a repository",
        )),
        _ => None,
    }
}

fn on_several(text: &str) -> Option<Suggestion> {
    let mut values = text.split_whitespace();
    let is_each_valid = values.clone().count() > 1 && values.all(|value| Scope::parse(value).is_ok());
    is_each_valid.then(|| Suggestion::plain("these are several values: give each by itself"))
}

/// The right value but for the name of its resource.
fn on_resource(text: &str) -> Option<Suggestion> {
    let resource_bytes = text.find([':', '?']).unwrap_or(text.len());
    let (resource, rest) = text.split_at(resource_bytes);
    RESOURCES.iter().find_map(|known| {
        let meant = resource != *known && is_near(resource, known);
        let value = format!("{known}{rest}");
        meant
            .then(|| Suggestion::instead(&value, |scope| format!("probably {scope}")))
            .flatten()
    })
}

fn on_fault(text: &str, fault: InvalidValue) -> Option<Suggestion> {
    use InvalidValue as I;
    match fault {
        I::Collection => on_names(text, "repo", "collection"),
        I::Method => on_names(text, "rpc", "lxm"),
        I::RepoAction if text.contains("action=*") => {
            let value = text.split('?').next()?;
            Suggestion::instead(value, |scope| format!("leave action out for all three: {scope}"))
        }
        I::RepoAction if text.contains("action=read") => Some(Suggestion::plain(words::READING)),
        I::RepoAction => Some(Suggestion::plain(
            "write each action by itself, as in action=create&action=delete, or leave action out for all three",
        )),
        I::Audience if !text.contains("aud=") => {
            let value = format!("{text}{}aud=*", if text.contains('?') { '&' } else { '?' });
            Suggestion::instead(&value, |scope| {
                format!(
                    "say of which service: one, as in aud=did:web:api.bsky.app%23bsky_appview, or any, as in {scope}"
                )
            })
        }
        I::Audience | I::IncludeAudience => on_audience(text),
        I::AnyMethodAnywhere => Some(Suggestion::plain(
            "name the methods and leave the service open, or name the service and leave the methods open, as in \
             rpc:*?aud=did:web:api.bsky.app%23bsky_appview",
        )),
        I::Accept => on_media(text),
        I::PermissionSet if text.contains('*') => Some(Suggestion::plain(
            "name one permission set in full, as in include:com.example.authBasic",
        )),
        _ => None,
    }
}

/// Names with wildcards in them, or several in a row.
fn on_names(text: &str, resource: &str, parameter: &str) -> Option<Suggestion> {
    let (head, query) = text.split_once('?').unwrap_or((text, ""));
    let names = head.strip_prefix(resource)?.strip_prefix(':')?;
    let and_query = |mark: &str| {
        if query.is_empty() {
            String::new()
        } else {
            format!("{mark}{query}")
        }
    };
    if names.contains(',') {
        let parameters: Vec<_> = names
            .split(',')
            .map(|name| format!("{parameter}={name}"))
            .collect();
        let value = format!("{resource}?{}{}", parameters.join("&"), and_query("&"));
        return Suggestion::instead(&value, |scope| format!("write each name by itself: {scope}"));
    }
    if !names.contains('*') {
        return None;
    }
    let kind = if resource == "repo" {
        "collection"
    } else {
        "method"
    };
    let value = format!("{resource}:*{}", and_query("?"));
    Suggestion::instead(&value, |scope| {
        format!("there are no partial wildcards: name each {kind} in full, or use {scope}")
    })
}

/// A DID that lacks the name of a service.
fn on_audience(text: &str) -> Option<Suggestion> {
    let syntax = Syntax::parse(text.get(text.find([':', '?'])?..)?).ok()?;
    match syntax.single("aud").ok()?? {
        "*" => Some(Suggestion::plain(
            "a permission set is for one service or for none: name it, or leave aud out",
        )),
        audience => {
            let did = Did::parse(audience).ok()?;
            let escaped = did.as_str().replace('%', "%25");
            Some(Suggestion::plain(format!(
                "name the service after the DID, as in aud={escaped}%23bsky_appview"
            )))
        }
    }
}

fn on_media(text: &str) -> Option<Suggestion> {
    let kind = text.strip_prefix("blob:")?;
    if kind.contains(',') {
        let named: Vec<_> = kind.split(',').map(|range| format!("accept={range}")).collect();
        let value = format!("blob?{}", named.join("&"));
        return Suggestion::instead(&value, |scope| format!("write each type by itself: {scope}"));
    }
    let whole = kind.trim_end_matches(['/', '*']);
    let value = ["image", "video", "audio", "text", "font", "application"]
        .iter()
        .find(|known| **known == whole)
        .map(|known| format!("blob:{known}/*"))?;
    Suggestion::instead(&value, |scope| {
        format!("a media type has two parts: {scope} for all of a kind")
    })
}

fn on_unknown(text: &str) -> Option<Suggestion> {
    if text.starts_with("ref:") {
        return Some(Suggestion::plain(
            "a reference stands in tokens only, for all their permissions: ask for the permissions themselves",
        ));
    }
    if let Ok(name) = Nsid::parse(text) {
        let value = format!("repo:{name}");
        return Suggestion::instead(&value, |scope| {
            format!("{scope} for writing records of this type, rpc:{name}?aud=... for calling a method")
        });
    }
    let value = [
        "transition:generic",
        "transition:email",
        "transition:chat.bsky",
        "atproto",
    ]
    .into_iter()
    .find(|known| is_near(text, known))?;
    Suggestion::instead(value, |scope| format!("probably {scope}"))
}

const RESOURCES: [&str; 6] = ["repo", "rpc", "blob", "account", "identity", "include"];
/// As long as a value of a wire string may be.
const TEXT_BYTES_MAX: usize = 2048;
