use super::*;
use crate::samples::scope_set;
use GainKind::{Added, Widened};
use proptest::prelude::*;

#[test]
fn a_page_shows_only_what_is_added_widened_or_removed() {
    for (held, asked, gains, losses) in [
        ("atproto", "atproto", vec![], vec![]),
        (
            "atproto repo?collection=a.b.c",
            "repo:a.b.c? atproto",
            vec![],
            vec![],
        ),
        (
            "atproto repo:a.b.c?action=create",
            "atproto repo:a.b.c repo:a.b.d",
            vec![
                (
                    "repo:a.b.c",
                    Widened,
                    vec!["repo:a.b.c?action=update&action=delete"],
                ),
                ("repo:a.b.d", Added, vec!["repo:a.b.d"]),
            ],
            vec![],
        ),
        (
            "atproto repo:a.b.c account:email",
            "atproto repo:*",
            vec![("repo:*", Widened, vec!["repo:*"])],
            vec!["account:email"],
        ),
        ("atproto repo:*", "atproto repo:a.b.c", vec![], vec!["repo:*"]),
        (
            "atproto account:email",
            "atproto account:email?action=manage",
            vec![(
                "account:email?action=manage",
                Widened,
                vec!["account:email?action=manage"],
            )],
            vec![],
        ),
        (
            "atproto transition:generic",
            "atproto repo:a.b.c account:email",
            vec![("account:email", Added, vec!["account:email"])],
            vec!["transition:generic"],
        ),
        (
            "atproto include:a.b.c",
            "atproto include:a.b.c?aud=did:web:h%23svc include:a.b.d",
            vec![
                (
                    "include:a.b.c?aud=did:web:h%23svc",
                    Widened,
                    vec!["include:a.b.c?aud=did:web:h%23svc"],
                ),
                ("include:a.b.d", Added, vec!["include:a.b.d"]),
            ],
            vec![],
        ),
    ] {
        let (before, after) = (ScopeSet::parse(held).unwrap(), ScopeSet::parse(asked).unwrap());
        let upgrade = after.upgrade_from(&before);
        let shown: Vec<_> = upgrade
            .gains
            .iter()
            .map(|gain| {
                (
                    gain.asked.as_str(),
                    gain.kind,
                    gain.beyond.iter().map(Scope::as_str).collect::<Vec<_>>(),
                )
            })
            .collect();
        assert_eq!(shown, gains, "{held} -> {asked}");
        assert_eq!(
            upgrade.losses.iter().map(Scope::as_str).collect::<Vec<_>>(),
            losses,
            "{held} -> {asked}"
        );
    }
}

proptest! {
    #[test]
    fn nothing_is_gained_unseen(held in scope_set(), asked in scope_set()) {
        let upgrade = asked.upgrade_from(&held);
        prop_assert_eq!(upgrade.gains.is_empty(), held.covers(&asked));
        prop_assert_eq!(upgrade.losses.is_empty(), asked.covers(&held));
        prop_assert!(upgrade.gains.iter().all(|gain| !gain.beyond.is_empty()));
        let mut shown: Vec<_> = upgrade.gains.iter().flat_map(|gain| gain.beyond.clone()).collect();
        let mut difference = asked.difference(&held);
        shown.sort();
        shown.dedup();
        difference.sort();
        prop_assert_eq!(shown, difference);
    }
}
