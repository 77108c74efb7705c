//! What property tests draw from.

use crate::{AccountAction, AccountAttribute, Act, IdentityPermission, Nsid, RepoAction, ScopeSet};
use proptest::prelude::*;
use proptest::sample::{select, subsequence};

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
    let repo = (
        names(NAMES),
        subsequence(vec!["create", "update", "delete"], 0..=3),
    )
        .prop_map(|(names, actions)| {
            format!(
                "repo?{}{}",
                named("collection", &names),
                named("&action", &actions)
            )
        });
    let rpc = (names(NAMES), select(AUDIENCES.to_vec())).prop_map(|(names, audience)| {
        let audience = if names.contains(&"*") && audience == "*" {
            "did:web:h%23svc"
        } else {
            audience
        };
        format!("rpc?{}&aud={audience}", named("lxm", &names))
    });
    let blob = names(MEDIA).prop_map(|ranges| format!("blob?{}", named("accept", &ranges)));
    prop_oneof![fixed.prop_map(str::to_owned), repo, rpc, blob]
}

/// Something to ask for, of the same names; its names live in statics.
pub(crate) fn act() -> impl Strategy<Value = OwnedAct> {
    let name = || select(NAMES.to_vec()).prop_map(|text| Nsid::parse(text).ok());
    let repo = (name(), select(RepoAction::ALL.to_vec()))
        .prop_filter_map("a collection has a name", |(name, action)| {
            Some(OwnedAct::Repo(name?, action))
        });
    let rpc = (
        name(),
        select(vec!["did:web:h#svc", "did:web:h#other", "did:web:h", ""]),
    )
        .prop_map(|(name, audience)| OwnedAct::Rpc(name, audience));
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
    prop_oneof![repo, rpc, others.prop_map(OwnedAct::Other)]
}

/// An [`Act`] that owns its names.
#[derive(Clone, Debug)]
pub(crate) enum OwnedAct {
    Repo(Nsid, RepoAction),
    Rpc(Option<Nsid>, &'static str),
    Other(Act<'static>),
}

impl OwnedAct {
    pub(crate) fn as_act(&self) -> Act<'_> {
        match self {
            Self::Repo(collection, action) => Act::Repo {
                collection,
                action: *action,
            },
            Self::Rpc(method, audience) => Act::Rpc {
                method: method.as_ref(),
                audience,
            },
            Self::Other(act) => *act,
        }
    }
}

fn names(from: &[&'static str]) -> impl Strategy<Value = Vec<&'static str>> {
    subsequence(from.to_vec(), 1..=2)
}

fn named(name: &str, values: &[&str]) -> String {
    let pairs: Vec<_> = values.iter().map(|value| format!("{name}={value}")).collect();
    let joined = pairs.join("&");
    joined.replace("&&", "&")
}

const NAMES: &[&str] = &["*", "a.b.c", "a.b.d", "a.b.c.d", "chat.bsky.convo.getLog"];
const AUDIENCES: &[&str] = &["*", "did:web:h%23svc", "did:web:h%23other"];
const MEDIA: &[&str] = &["*/*", "image/*", "image/png", "text/html"];
