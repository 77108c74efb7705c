//! Whether a refresh is granted, before the store rotates anything.

use entryway_oauth::access_token::Grantee;
use entryway_oauth::client_id::ClientId;
use entryway_oauth::denial::Denial;
use entryway_oauth::dpop::Proof;
use entryway_oauth::time::Timestamp;
use entryway_scope::ScopeSet;

use crate::account::{Account, AccountStatus};
use crate::refresh_token::{RefreshTokenKey, UnverifiedRefreshToken};
use crate::session::Session;

/// What a client presents at the token endpoint to refresh.
#[derive(Clone, Copy, Debug)]
pub struct Presented<'a> {
    /// The refresh token, not yet known to be genuine.
    pub token: &'a UnverifiedRefreshToken,
    /// Who says it is.
    pub client_id: &'a ClientId,
    /// The verified proof.
    pub proof: &'a Proof,
    /// The `scope` parameter, if sent.
    pub scope: Option<&'a str>,
}

/// What becomes of a refresh.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Refresh {
    /// Rotate, and give an access token of this scope; the store has the last word on the generation.
    Grant(ScopeSet),
    /// Refuse, but let the store judge the token first: it is not of the present generation, and a
    /// replay is a replay whatever else is wrong with the request.
    Judge(Denial),
}

/// Decides a refresh. A refusal ends nothing: whoever presents a wrong key or client
/// is not the owner, and must not be able to end the owner's session.
///
/// Does not decide whether the token is the present generation: the verb that rotates does, in the
/// same statement that spends it.
///
/// # Errors
/// [`Denial::RefreshTokenUnknown`] for a token that is not genuine, another client's, or of a session
/// that is over; [`Denial::KeyMismatch`]; [`Denial::AccountInactive`]; [`Denial::ScopeExceedsGrant`].
pub fn decide(
    session: &Session,
    account: &Account,
    presented: Presented<'_>,
    key: &RefreshTokenKey,
    now: Timestamp,
) -> Result<Refresh, Denial> {
    if !key.is_genuine(presented.token, session) || session.client_id != *presented.client_id {
        return Err(Denial::RefreshTokenUnknown);
    }
    if session.jkt != presented.proof.thumbprint() {
        return Err(Denial::KeyMismatch);
    }
    // a session begun before the password changed ends with it
    if session.is_over(now) || session.created_at < account.credentials_changed_at {
        return Err(Denial::RefreshTokenUnknown);
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

/// What the access token of this refresh says.
pub fn grantee<'a>(session: &'a Session, account: &'a Account, scope: &'a ScopeSet) -> Grantee<'a> {
    Grantee {
        sub: &session.did,
        aud: &account.pds_did,
        client_id: &session.client_id,
        scope,
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
        let (mut session, mut account) = (fixtures::session(), fixtures::account());
        let key = fixtures::refresh_token_key();
        let token = key
            .parse(key.mint(session.id, &session.salt, 3).expose())
            .unwrap();
        let (proof, client_id) = (fixtures::proof(), session.client_id.clone());
        session.jkt = proof.thumbprint();
        change(&mut session, &mut account);
        let presented = Presented {
            token: &token,
            client_id: &client_id,
            proof: &proof,
            scope: None,
        };
        decide(&session, &account, presented, &key, fixtures::NOW)
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
