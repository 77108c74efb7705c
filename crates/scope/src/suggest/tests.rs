use super::*;
use proptest::prelude::*;

/// Each text, and the value it is advised to be instead (none for advice in words only).
#[test]
fn what_is_often_mistaken_gets_advice() {
    for (text, instead) in [
        ("openid", "atproto"),
        ("OpenID", "atproto"),
        ("profile", "atproto"),
        ("email", "account:email"),
        ("offline_access", ""),
        ("*", "transition:generic"),
        ("atproto:full", "transition:generic"),
        ("atproto:*", "transition:generic"),
        ("atproto full access", "transition:generic"),
        ("atproto = full access", "transition:generic"),
        ("ATPROTO", "atproto"),
        ("at-proto", "atproto"),
        ("read", ""),
        ("repo:read", ""),
        ("repo:*?action=read", ""),
        ("repo:write", "repo:*"),
        ("repo", "repo:*"),
        ("repo:", "repo:*"),
        ("Repo:*", "repo:*"),
        ("repos:app.bsky.feed.post", "repo:app.bsky.feed.post"),
        (
            "REPO:app.bsky.feed.post?action=create",
            "repo:app.bsky.feed.post?action=create",
        ),
        ("repo:delete", "repo:*?action=delete"),
        ("repo:app.bsky.*", "repo:*"),
        ("repo:app.bsky.*?action=create", "repo:*?action=create"),
        ("repo:a.b.d,a.b.c", "repo?collection=a.b.c&collection=a.b.d"),
        (
            "repo:a.b.c,a.b.d?action=create",
            "repo?collection=a.b.c&collection=a.b.d&action=create",
        ),
        ("repo:a.b.c?action=*", "repo:a.b.c"),
        ("repo:a.b.c?action=create,delete", ""),
        ("rpc:*", ""),
        ("rpc:*?aud=*", ""),
        ("rpc:a.b.c", "rpc:a.b.c?aud=*"),
        ("rpc?lxm=a.b.c&lxm=a.b.d", "rpc?lxm=a.b.c&lxm=a.b.d&aud=*"),
        ("rpc:a.b.*?aud=did:web:h%23svc", "rpc:*?aud=did:web:h%23svc"),
        ("rpc:a.b.c?aud=did:web:h", ""),
        ("blob", "blob:*/*"),
        ("blob:image", "blob:image/*"),
        ("blob:image/", "blob:image/*"),
        (
            "blob:image/png,image/gif",
            "blob?accept=image/gif&accept=image/png",
        ),
        ("account:*", "account:email"),
        ("account:password", ""),
        ("acount:email", "account:email"),
        ("identity", "identity:handle"),
        ("identity:did", "identity:*"),
        ("identiy:handle", "identity:handle"),
        ("include:com.example.*", ""),
        ("include:com.example.auth?aud=*", ""),
        ("include:com.example.auth?aud=did:web:h", ""),
        ("transition:generics", "transition:generic"),
        ("transition.generic", "transition:generic"),
        ("transitional:generic", "transition:generic"),
        ("transition:general", "transition:generic"),
        ("Transition:Email", "transition:email"),
        ("transition:*", "transition:generic"),
        ("transition:chat", "transition:chat.bsky"),
        ("com.atproto.access", "transition:generic"),
        ("app.bsky.feed.post", "repo:app.bsky.feed.post"),
        ("atproto transition:generic", ""),
        ("ref:bafkreib", ""),
        // valid, but not what many take them for
        ("atproto", ""),
        ("transition:chat.bsky", ""),
        ("account:repo", ""),
    ] {
        let advice = suggest(text).unwrap_or_else(|| panic!("{text} gets no advice"));
        let value = advice.instead.as_ref().map(Scope::as_str);
        assert_eq!(
            value,
            Some(instead).filter(|value| !value.is_empty()),
            "{text}: {}",
            advice.sentence
        );
    }
}

#[test]
fn nobody_is_advised_who_needs_no_advice_or_cannot_be_understood() {
    let long = "a".repeat(3000);
    for text in [
        "transition:generic",
        "repo:*",
        "repo:app.bsky.feed.post?action=create",
        "rpc:a.b.c?aud=*",
        "account:email",
        "identity:*",
        "include:com.example.auth",
        "",
        "foo",
        ":",
        "?",
        "a=b",
        "resource:positional?key=val",
        "repo:foo",
        "rpc:a.b.*?aud=*",
        "repo:a.b.c?foo=1",
        "rpc:a.b.c?aud=did:key:zQ3sh%23svc",
        "rpc:a.b.c?aud=%",
        "atprotocol:x",
        &long,
    ] {
        assert_eq!(suggest(text), None, "{text}");
    }
}

#[test]
fn advice_is_said_in_words_of_its_own() {
    for (text, sentence) in [
        (
            "repo:read",
            "leave it out: public records are read without any permission",
        ),
        (
            "atproto",
            "atproto alone is not full access: it tells who the person is and permits nothing else, so add what the \
             app does, such as repo:app.bsky.feed.post, or transition:generic for broad access",
        ),
        ("transition:genric", "probably transition:generic"),
        (
            "rpc:a.b.c?aud=did:web:localhost%253A80",
            "name the service after the DID, as in aud=did:web:localhost%253A80%23bsky_appview",
        ),
        (
            "app.bsky.feed.post",
            "repo:app.bsky.feed.post for writing records of this type, rpc:app.bsky.feed.post?aud=... for calling a method",
        ),
    ] {
        assert_eq!(suggest(text).unwrap().sentence, sentence);
    }
}

#[test]
fn every_known_word_is_invalid_and_gets_its_own_advice() {
    for (words, instead, sentence) in words::WORDS {
        for word in *words {
            let advice = suggest(word).unwrap_or_else(|| panic!("{word} gets no advice"));
            assert!(Scope::parse(word).is_err(), "{word}");
            assert_eq!(advice.sentence, *sentence, "{word}");
            assert_eq!(advice.instead.as_ref().map(Scope::as_str), *instead, "{word}");
        }
    }
}

proptest! {
    #[test]
    fn all_advice_is_printable_and_names_a_valid_value(
        text in prop_oneof![
            crate::samples::near_miss(),
            "(repo|rpc|blob|account|identity|include|transition|atproto|[a-z]{1,8})[:?.=,* a-z]{0,24}",
            any::<String>(),
        ],
    ) {
        if let Some(advice) = suggest(&text) {
            prop_assert!(crate::is_printable(&advice.sentence), "{}", advice.sentence);
            prop_assert!(!advice.sentence.ends_with('.'));
            if let Some(scope) = advice.instead {
                prop_assert!(advice.sentence.contains(scope.as_str()), "{}", advice.sentence);
                prop_assert_eq!(Scope::parse(scope.as_str()), Ok(scope));
            }
        }
    }
}
