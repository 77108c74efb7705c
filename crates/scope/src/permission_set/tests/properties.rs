use super::*;
use crate::{Audience, Nsids};
use proptest::prelude::*;
use proptest::sample::select;

/// Permissions of which many are nearly right.
fn permission() -> impl Strategy<Value = Value> {
    let name = select(vec![
        "com.example.feed.post",
        "com.example.feed.deep.er",
        "com.example.feed",
        "com.example.post",
        "com.example.feedx.post",
        "app.bsky.feed.post",
        "*",
        "com.example.feed.*",
        "",
    ]);
    let names = prop::collection::vec(name, 0..3).prop_map(|names| json!(names));
    let odd = || {
        select(vec![
            json!(null),
            json!(true),
            json!(false),
            json!("*"),
            json!("did:web:evil#svc"),
            json!([]),
            json!(["create"]),
            json!(1),
        ])
    };
    let member = prop_oneof![
        4 => names.clone().prop_map(|names| ("collection", names)),
        4 => names.prop_map(|names| ("lxm", names)),
        2 => Just(("aud", json!("*"))),
        2 => Just(("inheritAud", json!(true))),
        1 => Just(("action", json!(["create"]))),
        1 => (select(vec!["aud", "inheritAud", "action", "accept", "attr", "x"]), odd()),
    ];
    let resource = select(vec![
        "repo", "rpc", "repo", "rpc", "blob", "account", "identity", "include", "x",
    ]);
    (resource, prop::collection::vec(member, 0..4)).prop_map(|(resource, members)| {
        let mut permission = json!({"type": "permission", "resource": resource});
        for (name, value) in members {
            permission[name] = value;
        }
        permission
    })
}

proptest! {
    //
    #[test]
    fn an_expansion_never_escapes_its_authority(
        permissions in prop::collection::vec(permission(), 0..8),
        audience in select(vec![WITHOUT, WITH_AUDIENCE]),
    ) {
        let set = read(&json!(permissions));
        let granted = expand(&set, audience);
        prop_assert!(set.ignored().len() <= permissions.len());
        for value in &granted {
            let scope = Scope::parse(value).unwrap();
            prop_assert_eq!(&scope.canonical(), value);
            let names = match scope.meaning() {
                Meaning::Repo(repo) => repo.collections(),
                Meaning::Rpc(rpc) => {
                    let inherited = matches!(rpc.audience(), Audience::Service(service) if service.as_str() == "did:web:h#svc");
                    prop_assert!(*rpc.audience() == Audience::Any || inherited && audience == WITH_AUDIENCE);
                    rpc.methods()
                }
                _ => panic!("{value} is neither repo nor rpc"),
            };
            let Nsids::Listed(names) = names else { panic!("{value} has a wildcard") };
            prop_assert!(names.iter().all(|name| name.as_str().starts_with("com.example.feed.")));
        }
    }

    //
    #[test]
    fn a_member_more_never_grants_more(
        permission in permission(),
        name in "[a-zA-Z:$]{0,12}",
        value in select(vec![json!(null), json!("*"), json!(["*"]), json!(true), json!({})]),
    ) {
        let before = expand(&read(&json!([permission])), WITH_AUDIENCE);
        let mut longer = permission.clone();
        if longer.get(&name).is_none() {
            longer[&name] = value;
            let after = expand(&read(&json!([longer])), WITH_AUDIENCE);
            let is_known = ["action", "aud", "inheritAud", "collection", "lxm"].contains(&name.as_str());
            prop_assert!(after.is_empty() || is_known || after == before);
        }
    }

    #[test]
    fn any_json_is_read_or_refused(text in "[\\[\\]{}\",:a-z0-9]{0,60}") {
        if let Ok(record) = serde_json::from_str::<Value>(&text) {
            prop_assert!(PermissionSet::read(&Nsid::parse(NAME).unwrap(), &record).is_err());
            read(&json!([record]));
        }
    }
}
