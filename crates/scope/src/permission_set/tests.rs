mod properties;

use super::*;
use crate::set::VALUE_BYTES_MAX;
use crate::{Meaning, ScopeSet};
use serde_json::json;

const NAME: &str = "com.example.feed.authBasic";

fn read(permissions: &Value) -> PermissionSet {
    let main = json!({"type": "permission-set", "permissions": permissions});
    let record = json!({"lexicon": 1, "id": NAME, "defs": {"main": main}});
    PermissionSet::read(&Nsid::parse(NAME).unwrap(), &record).unwrap()
}

fn expand(set: &PermissionSet, scope: &str) -> Vec<String> {
    let Meaning::Include(include) = Scope::parse(scope).unwrap().meaning().clone() else {
        panic!("{scope} is an include")
    };
    set.expand(&include).iter().map(ToString::to_string).collect()
}

const WITH_AUDIENCE: &str = "include:com.example.feed.authBasic?aud=did:web:h%23svc";
const WITHOUT: &str = "include:com.example.feed.authBasic";

//
#[test]
fn what_is_understood_is_granted_to_those_who_include_it() {
    let set = read(&json!([
        {"type": "permission", "resource": "repo", "collection": ["com.example.feed.post", "com.example.feed.like"]},
        {"type": "permission", "resource": "repo", "collection": ["com.example.feed.deep.er"], "action": ["delete", "create"]},
        {"type": "permission", "resource": "rpc", "lxm": ["com.example.feed.get"], "aud": "*"},
        {"type": "permission", "resource": "rpc", "lxm": ["com.example.feed.get"], "aud": "*", "inheritAud": false},
        {"type": "permission", "resource": "rpc", "lxm": ["com.example.feed.put", "com.example.feed.get"], "inheritAud": true},
    ]));
    assert_eq!(set.ignored(), []);
    assert!(set.wants_audience());
    let repo = [
        "repo?collection=com.example.feed.like&collection=com.example.feed.post",
        "repo:com.example.feed.deep.er?action=create&action=delete",
        "rpc:com.example.feed.get?aud=*",
        "rpc:com.example.feed.get?aud=*",
    ];
    assert_eq!(expand(&set, WITHOUT), repo);
    let inherited = "rpc?lxm=com.example.feed.get&lxm=com.example.feed.put&aud=did:web:h%23svc";
    assert_eq!(expand(&set, WITH_AUDIENCE), [&repo[..], &[inherited]].concat());
    assert_eq!(expand(&set, "include:com.example.feed.authOther"), [""; 0]);
}

