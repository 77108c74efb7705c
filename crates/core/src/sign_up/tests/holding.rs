//! Who may work on a sign-up, and when.

use super::*;

#[test]
fn a_record_has_one_driver_at_a_time() {
    for (offset, left) in [(-1, Some(1)), (0, None), (1, None)] {
        let held = admitted().held_by_request(NOW + HOLD + Seconds(offset));
        match left {
            Some(retry_after_seconds) => {
                assert_eq!(held, Err(XrpcDenial::SignUpUnderWay { retry_after_seconds }));
            }
            None => assert_eq!(held.map(|record| record.hold), Ok(2)),
        }
    }
    // a driver that stops lets the next one in at once
    assert!(admitted().paused(NOW).held_by_request(NOW).is_ok());
}

#[test]
fn the_reconciler_comes_when_nobody_else_does() {
    let due = |record: &SignUp| {
        let minutes = (0..2_000).find(|minutes| record.is_due(NOW + Seconds::minutes(*minutes)));
        minutes.unwrap_or(-1)
    };
    let operation = admitted()
        .advance(
            Event::KeyReserved {
                signing_key: "key-1".to_owned(),
            },
            NOW,
        )
        .and_then(|record| record.advance(Event::OperationMade(made(None)), NOW))
        .unwrap();
    assert_eq!(due(&admitted()), 15);
    assert_eq!(due(&operation), 5);
    // longer after each try, up to an hour
    let pauses: Vec<i64> = (1..=6)
        .map(|hold| {
            let tried = SignUp {
                hold,
                ..operation.clone()
            };
            due(&tried.paused(NOW))
        })
        .collect();
    assert_eq!(pauses, [5, 10, 20, 40, 60, 60]);
    // nothing outside: nobody is in a hurry, and nothing is made without somebody asking
    assert_eq!(due(&admitted().paused(NOW)), 15);
    let later = NOW + Seconds::minutes(15);
    let why = |record: Option<SignUp>| match record.map(|it| it.stage) {
        Some(Stage::Undoing { why, .. }) => Some(why),
        _ => None,
    };
    assert_eq!(why(admitted().held_by_reconciler(later)), Some(Why::Forgotten));
    assert_eq!(admitted().held_by_reconciler(later - Seconds(1)), None);
    assert_eq!(why(operation.clone().held_by_reconciler(later)), None);
    for (offset, expected) in [(-1, None), (0, Some(Why::GaveUp)), (1, Some(Why::GaveUp))] {
        let now = NOW + GIVE_UP_AFTER + Seconds(offset);
        assert_eq!(
            why(operation.clone().held_by_reconciler(now)),
            expected,
            "{offset}"
        );
    }
    for (hold, expected) in [(HOLDS_MAX - 1, None), (HOLDS_MAX, Some(Why::GaveUp))] {
        let tried = SignUp {
            hold,
            ..operation.clone()
        };
        assert_eq!(why(tried.held_by_reconciler(later)), expected, "{hold}");
    }
    // what only our own database has to take is never given up
    let activated = SignUp {
        stage: Stage::Activated { did: did(1) },
        hold: 1_000,
        ..operation
    };
    assert_eq!(why(activated.held_by_reconciler(NOW + Seconds::days(30))), None);
}

