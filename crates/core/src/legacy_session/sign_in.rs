//! What becomes of `createSession`.

use entryway_oauth::xrpc_denial::XrpcDenial;

use super::Basis;
use crate::account::{Account, AccountStatus};
use crate::app_password::{AppPasswordKind, AppPasswordName};

/// What the presented password turned out to be.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Credential {
    /// Neither the account's nor that of an app.
    Wrong,
    /// The account's own.
    AccountPassword,
    /// An app password of the account.
    AppPassword {
        /// Its name.
        name: AppPasswordName,
        /// What it opens.
        kind: AppPasswordKind,
    },
}

/// How the second factor stands.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Factor {
    /// The account asks for none.
    NotAsked,
    /// It does, and no code was presented.
    Missing,
    /// It does, and the code was good; the verb that begins the session spends it.
    Right,
    /// It does, and [`crate::email_token::check`] refused the code.
    Wrong(XrpcDenial),
}

/// Whether the caller wants a session of an account that was taken down (`allowTakendown`).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TakenDown {
    /// No: say that it was.
    Refuse,
    /// Yes: one that can appeal and leave.
    Allow,
}

/// What becomes of a sign-in.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum SignIn {
    /// Begin a session, see [`super::LegacySession::begin`].
    Begin(Basis),
    /// Send a code, then refuse with [`XrpcDenial::AuthFactorTokenRequired`].
    Challenge,
}

/// Decides a sign-in.
///
/// The account is the one the identifier names, if there is one; an account that its owner deactivated signs
/// in as any other. An unknown account is refused exactly as a wrong password is, and taking as long is for
/// the caller to see to.
///
/// # Errors
/// [`XrpcDenial::CredentialsWrong`]; [`XrpcDenial::AccountTakedown`], only to who knows the password; what
/// was wrong with the code.
pub fn sign_in(
    account: Option<&Account>,
    credential: Credential,
    factor: Factor,
    taken_down: TakenDown,
) -> Result<SignIn, XrpcDenial> {
    let account = account.ok_or(XrpcDenial::CredentialsWrong)?;
    let is_down = account.status == AccountStatus::TakenDown;
    match credential {
        Credential::Wrong => Err(XrpcDenial::CredentialsWrong),
        // as the reference: what an app may do ends with the takedown, and an app cannot appeal
        Credential::AppPassword { .. } if is_down => Err(XrpcDenial::CredentialsWrong),
        Credential::AppPassword { name, kind } => Ok(SignIn::Begin(Basis::AppPassword { name, kind })),
        Credential::AccountPassword if is_down && taken_down == TakenDown::Refuse => {
            Err(XrpcDenial::AccountTakedown)
        }
        Credential::AccountPassword => match factor {
            Factor::Missing => Ok(SignIn::Challenge),
            Factor::Wrong(denial) => Err(denial),
            Factor::NotAsked | Factor::Right if is_down => Ok(SignIn::Begin(Basis::TakenDown)),
            Factor::NotAsked | Factor::Right => Ok(SignIn::Begin(Basis::AccountPassword)),
        },
    }
}
