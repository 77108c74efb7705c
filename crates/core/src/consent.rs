//! What a person grants of what an app asks.

use entryway_scope::{GainKind, Scope, ScopeSet};

use crate::request::AuthorizationRequest;

/// The granted scope: what was asked for and left ticked, and `atproto` always.
///
/// `is_ticked` is asked about positions in the requested scope, so a form cannot name a value that
/// was not asked for. `transition:chat.bsky` means nothing without `transition:generic`
/// and goes with it.
pub fn granted(request: &AuthorizationRequest, is_ticked: impl Fn(usize) -> bool) -> ScopeSet {
    let mut granted = request.scope.clone();
    let mut position = 0;
    granted.retain(|value| {
        let kept = value.as_str() == "atproto" || is_ticked(position);
        position += 1;
        kept
    });
    if !granted.contains_str("transition:generic") {
        granted.retain(|value| value.as_str() != "transition:chat.bsky");
    }
    granted
}

/// What a request asks for, beside what the account granted the same client before (demand 3).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Comparison {
    /// How each requested value stands, in the order of the request.
    pub asked: Vec<Novelty>,
    /// What was granted and is not asked for any more, in normal form.
    pub dropped: Vec<Scope>,
}

/// Whether a requested value was granted before.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Novelty {
    /// All of it.
    Held,
    /// Some of it.
    Widened,
    /// None of it.
    New,
}

impl Comparison {
    /// Whether there is something new beside something old: only then is a page about the difference.
    pub fn is_upgrade(&self) -> bool {
        let held = self.asked.contains(&Novelty::Held);
        held && self.asked.iter().any(|novelty| *novelty != Novelty::Held)
    }
}

/// Compares by meaning. `expand` gives the permissions of a scope, its sets expanded.
///
/// A permission set that was granted by its name is held, whatever its publisher made of it since: a
/// person granted that too.
pub fn compare(
    asked: &ScopeSet,
    held: Option<&ScopeSet>,
    expand: impl Fn(&ScopeSet) -> ScopeSet,
) -> Comparison {
    let Some(held) = held else {
        return Comparison {
            asked: vec![Novelty::New; asked.len()],
            dropped: Vec::new(),
        };
    };
    let held_permissions = expand(held);
    let novelty = |value: &Scope| {
        if held.contains(value) {
            return Novelty::Held;
        }
        let one = expand(&ScopeSet::from(value.clone()));
        let upgrade = one.upgrade_from(&held_permissions);
        match upgrade.gains.as_slice() {
            // an empty set grants nothing, and is new all the same
            [] if one.is_empty() => Novelty::New,
            [] => Novelty::Held,
            gains if gains.len() == one.len() && gains.iter().all(|gain| gain.kind == GainKind::Added) => {
                Novelty::New
            }
            _ => Novelty::Widened,
        }
    };
    Comparison {
        asked: asked.iter().map(novelty).collect(),
        dropped: held_permissions.difference(&expand(asked)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::fixtures;

    //
    #[test]
    fn the_grant_is_what_stayed_ticked_and_always_atproto() {
        let asked = "transition:generic atproto transition:chat.bsky transition:email";
        let request = AuthorizationRequest {
            scope: ScopeSet::parse(asked).unwrap(),
            ..fixtures::request()
        };
        for (ticked, expected) in [
            (&[0, 1, 2, 3][..], asked),
            (&[], "atproto"),
            (&[3, 99], "atproto transition:email"),
            (&[2, 3], "atproto transition:email"),
            (&[0], "transition:generic atproto"),
        ] {
            assert_eq!(
                granted(&request, |at| ticked.contains(&at)).to_string(),
                expected,
                "{ticked:?}"
            );
        }
    }

    fn set(wire: &str) -> ScopeSet {
        ScopeSet::parse(wire).unwrap()
    }

    /// `include:a.b.set` grants what this says.
    fn expand(scope: &ScopeSet) -> ScopeSet {
        let text = scope
            .to_string()
            .replace("include:a.b.set", "repo:a.b.one repo:a.b.two");
        set(&text)
    }

    // demand 3
    #[test]
    fn an_upgrade_is_what_was_added_widened_or_dropped() {
        use Novelty::{Held, New, Widened};
        for (asked, held, novelties, dropped) in [
            ("atproto repo:a.b.c", "atproto repo:a.b.c", &[Held, Held][..], ""),
            ("atproto repo:a.b.c", "atproto", &[Held, New], ""),
            ("atproto repo:*", "atproto repo:a.b.c", &[Held, Widened], ""),
            ("atproto repo:a.b.c", "atproto repo:*", &[Held, Held], "repo:*"),
            ("atproto", "atproto repo:a.b.c", &[Held], "repo:a.b.c"),
            ("atproto include:a.b.set", "atproto", &[Held, New], ""),
            (
                "atproto include:a.b.set",
                "atproto include:a.b.set",
                &[Held, Held],
                "",
            ),
            (
                "atproto include:a.b.set",
                "atproto repo:a.b.one",
                &[Held, Widened],
                "",
            ),
            (
                "atproto include:a.b.set",
                "atproto repo:*",
                &[Held, Held],
                "repo:*",
            ),
            (
                "atproto repo:a.b.one",
                "atproto include:a.b.set",
                &[Held, Held],
                "repo:a.b.two",
            ),
        ] {
            let compared = compare(&set(asked), Some(&set(held)), expand);
            assert_eq!(compared.asked, novelties, "{asked} after {held}");
            let dropping: Vec<_> = compared.dropped.iter().map(Scope::as_str).collect();
            assert_eq!(dropping.join(" "), dropped, "{asked} after {held}");
        }
        let first = compare(&set("atproto repo:a.b.c"), None, expand);
        assert_eq!((first.asked, first.dropped), (vec![New, New], vec![]));
    }
}
