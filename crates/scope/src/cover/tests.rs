use super::*;
use crate::samples::{act, scope_set, valid};
use proptest::prelude::*;

fn set(wire: &str) -> ScopeSet {
    ScopeSet::parse(wire).unwrap()
}

fn texts(scopes: &[Scope]) -> Vec<&str> {
    scopes.iter().map(Scope::as_str).collect()
}

#[test]
fn one_value_covers_another_that_grants_no_more() {
    for (wide, narrow) in [
        ("repo:*", "repo:a.b.c?action=delete"),
        ("repo?collection=a.b.c&collection=a.b.d", "repo:a.b.d"),
        ("repo:a.b.c", "repo?collection=a.b.c&action=update"),
        ("rpc:*?aud=did:web:h%23svc", "rpc:a.b.c?aud=did:web:h%23svc"),
        ("rpc:a.b.c?aud=*", "rpc:a.b.c?aud=did:web:h%23svc"),
        ("blob:*/*", "blob:image/*"),
        ("blob:image/*", "blob?accept=image/png&accept=image/gif"),
        ("account:email?action=manage", "account:email"),
        ("account:email?action=manage", "transition:email"),
        ("identity:*", "identity:handle"),
        ("include:a.b.c?aud=did:web:h%23svc", "include:a.b.c"),
        ("transition:generic", "repo:*"),
        ("transition:generic", "blob:*/*"),
        ("transition:generic", "rpc:a.b.c?aud=*"),
    ] {
        let (wide, narrow) = (Scope::parse(wide).unwrap(), Scope::parse(narrow).unwrap());
        assert!(wide.covers(&narrow), "{wide} {narrow}");
        assert!(!narrow.covers(&wide), "{narrow} {wide}");
    }
}

//
#[test]
fn values_that_differ_in_kind_cover_nothing_of_each_other() {
    let values = [
        "atproto",
        "repo:a.b.c",
        "repo:a.b.d",
        "rpc:a.b.c?aud=did:web:h%23svc",
        "rpc:a.b.c?aud=did:web:h%23other",
        "rpc:a.b.d?aud=*",
        "rpc:chat.bsky.convo.getLog?aud=*",
        "rpc:*?aud=did:web:i%23svc",
        "blob:image/png",
        "blob:image/pngx",
        "blob:video/*",
        "account:email",
        "account:repo?action=manage",
        "account:status?action=manage",
        "identity:handle",
        "include:a.b.c?aud=did:web:h%23svc",
        "include:a.b.c?aud=did:web:h%23other",
        "include:a.b.d",
        "transition:chat.bsky",
    ]
    .map(|text| Scope::parse(text).unwrap());
    for one in &values {
        for other in &values {
            assert_eq!(one.covers(other), one == other, "{one} {other}");
        }
    }
    let generic = Scope::parse("transition:generic").unwrap();
    for text in [
        "atproto",
        "rpc:*?aud=did:web:h%23svc",
        "rpc?lxm=a.b.c&lxm=chat.bsky.convo.getLog&aud=*",
        "transition:chat.bsky",
        "transition:email",
        "account:email",
        "account:repo?action=manage",
        "identity:handle",
        "include:a.b.c",
    ] {
        assert!(!generic.covers(&Scope::parse(text).unwrap()), "{text}");
    }
}

#[test]
fn values_cover_together_what_none_covers_alone() {
    for (wide, narrow) in [
        (
            "repo:a.b.c?action=create repo:a.b.c?action=delete",
            "repo:a.b.c?action=create&action=delete",
        ),
        ("repo:a.b.c repo:a.b.d", "repo?collection=a.b.c&collection=a.b.d"),
        (
            "repo:*?action=create repo:*?action=update repo:*?action=delete",
            "repo:*",
        ),
        (
            "rpc:a.b.c?aud=* rpc:a.b.d?aud=did:web:h%23svc",
            "rpc?lxm=a.b.c&lxm=a.b.d&aud=did:web:h%23svc",
        ),
        (
            "blob:image/* blob:video/mp4",
            "blob?accept=image/png&accept=video/mp4",
        ),
        (
            "transition:generic transition:chat.bsky",
            "rpc:*?aud=did:web:h%23svc",
        ),
        (
            "transition:generic transition:chat.bsky",
            "rpc:chat.bsky.convo.getLog?aud=*",
        ),
    ] {
        assert!(set(wide).covers(&set(narrow)), "{wide} {narrow}");
        assert!(
            set(wide)
                .iter()
                .all(|one| !set(one.as_str()).covers(&set(narrow))),
            "{wide} {narrow}"
        );
    }
}

