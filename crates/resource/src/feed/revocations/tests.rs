use entryway_oauth::time::Seconds;

use super::*;
use crate::feed::scene::{at, at_jumped, date, event, session, token_key};

fn knowing(limits: FeedLimits) -> Arc<Revocations> {
    let revocations = Revocations::new(limits);
    revocations.complete(0, at(0).steady, at(0));
    revocations
}

fn standing(revocations: &Revocations, n: u64, now: Moment) -> Standing {
    revocations.standing(Some(session(n)), &token_key(), now)
}

/// How many entries are left of events read at these moments.
fn remembered_at(now: Moment, events: &[(RevocationEvent, Moment)]) -> usize {
    let revocations = knowing(FeedLimits::default());
    for (event, read_at) in events {
        revocations.admit(event, *read_at).unwrap();
    }
    revocations.complete(1, now.steady, now);
    revocations.health(now).entries
}

fn key_event(key: Thumbprint) -> RevocationEvent {
    RevocationEvent {
        subject: Revoked::Key { jkt: key },
        ..event(1, 0)
    }
}

#[test]
fn nothing_is_good_before_the_first_complete_reading() {
    let revocations = Revocations::new(FeedLimits::default());
    assert_eq!(standing(&revocations, 1, at(0)), Standing::Stale);
    revocations.admit(&event(1, 0), at(0)).unwrap();
    assert_eq!(standing(&revocations, 1, at(0)), Standing::Revoked);
    assert_eq!(standing(&revocations, 2, at(0)), Standing::Stale);
    revocations.complete(1, at(0).steady, at(0));
    assert_eq!(standing(&revocations, 2, at(0)), Standing::Good);
}

#[test]
fn knowledge_is_good_up_to_its_limit_and_not_a_moment_longer() {
    let revocations = knowing(FeedLimits::default());
    revocations.admit(&event(1, 0), at(0)).unwrap();
    let just_after = Moment {
        steady: Duration::from_millis(60_001),
        ..at(60)
    };
    for (now, expected) in [
        (at(0), Standing::Good),
        (at(59), Standing::Good),
        (at(60), Standing::Good),
        (just_after, Standing::Stale),
        (at(61), Standing::Stale),
    ] {
        assert_eq!(standing(&revocations, 2, now), expected, "{now:?}");
        assert_eq!(standing(&revocations, 1, now), Standing::Revoked, "{now:?}");
        assert_eq!(revocations.health(now).stale, expected == Standing::Stale);
    }
}

#[test]
fn no_jump_of_the_calendar_makes_knowledge_older_or_younger() {
    let revocations = knowing(FeedLimits::default());
    for jump in [-86_400 * 365, -3_600, -1, 1, 3_600, 86_400 * 365] {
        assert_eq!(standing(&revocations, 1, at_jumped(60, jump)), Standing::Good);
        assert_eq!(standing(&revocations, 1, at_jumped(61, jump)), Standing::Stale);
    }
}

#[test]
fn where_stale_knowledge_is_accepted_only_what_is_known_is_refused() {
    let revocations = Revocations::new(FeedLimits {
        when_stale: WhenStale::Accept,
        ..FeedLimits::default()
    });
    assert_eq!(standing(&revocations, 1, at(0)), Standing::Good);
    revocations.admit(&event(1, 0), at(0)).unwrap();
    assert_eq!(standing(&revocations, 1, at(1_000)), Standing::Revoked);
    assert!(revocations.health(at(0)).stale);
}

#[test]
fn a_key_is_revoked_for_good() {
    let revocations = knowing(FeedLimits::default());
    assert_eq!(revocations.standing(None, &token_key(), at(0)), Standing::Good);
    revocations.admit(&key_event(token_key()), at(0)).unwrap();
    revocations.admit(&key_event(token_key()), at(0)).unwrap();
    for now in [at(0), at(900), at(1_000_000)] {
        revocations.complete(1, now.steady, now);
        assert_eq!(revocations.standing(None, &token_key(), now), Standing::Revoked);
        assert_eq!(standing(&revocations, 9, now), Standing::Revoked);
    }
    assert_eq!(revocations.health(at(1_000_000)).entries, 1);
}

#[test]
fn an_event_hits_its_sessions_and_no_other_whatever_its_kind() {
    let sub = entryway_scope::Did::parse("did:plc:ewvi7nxzyoun6zhxrhs64oiz").unwrap();
    let client_id = "https://app.example/client-metadata.json".to_owned();
    let sessions = vec![session(1), session(2)];
    for subject in [
        Revoked::Session {
            sessions: sessions.clone(),
        },
        Revoked::Grant {
            sub: sub.clone(),
            client_id: client_id.clone(),
            sessions: sessions.clone(),
        },
        Revoked::Account {
            sub,
            sessions: sessions.clone(),
        },
        Revoked::Client {
            client_id,
            sessions: sessions.clone(),
        },
    ] {
        let revocations = knowing(FeedLimits::default());
        let kind = subject.kind();
        let event = RevocationEvent {
            subject,
            ..event(1, 0)
        };
        revocations.admit(&event, at(0)).unwrap();
        let found = [0, 1, 2, 3].map(|n| standing(&revocations, n, at(0)));
        let expected = [
            Standing::Good,
            Standing::Revoked,
            Standing::Revoked,
            Standing::Good,
        ];
        assert_eq!(found, expected, "{kind}");
        assert_eq!(revocations.standing(None, &token_key(), at(0)), Standing::Good);
    }
}

