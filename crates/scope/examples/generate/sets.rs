//! Permission sets, of which many permissions are nearly right.

use entryway_scope::{Meaning, Nsid, PermissionSet, Scope};
use serde_json::{Map, Value, json};

use crate::random::Random;

pub(crate) fn set(random: &mut Random) -> Value {
    let include = random.pick(INCLUDES);
    let permissions: Vec<_> = (0..=random.below(5)).map(|_| permission(random)).collect();
    let scopes = expanded(include, &permissions).unwrap_or_default();
    json!({"include": include, "permissions": permissions, "scopes": scopes})
}

fn expanded(include: &str, permissions: &[Value]) -> Option<Vec<String>> {
    let name = Nsid::parse(NAME).ok()?;
    let main = json!({"type": "permission-set", "permissions": permissions});
    let record = json!({"lexicon": 1, "id": NAME, "defs": {"main": main}});
    let set = PermissionSet::read(&name, &record).ok()?;
    let scope = Scope::parse(include).ok()?;
    let Meaning::Include(include) = scope.meaning() else {
        return None;
    };
    Some(set.expand(include).iter().map(ToString::to_string).collect())
}

fn permission(random: &mut Random) -> Value {
    let mut members = Map::new();
    members.insert("type".to_owned(), json!("permission"));
    let resource = random.pick(RESOURCES);
    members.insert("resource".to_owned(), json!(resource));
    let name = if resource == "rpc" { "lxm" } else { "collection" };
    if !random.one_in(12) {
        let names: Vec<_> = (0..=random.below(3)).map(|_| random.pick(NAMES)).collect();
        members.insert(name.to_owned(), json!(names));
    }
    if resource == "rpc" {
        let (audience, inherited) = random.pick(INHERITANCE);
        members.extend(audience.map(|text| ("aud".to_owned(), json!(text))));
        members.extend(inherited.map(|flag| ("inheritAud".to_owned(), json!(flag))));
    } else if random.one_in(2) {
        let actions: Vec<_> = (0..random.below(3)).map(|_| random.pick(ACTIONS)).collect();
        members.insert("action".to_owned(), json!(actions));
    }
    if random.one_in(4) {
        members.insert(random.pick(MEMBERS).to_owned(), odd(random));
    }
    Value::Object(members)
}

fn odd(random: &mut Random) -> Value {
    match random.below(9) {
        0 => json!(null),
        1 => json!(false),
        2 => json!(true),
        3 => json!("*"),
        4 => json!(["*"]),
        5 => json!([]),
        6 => json!("did:web:evil#svc"),
        7 => json!(["com.example.feed.post", 1]),
        _ => json!("com.example.feed.post"),
    }
}

const NAME: &str = "com.example.feed.authBasic";
const INCLUDES: &[&str] = &[
    "include:com.example.feed.authBasic",
    "include:com.example.feed.authBasic?aud=did:web:h%23svc",
];
const RESOURCES: &[&str] = &[
    "repo", "rpc", "repo", "rpc", "repo", "rpc", "blob", "account", "identity", "include", "Repo", "",
];
const NAMES: &[&str] = &[
    "com.example.feed.post",
    "com.example.feed.like",
    "com.example.feed.deep.er",
    "com.example.feed.authBasic",
    "com.example.feed.post",
    "com.example.feed.like",
    "com.example.feed",
    "com.example.feedx.post",
    "com.example.post",
    "app.bsky.feed.post",
    "com.Example.feed.post",
    "com.example.feed.*",
    "com.example.feed.",
    "*",
    "",
];
/// `aud` and `inheritAud` of `rpc`.
const INHERITANCE: &[(Option<&str>, Option<bool>)] = &[
    (Some("*"), None),
    (Some("*"), None),
    (Some("*"), Some(false)),
    (None, Some(true)),
    (None, Some(true)),
    (None, Some(false)),
    (None, None),
];
const ACTIONS: &[&str] = &["create", "update", "delete", "create", "read", "*", ""];
const MEMBERS: &[&str] = &[
    "aud",
    "inheritAud",
    "action",
    "collection",
    "lxm",
    "accept",
    "description",
    "Aud",
    "",
    "toString",
    "type",
    "resource",
];
