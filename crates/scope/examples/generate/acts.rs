//! Things to do.

use std::sync::LazyLock;

use entryway_scope::{AccountAction, AccountAttribute, Act, IdentityPermission, Nsid, RepoAction};
use serde_json::{Value, json};

use crate::random::Random;
use crate::values::{self, MEDIA};

pub(crate) fn act(random: &mut Random) -> Act<'static> {
    match random.below(6) {
        0 | 1 => Act::Repo {
            collection: &COLLECTIONS[random.below(COLLECTIONS.len())],
            action: RepoAction::ALL[random.below(RepoAction::ALL.len())],
        },
        2 | 3 => Act::Rpc {
            method: METHODS.get(random.below(METHODS.len() + 1)),
            audience: random.pick(AUDIENCES),
        },
        4 => {
            let odd = random.one_in(3);
            let media_type = random.pick(if odd { ODD_TYPES } else { MEDIA });
            Act::Blob { media_type }
        }
        _ => account_or_identity(random.below(8)),
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

/// As the reference's package names things.
pub(crate) fn to_json(act: Act<'_>) -> Value {
    match act {
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

static COLLECTIONS: LazyLock<Vec<Nsid>> = LazyLock::new(|| nsids(values::COLLECTIONS));
static METHODS: LazyLock<Vec<Nsid>> = LazyLock::new(|| {
    let others = ["Chat.Bsky.convo.getLog", "chat.bskyx.convo.getLog"];
    nsids(&[values::METHODS, &others].concat())
});

/// Without the wildcard among them.
fn nsids(names: &[&str]) -> Vec<Nsid> {
    names.iter().filter_map(|text| Nsid::parse(text).ok()).collect()
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
