//! Whatever dies, breaks or is late on the way, what is left is an account or nothing.

use super::world::{Fault, OnPds, Run, World};
use super::*;

/// The outside is that of a whole account, or there is nothing that anybody would find.
fn check(world: &World, story: &str) {
    let alive: Vec<_> = world.directory.iter().filter(|log| !log.ended).collect();
    let Some(did) = &world.stored else {
        assert!(alive.is_empty(), "an orphan in the directory: {story}");
        assert!(world.accounts.is_empty(), "an orphan on the PDS: {story}");
        return;
    };
    let ([log], [account]) = (alive.as_slice(), world.accounts.as_slice()) else {
        panic!("not one account: {story}: {alive:?} {:?}", world.accounts);
    };
    assert_eq!((&log.did, &account.did), (did, did), "{story}");
    assert_eq!(
        log.key(),
        account.key,
        "the repository has another key than the document: {story}"
    );
}

/// Whoever sends the request again a minute or two later, until there is an answer.
fn by_request(world: &mut World) -> bool {
    (0..40).any(|_| {
        world.wait(Seconds(100));
        matches!(world.request(), Run::SignedIn(_))
    })
}

/// Nobody comes back: only the reconciler, every half minute, until there is nothing left to do.
fn by_reconciler(world: &mut World) -> bool {
    (0..20_000).any(|_| {
        world.wait(Seconds(30));
        world.reconcile();
        world.record.is_none()
    })
}

/// Every single fault and every pair of them, at each of the first calls.
fn stories() -> impl Iterator<Item = Vec<(usize, Fault)>> {
    let single = (0..12).flat_map(|at| Fault::ALL.map(|fault| (at, fault)));
    let pairs = single.clone().flat_map(move |one| {
        let later = (one.0 + 1..12).flat_map(|at| Fault::ALL.map(|fault| (at, fault)));
        later.map(move |two| vec![one, two])
    });
    single.clone().map(|one| vec![one]).chain(pairs)
}

#[test]
fn nothing_in_the_way_takes_one_request() {
    let mut world = World::with(vec![]);
    assert!(matches!(world.request(), Run::SignedIn(_)));
    check(&world, "no fault");
    assert!(by_reconciler(&mut world));
    check(&world, "no fault, later");
}

// C28, E15
#[test]
fn the_same_request_finishes_what_broke_anywhere() {
    for faults in stories() {
        let story = format!("{faults:?}");
        let mut world = World::with(faults);
        let done = matches!(world.request(), Run::SignedIn(_)) || by_request(&mut world);
        assert!(done && world.stored.is_some(), "{story}: {:?}", world.record);
        check(&world, &story);
        // and what was late changes nothing any more
        world.wait(Seconds::minutes(60));
        by_reconciler(&mut world);
        check(&world, &story);
    }
}

// C28
#[test]
fn the_reconciler_finishes_or_takes_back_what_broke_anywhere() {
    for faults in stories() {
        let story = format!("{faults:?}");
        let mut world = World::with(faults);
        world.request();
        assert!(by_reconciler(&mut world), "{story}: {:?}", world.record);
        world.wait(Seconds::minutes(60));
        check(&world, &story);
    }
}

// C28: the same fault again and again, until it is given up
#[test]
fn what_never_works_is_taken_back_within_a_day_and_an_hour() {
    for fault in [
        Fault::Broken,
        Fault::BrokenBetween,
        Fault::KeysLost,
        Fault::DeathBefore,
    ] {
        // the fifth call is to our own database, which nothing is taken back for
        for first in 0..4 {
            let story = format!("{fault:?} from {first} to 200");
            let mut world = World::with((first..200).map(|at| (at, fault)).collect());
            world.request();
            while world
                .record
                .as_ref()
                .is_some_and(|it| !matches!(it.stage, Stage::Undoing { .. }))
            {
                world.wait(Seconds(30));
                world.reconcile();
                let late = world.now > NOW + Seconds::days(1) + Seconds::minutes(61);
                assert!(!late, "{story}: {:?}", world.record);
            }
            // the outside works again
            world.faults.clear();
            assert!(by_reconciler(&mut world), "{story}");
            check(&world, &story);
        }
    }
}

// contract 0, item 7
#[test]
fn a_handle_the_pds_has_already_leaves_no_did_behind() {
    let stranger = OnPds {
        did: did(500),
        handle: request().handle,
        key: "another".to_owned(),
        rests: false,
    };
    // found before anything is made
    let mut world = World::with(vec![]);
    world.accounts.push(stranger.clone());
    assert_eq!(world.request(), Run::Refused(XrpcDenial::HandleNotAvailable));
    assert!(by_reconciler(&mut world) && world.directory.is_empty());

    // or taken while we were at it: the PDS says 500 after the directory took the operation
    let mut world = World::with(vec![(2, Fault::DeathBefore)]);
    assert_eq!(world.request(), Run::Died);
    world.accounts.push(stranger.clone());
    world.wait(Seconds(100));
    assert_eq!(world.request(), Run::Refused(XrpcDenial::HandleNotAvailable));

    let mut world = World::with(vec![(2, Fault::BrokenBetween), (3, Fault::DeathBefore)]);
    assert_eq!(world.request(), Run::Died);
    world.accounts.push(stranger.clone());
    world.wait(Seconds(100));
    assert_eq!(world.request(), Run::Refused(XrpcDenial::HandleNotAvailable));
    assert!(by_reconciler(&mut world));
    assert!(
        world.directory.iter().all(|log| log.ended),
        "{:?}",
        world.directory
    );
    assert_eq!(world.accounts, [stranger]);
}

