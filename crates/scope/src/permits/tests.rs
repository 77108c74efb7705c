use super::*;
use crate::{IdentityPermission, Nsid, RepoAction, Scope};
use RepoAction::{Create, Delete, Update};

//
#[test]
fn records_are_written_by_collection_and_action() {
    for (wire, collection, action, permitted) in [
        ("atproto", "a.b.c", Create, false),
        (
            "atproto transition:email transition:chat.bsky",
            "a.b.c",
            Create,
            false,
        ),
        ("atproto transition:generic", "a.b.c", Delete, true),
        ("atproto repo:*", "a.b.c", Update, true),
        ("atproto repo:*?action=delete", "a.b.c", Delete, true),
        ("atproto repo:*?action=delete", "a.b.c", Create, false),
        ("atproto repo:a.b.c", "a.b.c", Update, true),
        ("atproto repo:a.b.c", "a.b.cc", Update, false),
        ("atproto repo:a.b.c", "a.b.c.d", Update, false),
        ("atproto repo:a.b.c", "a.b.C", Update, false),
        (
            "atproto repo:a.b.c?action=create repo:a.b.d?action=delete",
            "a.b.c",
            Delete,
            false,
        ),
        (
            "atproto repo:a.b.c?action=create repo:a.b.c?action=delete",
            "a.b.c",
            Delete,
            true,
        ),
        (
            "atproto blob:*/* account:repo?action=manage identity:* include:a.b.set",
            "a.b.c",
            Create,
            false,
        ),
    ] {
        let (granted, collection) = (ScopeSet::parse(wire).unwrap(), Nsid::parse(collection).unwrap());
        assert_eq!(
            granted.permits(Act::Repo {
                collection: &collection,
                action
            }),
            permitted,
            "{wire} {collection} {action:?}"
        );
    }
}

//
#[test]
fn files_are_uploaded_by_media_type() {
    for (wire, media_type, permitted) in [
        ("atproto", "image/png", false),
        ("atproto transition:generic", "image/png", true),
        ("atproto repo:* include:a.b.set", "image/png", false),
        ("atproto blob:*/*", "image/png", true),
        ("atproto blob:image/*", "image/png", true),
        ("atproto blob:image/*", "video/mp4", false),
        ("atproto blob:image/png blob:video/*", "video/mp4", true),
        ("atproto blob:Image/PNG", "image/png", true),
    ] {
        assert_eq!(
            ScopeSet::parse(wire).unwrap().permits(Act::Blob { media_type }),
            permitted,
            "{wire} {media_type}"
        );
    }
}

//
#[test]
fn the_email_address_is_shown_to_those_who_asked_for_it() {
    for (wire, permitted) in [
        ("atproto", false),
        ("atproto transition:generic", false),
        ("atproto transition:email", true),
        ("atproto account:email", true),
        ("atproto account:email?action=manage", true),
        (
            "atproto account:repo?action=manage account:status identity:*",
            false,
        ),
    ] {
        assert_eq!(
            ScopeSet::parse(wire).unwrap().permits(SEE_EMAIL),
            permitted,
            "{wire}"
        );
    }
}

const VIEW: &str = "did:web:api.bsky.app#bsky_appview";

//
#[test]
fn services_are_called_by_method_and_audience() {
    let log = Some("chat.bsky.convo.getLog");
    let feed = Some("app.bsky.feed.getFeed");
    for (wire, method, audience, permitted) in [
        ("atproto", feed, VIEW, false),
        (
            "atproto repo:* blob:*/* account:email identity:*",
            feed,
            VIEW,
            false,
        ),
        (
            "rpc:app.bsky.feed.getFeed?aud=did:web:api.bsky.app%23bsky_appview",
            feed,
            VIEW,
            true,
        ),
        (
            "rpc:app.bsky.feed.getFeed?aud=did:web:api.bsky.app%23bsky_appview",
            feed,
            "did:web:api.bsky.app",
            false,
        ),
        (
            "rpc:app.bsky.feed.getFeed?aud=did:web:api.bsky.app%23bsky_appview",
            feed,
            "did:web:api.bsky.app#other",
            false,
        ),
        (
            "rpc:app.bsky.feed.getFeed?aud=did:web:api.bsky.app%23bsky_appview",
            feed,
            "did:web:API.bsky.app#bsky_appview",
            false,
        ),
        (
            "rpc:app.bsky.feed.getFeed?aud=did:web:api.bsky.app%23bsky_appview",
            log,
            VIEW,
            false,
        ),
        (
            "rpc:app.bsky.feed.getFeed?aud=did:web:api.bsky.app%23bsky_appview",
            None,
            VIEW,
            false,
        ),
        ("rpc:app.bsky.feed.getFeed?aud=*", feed, VIEW, true),
        (
            "rpc:app.bsky.feed.getFeed?aud=*",
            feed,
            "did:web:api.bsky.app",
            true,
        ),
        ("rpc:app.bsky.feed.getFeed?aud=*", None, VIEW, false),
        ("rpc:*?aud=did:web:api.bsky.app%23bsky_appview", log, VIEW, true),
        ("rpc:*?aud=did:web:api.bsky.app%23bsky_appview", None, VIEW, true),
        (
            "rpc:*?aud=did:web:api.bsky.app%23bsky_appview",
            None,
            "did:web:api.bsky.app",
            false,
        ),
        ("transition:generic", feed, VIEW, true),
        ("transition:generic", None, VIEW, true),
        ("transition:generic", log, VIEW, false),
        ("transition:generic", Some("Chat.Bsky.convo.getLog"), VIEW, false),
        ("transition:generic", Some("chat.bskyx.convo.getLog"), VIEW, true),
        ("transition:chat.bsky", log, VIEW, false),
        ("transition:chat.bsky", feed, VIEW, false),
        ("transition:chat.bsky transition:email", log, VIEW, false),
        ("transition:chat.bsky transition:generic", log, VIEW, true),
        ("transition:generic transition:chat.bsky", feed, VIEW, true),
        (
            "include:app.bsky.authFull?aud=did:web:api.bsky.app%23bsky_appview",
            feed,
            VIEW,
            false,
        ),
    ] {
        let named = method.map(|text| Nsid::parse(text).unwrap());
        let act = Act::Rpc {
            method: named.as_ref(),
            audience,
        };
        assert_eq!(
            ScopeSet::parse(wire).unwrap().permits(act),
            permitted,
            "{wire} {method:?} {audience}"
        );
    }
}

