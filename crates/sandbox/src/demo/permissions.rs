//! What the app may ask for, and what it can do with what it was granted.
//!
//! It asks as apps should: for little at first, by the name of a bundle where there is one, and for more once
//! somebody wants more. What is granted it reads as texts it knows: what a bundle holds it knows because it
//! publishes it, and the PDS has the last word anyway.

use std::fmt;

use super::problem::Problem;

/// Makes itself known, and nothing else.
const ATPROTO: &str = "atproto";
/// Everything, as before there were permissions.
const BROAD: &str = "transition:generic";
const NOTES: &str = "repo:test.jotter.note";
const PINS: &str = "repo:test.jotter.pin";
/// A collection of somebody else's, which no bundle of this app's can hold.
const POSTS: &str = "repo:app.bsky.feed.post?action=create";
const EMAIL: &str = "account:email";
/// Notes, pins, and calls of this app's search service.
const BUNDLE: &str = "include:test.jotter.basic?aud=did:web:api.jotter.test%23search";

/// The app's search service, which is there in name only, and its method.
pub(super) const SEARCH_SERVICE: &str = "did:web:api.jotter.test#search";
pub(super) const SEARCH_METHOD: &str = "test.jotter.findNotes";

/// Something to begin with.
#[derive(Debug)]
pub(super) struct Choice {
    /// Its name in forms and links.
    pub(super) name: &'static str,
    /// What it is called.
    pub(super) title: &'static str,
    /// What it is about.
    pub(super) detail: &'static str,
    /// What is asked for.
    pub(super) scope: &'static [&'static str],
}

/// All there is to begin with; the first is meant where nothing is said.
pub(super) const CHOICES: [Choice; 3] = [
    Choice {
        name: "granular",
        title: "Notes only",
        detail: "One permission: to write and delete notes.",
        scope: &[ATPROTO, NOTES],
    },
    Choice {
        name: "bundle",
        title: "The bundle, and posts",
        detail: "A permission set that Jotter publishes, and beside it a permission no set of Jotter’s can have: \
                 to share notes as posts.",
        scope: &[ATPROTO, BUNDLE, POSTS],
    },
    Choice {
        name: "broad",
        title: "Everything",
        detail: "Broad access, as apps had it before there were permissions.",
        scope: &[ATPROTO, BROAD],
    },
];

/// Something to ask for later.
#[derive(Clone, Copy, Debug)]
pub(super) struct Extra {
    /// Its name in the form.
    pub(super) name: &'static str,
    /// What is asked for.
    pub(super) scope: &'static str,
    /// What it is good for.
    pub(super) ability: Ability,
}

const EXTRAS: [Extra; 5] = [
    Extra {
        name: "notes",
        scope: NOTES,
        ability: Ability::Notes,
    },
    Extra {
        name: "pins",
        scope: PINS,
        ability: Ability::Pins,
    },
    Extra {
        name: "posts",
        scope: POSTS,
        ability: Ability::Posts,
    },
    Extra {
        name: "email",
        scope: EMAIL,
        ability: Ability::Email,
    },
    Extra {
        name: "bundle",
        scope: BUNDLE,
        ability: Ability::Search,
    },
];

/// What somebody whose app was granted this may still be asked for.
pub(super) fn extras(granted: &str) -> Vec<Extra> {
    EXTRAS
        .into_iter()
        .filter(|extra| !extra.ability.is_granted(granted))
        .collect()
}

/// Something the app does if it may.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) enum Ability {
    /// Writing and deleting notes.
    Notes,
    /// Keeping a note at the top.
    Pins,
    /// Sharing a note as a post.
    Posts,
    /// Showing the e-mail address.
    Email,
    /// Calling the search service.
    Search,
}

impl Ability {
    /// All of them.
    pub(super) const ALL: [Self; 5] = [Self::Notes, Self::Pins, Self::Posts, Self::Email, Self::Search];

    /// What a person calls it.
    pub(super) fn title(self) -> &'static str {
        match self {
            Self::Notes => "Write and delete notes",
            Self::Pins => "Pin notes",
            Self::Posts => "Share notes as posts",
            Self::Email => "See your e-mail address",
            Self::Search => "Call Jotter’s search service as you, which comes with the bundle",
        }
    }

    /// Whether a granted scope has it.
    pub(super) fn is_granted(self, scope: &str) -> bool {
        let by: &[&str] = match self {
            Self::Notes => &[NOTES, BUNDLE, BROAD],
            Self::Pins => &[PINS, BUNDLE, BROAD],
            Self::Posts => &[POSTS, BROAD],
            Self::Email => &[EMAIL],
            Self::Search => &[BUNDLE, BROAD],
        };
        scope.split(' ').any(|value| by.contains(&value))
    }
}

