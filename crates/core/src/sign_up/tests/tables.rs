//! The rules one by one.

use super::*;

fn live(last: &str) -> InDirectory {
    InDirectory::Live {
        last: last.to_owned(),
    }
}

fn follows(last: &str) -> Follows {
    Follows {
        did: did(1),
        last: last.to_owned(),
    }
}

fn abandoned(outside: Outside, why: Why) -> Action {
    Action::Record(Event::Abandoned { outside, why })
}

#[test]
fn what_was_seen_says_how_to_finish() {
    use InDirectory::{Absent, Tombstoned};
    let follow = |last: &str| Action::MakeOperation {
        signing_key: "key-1".to_owned(),
        follows: Some(follows(last)),
    };
    let (genesis, update) = (made(None), made(Some("cid-0")));
    let create = |made: &Made| Action::CreateOnPds(made.clone());
    for (made, directory, host, expected) in [
        (&genesis, Absent, OnHost::Absent, create(&genesis)),
        (&genesis, live("cid-1"), OnHost::Absent, follow("cid-1")),
        (
            &genesis,
            live("cid-1"),
            OnHost::Present,
            Action::Record(Event::CreatedOnPds),
        ),
        (&update, live("cid-0"), OnHost::Absent, create(&update)),
        (&update, live("cid-1"), OnHost::Absent, follow("cid-1")),
        (
            &update,
            live("cid-1"),
            OnHost::Present,
            Action::Record(Event::CreatedOnPds),
        ),
        (&update, Absent, OnHost::Absent, Action::Pause),
        (&genesis, Absent, OnHost::Present, Action::Pause),
        (
            &genesis,
            live("cid-x"),
            OnHost::Absent,
            abandoned(Outside::Nothing, Why::DidLost),
        ),
        (
            &genesis,
            Tombstoned,
            OnHost::Absent,
            abandoned(Outside::Nothing, Why::DidLost),
        ),
        (
            &genesis,
            Tombstoned,
            OnHost::Present,
            abandoned(Outside::Known, Why::DidLost),
        ),
        (
            &genesis,
            Absent,
            OnHost::HandleTaken,
            abandoned(Outside::Unknown, Why::HandleTaken),
        ),
        (
            &genesis,
            live("cid-1"),
            OnHost::HandleTaken,
            abandoned(Outside::Unknown, Why::HandleTaken),
        ),
    ] {
        let record = at(Stage::OperationMade(made.clone()));
        let seen = Seen { directory, host };
        assert_eq!(record.next(Some(&seen)), expected, "{made:?} {seen:?}");
    }
}

#[test]
fn what_was_seen_says_how_to_undo() {
    use InDirectory::{Absent, Tombstoned};
    let record = at(Stage::Undoing {
        did: Some(did(1)),
        why: Why::GaveUp,
    });
    let tombstone = || Action::Tombstone(follows("cid-7"));
    for (directory, host, expected) in [
        (Absent, OnHost::Absent, Action::Release),
        (Absent, OnHost::HandleTaken, Action::Release),
        (Absent, OnHost::Present, Action::DeleteOnPds(did(1))),
        (live("cid-7"), OnHost::Absent, tombstone()),
        (live("cid-7"), OnHost::HandleTaken, tombstone()),
        (live("cid-7"), OnHost::Present, Action::DeleteOnPds(did(1))),
        (Tombstoned, OnHost::Absent, Action::Release),
        (Tombstoned, OnHost::Present, Action::DeleteOnPds(did(1))),
    ] {
        let seen = Seen { directory, host };
        assert_eq!(record.next(Some(&seen)), expected, "{seen:?}");
    }
    assert_eq!(record.next(None), Action::Look(did(1)));
    let nothing = at(Stage::Undoing {
        did: None,
        why: Why::Forgotten,
    });
    assert_eq!(nothing.next(None), Action::Release);
}

#[test]
fn only_the_first_driver_sends_without_looking() {
    let record = at(Stage::OperationMade(made(None)));
    assert_eq!(record.next(None), Action::CreateOnPds(made(None)));
    let resumed = record.held_by_request(NOW + HOLD).unwrap();
    assert_eq!(resumed.next(None), Action::Look(did(1)));
}

