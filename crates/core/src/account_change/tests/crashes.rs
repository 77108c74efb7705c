//! Whatever dies, breaks or is late on the way, all agree in the end, and on what was asked for.

use super::world::{Fault, Run, World};
use super::*;

const CALLS: usize = 8;

/// Every single fault and every pair of them, at each of the first calls.
fn stories() -> impl Iterator<Item = Vec<(usize, Fault)>> {
    let single = (0..CALLS).flat_map(|at| Fault::ALL.map(|fault| (at, fault)));
    let pairs = single.clone().flat_map(move |one| {
        let later = (one.0 + 1..CALLS).flat_map(|at| Fault::ALL.map(|fault| (at, fault)));
        later.map(move |two| vec![one, two])
    });
    single.clone().map(|one| vec![one]).chain(pairs)
}

/// Whoever sends the request again a minute or two later, until there is an answer.
fn by_request(world: &mut World, wish: &Change) -> bool {
    (0..40).any(|_| {
        world.wait(Seconds(100));
        world.request(wish) == Run::Done
    })
}

/// Nobody comes back: only the reconciler, every half minute, until there is nothing left to do.
fn by_reconciler(world: &mut World) -> bool {
    (0..2_000).any(|_| {
        world.wait(Seconds(30));
        world.reconcile();
        world.record.is_none()
    })
}

fn agree(world: &World, story: &str) {
    assert_eq!(world.host, world.ours, "{story}");
    if let Some(ours) = &world.ours {
        assert_eq!(world.document, ours.handle, "{story}");
    }
}

fn wishes() -> [Change; 6] {
    [
        rename(),
        OFF,
        ON,
        down(Some("case 7")),
        RESTORED,
        Change::Deletion,
    ]
}

fn is_so(wish: &Change, world: &World) -> bool {
    match (wish, &world.ours) {
        (Change::Handle { to, .. }, Some(ours)) => ours.handle == *to,
        (Change::Status(StatusChange::Deactivated), Some(ours)) => ours.is_off,
        (Change::Status(StatusChange::Activated), Some(ours)) => !ours.is_off,
        (Change::Status(StatusChange::TakenDown { .. }), Some(ours)) => ours.is_down,
        (Change::Status(StatusChange::Restored), Some(ours)) => !ours.is_down,
        (Change::Deletion, None) => true,
        _ => false,
    }
}

#[test]
fn the_reconciler_finishes_what_broke_anywhere() {
    for wish in wishes() {
        for faults in stories() {
            let story = format!("{wish:?} {faults:?}");
            let mut world = World::with(faults);
            world.request(&wish);
            assert!(world.record.is_none() || by_reconciler(&mut world), "{story}");
            world.wait(Seconds::minutes(60));
            agree(&world, &story);
            assert!(is_so(&wish, &world), "{story}");
        }
    }
}

#[test]
fn the_same_request_finishes_what_broke_anywhere() {
    for wish in wishes() {
        for faults in stories() {
            let story = format!("{wish:?} {faults:?}");
            let mut world = World::with(faults);
            let done = world.request(&wish) == Run::Done || by_request(&mut world, &wish);
            assert!(done && is_so(&wish, &world), "{story}: {:?}", world.record);
            world.wait(Seconds::minutes(60));
            assert!(world.record.is_none() || by_reconciler(&mut world), "{story}");
            agree(&world, &story);
        }
    }
}

// one wish, then the other before the first is finished: the second stands, however late the first arrives
#[test]
fn the_last_word_stands_whatever_arrives_late() {
    for (first, second) in [
        (OFF, ON),
        (ON, OFF),
        (RESTORED, down(None)),
        (down(None), RESTORED),
    ] {
        for faults in stories() {
            let story = format!("{first:?} {second:?} {faults:?}");
            let mut world = World::with(faults);
            world.request(&first);
            world.wait(Seconds(100));
            let done = world.request(&second) == Run::Done || by_request(&mut world, &second);
            assert!(done && is_so(&second, &world), "{story}");
            world.wait(Seconds(30));
            assert!(world.record.is_none() || by_reconciler(&mut world), "{story}");
            world.wait(Seconds::minutes(60));
            agree(&world, &story);
            assert!(is_so(&second, &world), "{story}");
        }
    }
}

#[test]
fn a_handle_the_pds_does_not_take_is_taken_back_out_of_the_document() {
    for faults in stories() {
        let story = format!("{faults:?}");
        let mut world = World::with(faults);
        world.takes_handle = false;
        let run = world.request(&rename());
        if world.record.is_some() {
            assert!(by_reconciler(&mut world), "{story}");
        } else {
            assert_eq!(run, Run::Refused(XrpcDenial::HandleNotAvailable), "{story}");
        }
        world.wait(Seconds::minutes(60));
        agree(&world, &story);
        assert!(!is_so(&rename(), &world), "{story}");
    }
}

// contract 6, item 8
#[test]
fn without_our_key_nothing_changes_and_the_person_is_told_why() {
    let mut world = World::with(vec![]);
    world.has_key = false;
    let Run::Refused(XrpcDenial::IncompatibleDidDoc { expected }) = world.request(&rename()) else {
        panic!("refused otherwise");
    };
    assert!(expected.contains("rotation key"));
    assert_eq!(world.record, None);
    agree(&world, "no key");
}

#[test]
fn a_second_handle_waits_and_the_first_is_finished() {
    let mut world = World::with(vec![(2, Fault::Broken)]);
    assert!(matches!(world.request(&rename()), Run::Refused(_)));
    let other = Change::Handle {
        from: handle("old.test"),
        to: handle("other.test"),
    };
    let refused = world.request(&other);
    assert!(
        matches!(refused, Run::Refused(XrpcDenial::ChangeUnderWay { .. })),
        "{refused:?}"
    );
    assert!(by_reconciler(&mut world));
    agree(&world, "the first");
    assert_eq!(world.document, handle("new.test"));
}
