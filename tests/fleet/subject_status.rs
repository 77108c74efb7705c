//! Accounts that an administrator takes down, restores, rests and wakes here (contract 2.5, R-260).

use entryway_core::account::AccountStatus;
use entryway_tests::{Engine, Host, Reply, Resident, Trouble, World, both_engines};
use serde_json::{Value, json};

use crate::agreement::{reconciled, standing};
use crate::invites::{administered, by_admin, hash};
use crate::scene::{Session, refresh, sign_in};
use crate::xrpc::{procedure, query};

both_engines!(
    a_takedown_here_is_one_on_the_host_and_ends_sessions,
    an_administrator_rests_and_wakes_an_account,
    a_host_that_is_down_hears_of_a_takedown_later,
    nobody_but_an_administrator_takes_an_account_down,
    what_is_no_account_or_contradicts_itself_is_refused,
);

const UPDATE: &str = "com.atproto.admin.updateSubjectStatus";
const GET: &str = "com.atproto.admin.getSubjectStatus";

async fn update(world: &World, of: &Resident, change: Value) -> Reply {
    let mut input = change;
    input["subject"] = json!({"$type": "com.atproto.admin.defs#repoRef", "did": of.did});
    by_admin(procedure(UPDATE)).json(&input).send(&world.server).await
}

async fn get(world: &World, of: &Resident) -> Value {
    let asked = query(&format!("{GET}?did={}", of.did));
    let reply = by_admin(asked).send(&world.server).await;
    assert_eq!(reply.code(), 200, "{reply:?}");
    reply.json().clone()
}

/// Refused under this name; what is said beside it is for people.
#[track_caller]
fn assert_refused(reply: &Reply, status: u16, name: &str) {
    assert_eq!(
        (reply.code(), reply.member("error").as_str()),
        (status, name),
        "{reply:?}"
    );
}

async fn settled(engine: Engine) -> (World, Host, Resident) {
    let world = administered(engine).await;
    let host = world.hosts[0].clone();
    let alice = world.settle(&host, "alice.test").await;
    (world, host, alice)
}

async fn a_takedown_here_is_one_on_the_host_and_ends_sessions(engine: Engine) {
    let (world, host, alice) = settled(engine).await;
    let session = Session::begin(&world.server, &alice).await;
    for reference in ["case 7", "case 8"] {
        let down = update(
            &world,
            &alice,
            json!({"takedown": {"applied": true, "ref": reference}}),
        )
        .await;
        assert_eq!(down.code(), 200, "{down:?}");
        let expected = json!({
            "subject": {"$type": "com.atproto.admin.defs#repoRef", "did": alice.did},
            "takedown": {"applied": true, "ref": reference},
            "deactivated": {"applied": false},
        });
        assert_eq!(down.json(), expected);
        assert_eq!(get(&world, &alice).await, expected);
        let agreed = standing(&world, &host, &alice.did).await;
        assert_eq!(agreed, (AccountStatus::TakenDown, false, true));
    }
    assert_ne!(refresh(&world.server, &session.refresh).await.code(), 200);
    let refused = sign_in(&world.server, alice.handle.as_str(), &alice.password).await;
    assert_refused(&refused, 401, "AccountTakedown");

    let restored = update(&world, &alice, json!({"takedown": {"applied": false}})).await;
    assert_eq!(restored.json()["takedown"], json!({"applied": false}));
    let agreed = standing(&world, &host, &alice.did).await;
    assert_eq!(agreed, (AccountStatus::Active, false, false));
    Session::begin(&world.server, &alice).await;
    reconciled(&world).await;
    let agreed = standing(&world, &host, &alice.did).await;
    assert_eq!(agreed, (AccountStatus::Active, false, false));
}

async fn an_administrator_rests_and_wakes_an_account(engine: Engine) {
    let (world, host, alice) = settled(engine).await;
    for (applied, status) in [(true, AccountStatus::Deactivated), (false, AccountStatus::Active)] {
        let done = update(&world, &alice, json!({"deactivated": {"applied": applied}})).await;
        assert_eq!(done.json()["deactivated"], json!({"applied": applied}));
        let agreed = standing(&world, &host, &alice.did).await;
        assert_eq!(agreed, (status, applied, false));
    }
    // nothing is said, nothing changes
    assert_eq!(update(&world, &alice, json!({})).await.code(), 200);
    let agreed = standing(&world, &host, &alice.did).await;
    assert_eq!(agreed, (AccountStatus::Active, false, false));
}

