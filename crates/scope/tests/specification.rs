//! The samples of the permission specification, and the grammar's table, through the public interface alone.

use entryway_scope::{InvalidScope, Meaning, Nsid, PermissionSet, Scope, ScopeSet};
use serde_json::json;

/// Each resource with what its table row allows: written, and in normal form.
const VALID: &[(&str, &str)] = &[
    // static
    ("atproto", "atproto"),
    ("transition:generic", "transition:generic"),
    ("transition:email", "transition:email"),
    ("transition:chat.bsky", "transition:chat.bsky"),
    // repo
    ("repo:*", "repo:*"),
    ("repo:*?action=delete", "repo:*?action=delete"),
    ("repo:app.example.profile", "repo:app.example.profile"),
    (
        "repo:app.example.profile?action=create&action=update&action=delete",
        "repo:app.example.profile",
    ),
    (
        "repo?collection=app.example.profile&collection=app.example.post",
        "repo?collection=app.example.post&collection=app.example.profile",
    ),
    ("repo?collection=*&collection=app.example.post", "repo:*"),
    // rpc
    (
        "rpc:app.example.moderation.createReport?aud=*",
        "rpc:app.example.moderation.createReport?aud=*",
    ),
    (
        "rpc?lxm=*&aud=did:web:api.example.com%23svc_appview",
        "rpc:*?aud=did:web:api.example.com%23svc_appview",
    ),
    (
        "rpc?lxm=a.b.d&lxm=a.b.c&aud=did:web:localhost%253A2583%23svc",
        "rpc?lxm=a.b.c&lxm=a.b.d&aud=did:web:localhost%253A2583%23svc",
    ),
    // blob
    ("blob:*/*", "blob:*/*"),
    (
        "blob?accept=video/*&accept=text/html",
        "blob?accept=text/html&accept=video/*",
    ),
    ("blob?accept=image/png&accept=IMAGE/*", "blob:image/*"),
    // account
    ("account:email", "account:email"),
    ("account:email?action=read", "account:email"),
    ("account:repo?action=manage", "account:repo?action=manage"),
    ("account?action=manage&attr=repo", "account:repo?action=manage"),
    ("account:status", "account:status"),
    // identity
    ("identity:handle", "identity:handle"),
    ("identity:*", "identity:*"),
    ("identity:*?", "identity:*"),
    // include
    (
        "include:app.example.authFull?aud=did:web:api.example.com%23svc_chat",
        "include:app.example.authFull?aud=did:web:api.example.com%23svc_chat",
    ),
    (
        "include?nsid=app.example.authFull",
        "include:app.example.authFull",
    ),
];

const INVALID: &[&str] = &[
    // of the general syntax, but of no resource
    "resource",
    "resource:positional?key=val",
    "resource:positional&thing?key=val",
    "service:did:web:com.example#type?key=val",
    "resource:",
    "resource:?",
    "resource:&",
    "resource?",
    // static
    "ATPROTO",
    "atproto:",
    "transition:Generic",
    "transition:bsky",
    // repo
    "repo",
    "repo:",
    "repo:com.example.*",
    "repo:com.example.record?collection=com.example.other",
    "repo:a.b.c?action=*",
    "repo:a.b.c?action=",
    "repo:a.b.c?rkey=self",
    "Repo:a.b.c",
    // rpc
    "rpc:*?aud=*",
    "rpc:a.b.c",
    "rpc?aud=*",
    "rpc:a.b.c?aud=did:web:api.example.com",
    "rpc:a.b.c?aud=did:web:api.example.com%23a&aud=did:web:api.example.com%23b",
    "rpc:com.example.*?aud=*",
    // blob
    "blob",
    "blob:*/png",
    "blob:image",
    // account
    "account:*",
    "account:email?action=write",
    "account:email?attr=repo",
    // identity
    "identity:did",
    "identity:handle?action=manage",
    // include
    "include",
    "include:com.example.*",
    "include:app.example.authFull?aud=*",
    // escapes
    "repo:%",
    "repo:a.b.c?action=%zz",
    "blob:image/%ff",
];

//
#[test]
fn what_the_table_allows_is_valid_and_has_a_normal_form() {
    for (written, canonical) in VALID {
        let scope = Scope::parse(written).unwrap_or_else(|fault| panic!("{written}: {fault}"));
        assert_eq!(scope.canonical(), *canonical, "{written}");
        let again = Scope::parse(canonical).unwrap();
        assert_eq!(
            (again.canonical(), again.as_str()),
            (scope.canonical(), *canonical)
        );
        assert!(scope.covers(&again) && again.covers(&scope), "{written}");
    }
}

//
#[test]
fn what_the_table_does_not_allow_is_no_permission() {
    for written in INVALID {
        assert!(Scope::parse(written).is_err(), "{written}");
        let (known, unknown) = ScopeSet::parse_lenient(written).unwrap();
        assert!(known.is_empty() && unknown == [*written], "{written}");
    }
}

//
#[test]
fn what_is_not_of_the_general_syntax_is_no_scope_string() {
    for written in ["resource:positional?key=qu\u{e9}bec", "emoji:\u{263a}\u{fe0f}"] {
        assert_eq!(
            ScopeSet::parse_lenient(written),
            Err(InvalidScope::Charset),
            "{written}"
        );
    }
}

//
#[test]
fn the_specifications_own_set_holds_what_it_says() {
    let record = json!({
        "lexicon": 1,
        "id": "app.example.authBasicFeatures",
        "defs": { "main": {
            "type": "permission-set",
            "title": "Basic App Functionality",
            "title:lang": { "ja": "\u{57fa}\u{672c}\u{7684}\u{306a}\u{30a2}\u{30d7}\u{30ea}\u{6a5f}\u{80fd}" },
            "detail": "Creation of posts and interactions",
            "permissions": [
                { "type": "permission", "resource": "repo", "collection": ["app.example.post"] },
                { "type": "permission", "resource": "repo", "collection": ["app.example.like"], "action": ["delete"] },
                {
                    "type": "permission", "resource": "rpc", "inheritAud": true,
                    "lxm": ["app.example.getFeed", "app.example.getProfile"],
                },
                { "type": "permission", "resource": "rpc", "aud": "*", "lxm": ["app.example.getFeedSkeleton"] },
            ],
        } },
    });
    let set = PermissionSet::read(&Nsid::parse("app.example.authBasicFeatures").unwrap(), &record).unwrap();
    assert_eq!(set.title("en"), Some("Basic App Functionality"));
    assert_eq!(set.title("ja-JP").map(|title| title.chars().count()), Some(9));
    assert_eq!(set.detail("ja"), Some("Creation of posts and interactions"));
    for (written, granted) in [
        (
            "include:app.example.authBasicFeatures?aud=did:web:api.example.com%23svc_appview",
            vec![
                "repo:app.example.post",
                "repo:app.example.like?action=delete",
                "rpc?lxm=app.example.getFeed&lxm=app.example.getProfile&aud=did:web:api.example.com%23svc_appview",
                "rpc:app.example.getFeedSkeleton?aud=*",
            ],
        ),
        (
            "include:app.example.authBasicFeatures",
            vec![
                "repo:app.example.post",
                "repo:app.example.like?action=delete",
                "rpc:app.example.getFeedSkeleton?aud=*",
            ],
        ),
    ] {
        let scope = Scope::parse(written).unwrap();
        let Meaning::Include(include) = scope.meaning() else {
            panic!("{written} includes a set")
        };
        let scopes = set.expand(include);
        assert_eq!(scopes.iter().map(Scope::as_str).collect::<Vec<_>>(), granted);
    }
}