#[test]
fn a_difference_is_what_is_not_covered_and_no_more() {
    for (asked, held, left) in [
        ("atproto", "atproto", vec![]),
        ("atproto repo:a.b.c", "atproto repo:*", vec![]),
        ("repo:a.b.c?", "repo?collection=a.b.c", vec![]),
        ("repo:*", "repo:a.b.c", vec!["repo:*"]),
        (
            "repo:*",
            "repo:*?action=create",
            vec!["repo:*?action=update&action=delete"],
        ),
        (
            "repo?collection=a.b.c&collection=a.b.d",
            "repo:a.b.c?action=create",
            vec!["repo:a.b.d", "repo:a.b.c?action=update&action=delete"],
        ),
        ("repo:a.b.c repo:a.b.c?", "atproto", vec!["repo:a.b.c"]),
        (
            "rpc?lxm=a.b.c&lxm=a.b.d&aud=*",
            "rpc:a.b.c?aud=*",
            vec!["rpc:a.b.d?aud=*"],
        ),
        (
            "rpc:a.b.c?aud=*",
            "rpc:a.b.c?aud=did:web:h%23svc",
            vec!["rpc:a.b.c?aud=*"],
        ),
        (
            "blob?accept=image/*&accept=video/mp4",
            "blob:video/*",
            vec!["blob:image/*"],
        ),
        ("blob:*/*", "blob:image/*", vec!["blob:*/*"]),
        (
            "account:email?action=manage",
            "account:email",
            vec!["account:email?action=manage"],
        ),
        ("identity:*", "identity:handle", vec!["identity:*"]),
        (
            "include:a.b.c?aud=did:web:h%23svc",
            "include:a.b.c",
            vec!["include:a.b.c?aud=did:web:h%23svc"],
        ),
        (
            "transition:generic",
            "repo:* blob:*/*",
            vec!["transition:generic"],
        ),
        (
            "rpc?lxm=a.b.c&lxm=chat.bsky.convo.getLog&aud=*",
            "transition:generic",
            vec!["rpc:chat.bsky.convo.getLog?aud=*"],
        ),
    ] {
        assert_eq!(
            texts(&set(asked).difference(&set(held))),
            left,
            "{asked} - {held}"
        );
    }
}

//
#[test]
fn only_a_token_that_names_no_method_is_allowed_beyond_what_is_covered() {
    let generic = set("transition:generic");
    let any = set("rpc:*?aud=did:web:h%23svc");
    assert_eq!(texts(&any.difference(&generic)), ["rpc:*?aud=did:web:h%23svc"]);
    assert_eq!(any.missing_from(&generic), []);
    let messages = set("rpc:chat.bsky.convo.getLog?aud=*");
    assert_eq!(
        texts(&messages.missing_from(&generic)),
        ["rpc:chat.bsky.convo.getLog?aud=*"]
    );
}

#[test]
fn a_union_is_in_normal_form_and_says_nothing_twice() {
    for (one, other, union) in [
        ("atproto", "atproto", "atproto"),
        ("atproto repo:a.b.c", "atproto repo:*", "atproto repo:*"),
        ("repo?collection=a.b.c", "repo:a.b.c?", "repo:a.b.c"),
        ("repo:a.b.d", "repo:a.b.c", "repo:a.b.c repo:a.b.d"),
        ("transition:email", "account:email", "account:email"),
        (
            "transition:generic repo:a.b.c",
            "blob:image/* atproto",
            "atproto transition:generic",
        ),
        (
            "transition:generic",
            "transition:chat.bsky",
            "transition:chat.bsky transition:generic",
        ),
        (
            "include:a.b.c",
            "include:a.b.c?aud=did:web:h%23svc",
            "include:a.b.c?aud=did:web:h%23svc",
        ),
    ] {
        assert_eq!(
            set(one).union(&set(other)).unwrap().to_string(),
            union,
            "{one} + {other}"
        );
        assert_eq!(
            set(other).union(&set(one)).unwrap().to_string(),
            union,
            "{other} + {one}"
        );
    }
    let empty = ScopeSet::default();
    assert_eq!(empty.union(&empty), Ok(ScopeSet::default()));
}

