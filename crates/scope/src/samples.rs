//! What property tests draw from.

use crate::{AccountAction, AccountAttribute, Act, IdentityPermission, Nsid, RepoAction, ScopeSet};
use proptest::prelude::*;
use proptest::sample::{select, subsequence};
use std::sync::LazyLock;

/// Values assembled from the grammar's own pieces, most of them wrong in one place.
pub(crate) fn near_miss() -> impl Strategy<Value = String> {
    let resource = select(vec![
        "repo", "rpc", "blob", "account", "identity", "include", "atproto",
    ]);
    let word = prop_oneof![
        Just(String::new()),
        select(vec![
            "*",
            "a.b.c",
            "a.b.d",
            "app.bsky.feed.post",
            "*/*",
            "image/*",
            "Image/PNG",
            "text/html",
            "a/b%2Bc",
            "email",
            "repo",
            "status",
            "handle",
            "create",
            "update",
            "delete",
            "read",
            "manage",
            "did:web:h%23svc",
            "did:web:localhost%253A80%23s%2525",
            "did:plc:ewvi7nxzyoun6zhxrhs64oiz#svc",
            "%zz",
            "a.b.*",
        ])
        .prop_map(str::to_owned),
        "[a-z.:%#/*+]{0,12}",
    ];
    let name = select(vec![
        "collection",
        "action",
        "lxm",
        "aud",
        "accept",
        "attr",
        "nsid",
        "x",
        "%61ud",
    ]);
    let parameters = prop::collection::vec((name, word.clone()), 0..4);
    (resource, prop::option::of(word), parameters).prop_map(|(resource, positional, parameters)| {
        let positional = positional.map(|word| format!(":{word}")).unwrap_or_default();
        let query: Vec<_> = parameters
            .iter()
            .map(|(name, value)| format!("{name}={value}"))
            .collect();
        let mark = if query.is_empty() { "" } else { "?" };
        format!("{resource}{positional}{mark}{}", query.join("&"))
    })
}

/// Sets of valid values of few names, so that values often overlap.
pub(crate) fn scope_set() -> impl Strategy<Value = ScopeSet> {
    prop::collection::vec(valid(), 0..6).prop_map(|values| {
        let wire = values.join(" ");
        ScopeSet::parse(&wire).unwrap_or_default()
    })
}

/// One valid value.
pub(crate) fn valid() -> impl Strategy<Value = String> {
    let fixed = select(vec![
        "atproto",
        "transition:generic",
        "transition:email",
        "transition:chat.bsky",
        "account:email",
        "account:email?action=manage",
        "account:repo?action=manage",
        "account:status",
        "identity:handle",
        "identity:*",
        "include:a.b.set",
        "include:a.b.set?aud=did:web:h%23svc",
        "include:a.b.set?aud=did:web:h%23other",
    ]);
    let actions = subsequence(vec!["create", "update", "delete"], 0..=3);
    let repo = (names(NAMES), actions).prop_map(|(names, actions)| {
        format!("repo?{}", query(&[("collection", &names), ("action", &actions)]))
    });
    let rpc = (names(NAMES), select(AUDIENCES)).prop_map(|(names, audience)| {
        let is_any = names.contains(&"*") && audience == "*";
        let audience = if is_any { "did:web:h%23svc" } else { audience };
        format!("rpc?{}", query(&[("lxm", &names), ("aud", &[audience])]))
    });
    let blob = names(MEDIA).prop_map(|ranges| format!("blob?{}", query(&[("accept", &ranges)])));
    prop_oneof![fixed.prop_map(str::to_owned), repo, rpc, blob]
}

/// Something to ask for, of the same names.
pub(crate) fn act() -> impl Strategy<Value = Act<'static>> {
    let repo = (select(NSIDS.as_slice()), select(&RepoAction::ALL[..]))
        .prop_map(|(collection, action)| Act::Repo { collection, action });
    let audience = select(&["did:web:h#svc", "did:web:h#other", "did:web:h", ""][..]);
    let method = prop::option::weighted(0.8, select(NSIDS.as_slice()));
    let rpc = (method, audience).prop_map(|(method, audience)| Act::Rpc { method, audience });
    let others = select(vec![
        Act::Blob {
            media_type: "image/png",
        },
        Act::Blob {
            media_type: "image/gif",
        },
        Act::Blob {
            media_type: "text/html",
        },
        Act::Identity(IdentityPermission::Handle),
        Act::Identity(IdentityPermission::Any),
        Act::Account {
            attribute: AccountAttribute::Email,
            action: AccountAction::Read,
        },
        Act::Account {
            attribute: AccountAttribute::Email,
            action: AccountAction::Manage,
        },
        Act::Account {
            attribute: AccountAttribute::Repo,
            action: AccountAction::Manage,
        },
        Act::Account {
            attribute: AccountAttribute::Status,
            action: AccountAction::Read,
        },
    ]);
    prop_oneof![repo, rpc, others]
}

fn names(from: &[&'static str]) -> impl Strategy<Value = Vec<&'static str>> {
    subsequence(from.to_vec(), 1..=2)
}

fn query(parameters: &[(&str, &[&str])]) -> String {
    let pairs = parameters
        .iter()
        .flat_map(|(name, values)| values.iter().map(move |value| format!("{name}={value}")));
    pairs.collect::<Vec<_>>().join("&")
}

/// Those of the names that are NSIDs. Leaked, so that acts may borrow from them.
static NSIDS: LazyLock<Vec<&'static Nsid>> = LazyLock::new(|| {
    let names = NAMES.iter().filter_map(|text| Nsid::parse(text).ok());
    names.map(|nsid| &*Box::leak(Box::new(nsid))).collect()
});

const NAMES: &[&str] = &["*", "a.b.c", "a.b.d", "a.b.c.d", "chat.bsky.convo.getLog"];
const AUDIENCES: &[&str] = &["*", "did:web:h%23svc", "did:web:h%23other"];
const MEDIA: &[&str] = &["*/*", "image/*", "image/png", "text/html"];
