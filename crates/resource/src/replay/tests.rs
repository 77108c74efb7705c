use std::sync::Barrier;

use super::*;

const NOW: Timestamp = Timestamp::from_seconds(1_700_000_040);
const MINUTE: i64 = 60;
const HOUR: i64 = 3_600;
const DAY: i64 = 86_400;

fn mark(n: u32) -> Digest {
    Digest::of(&n.to_be_bytes())
}

/// So many seconds after [`NOW`], on a calendar that is off by so many.
fn at(seconds: i64, off: i64) -> Moment {
    Moment {
        wall: NOW + Seconds(seconds + off),
        steady: Duration::from_secs(u64::try_from(seconds).unwrap()),
    }
}

/// Presents a proof of this client, made just now with a nonce it was just given.
fn present(marks: &ReplayMarks, n: u32, now: Moment) -> Marked {
    present_again(marks, n, now.wall, marks.era(now), now)
}

/// Presents a proof made at that instant of the calendar, with a nonce of that era.
fn present_again(marks: &ReplayMarks, n: u32, made: Timestamp, era: Era, now: Moment) -> Marked {
    if era != marks.era(now) {
        return Marked::Outdated;
    }
    marks.remember_mark(mark(n), made + Seconds(2 * CLOCK_SKEW_MAX.0), era, now)
}

//
#[test]
fn of_sixty_four_simultaneous_presentations_one_is_fresh() {
    for round in 0..50 {
        let (marks, start) = (ReplayMarks::new(1_000), Barrier::new(64));
        let fresh = std::thread::scope(|scope| {
            let threads: Vec<_> = (0..64)
                .map(|_| {
                    scope.spawn(|| {
                        start.wait();
                        present(&marks, round, at(0, 0))
                    })
                })
                .collect();
            threads
                .into_iter()
                .map(|thread| thread.join().unwrap())
                .filter(|marked| *marked == Marked::Fresh)
                .count()
        });
        assert_eq!(fresh, 1);
    }
}

// as long as `dpop::verify` may take it, which is a skew less than the mark lives
#[test]
fn a_mark_counts_as_long_as_its_proof_is_accepted() {
    for (made, later) in [
        (0, 0),
        (0, 1),
        (0, 299),
        (0, 300),
        (300, 600),
        (-300, 0),
        (300, 599),
    ] {
        let (marks, made) = (ReplayMarks::new(10), NOW + Seconds(made));
        let first = present_again(&marks, 1, made, Era::Common, at(0, 0));
        let second = present_again(&marks, 1, made, Era::Common, at(later, 0));
        assert_eq!((first, second), (Marked::Fresh, Marked::Replayed), "{later}");
    }
}

#[test]
fn an_ordinary_day_has_one_era_and_drops_every_mark_in_time() {
    let marks = ReplayMarks::new(40);
    for n in 0..1_440_u32 {
        let now = at(i64::from(n) * MINUTE, 0);
        assert_eq!(marks.era(now), Era::Common);
        assert_eq!(present(&marks, n, now), Marked::Fresh);
    }
    assert!(marks.state().count <= 12);
}

// what used to close the memory until a restart
#[test]
fn a_calendar_that_jumps_ahead_and_back_refuses_nothing_and_opens_nothing() {
    for (ahead, seconds) in [
        (DAY, 1),
        (DAY, 300),
        (DAY, 599),
        (365 * DAY, 599),
        (HOUR, 30),
        (i64::MAX / 2, 1),
    ] {
        let marks = ReplayMarks::new(1_000);
        assert_eq!(present(&marks, 1, at(0, 0)), Marked::Fresh);
        for second in 0..seconds {
            let n = 1_000 + u32::try_from(second % 300).unwrap();
            let marked = present(&marks, n, at(second, ahead));
            assert!(second >= 300 || marked == Marked::Fresh, "{ahead} {second}");
        }
        let back = at(seconds, 0);
        assert_eq!(marks.era(back), Era::Common, "{ahead} {seconds}");
        assert_eq!(present(&marks, 2, back), Marked::Fresh, "{ahead} {seconds}");
        // those of before, as long as they are accepted, and those of the time ahead when it comes
        if seconds <= 300 {
            let again = present_again(&marks, 1, NOW, Era::Common, back);
            assert_eq!(again, Marked::Replayed, "{ahead} {seconds}");
        }
        if ahead == HOUR {
            let there = at(HOUR, 0);
            let again = present_again(&marks, 1_000, there.wall, Era::Common, there);
            assert_eq!(again, Marked::Replayed);
        }
    }
}

