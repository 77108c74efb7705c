//! Whether a refresh is granted, before the store rotates anything.

use entryway_oauth::access_token::Grantee;
use entryway_oauth::client::Client;
use entryway_oauth::client_auth::ClientKey;
use entryway_oauth::client_id::ClientId;
use entryway_oauth::denial::Denial;
use entryway_oauth::dpop::Proof;
use entryway_oauth::key_set::KeySet;
use entryway_oauth::time::Timestamp;
use entryway_scope::ScopeSet;

use crate::account::{Account, AccountStatus};
use crate::policy::Policy;
use crate::refresh_token::{RefreshTokenKey, UnverifiedRefreshToken};
use crate::session::Session;

/// What a client presents at the token endpoint to refresh.
#[derive(Clone, Copy, Debug)]
pub struct Presented<'a> {
    /// The refresh token, not yet known to be genuine.
    pub token: &'a UnverifiedRefreshToken,
    /// The client, as its metadata is now.
    pub client: &'a Client,
    /// The key it authenticated with, or why it could not.
    pub client_key: Result<Option<&'a ClientKey>, &'a Denial>,
    /// The keys it publishes.
    pub published: Published<'a>,
    /// The verified proof.
    pub proof: &'a Proof,
    /// The `scope` parameter, if sent.
    pub scope: Option<&'a str>,
}

/// What is known of a client's keys.
#[derive(Clone, Copy, Debug)]
pub enum Published<'a> {
    /// Its host said so just now; nothing if it publishes none any more.
    Now(Option<&'a KeySet>),
    /// What was read earlier, which may lack a key that was published since, decides nothing.
    Earlier,
}

/// What becomes of a refresh.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Refresh {
    /// Rotate, and give an access token of this scope; the store has the last word on the generation.
    Grant(ScopeSet),
    /// Refuse, but let the store judge the token first: it is not of the present generation, and a
    /// replay is a replay whatever else is wrong with the request.
    Judge(Denial),
    /// End the session, then refuse.
    End(Denial),
}

/// Decides a refresh. A refusal ends nothing: whoever presents a wrong key or client
/// is not the owner, and must not be able to end the owner's session. The one end decided here
/// is that of a session whose client withdrew the key it is bound to, and only the holder of
/// token and DPoP key brings it about.
///
/// Does not decide whether the token is the present generation: the verb that rotates does, in the
/// same statement that spends it.
///
/// # Errors
/// [`Denial::RefreshTokenUnknown`] for a token that is not genuine, another client's, or of a session
/// that is over; [`Denial::KeyMismatch`]; what authenticating the client denied;
/// [`Denial::ClientKeyChanged`]; [`Denial::RefreshUndeclared`]; [`Denial::AccountInactive`];
/// [`Denial::ScopeExceedsGrant`].
pub fn decide(
    session: &Session,
    account: &Account,
    presented: Presented<'_>,
    key: &RefreshTokenKey,
    policy: &Policy,
    now: Timestamp,
) -> Result<Refresh, Denial> {
    check_holder(
        session,
        presented.token,
        &presented.client.id,
        presented.proof,
        key,
    )?;
    let unused_until = session.rotated_at + policy.sessions(session.client_key.is_some()).refresh_token;
    // a session begun before the password changed ends with it
    if session.is_over(now) || now >= unused_until || session.created_at < account.credentials_changed_at {
        return Err(Denial::RefreshTokenUnknown);
    }
    if let (Some(bound), Published::Now(keys)) = (&session.client_key, presented.published)
        && !keys.is_some_and(|keys| keys.holds(bound))
    {
        return Ok(Refresh::End(Denial::ClientKeyRemoved));
    }
    let client_key = presented.client_key.map_err(Denial::clone)?;
    // R-251; a session that began when the client was public is bound to no key of it
    if session.client_key.is_some() && session.client_key.as_ref() != client_key {
        return Err(Denial::ClientKeyChanged);
    }
    if !presented.client.refreshes {
        return Err(Denial::RefreshUndeclared);
    }
    let scope = match account.status {
        AccountStatus::Active => narrowed(&session.scope, presented.scope),
        AccountStatus::Deactivated | AccountStatus::TakenDown => Err(Denial::AccountInactive),
    };
    match scope {
        Ok(scope) => Ok(Refresh::Grant(scope)),
        Err(denial) if presented.token.generation() < session.generation => Ok(Refresh::Judge(denial)),
        Err(denial) => Err(denial),
    }
}

/// Whether this is the session's own token, by its own client and key: what must be so before anything is
/// fetched for the request, or decided about it.
///
/// # Errors
/// [`Denial::RefreshTokenUnknown`] and [`Denial::KeyMismatch`].
pub fn check_holder(
    session: &Session,
    token: &UnverifiedRefreshToken,
    client_id: &ClientId,
    proof: &Proof,
    key: &RefreshTokenKey,
) -> Result<(), Denial> {
    if !key.is_genuine(token, session) || session.client_id != *client_id {
        return Err(Denial::RefreshTokenUnknown);
    }
    if session.jkt == proof.thumbprint() {
        Ok(())
    } else {
        Err(Denial::KeyMismatch)
    }
}

/// Whom the access token of this session is made for.
pub fn grantee<'a>(session: &'a Session, account: &'a Account) -> Grantee<'a> {
    Grantee {
        sub: &session.did,
        aud: &account.pds_did,
        client_id: &session.client_id,
        jkt: session.jkt,
        sid: session.id,
    }
}

/// RFC 6749 section 6: the scope may narrow for this access token, never widen.
fn narrowed(granted: &ScopeSet, asked: Option<&str>) -> Result<ScopeSet, Denial> {
    let Some(asked) = asked else {
        return Ok(granted.clone());
    };
    let asked = ScopeSet::parse(asked).map_err(|_| Denial::ScopeExceedsGrant)?;
    if !asked.contains_str("atproto") {
        return Err(Denial::ScopeInvalid {
            expected: "must include atproto".to_owned(),
        });
    }
    if asked.is_subset(granted) {
        Ok(asked)
    } else {
        Err(Denial::ScopeExceedsGrant)
    }
}

#[cfg(test)]
mod tests {
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
}
