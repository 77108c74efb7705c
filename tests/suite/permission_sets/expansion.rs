//! What a set is worth in a token (R-392 to, contract section 5.3).

use entryway_tests::{Browser, Engine, Tokens, alice, both_engines, login};
use serde_json::{Value, json};

use super::{Garden, INCLUDE, claim, client, grant, refresh, repo, set};

//
async fn the_token_holds_the_permissions_and_the_answer_repeats_the_set(engine: Engine) {
    let garden = Garden::open(engine).await;
    let client = client(INCLUDE);
    let mut tokens = login(&garden.server, &client, alice()).await;
    for _ in 0..2 {
        assert_eq!(tokens.scope, INCLUDE);
        assert_eq!(claim(&tokens), "repo:test.garden.plant atproto");
        refresh(&garden.server, &client, &mut tokens).await;
    }
    // a refresh may ask for less
    let less = client.refresh(&tokens.refresh_token).with("scope", "atproto");
    let less = Tokens::of(&less.send(&garden.server).await);
    assert_eq!(
        (less.scope.as_str(), claim(&less).as_str()),
        ("atproto", "atproto")
    );
}

fn rpc(members: &Value) -> Value {
    let mut permission = json!({ "type": "permission", "resource": "rpc", "lxm": ["test.garden.water"] });
    for (name, value) in members.as_object().unwrap() {
        permission[name] = value.clone();
    }
    permission
}

/// Permissions, and what is left of them where the set is included with an audience and without one.
fn worth() -> Vec<(Value, &'static str, &'static str)> {
    let kept = |permission: Value, scope| (json!([permission]), scope, scope);
    let dropped = |permission: Value| (json!([permission]), "", "");
    let plant = |name: &str, value: Value| {
        let mut permission = repo(&["test.garden.plant"]);
        permission[name] = value;
        permission
    };
    let hose = "rpc:test.garden.water?aud=did:web:api.garden.test%23hose";
    vec![
        //
        (json!([rpc(&json!({ "inheritAud": true }))]), hose, ""),
        dropped(rpc(&json!({ "inheritAud": true, "aud": "*" }))),
        //
        kept(rpc(&json!({ "aud": "*" })), "rpc:test.garden.water?aud=*"),
        kept(
            rpc(&json!({ "aud": "*", "inheritAud": false })),
            "rpc:test.garden.water?aud=*",
        ),
        dropped(rpc(&json!({ "aud": "did:web:api.garden.test#hose" }))),
        dropped(rpc(&json!({ "aud": "did:web:api.garden.test" }))),
        dropped(rpc(&json!({}))),
        dropped(rpc(&json!({ "inheritAud": false }))),
        // the set's own group and below, and one foreign name spoils its permission
        kept(repo(&["test.garden.deep.root"]), "repo:test.garden.deep.root"),
        dropped(repo(&["test.garden.plant", "app.bsky.feed.post"])),
        dropped(repo(&["test.gardening.plant"])),
        dropped(repo(&["test.plant"])),
        dropped(rpc(
            &json!({ "aud": "*", "lxm": ["com.atproto.server.deleteAccount"] }),
        )),
        //
        dropped(repo(&["*"])),
        dropped(repo(&["test.garden.*"])),
        dropped(rpc(&json!({ "aud": "*", "lxm": ["*"] }))),
        //
        dropped(json!({ "type": "permission", "resource": "blob", "accept": ["*/*"] })),
        dropped(json!({ "type": "permission", "resource": "account", "attr": "email" })),
        dropped(json!({ "type": "permission", "resource": "identity", "attr": "handle" })),
        dropped(json!({ "type": "permission", "resource": "include", "nsid": "test.garden.tend" })),
        //
        kept(
            plant("action", json!(["create"])),
            "repo:test.garden.plant?action=create",
        ),
        dropped(plant("action", json!(["create", "admire"]))),
        dropped(plant("season", json!("spring"))),
        dropped(plant("resource", json!("weather"))),
        dropped(plant("type", json!("permit"))),
        (json!([]), "", ""),
        (
            json!([
                repo(&["app.bsky.feed.post"]),
                repo(&["test.garden.plant"]),
                rpc(&json!({ "inheritAud": true })),
                "rubbish",
            ]),
            "repo:test.garden.plant rpc:test.garden.water?aud=did:web:api.garden.test%23hose",
            "repo:test.garden.plant",
        ),
    ]
}

//
async fn what_a_set_may_not_hold_is_dropped_by_the_permission(engine: Engine) {
    let garden = Garden::open(engine).await;
    let mut browser = Browser::new();
    for (number, (permissions, with_audience, without)) in worth().into_iter().enumerate() {
        let name = format!("test.garden.set{number}");
        garden.publisher.publish(&name, &set(&name, &permissions));
        let audience = "?aud=did:web:api.garden.test%23hose";
        for (query, expected) in [(audience, with_audience), ("", without)] {
            let asked = format!("atproto include:{name}{query}");
            let tokens = grant(&garden.server, &mut browser, &client(&asked)).await;
            assert_eq!(tokens.scope, asked);
            let expected = format!("{expected} atproto");
            assert_eq!(claim(&tokens), expected.trim_start(), "{permissions}");
        }
        // the audience is not part of what is resolved
        assert_eq!(garden.publisher.asked(&name), 1);
    }
}

// contract section 5.3
async fn sets_come_first_in_the_order_of_the_request_and_the_rest_after_them(engine: Engine) {
    let garden = Garden::open(engine).await;
    for (name, collection) in [
        ("test.garden.second", "test.garden.tool"),
        ("test.garden.first", "test.garden.seed"),
    ] {
        garden
            .publisher
            .publish(name, &set(name, &json!([repo(&[collection])])));
    }
    let asked =
        "blob:image/* include:test.garden.first atproto include:test.garden.second repo:app.bsky.feed.post";
    let tokens = login(&garden.server, &client(asked), alice()).await;
    assert_eq!(tokens.scope, asked);
    assert_eq!(
        claim(&tokens),
        "repo:test.garden.seed repo:test.garden.tool blob:image/* atproto repo:app.bsky.feed.post"
    );
}

// another audience is another permission
async fn an_audience_is_neither_asked_for_nor_refreshed_into_beyond_what_was_given(engine: Engine) {
    let garden = Garden::open(engine).await;
    let client = client(INCLUDE);
    let wider = "atproto include:test.garden.tend?aud=did:web:api.garden.test%23hose";
    for asked in [wider, "atproto include:test.garden.other"] {
        let refused = client.asking_for(asked).par().send(&garden.server).await;
        assert_eq!(refused.refusal(), (400, "invalid_scope".to_owned()), "{asked}");
    }
    assert_eq!(garden.publisher.contacts(), [0; 3]);
    let tokens = login(&garden.server, &client, alice()).await;
    for asked in [wider, "atproto repo:test.garden.plant repo:test.garden.tool"] {
        let refused = client.refresh(&tokens.refresh_token).with("scope", asked);
        assert_eq!(
            refused.send(&garden.server).await.refusal(),
            (400, "invalid_scope".to_owned()),
            "{asked}"
        );
    }
}

both_engines! {
    the_token_holds_the_permissions_and_the_answer_repeats_the_set,
    what_a_set_may_not_hold_is_dropped_by_the_permission,
    sets_come_first_in_the_order_of_the_request_and_the_rest_after_them,
    an_audience_is_neither_asked_for_nor_refreshed_into_beyond_what_was_given,
}