/// What one sign-in asks for.
#[derive(Clone, Debug, Eq, PartialEq)]
pub(super) struct Asked(Vec<&'static str>);

impl Asked {
    /// What a choice asks for, by its name.
    pub(super) fn of_choice(name: Option<&str>) -> Result<Self, Problem> {
        let name = name.unwrap_or(CHOICES[0].name);
        let choice = CHOICES.iter().find(|choice| choice.name == name);
        let choice = choice.ok_or_else(|| unknown("choice"))?;
        Ok(Self(choice.scope.to_vec()))
    }

    /// What was granted before, and these extras by their names.
    pub(super) fn more(granted: &str, extras: &[String]) -> Result<Self, Problem> {
        for name in extras {
            if !EXTRAS.iter().any(|extra| extra.name == name) {
                return Err(unknown("extra"));
            }
        }
        let is_wanted = |value: &&str| {
            let was_granted = granted.split(' ').any(|granted| granted == *value);
            let named = EXTRAS
                .iter()
                .any(|extra| extra.scope == *value && extras.iter().any(|name| name == extra.name));
            was_granted || named || *value == ATPROTO
        };
        Ok(Self(Self::everything().0.into_iter().filter(is_wanted).collect()))
    }

    /// All that is ever asked for: what the client identifier declares.
    pub(super) fn everything() -> Self {
        let mut all = Vec::new();
        let begun_with = CHOICES.iter().flat_map(|choice| choice.scope.iter().copied());
        for value in begun_with.chain(EXTRAS.iter().map(|extra| extra.scope)) {
            if !all.contains(&value) {
                all.push(value);
            }
        }
        Self(all)
    }

    /// The values.
    pub(super) fn values(&self) -> &[&'static str] {
        &self.0
    }
}

impl fmt::Display for Asked {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&self.0.join(" "))
    }
}

fn unknown(field: &str) -> Problem {
    Problem::FormUnreadable(format!("{field} is none that this app has"))
}

#[cfg(test)]
mod tests {
    use entryway_scope::ScopeSet;

    use super::*;

    fn more(granted: &str, extras: &[&str]) -> String {
        let extras: Vec<_> = extras.iter().map(|&name| name.to_owned()).collect();
        Asked::more(granted, &extras).unwrap().to_string()
    }

    #[test]
    fn everything_asked_for_is_a_scope_that_a_server_understands_and_the_client_declares() {
        let declared = Asked::everything();
        let scope = ScopeSet::parse(&declared.to_string()).unwrap();
        assert_eq!(scope.iter().count(), 7);
        for value in scope.iter() {
            assert_eq!(value.canonical(), value.as_str());
        }
        let audience = SEARCH_SERVICE.replace('#', "%23");
        assert_eq!(BUNDLE, format!("include:test.jotter.basic?aud={audience}"));
        for choice in &CHOICES {
            let asked = Asked::of_choice(Some(choice.name)).unwrap();
            assert!(
                asked
                    .values()
                    .iter()
                    .all(|value| declared.values().contains(value))
            );
        }
        let first = Asked::of_choice(None).unwrap();
        assert_eq!(first, Asked::of_choice(Some("granular")).unwrap());
        assert!(Asked::of_choice(Some("all")).is_err());
    }

    #[test]
    fn more_is_what_was_granted_and_what_is_asked_for_now() {
        assert_eq!(
            more("atproto repo:test.jotter.note", &["email", "pins"]),
            "atproto repo:test.jotter.note repo:test.jotter.pin account:email"
        );
        assert_eq!(more("atproto", &[]), "atproto");
        // what was unticked is not asked for again, and what others granted never was
        assert_eq!(
            more(&format!("atproto {BUNDLE} identity:*"), &["email"]),
            format!("atproto {BUNDLE} account:email")
        );
        assert!(Asked::more("atproto", &["admin".to_owned()]).is_err());
    }

    #[test]
    fn abilities_follow_from_what_was_granted() {
        use Ability::{Email, Notes, Pins, Posts, Search};
        let abilities = |scope: &str| {
            let granted = Ability::ALL
                .into_iter()
                .filter(|ability| ability.is_granted(scope));
            granted.collect::<Vec<_>>()
        };
        for (scope, expected) in [
            ("atproto", vec![]),
            ("atproto repo:test.jotter.note", vec![Notes]),
            ("atproto repo:test.jotter.notebook", vec![]),
            (BUNDLE, vec![Notes, Pins, Search]),
            (&format!("{POSTS} {EMAIL}"), vec![Posts, Email]),
            ("atproto transition:generic", vec![Notes, Pins, Posts, Search]),
        ] {
            assert_eq!(abilities(scope), expected, "{scope}");
            let offered = extras(scope).into_iter().map(|extra| extra.ability);
            let missing = Ability::ALL
                .into_iter()
                .filter(|ability| !expected.contains(ability));
            assert!(offered.eq(missing), "{scope}");
        }
    }
}
