use super::*;
use crate::fixtures;

type Change = fn(&mut Session, &mut Account);

fn refresh(change: impl FnOnce(&mut Session, &mut Account)) -> Result<Refresh, Denial> {
    refresh_by(&fixtures::client(), Ok(None), Published::Earlier, change)
}

fn refresh_by(
    client: &Client,
    client_key: Result<Option<&ClientKey>, &Denial>,
    published: Published<'_>,
    change: impl FnOnce(&mut Session, &mut Account),
) -> Result<Refresh, Denial> {
    let (mut session, mut account) = (fixtures::session(), fixtures::account());
    let key = fixtures::refresh_token_key();
    let token = key
        .parse(key.mint(session.id, &session.salt, 3).expose())
        .unwrap();
    let proof = fixtures::proof();
    session.jkt = proof.thumbprint();
    change(&mut session, &mut account);
    let presented = Presented {
        token: &token,
        client,
        client_key,
        published,
        proof: &proof,
        scope: None,
    };
    decide(
        &session,
        &account,
        presented,
        &key,
        &Policy::default(),
        fixtures::NOW,
    )
}

#[test]
fn the_owner_of_a_live_session_refreshes() {
    assert_eq!(refresh(|_, _| ()), Ok(Refresh::Grant(fixtures::session().scope)));
}

//
#[test]
fn each_reason_to_refuse_has_its_denial() {
    use crate::session::{EndReason, Ended};
    let ended = Some(Ended {
        at: fixtures::NOW,
        reason: EndReason::Revoked,
    });
    let cases: [(&str, Change, Denial); 4] = [
        (
            "other client",
            |s, _| s.client_id = ClientId::parse("http://localhost/").unwrap(),
            Denial::RefreshTokenUnknown,
        ),
        ("other salt", |s, _| s.salt = [0; 16], Denial::RefreshTokenUnknown),
        (
            "other key",
            |s, _| s.jkt = fixtures::other_thumbprint(),
            Denial::KeyMismatch,
        ),
        (
            "taken down",
            |_, a| a.status = AccountStatus::TakenDown,
            Denial::AccountInactive,
        ),
    ];
    for (name, change, denial) in cases {
        assert_eq!(refresh(change), Err(denial), "{name}");
    }
    assert_eq!(refresh(|s, _| s.ended = ended), Err(Denial::RefreshTokenUnknown));
}

// R-241, D4
#[test]
fn a_token_of_an_older_generation_is_judged_whatever_else_is_wrong() {
    let spent = refresh(|s, a| {
        s.generation = 5;
        a.status = AccountStatus::TakenDown;
    });
    assert_eq!(spent, Ok(Refresh::Judge(Denial::AccountInactive)));
}

//
#[test]
fn a_session_ends_with_the_password_it_was_begun_with() {
    use entryway_oauth::time::Seconds;
    for (later, fine) in [(-1, true), (0, true), (1, false)] {
        let decided = refresh(|s, a| a.credentials_changed_at = s.created_at + Seconds(later));
        assert_eq!(decided.is_ok(), fine, "{later}");
    }
}

//
#[test]
fn a_session_ends_at_its_second() {
    use entryway_oauth::time::Seconds;
    for (left, fine) in [(1, true), (0, false), (-1, false)] {
        assert_eq!(
            refresh(|s, _| s.expires_at = fixtures::NOW + Seconds(left)).is_ok(),
            fine,
            "{left}"
        );
    }
}