#[test]
fn an_entry_is_forgotten_once_its_end_has_passed_by_both_clocks() {
    for (now, remembered) in [
        (at(899), 1),
        (at(900), 0),
        (at(901), 0),
        // a calendar set ahead by a day forgets nothing early, one set back keeps it
        (at_jumped(899, 86_400), 1),
        (at_jumped(900, 86_400), 0),
        (at_jumped(901, -2), 1),
        (at_jumped(902, -2), 0),
    ] {
        assert_eq!(remembered_at(now, &[(event(1, 0), at(0))]), remembered, "{now:?}");
    }
}

#[test]
fn an_event_learnt_late_is_remembered_as_long_as_one_learnt_at_once() {
    // read again, as when starting over: its time goes on
    let events = [(event(1, 0), at(890)), (event(1, 0), at(1_000))];
    for (now, remembered) in [(at(1_789), 1), (at(1_790), 0)] {
        assert_eq!(remembered_at(now, &events), remembered, "{now:?}");
    }
}

#[test]
fn the_later_of_two_ends_counts() {
    let long = RevocationEvent {
        until: date(0) + Seconds(5_000),
        ..event(1, 0)
    };
    for events in [
        [(long.clone(), at(0)), (event(1, 0), at(1))],
        [(event(1, 0), at(0)), (long, at(0))],
    ] {
        for (now, remembered) in [(at(4_999), 1), (at(5_000), 0)] {
            assert_eq!(remembered_at(now, &events), remembered, "{now:?}");
        }
    }
}

#[test]
fn an_end_beyond_all_time_does_not_overflow() {
    let revocations = knowing(FeedLimits::default());
    let endless = RevocationEvent {
        until: Timestamp::from_seconds(i64::MAX),
        ..event(1, 0)
    };
    let late = Moment {
        steady: Duration::MAX,
        ..at(0)
    };
    revocations.admit(&endless, late).unwrap();
    revocations.complete(1, late.steady, late);
    assert_eq!(revocations.health(late).entries, 1);
}

#[test]
fn more_than_is_remembered_is_a_fault_until_some_are_over() {
    let revocations = knowing(FeedLimits {
        entries_max: 3,
        ..FeedLimits::default()
    });
    for n in 1..=3 {
        revocations.admit(&event(n, 0), at(0)).unwrap();
    }
    // known already: takes no room
    revocations.admit(&event(3, 0), at(0)).unwrap();
    for refused in [event(4, 0), key_event(token_key())] {
        let full = revocations.admit(&refused, at(899));
        assert!(
            matches!(full, Err(FeedFault::Full { entries_max: 3 })),
            "{full:?}"
        );
    }
    assert_eq!(revocations.health(at(899)).entries, 3);
    revocations.admit(&event(4, 0), at(900)).unwrap();
    assert_eq!(revocations.health(at(900)).entries, 1);
}

#[test]
fn what_is_distrusted_is_stale_at_once_and_forgets_nothing() {
    let revocations = knowing(FeedLimits::default());
    revocations.admit(&event(1, 0), at(0)).unwrap();
    revocations.distrust();
    assert_eq!(standing(&revocations, 1, at(0)), Standing::Revoked);
    assert_eq!(standing(&revocations, 2, at(0)), Standing::Stale);
    revocations.complete(1, at(1).steady, at(1));
    assert_eq!(standing(&revocations, 2, at(1)), Standing::Good);
}

#[test]
fn an_older_word_never_replaces_a_newer_one() {
    let revocations = knowing(FeedLimits::default());
    revocations.complete(1, at(50).steady, at(50));
    revocations.complete(1, at(20).steady, at(51));
    assert_eq!(revocations.health(at(60)).age, Some(Duration::from_secs(10)));
}

#[test]
fn health_tells_what_is_wrong_in_one_sentence_until_it_is_right() {
    let revocations = Revocations::new(FeedLimits::default());
    let starting = FeedHealth {
        cursor: None,
        age: None,
        stale: true,
        entries: 0,
        trouble: None,
    };
    assert_eq!(revocations.health(at(0)), starting);
    let refused = std::io::Error::other("connection refused");
    revocations.trouble(&FeedFault::Unreachable(refused.into()));
    assert_eq!(
        revocations.health(at(0)).trouble.as_deref(),
        Some("the revocation feed cannot be reached: connection refused")
    );
    assert!(revocations.complete(7, at(1).steady, at(1)));
    assert!(!revocations.complete(7, at(2).steady, at(2)));
    let following = FeedHealth {
        cursor: Some(7),
        age: Some(Duration::from_secs(1)),
        stale: false,
        ..starting
    };
    assert_eq!(revocations.health(at(3)), following);
}

#[test]
fn sixty_four_readers_never_see_what_was_complete_without_what_it_tells() {
    let revocations = Revocations::new(FeedLimits::default());
    std::thread::scope(|scope| {
        for n in 1..=64 {
            let revocations = &revocations;
            scope.spawn(move || {
                loop {
                    match standing(revocations, n, at(0)) {
                        Standing::Stale => std::hint::spin_loop(),
                        Standing::Revoked => break,
                        Standing::Good => panic!("session {n} was let in"),
                    }
                }
            });
        }
        scope.spawn(|| {
            for n in 1..=64 {
                revocations.admit(&event(n, 0), at(0)).unwrap();
            }
            revocations.complete(64, at(0).steady, at(0));
        });
    });
    assert_eq!(revocations.health(at(0)).entries, 64);
}

#[test]
fn debug_tells_how_many_and_not_whom() {
    let revocations = knowing(FeedLimits {
        entries_max: 3,
        ..FeedLimits::default()
    });
    revocations.admit(&event(1, 0), at(0)).unwrap();
    let shown = format!("{revocations:?}");
    assert!(shown.contains("entries: 1") && !shown.contains("ses-"), "{shown}");
}