// contract 2.3
#[test]
fn the_answers_of_a_pds_are_told_apart() {
    use HostRefusal as R;
    for (status, error, message, expected) in [
        (400, "InvalidHandle", "", Some(R::Handle)),
        (400, "HandleNotAvailable", "", Some(R::Handle)),
        (
            400,
            "IncompatibleDidDoc",
            "invalid plc operation",
            Some(R::Operation),
        ),
        (
            400,
            "InvalidRequest",
            "reserved signing key does not exist",
            Some(R::KeyUnknown),
        ),
        (
            400,
            "InvalidRequest",
            "Reserved signing key does not exist",
            Some(R::KeyUnknown),
        ),
        (
            400,
            "InvalidRequest",
            "Hash of genesis operation does not match DID",
            Some(R::Other),
        ),
        (400, "", "", Some(R::Other)),
        (
            401,
            "AuthMissing",
            "Invalid authorization header",
            Some(R::Operation),
        ),
        (403, "", "", Some(R::Operation)),
        (404, "", "", Some(R::Operation)),
        (409, "", "", Some(R::Other)),
        (429, "RateLimitExceeded", "", Some(R::Busy)),
        (501, "MethodNotImplemented", "", Some(R::Operation)),
        (500, "InternalServerError", "", None),
        (500, "InvalidHandle", "reserved signing key does not exist", None),
        (502, "", "", None),
        (504, "", "", None),
        (200, "", "", None),
        (302, "", "", None),
    ] {
        assert_eq!(
            HostRefusal::read(status, error, message),
            expected,
            "{status} {error}"
        );
    }
}

#[test]
fn each_failure_goes_on_in_its_way() {
    use AfterFailure as Then;
    use Failure as F;
    use HostRefusal as R;
    use XrpcDenial as D;
    let pause = Then::Pause;
    let abandon = |outside, why| Then::Record(Event::Abandoned { outside, why });
    let (nothing, operation) = (
        || Stage::Admitted { follows: None },
        || Stage::OperationMade(made(None)),
    );
    let created = || Stage::CreatedOnPds { did: did(1) };
    let activated = || Stage::Activated { did: did(1) };
    let undoing = || Stage::Undoing {
        did: Some(did(1)),
        why: Why::GaveUp,
    };
    for (stage, failure, expected) in [
        (nothing(), F::HostBroken, pause(D::PdsUnavailable)),
        (nothing(), F::HostSilent, pause(D::PdsTooSlow)),
        (nothing(), F::HostRefused(R::Busy), pause(D::PdsUnavailable)),
        (
            nothing(),
            F::HostRefused(R::Other),
            abandon(Outside::Known, Why::HostRefused),
        ),
        (
            nothing(),
            F::HandleTaken,
            abandon(Outside::Known, Why::HandleTaken),
        ),
        (operation(), F::HostBroken, Then::Look),
        (operation(), F::HostSilent, Then::Look),
        (operation(), F::HostRefused(R::Other), Then::Look),
        (operation(), F::HostRefused(R::KeyUnknown), Then::Look),
        (operation(), F::HostRefused(R::Busy), pause(D::PdsUnavailable)),
        (
            operation(),
            F::HostRefused(R::Handle),
            abandon(Outside::Unknown, Why::HandleRefused),
        ),
        (
            operation(),
            F::HostRefused(R::Operation),
            abandon(Outside::Unknown, Why::HostRefused),
        ),
        (
            operation(),
            F::DirectoryUnavailable,
            pause(D::DirectoryUnavailable),
        ),
        (created(), F::HostBroken, pause(D::PdsUnavailable)),
        (created(), F::HostRefused(R::Other), pause(D::PdsRefused)),
        (
            activated(),
            F::EmailTaken,
            abandon(Outside::Known, Why::EmailTaken),
        ),
        (
            activated(),
            F::HandleTaken,
            abandon(Outside::Known, Why::HandleTaken),
        ),
        (undoing(), F::HostBroken, pause(D::PdsUnavailable)),
        (undoing(), F::HostRefused(R::Operation), pause(D::PdsRefused)),
        (undoing(), F::DirectoryUnavailable, pause(D::DirectoryUnavailable)),
    ] {
        assert_eq!(
            at(stage.clone()).failed(failure, None),
            expected,
            "{stage:?} {failure:?}"
        );
    }
}

