//! What becomes of `refreshSession` and `deleteSession`.

use super::*;

const GRACE: Seconds = Seconds::minutes(120);

/// What matters of the claims besides `jti`.
fn claims() -> SessionRefreshClaims {
    issued(&session(), 1, NOW).refresh
}

fn refresh_at(
    session: &LegacySession,
    account: &Account,
    generation: u32,
    now: Timestamp,
) -> Result<Refresh, XrpcDenial> {
    refresh(
        Some(session),
        Some(account),
        &claims(),
        &jti(session, generation),
        &key(),
        &LegacyLifetimes::default(),
        now,
    )
}

fn rotated(session: &LegacySession, now: Timestamp) -> LegacySession {
    match refresh_at(session, &fixtures::account(), session.generation, now) {
        Ok(Refresh::Rotate(next)) => next,
        other => panic!("{other:?}"),
    }
}

//
#[test]
fn a_refresh_token_is_rotated_and_the_old_one_gives_the_same_successor_for_two_hours() {
    let next = rotated(&session(), NOW);
    assert_eq!(
        next,
        LegacySession {
            generation: 2,
            superseded: Superseded::parse("1700000000").unwrap(),
            expires_at: NOW + Seconds::days(90),
            ..session()
        }
    );
    let successor = issued(&next, 2, NOW).refresh.jti;
    for (offset, expected) in [
        (Seconds(0), Ok(Refresh::Repeat { generation: 2 })),
        (Seconds(GRACE.0 - 1), Ok(Refresh::Repeat { generation: 2 })),
        (GRACE, Err(XrpcDenial::TokenRevoked)),
        (Seconds(GRACE.0 + 1), Err(XrpcDenial::TokenRevoked)),
    ] {
        let now = NOW + offset;
        assert_eq!(
            refresh_at(&next, &fixtures::account(), 1, now),
            expected,
            "{offset:?}"
        );
        assert_eq!(issued(&next, 2, now).refresh.jti, successor);
    }
}

// each token has its own two hours, as where every token has a row
#[test]
fn the_grace_of_a_token_runs_from_its_own_first_use() {
    let minutes = |minutes| NOW + Seconds::minutes(minutes);
    let second = rotated(&session(), minutes(0));
    let third = rotated(&second, minutes(60));
    let fourth = rotated(&third, minutes(90));
    for (generation, until) in [(1, 120), (2, 180), (3, 210)] {
        let at = |now| refresh_at(&fourth, &fixtures::account(), generation, now);
        let again = Ok(Refresh::Repeat {
            generation: generation + 1,
        });
        assert_eq!(at(minutes(until) - Seconds(1)), again, "{generation}");
        assert_eq!(at(minutes(until)), Err(XrpcDenial::TokenRevoked), "{generation}");
    }
    // whoever caught up with an old token goes on with its successor
    assert_eq!(
        refresh_at(&fourth, &fixtures::account(), 4, minutes(119)).map(|it| matches!(it, Refresh::Rotate(_))),
        Ok(true)
    );
    // instants that are of no more use are not kept
    let late = rotated(&fourth, minutes(200));
    assert_eq!(
        late.superseded,
        Superseded::parse(&format!("{},{}", minutes(200), minutes(90))).unwrap()
    );
}

#[test]
fn whoever_refreshes_all_the_time_loses_old_tokens_and_never_the_present_one() {
    let mut session = session();
    for n in 0..50 {
        session = rotated(&session, NOW + Seconds(n));
    }
    let now = NOW + Seconds(50);
    let at = |generation| refresh_at(&session, &fixtures::account(), generation, now).is_ok();
    assert!(at(51) && at(50) && at(51 - 16) && !at(51 - 17) && !at(1));
}

//
#[test]
fn a_session_that_is_not_used_ends_with_its_refresh_token() {
    let ends = session().expires_at;
    assert_eq!(ends - session().created_at, Seconds::days(90));
    for (offset, good) in [(-1, true), (0, false), (1, false)] {
        let refreshed = refresh_at(&session(), &fixtures::account(), 1, ends + Seconds(offset));
        assert_eq!(refreshed.is_ok(), good, "{offset}");
    }
}

