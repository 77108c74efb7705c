//! Each step breaks in each way: a clear error, nothing half-made that shows, and a second try that succeeds.

use std::sync::Arc;

use entryway_core::account_change::StatusChange;
use entryway_resource::client::{ClientSettings, HttpClient};
use entryway_server::pds::{PdsClient, RepoStatus};
use entryway_tests::{Trouble, both_engines};

use super::*;

both_engines!(
    a_pds_that_breaks_at_the_look_for_the_handle_costs_one_try,
    a_pds_that_breaks_while_it_reserves_a_key_costs_one_try,
    a_pds_that_breaks_while_it_makes_the_account_costs_one_try_at_most,
    a_pds_that_breaks_after_the_account_is_made_costs_one_try,
    a_directory_that_is_down_costs_one_try,
    a_pds_that_fails_after_the_directory_took_the_operation_is_followed_by_another_operation,
    a_pds_that_lost_the_key_it_kept_gets_another,
    an_answer_that_comes_late_does_no_harm,
    what_a_pds_refuses_for_good_is_undone,
    an_account_that_a_pds_makes_at_rest_is_activated,
);

const PDS_DOWN: [(&str, Trouble, u16); 6] = [
    ("hangs up", Trouble::HangsUp, 502),
    ("is silent", Trouble::Silent, 504),
    ("answers a page", Trouble::Page(200), 502),
    ("answers a page of its proxy", Trouble::Page(502), 502),
    ("answers a page that says no", Trouble::Page(404), 502),
    ("fails", Trouble::Fails(500), 502),
];

/// One try that fails so, and one after that all is well.
async fn breaks_and_recovers(engine: Engine, part: &str, troubles: &[(&str, Trouble, u16)]) {
    let world = fronted(engine).await;
    for (number, (what, trouble, status)) in troubles.iter().enumerate() {
        let person = Person {
            handle: HANDLES[number],
            email: EMAILS[number],
            ..ALICE
        };
        let host = front(&world.hosts[0]);
        host.fail(part, 1, trouble.clone());
        let first = person.signs_up(&world).await;
        let name = if *status == 504 {
            "UpstreamTimeout"
        } else {
            "UpstreamFailure"
        };
        assert_eq!(refused(&first), (*status, name.to_owned()), "{part}: {what}");
        assert_eq!(
            stored(&world.server, &person.handle()).await,
            None,
            "{part}: {what}"
        );
        host.be_well();
        let second = person.signs_up(&world).await;
        assert_eq!(second.code(), 200, "{part}: {what}: {second:?}");
    }
    for handle in HANDLES.into_iter().take(troubles.len()) {
        let person = Person { handle, ..ALICE };
        assert_one_account(&world, person).await;
    }
}

const HANDLES: [&str; 8] = [
    "one-1.test",
    "one-2.test",
    "one-3.test",
    "one-4.test",
    "one-5.test",
    "one-6.test",
    "one-7.test",
    "one-8.test",
];
const EMAILS: [&str; 8] = [
    "1@mail.example",
    "2@mail.example",
    "3@mail.example",
    "4@mail.example",
    "5@mail.example",
    "6@mail.example",
    "7@mail.example",
    "8@mail.example",
];

async fn a_pds_that_breaks_at_the_look_for_the_handle_costs_one_try(engine: Engine) {
    breaks_and_recovers(engine, "describeRepo", &PDS_DOWN).await;
}

async fn a_pds_that_breaks_while_it_reserves_a_key_costs_one_try(engine: Engine) {
    let after = [
        ("fails after its work", Trouble::FailsAfter, 502),
        ("loses its answer", Trouble::LosesAnswer, 502),
    ];
    breaks_and_recovers(engine, "reserveSigningKey", &[&PDS_DOWN[..], &after].concat()).await;
}

async fn a_pds_that_breaks_while_it_makes_the_account_costs_one_try_at_most(engine: Engine) {
    breaks_and_recovers(engine, "server.createAccount", &PDS_DOWN).await;
    // where it did its work, a look tells, and there is nothing to try again
    let world = fronted(engine).await;
    let host = front(&world.hosts[0]);
    for (person, trouble) in [(ALICE, Trouble::FailsAfter), (BOB, Trouble::LosesAnswer)] {
        host.fail("server.createAccount", 1, trouble);
        made(&person.signs_up(&world).await);
        assert_one_account(&world, person).await;
    }
}

async fn a_pds_that_breaks_after_the_account_is_made_costs_one_try(engine: Engine) {
    breaks_and_recovers(engine, "getRepoStatus", &PDS_DOWN).await;
}