// the record may only go once nothing that is on its way can make what it stands for
#[test]
fn a_sign_up_that_is_abandoned_while_the_pds_is_still_at_it_leaves_nothing_behind() {
    let mut world = World::with(vec![(2, Fault::Late)]);
    assert_eq!(world.request(), Run::Refused(XrpcDenial::PdsTooSlow));
    world.record = Some(world.record.unwrap().superseded(world.now).unwrap());
    assert_eq!(world.request(), Run::Refused(XrpcDenial::HandleNotAvailable));
    assert!(by_reconciler(&mut world));
    world.wait(Seconds::minutes(60));
    assert_eq!(world.directory.len(), 1);
    check(&world, "superseded");
}

#[test]
fn a_lost_answer_is_given_again_for_a_quarter_of_an_hour() {
    let mut world = World::with(vec![]);
    world.request();
    for (offset, again) in [(1, true), (899, true), (900, false), (901, false)] {
        world.now = NOW + Seconds(offset);
        let record = world.record.clone().unwrap();
        let claim = record.claim(&request(), true, world.now);
        assert_eq!(claim == Claim::Resume, again, "{offset}");
        assert_eq!(record.is_spent(world.now), !again, "{offset}");
    }
}

/// The account arrived, or its DID is as its person brought it.
fn check_arrival(world: &World, story: &str) {
    let [log] = world.directory.as_slice() else {
        panic!("not one DID: {story}");
    };
    assert!(!log.ended, "a DID that was brought is ended: {story}");
    let Some(did) = &world.stored else {
        assert_eq!(log.key(), "key-before", "the DID was not put back: {story}");
        assert!(world.accounts.is_empty(), "an orphan on the PDS: {story}");
        return;
    };
    let [account] = world.accounts.as_slice() else {
        panic!("not one account: {story}: {:?}", world.accounts);
    };
    assert_eq!((&log.did, &account.did), (did, did), "{story}");
    assert_eq!(log.key(), account.key, "the repository has another key: {story}");
    assert!(account.rests, "it acts before its repository is there: {story}");
}

// A18, contract 2.3
#[test]
fn whoever_moves_here_arrives_with_the_same_request_whatever_broke() {
    for faults in stories() {
        let story = format!("{faults:?}");
        let mut world = World::arriving(faults);
        let done = matches!(world.request(), Run::SignedIn(_)) || by_request(&mut world);
        assert!(done && world.stored.is_some(), "{story}: {:?}", world.record);
        check_arrival(&world, &story);
        world.wait(Seconds::minutes(60));
        by_reconciler(&mut world);
        check_arrival(&world, &story);
    }
}

// A18, C28: and nobody's DID is ended
#[test]
fn the_reconciler_lets_somebody_arrive_or_puts_their_did_back() {
    for faults in stories() {
        let story = format!("{faults:?}");
        let mut world = World::arriving(faults);
        world.request();
        assert!(by_reconciler(&mut world), "{story}: {:?}", world.record);
        world.wait(Seconds::minutes(60));
        check_arrival(&world, &story);
    }
}

#[test]
fn an_arrival_that_never_works_is_put_back() {
    for fault in [Fault::BrokenBetween, Fault::BrokenAfter, Fault::KeysLost] {
        for first in 0..4 {
            let story = format!("{fault:?} from {first} to 200");
            let mut world = World::arriving((first..200).map(|at| (at, fault)).collect());
            world.request();
            for _ in 0..3_000 {
                world.wait(Seconds(30));
                world.reconcile();
            }
            world.faults.clear();
            assert!(by_reconciler(&mut world), "{story}");
            check_arrival(&world, &story);
        }
    }
}

// its person took it back with a key of their own
#[test]
fn a_did_that_its_person_changed_meanwhile_is_left_as_it_is() {
    let mut world = World::arriving(vec![(2, Fault::DeathBefore)]);
    assert_eq!(world.request(), Run::Died);
    let theirs = Made {
        cid: "cid-theirs".to_owned(),
        prev: Some("cid-before".to_owned()),
        ..world.directory[0].operations[0].clone()
    };
    world.directory[0].operations.push(theirs);
    world.wait(Seconds(100));
    assert_eq!(world.request(), Run::Refused(XrpcDenial::PdsUnavailable));
    assert!(by_reconciler(&mut world));
    check_arrival(&world, "changed");
    assert_eq!(world.directory[0].operations.len(), 2);
}
