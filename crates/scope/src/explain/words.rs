//! Names of technical things, for people.

use crate::{MediaRange, Nsid, ServiceId};
use std::collections::BTreeSet;

/// "a", "a and b", "a, b and c".
pub(super) fn enumerate<'a>(words: impl IntoIterator<Item = &'a str>) -> String {
    let mut words: Vec<_> = words.into_iter().collect();
    match (words.pop(), words.as_slice()) {
        (None, _) => String::new(),
        (Some(last), []) => last.to_owned(),
        (Some(last), before) => format!("{} and {last}", before.join(", ")),
    }
}

pub(super) fn capitalised(text: &str) -> String {
    let (first, rest) = text.split_at_checked(1).unwrap_or((text, ""));
    first.to_ascii_uppercase() + rest
}

/// "your posts and likes, and public records of the kind com.example.note"; `whose` is the first word.
pub(super) fn kinds_of_record(collections: &BTreeSet<Nsid>, whose: &str) -> String {
    let (named, others): (Vec<_>, Vec<_>) = collections
        .iter()
        .map(Nsid::as_str)
        .partition(|nsid| name(&COLLECTIONS, nsid).is_some());
    let kinds = if others.len() == 1 { "kind" } else { "kinds" };
    let listed = format!(
        "public records of the {kinds} {}",
        enumerate(others.iter().copied())
    );
    let known = enumerate(named.iter().filter_map(|nsid| name(&COLLECTIONS, nsid)));
    match (named.is_empty(), others.is_empty()) {
        (_, true) => format!("{whose} {known}"),
        (true, false) => format!("{whose} {listed}"),
        (false, false) => format!("{whose} {known}, and {listed}"),
    }
}

/// "pictures, video and files of the type text/html"; `None` for every kind there is.
pub(super) fn kinds_of_file(accept: &BTreeSet<MediaRange>) -> Option<String> {
    let (named, others): (Vec<_>, Vec<_>) = accept
        .iter()
        .map(MediaRange::as_str)
        .partition(|range| name(&MEDIA, range).is_some());
    if others.contains(&"*/*") {
        return None;
    }
    let types = if others.len() == 1 { "type" } else { "types" };
    let listed = format!("files of the {types} {}", enumerate(others.iter().copied()));
    let listed = (!others.is_empty()).then_some(listed.as_str());
    Some(enumerate(
        named.iter().filter_map(|range| name(&MEDIA, range)).chain(listed),
    ))
}

/// "api.bsky.app (bsky_appview)"
pub(super) fn service_name(service: &ServiceId) -> String {
    let did = service.did();
    let host = did.host().unwrap_or(did.as_str());
    match did.port() {
        Some(port) => format!("{host}:{port} ({})", service.name()),
        None => format!("{host} ({})", service.name()),
    }
}

fn name(table: &[(&str, &'static str)], text: &str) -> Option<&'static str> {
    table
        .iter()
        .find(|(known, _)| *known == text)
        .map(|(_, name)| *name)
}

/// The record types people meet under other names. Each name reads well after both "your" and "new".
const COLLECTIONS: [(&str, &str); 12] = [
    ("app.bsky.actor.profile", "profile details"),
    ("app.bsky.feed.generator", "custom feeds"),
    ("app.bsky.feed.like", "likes"),
    ("app.bsky.feed.post", "posts"),
    ("app.bsky.feed.postgate", "quoting rules"),
    ("app.bsky.feed.repost", "reposts"),
    ("app.bsky.feed.threadgate", "reply rules"),
    ("app.bsky.graph.block", "blocks"),
    ("app.bsky.graph.follow", "follows"),
    ("app.bsky.graph.list", "lists"),
    ("app.bsky.graph.listitem", "list entries"),
    ("app.bsky.graph.starterpack", "starter packs"),
];

const MEDIA: [(&str, &str); 4] = [
    ("audio/*", "sound"),
    ("image/*", "pictures"),
    ("text/*", "text files"),
    ("video/*", "video"),
];
