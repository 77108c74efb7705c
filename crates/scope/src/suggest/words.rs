//! Scopes of other services, and of this one as people remember it.

use super::Suggestion;

/// Advice on a text that is known as a whole, in any case.
pub(super) fn known(text: &str) -> Option<Suggestion> {
    let word = text.to_ascii_lowercase();
    let advice = WORDS.iter().find(|(words, ..)| words.contains(&word.as_str()));
    if let Some((_, instead, sentence)) = advice {
        return match instead {
            Some(value) => Suggestion::instead(value, |_| (*sentence).to_owned()),
            None => Some(Suggestion::plain(*sentence)),
        };
    }
    let after = word.strip_prefix("atproto")?;
    if after.starts_with(|next: char| !next.is_ascii_alphanumeric()) {
        Suggestion::instead("transition:generic", |_| ATPROTO.to_owned())
    } else {
        None
    }
}

/// The myth of full access, in words.
pub(super) const ATPROTO: &str = "atproto alone is not full access: it tells who the person is and permits nothing \
    else, so add what the app does, such as repo:app.bsky.feed.post, or transition:generic for broad access";

pub(super) const READING: &str = "leave it out: public records are read without any permission";

/// The texts in lower case, a value that does what was meant, and what to say.
type Advice = (&'static [&'static str], Option<&'static str>, &'static str);

pub(super) const WORDS: &[Advice] = &[
    (
        &["openid", "sub", "did"],
        Some("atproto"),
        "this is not OpenID Connect: atproto signs the person in and tells their DID",
    ),
    (
        &["profile", "user", "user:read", "read:user", "handle"],
        Some("atproto"),
        "profiles are public: atproto tells the DID, and the profile is read without any permission",
    ),
    (
        &[
            "email",
            "user:email",
            "email:read",
            "read:email",
            "account:email:read",
            "transition:mail",
        ],
        Some("account:email"),
        "account:email shows the e-mail address, and so does transition:email with older servers",
    ),
    (
        &["offline_access", "offline", "refresh", "refresh_token"],
        None,
        "leave it out: every session has a refresh token",
    ),
    (
        &[
            "*",
            "all",
            "full",
            "full_access",
            "admin",
            "root",
            "everything",
            "account:full",
            "read write",
        ],
        Some("transition:generic"),
        "nothing grants everything: ask for what the app does, such as repo:app.bsky.feed.post, or for \
         transition:generic, the broadest there is",
    ),
    (
        &[
            "read",
            "public",
            "repo:read",
            "repo.read",
            "read:repo",
            "repo/read",
            "repo:get",
            "repo:list",
            "blob:read",
            "repo:*:read",
            "repo:read:*",
        ],
        None,
        READING,
    ),
    (
        &[
            "write",
            "repo",
            "repo:",
            "repo:write",
            "repo.write",
            "write:repo",
            "repo/write",
            "repo:all",
            "repo:full",
            "repo:manage",
            "repo:admin",
            "repo:rw",
            "post",
            "repo:post",
        ],
        Some("repo:*"),
        "name the collection, as in repo:app.bsky.feed.post, or use repo:* for all of them",
    ),
    (&["repo:create"], Some("repo:*?action=create"), CREATE),
    (&["repo:update"], Some("repo:*?action=update"), UPDATE),
    (&["repo:delete"], Some("repo:*?action=delete"), DELETE),
    (
        &[
            "blob",
            "blob:",
            "blob:*",
            "blob:all",
            "blob:upload",
            "blob:write",
            "blobs",
            "upload",
            "media",
        ],
        Some("blob:*/*"),
        "say which kind of file, as in blob:image/*, or use blob:*/* for all of them",
    ),
    (
        &["rpc", "rpc:", "rpc:*", "rpc:all", "service", "proxy"],
        None,
        "name a method or a service, as in rpc:app.bsky.feed.getFeed?aud=* or \
         rpc:*?aud=did:web:api.bsky.app%23bsky_appview",
    ),
    (
        &[
            "account",
            "account:",
            "account:*",
            "account:all",
            "account:read",
            "account:manage",
            "account:write",
        ],
        Some("account:email"),
        "name one thing: account:email to see the e-mail address, account:email?action=manage to change it, \
         account:repo?action=manage to import a repository",
    ),
    (
        &[
            "account:password",
            "account:delete",
            "account:apppassword",
            "account:invites",
            "password",
        ],
        None,
        "no app may do this: people do it on the pages of their own server",
    ),
    (
        &[
            "identity",
            "identity:",
            "identity:read",
            "identity:manage",
            "identity:write",
            "identity:update",
        ],
        Some("identity:handle"),
        "identity:handle to change the handle, identity:* for the whole identity with its keys",
    ),
    (
        &[
            "identity:did",
            "identity:plc",
            "identity:all",
            "identity:full",
            "plc",
        ],
        Some("identity:*"),
        "identity:* is for the whole identity with its keys, identity:handle for the handle alone",
    ),
    (
        &["include", "include:", "include:*"],
        None,
        "name one permission set in full, as in include:com.example.authBasic",
    ),
    (
        &[
            "transition",
            "transition:",
            "transition:*",
            "transition:all",
            "transition:full",
            "generic",
        ],
        Some("transition:generic"),
        "transition:generic is the broad one; transition:email and transition:chat.bsky add to it",
    ),
    (
        &[
            "chat",
            "dm",
            "dms",
            "messages",
            "chat.bsky",
            "transition:chat",
            "transition:dm",
            "transition:dms",
            "transition:bsky.chat",
            "transition:chat.bsky.app",
        ],
        Some("transition:chat.bsky"),
        "transition:chat.bsky beside transition:generic is for private messages",
    ),
    (
        &["com.atproto.access", "com.atproto.apppass", "com.atproto.refresh"],
        Some("transition:generic"),
        "this belongs to sessions made with a password: transition:generic permits what an app password does",
    ),
    (
        &["com.atproto.apppassprivileged"],
        Some("transition:chat.bsky"),
        "this belongs to sessions made with a password: transition:generic with transition:chat.bsky permits the same",
    ),
];

const CREATE: &str = "the action comes after the collection, as in repo:app.bsky.feed.post?action=create, or \
    repo:*?action=create for all collections";
const UPDATE: &str = "the action comes after the collection, as in repo:app.bsky.feed.post?action=update, or \
    repo:*?action=update for all collections";
const DELETE: &str = "the action comes after the collection, as in repo:app.bsky.feed.post?action=delete, or \
    repo:*?action=delete for all collections";
