//! Two scope strings, parted by a line break: nothing panics, and what the crate promises of them holds.

#![no_main]

use entryway_scope::{Scope, ScopeSet, explain, suggest};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|text: &str| {
    let (one, other) = text.split_once('\n').unwrap_or((text, ""));
    suggest(one);
    let (Ok((one, _)), Ok((other, _))) = (ScopeSet::parse_lenient(one), ScopeSet::parse_lenient(other))
    else {
        return;
    };
    for scope in one.iter() {
        let again = Scope::parse(&scope.canonical()).expect("a normal form is valid");
        assert_eq!(again.meaning(), scope.meaning());
        assert_eq!(again.canonical(), scope.canonical());
        assert!(explain(scope).sentence.is_ascii());
    }
    assert!(one.covers(&one));
    let left = one.difference(&other);
    assert_eq!(left.is_empty(), other.covers(&one));
    assert!(
        left.iter()
            .all(|scope| one.iter().any(|whole| whole.covers(scope)))
    );
    assert_eq!(one.upgrade_from(&other).gains.is_empty(), left.is_empty());
    if let Ok(union) = one.union(&other) {
        assert!(union.covers(&one) && union.covers(&other));
        assert_eq!(other.union(&one), Ok(union));
    }
});
