use super::*;

#[test]
fn a_change_is_its_drivers_for_ninety_seconds() {
    for (offset, free) in [(89, false), (90, true), (91, true)] {
        let now = NOW + Seconds(offset);
        let record = begun(rename());
        assert_eq!(record.clone().held_by_request(now).is_ok(), free, "{offset}");
        assert_eq!(record.is_due(now), free, "{offset}");
        assert_eq!(record.held_by_reconciler(now).is_some(), free, "{offset}");
    }
    let refused = begun(rename()).held_by_request(NOW + Seconds(60)).unwrap_err();
    let expected = XrpcDenial::ChangeUnderWay {
        retry_after_seconds: 30,
    };
    assert_eq!(refused, expected);
}

#[test]
fn what_nobody_waits_for_is_the_reconcilers_at_once() {
    let left = begun(OFF).left(NOW);
    assert!(!left.is_due(NOW - Seconds(1)));
    assert!(left.is_due(NOW) && left.is_due(NOW + Seconds(1)));
    assert!(left.held_by_reconciler(NOW).is_some());
}

#[test]
fn whoever_takes_it_up_is_told_apart_from_whoever_had_it() {
    let record = begun(rename());
    let later = NOW + Seconds(90);
    let taken = record.clone().held_by_request(later).unwrap();
    assert_eq!((record.hold, taken.hold), (1, 2));
    assert_eq!(taken.held_until, later + Seconds(90));
    let taken = taken.held_by_reconciler(later + Seconds(90)).unwrap();
    assert_eq!(taken.hold, 3);
}

#[test]
fn a_change_that_is_laid_down_is_tried_again_later_and_later_up_to_an_hour() {
    for (hold, seconds) in [(1, 30), (2, 60), (3, 120), (7, 1920), (8, 3600), (4_000, 3600)] {
        let record = AccountChange {
            hold,
            ..begun(rename())
        };
        let paused = record.paused(NOW);
        assert!(paused.clone().held_by_request(NOW).is_ok(), "{hold}");
        for (offset, due) in [(-1, false), (0, true), (1, true)] {
            let now = NOW + Seconds(seconds + offset);
            assert_eq!(paused.is_due(now), due, "{hold} {offset}");
        }
    }
}

#[test]
fn another_change_is_told_how_long_to_wait() {
    let left = |record: &AccountChange, now| match record.under_way(now) {
        XrpcDenial::ChangeUnderWay { retry_after_seconds } => retry_after_seconds,
        other => panic!("{other:?}"),
    };
    assert_eq!(left(&begun(rename()), NOW), 90);
    let paused = begun(rename()).paused(NOW);
    assert_eq!(left(&paused, NOW), 30);
    assert_eq!(left(&paused, NOW + Seconds(30)), 1);
    assert_eq!(left(&paused, NOW + Seconds::days(3)), 1);
}

// what one driver told the PDS late may arrive after what the next one told it
#[test]
fn a_word_that_took_the_place_of_another_is_said_again_when_nothing_can_be_on_its_way() {
    let older = begun(OFF).paused(NOW);
    let record = begun(ON).replacing(&older);
    assert_eq!((record.stage, record.hold), (Stage::Replacing, 2));
    let settling = record.advance(Event::HostTold, NOW).unwrap();
    assert_eq!(settling.next(None), Action::Rest);
    for (offset, due) in [(299, false), (300, true), (301, true)] {
        let taken = settling.clone().held_by_reconciler(NOW + Seconds(offset));
        assert_eq!(taken.is_some(), due, "{offset}");
        if let Some(taken) = taken {
            assert!(matches!(taken.next(None), Action::TellHost(_)));
            let told = taken.advance(Event::HostTold, NOW).unwrap();
            assert_eq!(told.next(None), Action::Finish);
        }
    }
    // whoever sends the same again meanwhile has nothing to wait for
    let again = settling.held_by_request(NOW).unwrap();
    assert_eq!(again.next(None), Action::Rest);
}