async fn a_directory_that_is_down_costs_one_try(engine: Engine) {
    let world = fronted(engine).await;
    for (what, trouble) in [
        ("hangs up", Trouble::HangsUp),
        ("is silent", Trouble::Silent),
        ("answers a page", Trouble::Page(200)),
        ("fails", Trouble::Fails(500)),
    ] {
        let directory = directory(&world);
        directory.fail("", usize::MAX, trouble);
        let first = ALICE.signs_up(&world).await;
        let (status, _) = refused(&first);
        assert!(matches!(status, 502 | 504), "{what}: {first:?}");
        assert_eq!(stored(&world.server, &ALICE.handle()).await, None);
        directory.be_well();
    }
    made(&ALICE.signs_up(&world).await);
    assert_one_account(&world, ALICE).await;
}

// contract 0, item 7
async fn a_pds_that_fails_after_the_directory_took_the_operation_is_followed_by_another_operation(
    engine: Engine,
) {
    let world = fronted(engine).await;
    // the PDS never hears that the directory took it
    directory(&world).fail("POST /did:plc:", 1, Trouble::LosesAnswer);
    let reply = ALICE.signs_up(&world).await;
    // the same request goes on with an operation that follows
    let did = made(&reply);
    assert_eq!(assert_one_account(&world, ALICE).await, did);
    let last = world.directory.last(&did).unwrap();
    assert!(last.prev().is_some());
    assert_eq!(published(&world).len(), 1);
}

async fn a_pds_that_lost_the_key_it_kept_gets_another(engine: Engine) {
    let world = fronted(engine).await;
    let host = &world.hosts[0];
    front(host).fail("server.createAccount", 1, Trouble::HangsUp);
    refused(&ALICE.signs_up(&world).await);
    let keys = entryway_sandbox::outbound::client().unwrap();
    // it keeps a thousand, and the oldest gives way
    for _ in 0..1000 {
        let method = "com.atproto.server.reserveSigningKey";
        let url = format!("{}/xrpc/{method}", host.url);
        let reserved = keys.post(url).json(&json!({})).send().await.unwrap();
        assert_eq!(reserved.status(), 200);
    }
    let second = ALICE.signs_up(&world).await;
    made(&second);
    assert_one_account(&world, ALICE).await;
}

async fn an_answer_that_comes_late_does_no_harm(engine: Engine) {
    let world = fronted(engine).await;
    let host = front(&world.hosts[0]);
    let gate = host.hold("server.createAccount", Trouble::WaitsBefore);
    let first = ALICE.signs_up(&world).await;
    assert_eq!(refused(&first), (504, "UpstreamTimeout".to_owned()));
    gate.open();
    // the PDS does now what it was asked to do
    while host
        .asked("server.createAccount")
        .iter()
        .all(|asked| asked.answered.is_none())
    {
        tokio::task::yield_now().await;
    }
    made(&ALICE.signs_up(&world).await);
    assert_one_account(&world, ALICE).await;
    assert_eq!(published(&world).len(), 1);
}

async fn what_a_pds_refuses_for_good_is_undone(engine: Engine) {
    let world = fronted(engine).await;
    let host = &world.hosts[0];
    front(host).fail("server.createAccount", 1, Trouble::Refuses("IncompatibleDidDoc"));
    let reply = ALICE.signs_up(&world).await;
    assert_eq!(refused(&reply), (502, "UpstreamFailure".to_owned()));
    // its handle stays taken until it is known that nothing is outside
    assert_eq!(
        refused(&ALICE.signs_up(&world).await),
        (400, "HandleNotAvailable".to_owned())
    );
    reconciled(&world).await;
    assert_nothing_is_left(&world, ALICE).await;
}

// contract 2.5
async fn an_account_that_a_pds_makes_at_rest_is_activated(engine: Engine) {
    let world = Arc::new(fronted(engine).await);
    let host = world.hosts[0].clone();
    let gate = front(&host).hold("getRepoStatus", Trouble::WaitsBefore);
    let signing_up = tokio::spawn({
        let world = world.clone();
        async move { ALICE.signs_up(&world).await }
    });
    gate.reached().await;
    // as a PDS does that makes accounts so
    let [(did, _)] = &host.pds.accounts()[..] else {
        panic!("one account")
    };
    let client = HttpClient::new(ClientSettings::default()).unwrap();
    let pds = PdsClient::new(client, host.url.clone());
    let admin = pds.as_admin(host.password.as_bytes());
    admin
        .update_subject_status(did, &StatusChange::Deactivated)
        .await
        .unwrap();
    gate.open();
    made(&signing_up.await.unwrap());
    assert_eq!(pds.repo_status(did).await.unwrap(), RepoStatus::Active);
    assert_one_account(&world, ALICE).await;
}
