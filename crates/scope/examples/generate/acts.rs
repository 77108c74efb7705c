//! Things to do.

use entryway_scope::{AccountAction, AccountAttribute, Act, IdentityPermission, Nsid, RepoAction};
use serde_json::{Value, json};

use crate::random::Random;
use crate::values::{COLLECTIONS, MEDIA, METHODS, REPO_ACTIONS};

/// An [`Act`] that owns its names.
pub(crate) enum OwnedAct {
    Repo(Nsid, RepoAction),
    Rpc(Option<Nsid>, &'static str),
    Other(Act<'static>),
}

pub(crate) fn act(random: &mut Random) -> OwnedAct {
    match random.below(6) {
        0 | 1 => loop {
            let action = random.pick(REPO_ACTIONS);
            let action = RepoAction::ALL.into_iter().find(|known| known.as_str() == action);
            if let (Ok(name), Some(action)) = (Nsid::parse(random.pick(COLLECTIONS)), action) {
                break OwnedAct::Repo(name, action);
            }
        },
        2 | 3 => {
            let method = match random.below(8) {
                0 => "Chat.Bsky.convo.getLog",
                1 => "chat.bskyx.convo.getLog",
                _ => random.pick(METHODS),
            };
            OwnedAct::Rpc(Nsid::parse(method).ok(), random.pick(AUDIENCES))
        }
        4 => {
            let media_type = if random.one_in(3) {
                random.pick(ODD_TYPES)
            } else {
                random.pick(MEDIA)
            };
            OwnedAct::Other(Act::Blob { media_type })
        }
        _ => OwnedAct::Other(account_or_identity(random.below(8))),
    }
}

fn account_or_identity(index: usize) -> Act<'static> {
    use AccountAttribute::{Email, Repo, Status};
    let action = if index.is_multiple_of(2) {
        AccountAction::Read
    } else {
        AccountAction::Manage
    };
    match index {
        0 | 1 => Act::Account {
            attribute: Email,
            action,
        },
        2 | 3 => Act::Account {
            attribute: Repo,
            action,
        },
        4 | 5 => Act::Account {
            attribute: Status,
            action,
        },
        6 => Act::Identity(IdentityPermission::Handle),
        _ => Act::Identity(IdentityPermission::Any),
    }
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

    /// As the reference's package names things.
    pub(crate) fn to_json(&self) -> Value {
        match self.as_act() {
            Act::Repo { collection, action } => {
                json!({"resource": "repo", "collection": collection.as_str(), "action": action.as_str()})
            }
            Act::Rpc { method, audience } => {
                json!({"resource": "rpc", "lxm": method.map_or("*", Nsid::as_str), "aud": audience})
            }
            Act::Blob { media_type } => json!({"resource": "blob", "mime": media_type}),
            Act::Account { attribute, action } => {
                json!({"resource": "account", "attr": attribute.as_str(), "action": action.as_str()})
            }
            Act::Identity(attribute) => json!({"resource": "identity", "attr": attribute.as_str()}),
        }
    }
}

const AUDIENCES: &[&str] = &[
    "did:web:h#svc",
    "did:web:h#svc",
    "did:web:h#other",
    "did:web:h",
    "did:web:H#svc",
    "did:web:localhost%3A2583#svc",
    "did:plc:ewvi7nxzyoun6zhxrhs64oiz#svc",
    "*",
    "",
    "nonsense",
];
const ODD_TYPES: &[&str] = &[
    "",
    "image",
    "image/",
    "/png",
    "*",
    "IMAGE/PNG",
    "image/PNG",
    "image/png; q=1",
    "image/png/x",
    "imagex/png",
    "a(b)/c",
    "image/png2",
];
