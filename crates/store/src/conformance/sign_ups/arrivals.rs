//! Sign-ups of people who have a DID already (A18).

use super::super::bench::{Bench, account, count, race};
use super::super::on_both_engines;
use super::{admitted, advance, begin, create, leads_to, open_host, step, stored, try_begin};
use crate::{SignUpAdvance, SignUpBegin, SignUpRelease};
use entryway_core::account::AccountStatus;
use entryway_core::sign_up::{Arrival, Brought, Event, Follows, Made, Outside, SignUp, SignUpRequest, Why};

/// The sign-up of this number, which brings the DID of the account of that number.
fn arriving(number: u32, with: u32) -> SignUp {
    let follows = Follows {
        did: account(with).did,
        last: "cid-before".to_owned(),
    };
    let arrival = Arrival {
        follows,
        before: "{\"services\":{}}".to_owned(),
        brought: Some(Brought {
            operation: "{}".to_owned(),
            prev: "cid-first".to_owned(),
        }),
    };
    let plain = admitted(number);
    let request = SignUpRequest {
        arrival: Some(arrival),
        ..plain.request
    };
    SignUp::admit(plain.id, request, plain.password, plain.pds_did, plain.created_at)
}

async fn somebody_arrives_with_their_did_and_rests_until_their_repository_is_there(bench: &Bench) {
    open_host(bench).await;
    let (record, did) = (arriving(1, 1), account(1).did);
    assert_eq!(bench.store.arrival(&did).await.unwrap(), None);
    assert_eq!(try_begin(bench, &record).await, SignUpBegin::Begun);
    assert_eq!(stored(bench, &record).await.as_ref(), Some(&record));
    assert_eq!(bench.store.arrival(&did).await.unwrap().as_ref(), Some(&record));
    // a PDS tells the world of an account before we hear of it
    assert_eq!(leads_to(bench, &record.request.handle).await, Some(did.clone()));
    let key = "key".to_owned();
    let record = step(
        bench,
        record,
        Event::KeyReserved {
            signing_key: key.clone(),
        },
    )
    .await;
    let made = Made {
        did: did.clone(),
        signing_key: key,
        operation: "{}".to_owned(),
        cid: "cid-after".to_owned(),
        prev: Some("cid-before".to_owned()),
    };
    let record = step(bench, record, Event::OperationMade(made)).await;
    let record = step(bench, record, Event::CreatedOnPds).await;
    let record = step(bench, record, Event::Activated).await;
    let done = step(bench, record, Event::AccountStored).await;
    let account = bench.store.account(&did).await.unwrap().unwrap();
    assert_eq!(account.status, AccountStatus::Deactivated);
    assert_eq!(bench.store.arrival(&did).await.unwrap(), Some(done));
    // and then it is an account as any other
    assert_eq!(try_begin(bench, &arriving(2, 1)).await, SignUpBegin::DidTaken);
}

async fn a_did_comes_once_at_a_time_and_not_where_it_has_an_account(bench: &Bench) {
    open_host(bench).await;
    create(bench, &account(1)).await;
    assert_eq!(try_begin(bench, &arriving(2, 1)).await, SignUpBegin::DidTaken);
    // nothing is kept of what did not begin
    let two = arriving(2, 2);
    assert_eq!(try_begin(bench, &two).await, SignUpBegin::Begun);
    assert_eq!(try_begin(bench, &arriving(3, 2)).await, SignUpBegin::DidTaken);
    begin(bench, 3).await;
    // while it is undone, and once that is over
    let why = Why::GaveUp;
    let outside = Outside::Known;
    let undoing = step(bench, two, Event::Abandoned { outside, why }).await;
    assert_eq!(try_begin(bench, &arriving(4, 2)).await, SignUpBegin::DidTaken);
    let released = bench.store.release_sign_up(&undoing).await.unwrap();
    assert_eq!(released, SignUpRelease::Released);
    let again = arriving(4, 2);
    assert_eq!(try_begin(bench, &again).await, SignUpBegin::Begun);
    assert_eq!(advance(bench, &undoing, &again).await, SignUpAdvance::Overtaken);
}

async fn of_many_that_bring_one_did_one_begins(bench: &Bench) {
    open_host(bench).await;
    let answers = race(|number| {
        let (store, record) = (
            bench.store.clone(),
            arriving(100 + u32::try_from(number).unwrap(), 1),
        );
        async move { store.begin_sign_up(&record).await.unwrap() }
    })
    .await;
    assert_eq!(count(&answers, &SignUpBegin::Begun), 1);
    assert_eq!(count(&answers, &SignUpBegin::DidTaken), 63);
}

on_both_engines!(
    somebody_arrives_with_their_did_and_rests_until_their_repository_is_there,
    a_did_comes_once_at_a_time_and_not_where_it_has_an_account,
    of_many_that_bring_one_did_one_begins,
);