#[test]
fn a_calendar_set_back_refuses_old_proofs_and_takes_new_ones() {
    // how far back, and whether marks were dropped that count again there
    for (back, dropped) in [
        (1, false),
        (299, false),
        (300, false),
        (420, true),
        (HOUR, true),
        (365 * DAY, true),
    ] {
        let marks = ReplayMarks::new(1_000);
        for n in 0..120 {
            let now = at(i64::from(n) * MINUTE, 0);
            assert_eq!(present(&marks, n, now), Marked::Fresh);
        }
        let now = at(120 * MINUTE, -back);
        assert_eq!(marks.era(now) == Era::Own(1), dropped, "{back}");
        for n in 0..120 {
            let made = NOW + Seconds(i64::from(n) * MINUTE);
            let accepted = (made - now.wall).0.abs() <= CLOCK_SKEW_MAX.0;
            let again = present_again(&marks, n, made, Era::Common, now);
            assert!(!accepted || again != Marked::Fresh, "{back} {n}");
        }
        assert_eq!(present(&marks, 1_000, now), Marked::Fresh, "{back}");
        assert_eq!(present(&marks, 1_000, now), Marked::Replayed, "{back}");
    }
}

/// Marks of two hours, and the calendar an hour back.
fn set_back() -> (ReplayMarks, i64) {
    let marks = ReplayMarks::new(1_000);
    for n in 0..120 {
        present(&marks, n, at(i64::from(n) * MINUTE, 0));
    }
    let now = 120 * MINUTE;
    assert_eq!(marks.era(at(now, -HOUR)), Era::Own(1));
    (marks, now)
}

#[test]
fn the_common_nonces_count_again_once_the_calendar_is_past_what_was_dropped() {
    let (marks, back) = set_back();
    let mut eras = Vec::new();
    for minute in 0..90 {
        let now = at(back + minute * MINUTE, -HOUR);
        assert_eq!(
            present(&marks, 2_000 + u32::try_from(minute).unwrap(), now),
            Marked::Fresh
        );
        eras.push(marks.era(now));
    }
    let own = eras.iter().filter(|era| **era == Era::Own(1)).count();
    // an hour less the skew, and the life of the last mark
    assert!((60..=70).contains(&own), "{own}");
    assert!(eras[..own].iter().all(|era| *era == Era::Own(1)));
    assert!(eras[own..].iter().all(|era| *era == Era::Common));
}

#[test]
fn a_calendar_set_back_again_begins_another_era_each_time() {
    let (marks, back) = set_back();
    let mut off = -HOUR;
    let mut now = back;
    for era in 2..5 {
        // long enough for marks of this era to be dropped
        for minute in 0..40 {
            present(
                &marks,
                u32::try_from(era * 1_000 + minute).unwrap(),
                at(now + minute * MINUTE, off),
            );
        }
        now += 40 * MINUTE;
        let before = marks.era(at(now, off));
        off -= 30 * MINUTE;
        let moment = at(now, off);
        assert_eq!(marks.era(moment), Era::Own(u64::try_from(era).unwrap()));
        for old in [before, Era::Common] {
            let again = present_again(&marks, 1, moment.wall, old, moment);
            assert_eq!(again, Marked::Outdated);
        }
        assert_eq!(present(&marks, 9_000, moment), Marked::Fresh);
    }
}

#[test]
fn a_proof_checked_in_an_era_that_ended_meanwhile_is_asked_for_another_nonce() {
    let marks = ReplayMarks::new(1_000);
    for n in 0..120 {
        present(&marks, n, at(i64::from(n) * MINUTE, 0));
    }
    let (before, after) = (at(120 * MINUTE, 0), at(120 * MINUTE, -HOUR));
    let era = marks.era(before);
    marks.era(after);
    let marked = marks.remember_mark(mark(7), after.wall + Seconds(600), era, after);
    assert_eq!(marked, Marked::Outdated);
}

//
#[test]
fn full_marks_refuse_until_time_makes_room() {
    let marks = ReplayMarks::new(3);
    for n in 0..3 {
        assert_eq!(present(&marks, n, at(0, 0)), Marked::Fresh);
    }
    assert_eq!(present(&marks, 3, at(0, 0)), Marked::Full);
    assert_eq!(present(&marks, 0, at(0, 0)), Marked::Replayed);
    assert_eq!(present(&marks, 3, at(700, 0)), Marked::Fresh);
}

#[test]
fn marks_of_a_time_ahead_make_room_and_their_proofs_stay_refused() {
    let marks = ReplayMarks::new(3);
    for n in 0..3 {
        assert_eq!(present(&marks, n, at(0, DAY)), Marked::Fresh);
    }
    let back = at(1, 0);
    assert_eq!(present(&marks, 3, back), Marked::Outdated);
    assert_eq!(present(&marks, 3, back), Marked::Fresh);
    let there = at(DAY, 0);
    assert_eq!(
        present_again(&marks, 0, there.wall, Era::Common, there),
        Marked::Outdated
    );
    assert_eq!(marks.era(at(DAY + 600, 0)), Era::Common);
}

#[test]
fn hostile_instants_do_not_panic() {
    let marks = ReplayMarks::new(10);
    for wall in [i64::MIN, -1, 0, i64::MAX] {
        for steady in [Duration::ZERO, Duration::MAX] {
            let (wall, n) = (Timestamp::from_seconds(wall), 1);
            present(&marks, n, Moment { wall, steady });
        }
    }
}
