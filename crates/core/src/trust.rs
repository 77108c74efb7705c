//! What is known of a client before a person is asked: the operator's word, and earlier consents.

use entryway_oauth::redirect::RedirectKind;
use entryway_scope::{Did, Scope, ScopeSet};

use crate::request::AuthorizationRequest;

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
    pub granted: Vec<(Did, Grant)>,
}

impl Standing {
    /// What the account has granted before, whether the client was known then or not.
    pub fn granted_by(&self, did: &Did) -> Option<&ScopeSet> {
        self.grant_of(did).map(|grant| &grant.scope)
    }

    /// The same, and whether it counts without asking again.
    pub fn grant_of(&self, did: &Did) -> Option<&Grant> {
        let grant = self.granted.iter().find(|(account, _)| account == did);
        grant.map(|(_, grant)| grant)
    }
}

/// Whether whoever made this request is the client it names, and nobody who poses as it: it authenticated
/// with its key, or the operator trusts it and the answer goes to its own place on the web.
///
/// What a loopback port or a private-use scheme leads to is any program on the device that asks for it
/// (RFC 8252 section 8.6), whatever the operator says of the client.
pub fn is_known(request: &AuthorizationRequest, is_trusted: bool) -> bool {
    request.client_key.is_some() || (is_trusted && trust_may_make_known(request))
}

/// Whether the operator's word decides if the client is known.
pub fn trust_may_make_known(request: &AuthorizationRequest) -> bool {
    request.client_key.is_none() && request.redirect_uri.kind() == RedirectKind::Web
}

/// What an account granted a client and did not take back.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Grant {
    /// The values.
    pub scope: ScopeSet,
    /// Whether the client was known when it was given them: whoever posed as it may have got the others.
    pub known: bool,
}

impl Grant {
    /// Whether the person need not be asked for this again, by a client that is known.
    pub fn answers(&self, asked: &ScopeSet) -> bool {
        self.known && asked.is_subset(&self.scope)
    }

    /// What is granted after one more consent: what was asked is decided anew, what was not asked stays as
    /// it was.
    ///
    /// What was granted to a client that was not known goes once it is granted something as a known one; and
    /// a consent to one that is not known only takes from what was granted before it.
    #[must_use]
    pub fn after(before: Option<&Self>, asked: &ScopeSet, consent: Self) -> Self {
        let Some(before) = before else {
            return consent;
        };
        match (before.known, consent.known) {
            (false, true) => consent,
            (true, false) => {
                let mut scope = before.scope.clone();
                scope.retain(|value| !asked.contains(value) || consent.scope.contains(value));
                Self { scope, known: true }
            }
            (true, true) | (false, false) => {
                let kept = before.scope.iter().filter(|value| !asked.contains(value));
                let all: Vec<&str> = consent.scope.iter().chain(kept).map(Scope::as_str).collect();
                // more values than a set may have: the new consent is the one that counts
                let scope = ScopeSet::parse(&all.join(" ")).unwrap_or(consent.scope);
                Self { scope, ..consent }
            }
        }
    }

    /// What is left after a refusal of what was asked; `None` where that is nothing.
    #[must_use]
    pub fn without(&self, asked: &ScopeSet) -> Option<Self> {
        let mut left = self.clone();
        left.scope.retain(|value| !asked.contains(value));
        (!left.scope.is_empty()).then_some(left)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::fixtures;
    use entryway_oauth::redirect::RedirectUri;

    fn set(wire: &str) -> ScopeSet {
        ScopeSet::parse(wire).unwrap()
    }

    fn known(wire: &str) -> Grant {
        Grant {
            scope: set(wire),
            known: true,
        }
    }

    fn unknown(wire: &str) -> Grant {
        Grant {
            scope: set(wire),
            known: false,
        }
    }

    #[test]
    fn a_consent_decides_what_was_asked_and_leaves_the_rest() {
        let three = "atproto transition:generic transition:email";
        for (before, asked, granted, after) in [
            (None, "atproto transition:email", "atproto", "atproto"),
            (
                Some(three),
                "atproto transition:email",
                "atproto",
                "atproto transition:generic",
            ),
            (
                Some(three),
                "atproto transition:email",
                "atproto transition:email",
                "atproto transition:email transition:generic",
            ),
        ] {
            for grant in [known, unknown] {
                let before = before.map(grant);
                let decided = Grant::after(before.as_ref(), &set(asked), grant(granted));
                assert_eq!(decided, grant(after));
            }
        }
    }

    //
    #[test]
    fn what_a_client_got_unknown_never_counts_as_given_to_it() {
        let email = "atproto transition:email";
        let generic = "atproto transition:generic";
        let both = "atproto transition:generic transition:email";
        for (before, asked, consent, after) in [
            (unknown(both), email, known(email), known(email)),
            (known(generic), email, unknown(email), known(generic)),
            (known(both), email, unknown("atproto"), known(generic)),
            (unknown(generic), email, unknown("atproto"), unknown(generic)),
        ] {
            assert_eq!(Grant::after(Some(&before), &set(asked), consent), after);
        }
        assert!(known(both).answers(&set(email)));
        assert!(!known(generic).answers(&set(email)));
        assert!(!unknown(both).answers(&set(email)));
    }

    #[test]
    fn a_refusal_takes_out_what_was_asked() {
        let held = known("atproto transition:generic transition:email");
        for (asked, left) in [
            ("atproto transition:email", Some(known("transition:generic"))),
            ("atproto transition:generic transition:email", None),
            (
                "repo:a.b.c",
                Some(known("atproto transition:generic transition:email")),
            ),
        ] {
            assert_eq!(held.without(&set(asked)), left, "{asked}");
        }
    }

    //
    #[test]
    fn a_client_is_known_by_its_key_or_by_trust_where_nobody_else_gets_the_answer() {
        for (redirect_uri, confidential, trusted, expected) in [
            ("https://app.example/cb", false, false, false),
            ("https://app.example/cb", false, true, true),
            ("com.example.app:/cb", false, true, false),
            ("http://127.0.0.1:4000/", false, true, false),
            ("com.example.app:/cb", true, false, true),
            ("https://app.example/cb", true, true, true),
        ] {
            let request = AuthorizationRequest {
                redirect_uri: RedirectUri::parse(redirect_uri).unwrap(),
                client_key: confidential.then(fixtures::client_key),
                ..fixtures::request()
            };
            assert_eq!(
                is_known(&request, trusted),
                expected,
                "{redirect_uri} {confidential} {trusted}"
            );
        }
    }
}