//
#[test]
fn what_is_not_understood_is_ignored_and_nothing_else_is() {
    use IgnoredReason as R;
    let post = json!(["com.example.feed.post"]);
    for (permission, reason) in [
        (json!("repo:com.example.feed.post"), R::NotAPermission),
        (json!(null), R::NotAPermission),
        (json!([]), R::NotAPermission),
        (json!({"resource": "repo", "collection": post}), R::NotAPermission),
        (
            json!({"type": "permissions", "resource": "repo", "collection": post}),
            R::NotAPermission,
        ),
        (json!({"type": "permission"}), R::Resource),
        (
            json!({"type": "permission", "resource": "blob", "accept": ["*/*"]}),
            R::Resource,
        ),
        (
            json!({"type": "permission", "resource": "account", "attr": "email"}),
            R::Resource,
        ),
        (
            json!({"type": "permission", "resource": "identity", "attr": "*"}),
            R::Resource,
        ),
        (
            json!({"type": "permission", "resource": "include", "nsid": "com.example.feed.other"}),
            R::Resource,
        ),
        (
            json!({"type": "permission", "resource": "Repo", "collection": post}),
            R::Resource,
        ),
        (
            json!({"type": "permission", "resource": "space", "name": post}),
            R::Resource,
        ),
        (
            json!({"type": "permission", "resource": ["repo"], "collection": post}),
            R::Resource,
        ),
        (
            json!({"type": "permission", "resource": "repo", "collection": post, "rkey": "self"}),
            R::Member,
        ),
        (
            json!({"type": "permission", "resource": "repo", "collection": post, "Action": ["create"]}),
            R::Member,
        ),
        (
            json!({"type": "permission", "resource": "repo", "collection": post, "": null}),
            R::Member,
        ),
        (
            json!({"type": "permission", "resource": "repo", "collection": post, "description": "posts"}),
            R::Member,
        ),
        (
            json!({"type": "permission", "resource": "repo", "collection": post, "inheritAud": true}),
            R::Member,
        ),
        (json!({"type": "permission", "resource": "repo"}), R::Names),
        (
            json!({"type": "permission", "resource": "repo", "collection": []}),
            R::Names,
        ),
        (
            json!({"type": "permission", "resource": "repo", "collection": null}),
            R::Names,
        ),
        (
            json!({"type": "permission", "resource": "repo", "collection": "com.example.feed.post"}),
            R::Names,
        ),
        (
            json!({"type": "permission", "resource": "repo", "collection": ["com.example.feed.post", 1]}),
            R::Names,
        ),
        (
            json!({"type": "permission", "resource": "repo", "collection": ["com.example.feed.post", "x"]}),
            R::Names,
        ),
        (
            json!({"type": "permission", "resource": "repo", "collection": ["com.example.feed.*"]}),
            R::Names,
        ),
        (
            json!({"type": "permission", "resource": "repo", "collection": ["*"]}),
            R::Wildcard,
        ),
        (
            json!({"type": "permission", "resource": "repo", "collection": ["com.example.feed.post", "*"]}),
            R::Wildcard,
        ),
        (
            json!({"type": "permission", "resource": "repo", "collection": post, "action": []}),
            R::Action,
        ),
        (
            json!({"type": "permission", "resource": "repo", "collection": post, "action": "create"}),
            R::Action,
        ),
        (
            json!({"type": "permission", "resource": "repo", "collection": post, "action": null}),
            R::Action,
        ),
        (
            json!({"type": "permission", "resource": "repo", "collection": post, "action": ["*"]}),
            R::Action,
        ),
        (
            json!({"type": "permission", "resource": "repo", "collection": post, "action": ["create", "read"]}),
            R::Action,
        ),
        (
            json!({"type": "permission", "resource": "rpc", "aud": "*"}),
            R::Names,
        ),
        (
            json!({"type": "permission", "resource": "rpc", "lxm": ["*"], "aud": "*"}),
            R::Wildcard,
        ),
        (
            json!({"type": "permission", "resource": "rpc", "lxm": ["*"], "inheritAud": true}),
            R::Wildcard,
        ),
        (
            json!({"type": "permission", "resource": "rpc", "lxm": post}),
            R::Audience,
        ),
        (
            json!({"type": "permission", "resource": "rpc", "lxm": post, "inheritAud": false}),
            R::Audience,
        ),
        (
            json!({"type": "permission", "resource": "rpc", "lxm": post, "aud": "did:web:h#svc"}),
            R::Audience,
        ),
        (
            json!({"type": "permission", "resource": "rpc", "lxm": post, "aud": ["*"]}),
            R::Audience,
        ),
        (
            json!({"type": "permission", "resource": "rpc", "lxm": post, "aud": null}),
            R::Audience,
        ),
        (
            json!({"type": "permission", "resource": "rpc", "lxm": post, "aud": "*", "inheritAud": true}),
            R::GivenAndInherited,
        ),
        (
            json!({"type": "permission", "resource": "rpc", "lxm": post, "aud": null, "inheritAud": true}),
            R::GivenAndInherited,
        ),
        (
            json!({"type": "permission", "resource": "rpc", "lxm": post, "inheritAud": "true"}),
            R::InheritAud,
        ),
        (
            json!({"type": "permission", "resource": "rpc", "lxm": post, "inheritAud": null}),
            R::InheritAud,
        ),
        (
            json!({"type": "permission", "resource": "rpc", "lxm": post, "aud": "*", "collection": post}),
            R::Member,
        ),
    ] {
        let good = json!({"type": "permission", "resource": "repo", "collection": ["com.example.feed.like"]});
        let set = read(&json!([good, permission]));
        assert_eq!(
            set.ignored(),
            [IgnoredPermission { position: 2, reason }],
            "{permission}"
        );
        assert_eq!(
            expand(&set, WITH_AUDIENCE),
            ["repo:com.example.feed.like"],
            "{permission}"
        );
        assert!(crate::is_printable(&reason.to_string()), "{reason}");
    }
}

//
#[test]
fn a_set_has_authority_over_its_own_group_and_below() {
    for (name, is_under) in [
        ("com.example.feed.post", true),
        ("com.example.feed.authBasic", true),
        ("com.example.feed.deep.er.still", true),
        ("com.example.post", false),
        ("com.example.actor.post", false),
        ("com.example.feeds.post", false),
        ("com.example.feed-x.post", false),
        ("com.Example.feed.post", false),
        ("com.examplexfeed.post", false),
        ("app.bsky.feed.post", false),
        ("x.com.example.feed.post", false),
    ] {
        let set = read(&json!([
            {"type": "permission", "resource": "repo", "collection": [name]},
            {"type": "permission", "resource": "rpc", "lxm": [name], "aud": "*"},
            {"type": "permission", "resource": "repo", "collection": ["com.example.feed.like", name]},
        ]));
        assert_eq!(
            expand(&set, WITHOUT).len(),
            if is_under { 3 } else { 0 },
            "{name}"
        );
        assert!(
            set.ignored()
                .iter()
                .all(|ignored| ignored.reason == IgnoredReason::Authority)
        );
    }
}

