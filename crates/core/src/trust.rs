//! What is known of a client before a person is asked: the operator's word, and earlier consents.

use entryway_scope::{Did, Scope, ScopeSet};

/// A client the operator vouches for: its name and logo are shown, and it need not ask again
/// for what was granted before.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Trust {
    /// The name to show, the operator's choice.
    pub name: String,
    /// Whether it is an app of the service itself.
    pub first_party: bool,
    /// Whether there is a logo to show.
    pub has_logo: bool,
}

/// How a client stands with the operator and with the accounts of one browser.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Standing {
    /// The operator's word for it, if given.
    pub trust: Option<Trust>,
    /// What each of these accounts last granted it and did not take back.
    pub granted: Vec<(Did, ScopeSet)>,
}

impl Standing {
    /// What the account has granted before.
    pub fn granted_by(&self, did: &Did) -> Option<&ScopeSet> {
        self.granted
            .iter()
            .find(|(account, _)| account == did)
            .map(|(_, scope)| scope)
    }
}

/// What an account has granted a client after one more consent: what was asked is decided anew, what
/// was not asked stays as it was.
pub fn granted_after(before: Option<&ScopeSet>, asked: &ScopeSet, granted: &ScopeSet) -> ScopeSet {
    let kept = before
        .into_iter()
        .flat_map(ScopeSet::iter)
        .filter(|value| !asked.contains(value))
        .map(Scope::as_str);
    let all: Vec<&str> = granted.iter().map(Scope::as_str).chain(kept).collect();
    // more values than a set may have: the new consent is the one that counts
    ScopeSet::parse(&all.join(" ")).unwrap_or_else(|_| granted.clone())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_consent_decides_what_was_asked_and_leaves_the_rest() {
        let set = |wire| ScopeSet::parse(wire).unwrap();
        let before = set("atproto transition:generic transition:email");
        for (before, asked, granted, after) in [
            (None, "atproto transition:email", "atproto", "atproto"),
            (
                Some(&before),
                "atproto transition:email",
                "atproto",
                "atproto transition:generic",
            ),
            (
                Some(&before),
                "atproto transition:email",
                "atproto transition:email",
                "atproto transition:email transition:generic",
            ),
        ] {
            assert_eq!(granted_after(before, &set(asked), &set(granted)), set(after));
        }
    }
}