//
#[test]
fn a_union_that_would_not_be_a_wire_string_is_refused() {
    let hundreds = |kind: &str| {
        let values: Vec<_> = (0..300)
            .map(|n| format!("{kind}:a.b.c{n}?action=create"))
            .collect();
        set(&values.join(" "))
    };
    let methods: Vec<_> = (0..300).map(|n| format!("rpc:a.b.c{n}?aud=*")).collect();
    let methods = set(&methods.join(" "));
    assert_eq!(
        hundreds("repo").union(&hundreds("repo")).map(|union| union.len()),
        Ok(300)
    );
    assert_eq!(hundreds("repo").union(&methods), Err(InvalidScope::TooManyValues));
    let escaped = format!("blob?accept=text/{}&accept=text/b", "!".repeat(2000));
    assert_eq!(
        set(&escaped).union(&set("atproto")),
        Err(InvalidScope::ValueTooLong)
    );
    let long = |name: &str| {
        let values: Vec<_> = (0..9)
            .map(|n| format!("blob:{name}/{n}{}", "x".repeat(1000)))
            .collect();
        set(&values.join(" "))
    };
    assert_eq!(long("a").union(&long("b")), Err(InvalidScope::TooLong));
}

proptest! {
    #[test]
    fn every_value_covers_itself_and_its_normal_form(text in valid()) {
        let scope = Scope::parse(&text).unwrap();
        let canonical = Scope::parse(&scope.canonical()).unwrap();
        prop_assert!(scope.covers(&scope) && scope.covers(&canonical) && canonical.covers(&scope));
        prop_assert_eq!(scope.beyond(&ScopeSet::default()), vec![canonical]);
    }

    #[test]
    fn covering_is_transitive(a in scope_set(), b in scope_set(), c in scope_set()) {
        let (wide, narrow) = (a.union(&b).unwrap(), b.intersection(&c));
        prop_assert!(wide.covers(&b) && b.covers(&narrow) && wide.covers(&narrow));
        prop_assert!(!(a.covers(&b) && b.covers(&c)) || a.covers(&c));
    }

    //
    #[test]
    fn what_is_covered_is_permitted(wide in scope_set(), narrow in scope_set(), act in act()) {
        prop_assert!(!(wide.covers(&narrow) && narrow.permits(act)) || wide.permits(act));
    }

    #[test]
    fn more_values_never_permit_less(one in scope_set(), more in scope_set(), act in act()) {
        let both = one.union(&more).unwrap();
        prop_assert!(!one.permits(act) || both.permits(act));
        prop_assert!(!more.permits(act) || both.permits(act));
    }

    #[test]
    fn a_union_covers_both_and_depends_on_no_order(a in scope_set(), b in scope_set(), c in scope_set()) {
        let union = a.union(&b).unwrap();
        prop_assert!(union.covers(&a) && union.covers(&b));
        prop_assert_eq!(&union, &b.union(&a).unwrap());
        prop_assert_eq!(&union, &union.union(&a).unwrap());
        prop_assert_eq!(union.union(&c).unwrap(), a.union(&b.union(&c).unwrap()).unwrap());
    }

    #[test]
    fn what_is_held_and_the_difference_cover_what_is_asked(asked in scope_set(), held in scope_set()) {
        let left = asked.difference(&held);
        let both = held.union(&ScopeSet::bounded(left.clone()).unwrap()).unwrap();
        prop_assert!(both.covers(&asked));
        prop_assert_eq!(left.is_empty(), held.covers(&asked));
        for scope in left {
            prop_assert!(asked.covers(&set(scope.as_str())) && !held.covers(&set(scope.as_str())));
            prop_assert_eq!(scope.canonical(), scope.as_str());
        }
        prop_assert!(asked.missing_from(&held).iter().all(|scope| asked.difference(&held).contains(scope)));
    }

    #[test]
    fn a_refusal_names_what_would_have_been_enough(held in scope_set(), act in act()) {
        if let Err(refusal) = held.require(act) {
            let scope = refusal.scope();
            prop_assert_eq!(Scope::parse(scope.as_str()), Ok(scope.clone()));
            prop_assert!(set(scope.as_str()).permits(act));
        } else {
            prop_assert!(held.permits(act));
        }
    }
}