async fn a_host_that_is_down_hears_of_a_takedown_later(engine: Engine) {
    let hash = hash().await;
    let world = World::start_behind_fronts(engine, 1, |config| config.admin_tokens = vec![hash]).await;
    let host = world.hosts[0].clone();
    let alice = world.settle(&host, "alice.test").await;
    let session = Session::begin(&world.server, &alice).await;
    let front = host.front.as_ref().unwrap();
    front.fail("updateSubjectStatus", 1, Trouble::Fails(500));
    let down = update(&world, &alice, json!({"takedown": {"applied": true}})).await;
    assert_eq!(down.code(), 200, "{down:?}");
    let half = standing(&world, &host, &alice.did).await;
    assert_eq!(half, (AccountStatus::TakenDown, false, false));
    assert_ne!(refresh(&world.server, &session.refresh).await.code(), 200);
    reconciled(&world).await;
    let agreed = standing(&world, &host, &alice.did).await;
    assert_eq!(agreed, (AccountStatus::TakenDown, false, true));
}

async fn nobody_but_an_administrator_takes_an_account_down(engine: Engine) {
    let (world, host, alice) = settled(engine).await;
    let session = Session::begin(&world.server, &alice).await;
    let input = json!({
        "subject": {"$type": "com.atproto.admin.defs#repoRef", "did": alice.did},
        "takedown": {"applied": true},
    });
    for call in [
        procedure(UPDATE),
        procedure(UPDATE).bearer(&session.access),
        procedure(UPDATE).header("authorization", "Basic YWRtaW46d3Jvbmc="),
    ] {
        let refused = call.json(&input).send(&world.server).await;
        assert_refused(&refused, 401, "AuthenticationRequired");
    }
    let asked = query(&format!("{GET}?did={}", alice.did)).bearer(&session.access);
    assert_refused(&asked.send(&world.server).await, 401, "AuthenticationRequired");
    let agreed = standing(&world, &host, &alice.did).await;
    assert_eq!(agreed, (AccountStatus::Active, false, false));
}

async fn what_is_no_account_or_contradicts_itself_is_refused(engine: Engine) {
    let (world, host, alice) = settled(engine).await;
    let repo = json!({"$type": "com.atproto.admin.defs#repoRef", "did": alice.did});
    let nobody =
        json!({"$type": "com.atproto.admin.defs#repoRef", "did": "did:plc:ewvi7nxzyoun6zhxrhs64oiz"});
    let record = json!({"$type": "com.atproto.repo.strongRef", "uri": "at://x", "cid": "y"});
    let down = json!({"applied": true});
    #[rustfmt::skip]
    let table = [
        (json!({"takedown": down}), "InvalidRequest"),
        (json!({"subject": "did", "takedown": down}), "InvalidRequest"),
        (json!({"subject": record, "takedown": down}), "InvalidRequest"),
        (json!({"subject": nobody, "takedown": down}), "AccountNotFound"),
        (json!({"subject": repo, "takedown": true}), "InvalidRequest"),
        (json!({"subject": repo, "takedown": {"applied": "yes"}}), "InvalidRequest"),
        (json!({"subject": repo, "takedown": {"applied": true, "ref": 7}}), "InvalidRequest"),
        (json!({"subject": repo, "takedown": {"applied": true, "ref": "x".repeat(513)}}), "InvalidRequest"),
        (json!({"subject": repo, "takedown": down, "deactivated": {"applied": false}}), "InvalidRequest"),
    ];
    for (input, error) in table {
        let refused = by_admin(procedure(UPDATE)).json(&input).send(&world.server).await;
        assert_refused(&refused, 400, error);
    }
    for (asked, error) in [
        ("", "InvalidRequest"),
        ("?did=alice", "InvalidRequest"),
        ("?did=did:plc:ewvi7nxzyoun6zhxrhs64oiz", "AccountNotFound"),
        ("?uri=at://x", "InvalidRequest"),
    ] {
        let refused = by_admin(query(&format!("{GET}{asked}")))
            .send(&world.server)
            .await;
        assert_refused(&refused, 400, error);
    }
    let agreed = standing(&world, &host, &alice.did).await;
    assert_eq!(agreed, (AccountStatus::Active, false, false));
}
