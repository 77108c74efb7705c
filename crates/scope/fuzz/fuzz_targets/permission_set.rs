//! A permission set's record and a value that includes it: nothing panics, and nothing escapes the set's group.

#![no_main]

use entryway_scope::{Meaning, Nsid, Nsids, PermissionSet, Scope};
use libfuzzer_sys::fuzz_target;
use serde_json::{Value, json};

fuzz_target!(|text: &str| {
    let Ok(given) = serde_json::from_str::<Value>(text) else {
        return;
    };
    let name = Nsid::parse("com.example.feed.auth").expect("an NSID");
    let _ = PermissionSet::read(&name, &given);
    let main = json!({"type": "permission-set", "title": given, "title:lang": given, "permissions": given});
    let record = json!({"lexicon": 1, "id": name.as_str(), "defs": {"main": main}});
    let Ok(set) = PermissionSet::read(&name, &record) else {
        return;
    };
    assert!(
        set.title("en-US")
            .is_none_or(|title| title.chars().count() <= 100)
    );
    let scope = Scope::parse("include:com.example.feed.auth?aud=did:web:h%23svc").expect("a value");
    let Meaning::Include(include) = scope.meaning() else {
        return;
    };
    for granted in set.expand(include) {
        let names = match granted.meaning() {
            Meaning::Repo(repo) => repo.collections(),
            Meaning::Rpc(rpc) => rpc.methods(),
            other => panic!("a set holds {other}"),
        };
        let Nsids::Listed(names) = names else {
            panic!("a set holds everything")
        };
        assert!(
            names
                .iter()
                .all(|name| name.as_str().starts_with("com.example.feed."))
        );
        assert_eq!(Scope::parse(granted.as_str()), Ok(granted));
    }
});