#[test]
fn a_request_is_the_same_or_another() {
    let other_handle = SignUpRequest {
        handle: Handle::parse("bob.test").unwrap(),
        ..request()
    };
    let other_email = SignUpRequest {
        email: crate::email::EmailAddress::parse("bob@mail.example").unwrap(),
        ..request()
    };
    let other_key = SignUpRequest {
        recovery_key: Some("did:key:z".to_owned()),
        ..request()
    };
    let unrelated = SignUpRequest {
        handle: other_handle.handle.clone(),
        ..other_email.clone()
    };
    let taken = || Claim::Refuse(XrpcDenial::HandleNotAvailable);
    let in_use = || Claim::Refuse(XrpcDenial::EmailTaken);
    let early = || Stage::OperationMade(made(None));
    let late = || Stage::CreatedOnPds { did: did(1) };
    let undoing = || Stage::Undoing {
        did: Some(did(1)),
        why: Why::GaveUp,
    };
    for (name, stage, request, password_matches, expected) in [
        ("the same", early(), &request(), true, Claim::Resume),
        ("the same, late", late(), &request(), true, Claim::Resume),
        ("another password", early(), &request(), false, taken()),
        ("another address", early(), &other_email, true, taken()),
        ("another handle", early(), &other_handle, true, Claim::Supersede),
        ("another handle, late", late(), &other_handle, true, in_use()),
        ("another's address", early(), &other_handle, false, in_use()),
        ("nothing alike", early(), &unrelated, true, Claim::Unrelated),
        ("being undone", undoing(), &request(), true, taken()),
        (
            "the address of one being undone",
            undoing(),
            &other_handle,
            true,
            Claim::Unrelated,
        ),
    ] {
        let claim = at(stage).claim(request, password_matches, NOW);
        assert_eq!(claim, expected, "{name}");
    }
    // a key that was not in the operation is not in it now
    let claim = at(early()).claim(&other_key, true, NOW);
    assert!(matches!(claim, Claim::Refuse(XrpcDenial::InvalidRequest { .. })));
}

#[test]
fn another_handle_takes_the_place_of_the_first_where_nothing_is_made_yet() {
    let record = at(Stage::OperationMade(made(None))).paused(NOW);
    let undone = record.superseded(NOW).unwrap();
    // what was sent may still be at work
    assert_eq!(undone.retry_at, NOW + QUIET);
    assert_eq!(undone.did(), Some(&did(1)));
    assert_eq!(
        undone.stage,
        Stage::Undoing {
            did: Some(did(1)),
            why: Why::Superseded
        }
    );
    assert!(matches!(
        admitted().superseded(NOW),
        Err(XrpcDenial::SignUpUnderWay { .. })
    ));
    let late = at(Stage::CreatedOnPds { did: did(1) }).paused(NOW);
    assert_eq!(late.superseded(NOW), Err(XrpcDenial::EmailTaken));
}

#[test]
fn what_is_typed_is_read_by_the_rules_and_the_first_fault_is_told() {
    let handles = HandleRules {
        domains: HandleDomains::parse(&[".test"]).unwrap(),
        reserved: ReservedNames::default(),
    };
    let good = Typed {
        handle: "Alice.test",
        email: "Alice@Mail.example",
        password: "correct horse",
        invite: Some("host-aaaaa-aaaaa"),
    };
    let parse = |typed: Typed<'_>| {
        let read = SignUpRequest::parse(typed, None, &handles, Invitation::Required);
        read.map(|(request, _)| request).map_err(|denial| denial.name())
    };
    let code = InviteCode::parse("host-aaaaa-aaaaa").ok();
    assert_eq!(
        parse(good),
        Ok(SignUpRequest {
            invite: code,
            ..request()
        })
    );
    let (handle, email, password, invite) = ("x", "x", "x", None);
    for (typed, name) in [
        (
            Typed {
                handle,
                email,
                password,
                invite,
            },
            "InvalidHandle",
        ),
        (
            Typed {
                email,
                password,
                invite,
                ..good
            },
            "InvalidRequest",
        ),
        (
            Typed {
                password,
                invite,
                ..good
            },
            "InvalidPassword",
        ),
        (Typed { invite, ..good }, "InvalidInviteCode"),
        (
            Typed {
                handle: "admin.test",
                ..good
            },
            "HandleNotAvailable",
        ),
        (
            Typed {
                handle: "alice.example.com",
                ..good
            },
            "UnsupportedDomain",
        ),
    ] {
        assert_eq!(parse(typed), Err(name));
    }
}
