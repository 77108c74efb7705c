//! The lexicons of Jotter, which the sandbox publishes so that there are some: two permission sets, and the
//! records they speak of.

use entryway_scope::{Handle, Nsid};
use serde_json::{Map, Value};

/// The handle of their publisher, whose domain their names are under.
#[expect(clippy::expect_used, reason = "the constant is a handle")]
pub(crate) fn publisher() -> Handle {
    Handle::parse("jotter.test").expect("a handle")
}

/// Every one of them by its name.
#[expect(
    clippy::expect_used,
    reason = "the texts are part of the program, and a test reads them"
)]
pub(crate) fn all() -> impl Iterator<Item = (Nsid, Map<String, Value>)> {
    LEXICONS.into_iter().map(|(name, text)| {
        let name = Nsid::parse(name).expect("an NSID");
        (name, serde_json::from_str(text).expect("a JSON object"))
    })
}

macro_rules! lexicon {
    ($name:literal) => {
        (
            $name,
            include_str!(concat!("../assets/lexicons/", $name, ".json")),
        )
    };
}

const LEXICONS: [(&str, &str); 4] = [
    lexicon!("test.jotter.basic"),
    lexicon!("test.jotter.capture"),
    lexicon!("test.jotter.note"),
    lexicon!("test.jotter.pin"),
];

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use entryway_scope::{Meaning, PermissionSet, Scope};

    use super::*;

    //
    #[test]
    fn two_of_them_are_permission_sets_and_nothing_in_them_is_ignored() {
        let mut sets = BTreeMap::new();
        for (name, lexicon) in all() {
            assert_eq!(name.authority(), publisher().as_str());
            assert_eq!(lexicon["id"], name.as_str());
            if lexicon["defs"]["main"]["type"] == "permission-set" {
                let set = PermissionSet::read(&name, &Value::Object(lexicon)).unwrap();
                assert_eq!(set.ignored(), []);
                for texts in [PermissionSet::title, PermissionSet::detail] {
                    let (english, german) = (texts(&set, "en").unwrap(), texts(&set, "de").unwrap());
                    assert_ne!(english, german);
                }
                sets.insert(name.to_string(), set);
            }
        }
        let granted = |name: &str, query: &str| -> Vec<String> {
            let scope = Scope::parse(&format!("include:{name}{query}")).unwrap();
            let Meaning::Include(include) = scope.meaning() else {
                panic!("{scope}")
            };
            let scopes = sets[name].expand(include);
            scopes.iter().map(ToString::to_string).collect()
        };
        let repo = "repo?collection=test.jotter.note&collection=test.jotter.pin";
        assert_eq!(granted("test.jotter.basic", ""), [repo]);
        assert_eq!(
            granted("test.jotter.basic", "?aud=did:web:api.jotter.test%23search"),
            [
                repo,
                "rpc?lxm=test.jotter.findNotes&lxm=test.jotter.suggestTags&aud=did:web:api.jotter.test%23search",
            ]
        );
        assert_eq!(
            granted("test.jotter.capture", ""),
            [format!("{repo}&action=create")]
        );
    }
}