//
#[test]
fn a_record_of_something_else_is_no_permission_set() {
    use InvalidPermissionSet as I;
    let good = json!({
        "$type": "com.atproto.lexicon.schema", "lexicon": 1, "id": NAME, "description": "of no interest",
        "defs": {"main": {"type": "permission-set", "permissions": []}, "other": {"type": "token"}},
    });
    let changed = |pointer: &str, value: Value| {
        let mut record = good.clone();
        *record.pointer_mut(pointer).unwrap() = value;
        record
    };
    let name = Nsid::parse(NAME).unwrap();
    assert_eq!(
        PermissionSet::read(&name, &good).map(|set| set.name().clone()),
        Ok(name.clone())
    );
    for (record, fault) in [
        (json!(null), I::NotALexicon),
        (json!([]), I::NotALexicon),
        (json!("com.example"), I::NotALexicon),
        (changed("/lexicon", json!(2)), I::NotALexicon),
        (changed("/lexicon", json!("1")), I::NotALexicon),
        (changed("/$type", json!("app.bsky.feed.post")), I::NotALexicon),
        (changed("/$type", json!(null)), I::NotALexicon),
        (changed("/id", json!("com.example.feed.authOther")), I::OtherName),
        (changed("/id", json!("com.example.feed.authbasic")), I::OtherName),
        (changed("/id", json!(null)), I::OtherName),
        (changed("/defs", json!({})), I::NotAPermissionSet),
        (changed("/defs", json!([])), I::NotAPermissionSet),
        (
            changed("/defs/main", json!({"type": "query"})),
            I::NotAPermissionSet,
        ),
        (
            changed("/defs/main", json!({"type": "permission-set"})),
            I::NotAPermissionSet,
        ),
        (changed("/defs/main/permissions", json!({})), I::NotAPermissionSet),
    ] {
        assert_eq!(PermissionSet::read(&name, &record), Err(fault), "{record}");
        assert!(crate::is_printable(&fault.to_string()), "{fault}");
    }
}

#[test]
fn a_record_out_of_bounds_is_refused_and_texts_are_cut() {
    use InvalidPermissionSet::{TooLarge, TooManyPermissions};
    let name = Nsid::parse(NAME).unwrap();
    let read =
        |main: Value| PermissionSet::read(&name, &json!({"lexicon": 1, "id": NAME, "defs": {"main": main}}));
    let set = |count: usize, permission: Value| json!({"type": "permission-set", "permissions": vec![permission; count]});
    let post = json!({"type": "permission", "resource": "repo", "collection": ["com.example.feed.post"]});
    assert!(read(set(256, post.clone())).is_ok());
    assert_eq!(read(set(257, json!(0))), Err(TooManyPermissions));
    assert_eq!(read(set(100_000, post)), Err(TooLarge));
    assert_eq!(read(set(1, json!({"x": "x".repeat(10 << 20)}))), Err(TooLarge));
    assert_eq!(read(set(1, json!({"x".repeat(10 << 20): 0}))), Err(TooLarge));
    assert_eq!(read(set(1, json!(vec![0; 1 << 20]))), Err(TooLarge));
    let nested = (0..100).fold(json!(0), |inner, _| json!([inner]));
    assert!(read(set(1, nested)).is_ok());

    let long = "x".repeat(10_000);
    let texts = json!({
        "type": "permission-set", "permissions": [], "title": long, "detail": long, "title:lang": {"de": long},
    });
    let texts = read(texts).unwrap();
    let chars = |text: Option<&str>| text.map(|text| text.chars().count());
    assert_eq!(chars(texts.title("en")), Some(100));
    assert_eq!(chars(texts.title("de")), Some(100));
    assert_eq!(chars(texts.detail("de")), Some(600));
}

//
#[test]
fn a_permission_on_very_many_names_is_divided_into_values_that_fit() {
    let names: Vec<_> = (0..400)
        .map(|n| format!("com.example.feed.method{n:03}"))
        .collect();
    let set = read(&json!([
        {"type": "permission", "resource": "rpc", "lxm": names, "inheritAud": true},
    ]));
    let values = expand(&set, WITH_AUDIENCE);
    let wire = ScopeSet::parse(&values.join(" ")).unwrap();
    assert!(values.len() > 1 && values.iter().all(|value| value.len() <= VALUE_BYTES_MAX));
    for name in names {
        let method = Nsid::parse(&name).unwrap();
        let act = crate::Act::Rpc {
            method: Some(&method),
            audience: "did:web:h#svc",
        };
        assert!(wire.permits(act), "{name}");
    }
}