//
#[test]
fn account_and_identity_are_changed_only_by_their_own_permissions() {
    use AccountAction::{Manage, Read};
    use AccountAttribute::{Email, Repo, Status};
    let account = |attribute, action| Act::Account { attribute, action };
    let handle = Act::Identity(IdentityPermission::Handle);
    let identity = Act::Identity(IdentityPermission::Any);
    let everything_else = "atproto transition:generic transition:chat.bsky repo:* blob:*/* include:a.b.set";
    for (wire, act, permitted) in [
        (everything_else, account(Email, Read), false),
        (everything_else, account(Status, Manage), false),
        (everything_else, handle, false),
        ("transition:email", account(Email, Read), true),
        ("transition:email", account(Email, Manage), false),
        ("transition:email", account(Repo, Read), false),
        ("account:email", account(Email, Manage), false),
        ("account:email?action=manage", account(Email, Read), true),
        ("account:repo?action=manage", account(Repo, Manage), true),
        ("account:repo?action=manage", account(Email, Read), false),
        ("identity:handle", handle, true),
        ("identity:handle", identity, false),
        ("identity:*", handle, true),
        ("identity:*", identity, true),
        ("identity:*", account(Status, Read), false),
    ] {
        assert_eq!(
            ScopeSet::parse(wire).unwrap().permits(act),
            permitted,
            "{wire} {act:?}"
        );
    }
}

#[test]
fn a_refusal_names_the_narrowest_value_that_would_do() {
    let post = Nsid::parse("app.bsky.feed.post").unwrap();
    let rpc = |method, audience| Act::Rpc { method, audience };
    let blob = |media_type| Act::Blob { media_type };
    let manage = |attribute| Act::Account {
        attribute,
        action: AccountAction::Manage,
    };
    let long = format!("image/{}", "x".repeat(300));
    for (act, missing) in [
        (
            Act::Repo {
                collection: &post,
                action: Delete,
            },
            "repo:app.bsky.feed.post?action=delete",
        ),
        (
            rpc(Some(&post), VIEW),
            "rpc:app.bsky.feed.post?aud=did:web:api.bsky.app%23bsky_appview",
        ),
        (rpc(None, VIEW), "rpc:*?aud=did:web:api.bsky.app%23bsky_appview"),
        (
            rpc(Some(&post), "did:web:api.bsky.app"),
            "rpc:app.bsky.feed.post?aud=*",
        ),
        (
            rpc(Some(&post), "no \" audience\n"),
            "rpc:app.bsky.feed.post?aud=*",
        ),
        (rpc(None, "did:web:api.bsky.app"), "transition:generic"),
        (blob("image/svg+xml"), "blob:image/svg+xml"),
        (blob("Image/PNG"), "blob:*/*"),
        (blob("image/*"), "blob:*/*"),
        (blob("nonsense"), "blob:*/*"),
        (blob(""), "blob:*/*"),
        (blob(&long), "blob:*/*"),
        (SEE_EMAIL, "account:email"),
        (manage(AccountAttribute::Status), "account:status?action=manage"),
        (Act::Identity(IdentityPermission::Handle), "identity:handle"),
        (Act::Identity(IdentityPermission::Any), "identity:*"),
    ] {
        let refusal = ScopeSet::parse("atproto").unwrap().require(act).unwrap_err();
        assert_eq!(refusal.scope().as_str(), missing, "{act:?}");
        assert_eq!(
            refusal.to_string(),
            format!("Missing required scope \"{missing}\"")
        );
        assert_eq!(Scope::parse(missing).as_ref(), Ok(refusal.scope()));
    }
}
