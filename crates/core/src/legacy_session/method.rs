//! Which session may call what at this service.

use entryway_oauth::service_token::ServiceMethod;
use entryway_oauth::session_token::{SessionAccessClaims, SessionScope};
use entryway_oauth::xrpc_denial::XrpcDenial;

use super::LegacySession;
use crate::account::{Account, AccountStatus};

/// The scopes with which a session may call a method here directly; none for one that no session may.
///
/// As contract 2.2 has them for the PDS, but for what concerns the account's security: there a session of an
/// app password may list and revoke app passwords and confirm the e-mail address, here it may not (A10, R-482).
pub const fn scopes_of(method: ServiceMethod) -> &'static [SessionScope] {
    use ServiceMethod as M;
    match method {
        M::SendEmail => &[],
        M::GetSession => &[
            SessionScope::Access,
            SessionScope::AppPass,
            SessionScope::AppPassPrivileged,
            SessionScope::SignupQueued,
        ],
        M::UpdateHandle => &[
            SessionScope::Access,
            SessionScope::AppPass,
            SessionScope::AppPassPrivileged,
        ],
        M::RequestPlcOperationSignature | M::SignPlcOperation | M::DeactivateAccount => {
            &[SessionScope::Access, SessionScope::Takendown]
        }
        M::ActivateAccount
        | M::ConfirmEmail
        | M::CreateAppPassword
        | M::GetAccountInviteCodes
        | M::ListAppPasswords
        | M::RequestAccountDelete
        | M::RequestEmailConfirmation
        | M::RequestEmailUpdate
        | M::RevokeAppPassword
        | M::UpdateEmail => &[SessionScope::Access],
    }
}

/// The scopes with which a session may call `com.atproto.temp.checkSignupQueue` here.
pub const SIGNUP_QUEUE_SCOPES: &[SessionScope] = scopes_of(ServiceMethod::GetSession);

/// Whether a session may make this call here: its access token is verified and its time not over.
///
/// The session is the one the token names, if it is still there; the scopes are those of [`scopes_of`], or of
/// a method that has its own.
///
/// # Errors
/// [`XrpcDenial::TokenScope`]; [`XrpcDenial::AccountTakedown`]; [`XrpcDenial::TokenRevoked`] where the session
/// was ended or is older than the password; [`XrpcDenial::TokenExpired`] where the account has moved to
/// another PDS since: the client refreshes, and gets a token for that one.
pub fn admit(
    claims: &SessionAccessClaims,
    account: &Account,
    session: Option<&LegacySession>,
    scopes: &[SessionScope],
) -> Result<(), XrpcDenial> {
    if account.did != claims.sub {
        return Err(XrpcDenial::TokenUnverified);
    }
    if !scopes.contains(&claims.scope) {
        return Err(XrpcDenial::TokenScope);
    }
    if claims.scope == SessionScope::Takendown {
        // never stored, so that there is nothing to ask for but its own end
        let is_stale = claims.iat < account.credentials_changed_at;
        return if is_stale {
            Err(XrpcDenial::TokenRevoked)
        } else {
            check_host(claims, account)
        };
    }
    if account.status == AccountStatus::TakenDown {
        return Err(XrpcDenial::AccountTakedown);
    }
    let session = session.ok_or(XrpcDenial::TokenRevoked)?;
    let is_its_own = session.id == claims.sid && session.did == claims.sub;
    if !is_its_own || session.created_at < account.credentials_changed_at {
        return Err(XrpcDenial::TokenRevoked);
    }
    check_host(claims, account)
}

/// Whether the PDS of an account may make this call for it: its service token is verified.
///
/// What kind of session its own caller has, is not told (contract 6, item 11), and is for the PDS to look at.
/// That an account was taken down, it may not have heard.
///
/// # Errors
/// [`XrpcDenial::AccountTakedown`] for what is closed to such an account: all but leaving, and being told so.
pub fn admit_host(account: &Account, method: ServiceMethod) -> Result<(), XrpcDenial> {
    let is_open = scopes_of(method).contains(&SessionScope::Takendown)
        || matches!(method, ServiceMethod::GetSession | ServiceMethod::SendEmail);
    if account.status == AccountStatus::TakenDown && !is_open {
        return Err(XrpcDenial::AccountTakedown);
    }
    Ok(())
}

fn check_host(claims: &SessionAccessClaims, account: &Account) -> Result<(), XrpcDenial> {
    if claims.aud == account.pds_did {
        return Ok(());
    }
    Err(XrpcDenial::TokenExpired)
}