#[test]
fn a_look_after_a_failure_settles_what_the_answer_left_open() {
    use AfterFailure as Then;
    use InDirectory::Absent;
    let (broken, key_unknown) = (Failure::HostBroken, Failure::HostRefused(HostRefusal::KeyUnknown));
    let lost = |follows| Then::Record(Event::KeyLost { follows });
    let created = || Then::Record(Event::CreatedOnPds);
    let down = || Then::Pause(XrpcDenial::PdsUnavailable);
    let (genesis, update) = (made(None), made(Some("cid-0")));
    for (made, failure, directory, host, expected) in [
        (&genesis, broken, live("cid-1"), OnHost::Present, created()),
        (&genesis, broken, live("cid-1"), OnHost::Absent, Then::GoOn),
        (&genesis, broken, Absent, OnHost::Absent, down()),
        // twice the same step in a row is for another try
        (&update, broken, live("cid-1"), OnHost::Absent, down()),
        (&update, broken, live("cid-0"), OnHost::Absent, down()),
        // an answer that was late made the key disappear: the account is there
        (&genesis, key_unknown, live("cid-1"), OnHost::Present, created()),
        (&genesis, key_unknown, Absent, OnHost::Absent, lost(None)),
        (
            &genesis,
            key_unknown,
            live("cid-1"),
            OnHost::Absent,
            lost(Some(follows("cid-1"))),
        ),
    ] {
        let seen = Seen { directory, host };
        let record = at(Stage::OperationMade(made.clone()));
        assert_eq!(
            record.failed(failure, Some(&seen)),
            expected,
            "{failure:?} {seen:?}"
        );
    }
}

#[test]
fn steps_out_of_order_are_refused() {
    let stages = [
        Stage::Admitted { follows: None },
        Stage::KeyReserved {
            signing_key: "key-1".to_owned(),
            follows: None,
        },
        Stage::OperationMade(made(None)),
        Stage::CreatedOnPds { did: did(1) },
        Stage::Activated { did: did(1) },
        Stage::AccountStored { did: did(1), at: NOW },
        Stage::Undoing {
            did: None,
            why: Why::GaveUp,
        },
    ];
    let events = [
        Event::KeyReserved {
            signing_key: "key-1".to_owned(),
        },
        Event::OperationMade(made(None)),
        Event::CreatedOnPds,
        Event::Activated,
        Event::AccountStored,
        Event::KeyLost { follows: None },
        Event::Abandoned {
            outside: Outside::Known,
            why: Why::GaveUp,
        },
    ];
    // a row for each stage, a column for each event
    #[rustfmt::skip]
    let table = [
        [true,  false, false, false, false, false, true],
        [false, true,  false, false, false, false, true],
        [false, true,  true,  false, false, true,  true],
        [false, false, false, true,  false, false, true],
        [false, false, false, false, true,  false, true],
        [false, false, false, false, false, false, false],
        [false, false, false, false, false, false, false],
    ];
    for (stage, row) in stages.iter().zip(table) {
        for (event, expected) in events.iter().zip(row) {
            let next = at(stage.clone()).advance(event.clone(), NOW);
            assert_eq!(next.is_ok(), expected, "{stage:?} {event:?}");
        }
    }
    // an operation that follows another than the directory has, or of another DID
    let reserved = at(Stage::KeyReserved {
        signing_key: "key-1".to_owned(),
        follows: Some(follows("cid-0")),
    });
    assert!(
        reserved
            .clone()
            .advance(Event::OperationMade(made(None)), NOW)
            .is_err()
    );
    assert!(
        reserved
            .advance(Event::OperationMade(made(Some("cid-0"))), NOW)
            .is_ok()
    );
    let other = Made {
        did: did(2),
        ..made(None)
    };
    assert!(
        at(Stage::OperationMade(made(None)))
            .advance(Event::OperationMade(other), NOW)
            .is_err()
    );
}

#[test]
fn a_stage_reads_back_from_what_is_stored() {
    for stage in [
        Stage::Admitted { follows: None },
        Stage::KeyReserved {
            signing_key: "key-1".to_owned(),
            follows: Some(follows("cid-0")),
        },
        Stage::OperationMade(made(Some("cid-0"))),
        Stage::CreatedOnPds { did: did(1) },
        Stage::Activated { did: did(1) },
        Stage::AccountStored { did: did(1), at: NOW },
        Stage::Undoing {
            did: None,
            why: Why::Superseded,
        },
    ] {
        let text = serde_json::to_string(&stage).unwrap();
        assert_eq!(serde_json::from_str::<Stage>(&text).unwrap(), stage, "{text}");
    }
    assert_eq!(SignUpId::parse(&id().to_string()), Some(id()));
    for bad in ["", "sup-", "sup-0", "09090909090909090909090909090909"] {
        assert_eq!(SignUpId::parse(bad), None);
    }
}

#[test]
fn each_reason_to_undo_is_told_in_a_word_that_helps() {
    for (why, name) in [
        (Why::HandleTaken, "HandleNotAvailable"),
        (Why::HandleRefused, "InvalidHandle"),
        (Why::EmailTaken, "InvalidRequest"),
        (Why::HostRefused, "UpstreamFailure"),
        (Why::BroughtRefused, "InvalidRequest"),
        (Why::DidLost, "UpstreamFailure"),
        (Why::GaveUp, "UpstreamFailure"),
    ] {
        assert_eq!(why.denial().name(), name, "{why:?}");
    }
}
