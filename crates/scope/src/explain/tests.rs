use super::*;
use proptest::prelude::*;

#[test]
fn a_person_reads_what_is_granted() {
    use Group::{Account, Broad, Email, Identity, Media, Messages, Records, Services, Sets};
    for (value, group, sentence, has_caution) in [
        (
            "atproto",
            Identity,
            "Know who you are: your handle and your account identifier",
            false,
        ),
        (
            "transition:generic",
            Broad,
            "Create, change and delete any of your public records, such as posts, likes and follows, upload files, \
             and use other services in your name",
            true,
        ),
        (
            "transition:email",
            Email,
            "See your e-mail address, and whether it is confirmed",
            false,
        ),
        (
            "transition:chat.bsky",
            Messages,
            "Read, send and delete your private messages",
            true,
        ),
        (
            "repo:*",
            Records,
            "Create, change and delete any public record in your account, such as posts, likes and follows",
            true,
        ),
        (
            "repo:*?action=delete",
            Records,
            "Delete any public record in your account, such as posts, likes and follows",
            true,
        ),
        (
            "repo:app.bsky.feed.post",
            Records,
            "Create, change and delete your posts",
            false,
        ),
        (
            "repo:app.bsky.feed.post?action=create",
            Records,
            "Create new posts",
            false,
        ),
        (
            "repo?collection=app.bsky.feed.post&collection=app.bsky.feed.like&action=delete&action=create",
            Records,
            "Create and delete your likes and posts",
            false,
        ),
        (
            "repo:com.example.note?action=update",
            Records,
            "Change your public records of the kind com.example.note",
            false,
        ),
        (
            "repo?collection=app.bsky.actor.profile&collection=a.b.c&collection=a.b.d",
            Records,
            "Create, change and delete your profile details, and public records of the kinds a.b.c and a.b.d",
            false,
        ),
        ("blob:*/*", Media, "Upload files of any kind", true),
        ("blob:image/*", Media, "Upload pictures", false),
        (
            "blob?accept=image/*&accept=video/*&accept=font/*&accept=text/html",
            Media,
            "Upload pictures, video and files of the types font/* and text/html",
            false,
        ),
        (
            "blob:application/pdf",
            Media,
            "Upload files of the type application/pdf",
            false,
        ),
        (
            "rpc:app.bsky.feed.getFeed?aud=did:web:api.bsky.app%23bsky_appview",
            Services,
            "Use api.bsky.app (bsky_appview) in your name, only for app.bsky.feed.getFeed",
            false,
        ),
        (
            "rpc?lxm=a.b.c&lxm=a.b.d&aud=*",
            Services,
            "Use any service in your name, only for a.b.c and a.b.d",
            true,
        ),
        (
            "rpc:*?aud=did:plc:ewvi7nxzyoun6zhxrhs64oiz%23svc",
            Services,
            "Use did:plc:ewvi7nxzyoun6zhxrhs64oiz (svc) in your name, for anything it offers",
            true,
        ),
        (
            "rpc:chat.bsky.convo.getLog?aud=did:web:localhost%253A80%23chat",
            Messages,
            "Use localhost:80 (chat) in your name, only for chat.bsky.convo.getLog",
            true,
        ),
        (
            "account:email",
            Email,
            "See your e-mail address, and whether it is confirmed",
            false,
        ),
        (
            "account:email?action=manage",
            Email,
            "See, confirm and change your e-mail address",
            true,
        ),
        (
            "account:repo",
            Account,
            "Do nothing that was not possible before: this permission has no effect",
            false,
        ),
        (
            "account:repo?action=manage",
            Account,
            "Replace all your public records at once, by importing a repository",
            true,
        ),
        (
            "account:status",
            Account,
            "See whether your account is active",
            false,
        ),
        (
            "account:status?action=manage",
            Account,
            "Deactivate and reactivate your account",
            true,
        ),
        (
            "identity:handle",
            Account,
            "Change your handle, the name others know you by",
            true,
        ),
        (
            "identity:*",
            Account,
            "Change your handle, the keys of your identity, and where your account lives",
            true,
        ),
        (
            "include:com.example.authBasic?aud=did:web:api.example.com%23svc",
            Sets,
            "Use the permissions example.com has bundled under the name com.example.authBasic, at api.example.com (svc)",
            true,
        ),
    ] {
        let explanation = explain(&Scope::parse(value).unwrap());
        assert_eq!(
            (explanation.group, explanation.sentence.as_str()),
            (group, sentence),
            "{value}"
        );
        assert_eq!(explanation.caution.is_some(), has_caution, "{value}");
    }
}

proptest! {
    #[test]
    fn every_value_has_a_printable_sentence_no_longer_than_it_needs(text in crate::samples::near_miss()) {
        if let Ok(scope) = Scope::parse(&text) {
            let Explanation { sentence, caution, .. } = explain(&scope);
            prop_assert!(crate::is_printable(&sentence));
            prop_assert!(sentence.starts_with(|first: char| first.is_ascii_uppercase()));
            prop_assert!(!sentence.ends_with('.') && sentence.len() <= scope.canonical().len() + 200);
            prop_assert!(caution.is_none_or(|caution| caution.ends_with('.')));
        }
    }
}