// a new password ends the sessions of the old one
#[test]
fn a_session_ends_with_the_password_it_was_begun_under() {
    for (offset, good) in [(-1, true), (0, true), (1, false)] {
        let account = Account {
            credentials_changed_at: session().created_at + Seconds(offset),
            ..fixtures::account()
        };
        let refreshed = refresh_at(&session(), &account, 1, NOW).map(|_| ());
        let expected = if good {
            Ok(())
        } else {
            Err(XrpcDenial::TokenRevoked)
        };
        assert_eq!(refreshed, expected, "{offset}");
    }
}

//
#[test]
fn the_scope_of_an_app_password_survives_every_refresh() {
    for kind in [AppPasswordKind::Plain, AppPasswordKind::Privileged] {
        let mut session = LegacySession {
            basis: app_password(kind),
            ..session()
        };
        for _ in 0..3 {
            session = rotated(&session, NOW);
            assert_eq!(
                issued(&session, session.generation, NOW).access.scope,
                kind.scope()
            );
        }
    }
}

//
#[test]
fn each_reason_to_refuse_has_its_denial() {
    use XrpcDenial as D;
    let (session, account) = (session(), fixtures::account());
    let down = Account {
        status: AccountStatus::TakenDown,
        ..account.clone()
    };
    let other_account = Account {
        did: fixtures::other_did(),
        ..account.clone()
    };
    let others = LegacySession {
        did: fixtures::other_did(),
        ..session.clone()
    };
    let resalted = LegacySession {
        salt: [4; 16],
        ..session.clone()
    };
    let restored = LegacySession {
        generation: 0,
        ..session.clone()
    };
    let (claims, jti) = (claims(), jti(&session, 1));
    for (name, session, account, denial) in [
        ("account gone", Some(&session), None, D::AccountGone),
        ("both gone", None, None, D::AccountGone),
        ("taken down", Some(&session), Some(&down), D::AccountTakedown),
        // a session of a takedown is not stored, and says so rather than that it was revoked
        ("taken down, not stored", None, Some(&down), D::AccountTakedown),
        ("session ended", None, Some(&account), D::TokenRevoked),
        (
            "another's account",
            Some(&session),
            Some(&other_account),
            D::TokenUnverified,
        ),
        (
            "another's session",
            Some(&others),
            Some(&account),
            D::TokenUnverified,
        ),
        (
            "another salt",
            Some(&resalted),
            Some(&account),
            D::TokenUnverified,
        ),
        (
            "a generation of the future",
            Some(&restored),
            Some(&account),
            D::TokenRevoked,
        ),
    ] {
        let refused = refresh(
            session,
            account,
            &claims,
            &jti,
            &key(),
            &LegacyLifetimes::default(),
            NOW,
        );
        assert_eq!(refused, Err(denial), "{name}");
    }
}

#[test]
fn a_deactivated_account_stays_signed_in() {
    let account = Account {
        status: AccountStatus::Deactivated,
        ..fixtures::account()
    };
    assert!(refresh_at(&session(), &account, 1, NOW).is_ok());
}

#[test]
fn a_session_of_as_many_generations_as_there_are_numbers_ends() {
    let session = LegacySession {
        generation: u32::MAX,
        ..session()
    };
    assert_eq!(
        refresh_at(&session, &fixtures::account(), u32::MAX, NOW),
        Err(XrpcDenial::TokenRevoked)
    );
}

// R-480, contract 6, item 13
#[test]
fn any_refresh_token_of_a_session_signs_it_out_and_none_of_another() {
    let session = LegacySession {
        generation: 5,
        ..session()
    };
    for generation in [1, 4, 5] {
        let (claims, jti) = (claims(), jti(&session, generation));
        assert_eq!(sign_out(Some(&session), &claims, &jti, &key()), Some(session.id));
        assert_eq!(sign_out(None, &claims, &jti, &key()), None);
        let resalted = LegacySession {
            salt: [4; 16],
            ..session.clone()
        };
        assert_eq!(sign_out(Some(&resalted), &claims, &jti, &key()), None);
        let others = SessionRefreshClaims {
            sub: fixtures::other_did(),
            ..claims
        };
        assert_eq!(sign_out(Some(&session), &others, &jti, &key()), None);
    }
}