//
#[test]
fn a_session_belongs_to_the_client_key_it_began_with() {
    let (client, published, keys) = fixtures::confidential_client(&["one", "two"]);
    let (_, without_one, _) = fixtures::confidential_client(&["two"]);
    let public = fixtures::client();
    let failed = Denial::AssertionMissing;
    let granted = || Ok(Refresh::Grant(fixtures::session().scope));
    let ended = || Ok(Refresh::End(Denial::ClientKeyRemoved));
    let (one, two) = (&keys[0], &keys[1]);
    let (all, rest) = (
        Published::Now(Some(&published)),
        Published::Now(Some(&without_one)),
    );
    for (name, client, presented, published, expected) in [
        ("the same key", &client, Ok(Some(one)), all, granted()),
        (
            "read earlier",
            &client,
            Ok(Some(one)),
            Published::Earlier,
            granted(),
        ),
        (
            "another of its keys",
            &client,
            Ok(Some(two)),
            all,
            Err(Denial::ClientKeyChanged),
        ),
        ("no assertion", &client, Err(&failed), all, Err(failed.clone())),
        // what was read earlier may lack a key that was published since
        (
            "not known from earlier",
            &client,
            Err(&failed),
            Published::Earlier,
            Err(failed.clone()),
        ),
        ("its key withdrawn", &client, Ok(Some(two)), rest, ended()),
        (
            "its key withdrawn, whoever asks",
            &client,
            Err(&failed),
            rest,
            ended(),
        ),
        (
            "no keys any more",
            &client,
            Err(&failed),
            Published::Now(None),
            ended(),
        ),
        ("public now", &public, Ok(None), Published::Now(None), ended()),
        (
            "public by what was read earlier",
            &public,
            Ok(None),
            Published::Earlier,
            Err(Denial::ClientKeyChanged),
        ),
    ] {
        let bound = |s: &mut Session, _: &mut Account| s.client_key = Some(one.clone());
        assert_eq!(
            refresh_by(client, presented, published, bound),
            expected,
            "{name}"
        );
    }
}

// whoever does not hold token and key of the session ends nothing
#[test]
fn a_stranger_does_not_end_a_session_whose_client_key_was_withdrawn() {
    let (client, published, _) = fixtures::confidential_client(&["two"]);
    for (change, denial) in [
        (
            (|s, _| s.jkt = fixtures::other_thumbprint()) as Change,
            Denial::KeyMismatch,
        ),
        (|s, _| s.salt = [0; 16], Denial::RefreshTokenUnknown),
    ] {
        let bound = |s: &mut Session, a: &mut Account| {
            s.client_key = Some(fixtures::client_key());
            change(s, a);
        };
        assert_eq!(
            refresh_by(&client, Ok(None), Published::Now(Some(&published)), bound),
            Err(denial)
        );
    }
}

#[test]
fn a_client_that_became_confidential_goes_on_once_it_authenticates() {
    let (client, published, keys) = fixtures::confidential_client(&["one"]);
    let failed = Denial::AssertionMissing;
    let by = |key| refresh_by(&client, key, Published::Now(Some(&published)), |_, _| ());
    assert_eq!(
        by(Ok(Some(&keys[0]))),
        Ok(Refresh::Grant(fixtures::session().scope))
    );
    assert_eq!(by(Err(&failed)), Err(Denial::AssertionMissing));
}

//
#[test]
fn a_client_that_declares_no_refresh_gets_none() {
    let client = Client {
        refreshes: false,
        ..fixtures::client()
    };
    assert_eq!(
        refresh_by(&client, Ok(None), Published::Earlier, |_, _| ()),
        Err(Denial::RefreshUndeclared)
    );
}

//
#[test]
fn a_session_that_is_not_used_ends_with_its_refresh_token() {
    use entryway_oauth::time::Seconds;
    let (client, published, keys) = fixtures::confidential_client(&["one"]);
    for (days, confidential, left, fine) in [
        (14, false, 1, true),
        (14, false, 0, false),
        (180, true, 1, true),
        (180, true, 0, false),
    ] {
        let unused = |s: &mut Session, _: &mut Account| {
            s.rotated_at = fixtures::NOW - Seconds::days(days) + Seconds(left);
            s.client_key = confidential.then(|| keys[0].clone());
        };
        let decided = if confidential {
            refresh_by(
                &client,
                Ok(Some(&keys[0])),
                Published::Now(Some(&published)),
                unused,
            )
        } else {
            refresh(unused)
        };
        assert_eq!(decided.is_ok(), fine, "{days} days, {left}");
    }
}

//
#[test]
fn the_scope_narrows_and_never_widens() {
    let granted = ScopeSet::parse("atproto transition:generic").unwrap();
    assert_eq!(
        narrowed(&granted, Some("atproto")),
        ScopeSet::parse("atproto").map_err(|_| unreachable!())
    );
    for wider in [
        "atproto transition:email",
        "atproto repo:*",
        "transition:generic",
        "atproto  x",
    ] {
        assert_eq!(
            narrowed(&granted, Some(wider)).map_err(|d| d.code()),
            Err("invalid_scope"),
            "{wider}"
        );
    }
}
