//! What becomes of `updateEmail`: another address, or another second factor (contract 2.4).

use entryway_oauth::secret::Digest;
use entryway_oauth::xrpc_denial::XrpcDenial;

use crate::account::Account;
use crate::email::EmailAddress;

/// What an account's person asks for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct EmailUpdate {
    /// The address the account is to have; it may be the present one.
    pub email: EmailAddress,
    /// The code that was presented, if there was one: checked already, not spent.
    pub code: Option<Digest>,
    /// Whether signing in is to take a code, if that was said.
    pub auth_factor: Option<bool>,
}

/// What is done about it, by one verb.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum EmailStep {
    /// Nothing: all of it is so.
    Nothing,
    /// Signing in takes a code from now on.
    AskAuthFactor,
    /// Signing in takes none any more; this code is spent.
    DropAuthFactor(Digest),
    /// The address changes.
    ChangeAddress(AddressWarrant),
}

/// By whose word an account gets another address.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum AddressWarrant {
    /// That of who reads what is sent to the present one: this code is spent.
    Code(Digest),
    /// That of who acts for the account, whose present address was never confirmed.
    Unconfirmed,
    /// The operator's.
    Operator,
}

/// Decides what `updateEmail` does.
///
/// What makes an account less safe takes a code that was sent to its present address: another address once
/// that one was confirmed, and signing in without a code. What makes it safer does not.
///
/// # Errors
/// [`XrpcDenial::EmailTokenRequired`]; [`XrpcDenial::ParameterInvalid`] for a second factor by letters to an
/// address that nobody confirmed.
pub fn decide(account: &Account, asked: &EmailUpdate) -> Result<EmailStep, XrpcDenial> {
    let is_confirmed = account.email_confirmed_at.is_some();
    let wants_factor = asked.auth_factor == Some(true);
    if account.email.as_deref() != Some(asked.email.as_str()) {
        return match asked.code {
            _ if wants_factor => Err(unconfirmed()),
            Some(code) => Ok(EmailStep::ChangeAddress(AddressWarrant::Code(code))),
            None if is_confirmed => Err(XrpcDenial::EmailTokenRequired),
            None => Ok(EmailStep::ChangeAddress(AddressWarrant::Unconfirmed)),
        };
    }
    match asked.auth_factor {
        Some(true) if !is_confirmed => Err(unconfirmed()),
        Some(true) if !account.email_auth_factor => Ok(EmailStep::AskAuthFactor),
        Some(false) if account.email_auth_factor => {
            let code = asked.code.ok_or(XrpcDenial::EmailTokenRequired)?;
            Ok(EmailStep::DropAuthFactor(code))
        }
        Some(_) | None => Ok(EmailStep::Nothing),
    }
}

/// Whether `updateEmail` takes a code, as `requestEmailUpdate` says: then one is sent.
pub const fn takes_code(account: &Account) -> bool {
    account.email_confirmed_at.is_some()
}

/// What is wrong with a second factor that nobody is known to read.
pub const fn unconfirmed() -> XrpcDenial {
    XrpcDenial::ParameterInvalid {
        name: "emailAuthFactor",
        expected: "needs an address that was confirmed: confirm it first",
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::fixtures;

    const PRESENT: &str = "alice@mail.example";
    const OTHER: &str = "new@mail.example";

    fn account(is_confirmed: bool, has_factor: bool) -> Account {
        Account {
            email: Some(PRESENT.to_owned()),
            email_confirmed_at: is_confirmed.then_some(fixtures::NOW),
            email_auth_factor: has_factor,
            ..fixtures::account()
        }
    }

    // contract 2.4, R-486
    #[test]
    fn what_makes_an_account_less_safe_takes_a_code() {
        let code = Digest::of(b"a code");
        let required = Err(XrpcDenial::EmailTokenRequired);
        let by_code = Ok(EmailStep::ChangeAddress(AddressWarrant::Code(code)));
        let freely = Ok(EmailStep::ChangeAddress(AddressWarrant::Unconfirmed));
        let (none, some) = (None, Some(code));
        let (on, off) = (Some(true), Some(false));
        for (is_confirmed, has_factor, email, code, factor, expected) in [
            (false, false, OTHER, none, None, freely.clone()),
            (false, false, OTHER, some, None, by_code.clone()),
            (false, false, OTHER, none, off, freely),
            (false, false, OTHER, some, on, Err(unconfirmed())),
            (true, false, OTHER, none, None, required.clone()),
            (true, true, OTHER, none, off, required.clone()),
            (true, false, OTHER, some, None, by_code.clone()),
            (true, true, OTHER, some, off, by_code),
            (true, true, OTHER, some, on, Err(unconfirmed())),
            (false, false, PRESENT, none, None, Ok(EmailStep::Nothing)),
            (false, false, PRESENT, none, off, Ok(EmailStep::Nothing)),
            (false, false, PRESENT, some, on, Err(unconfirmed())),
            (true, false, PRESENT, none, None, Ok(EmailStep::Nothing)),
            (true, false, PRESENT, none, on, Ok(EmailStep::AskAuthFactor)),
            (true, true, PRESENT, none, on, Ok(EmailStep::Nothing)),
            (true, true, PRESENT, none, None, Ok(EmailStep::Nothing)),
            (true, true, PRESENT, none, off, required),
            (
                true,
                true,
                PRESENT,
                some,
                off,
                Ok(EmailStep::DropAuthFactor(Digest::of(b"a code"))),
            ),
            (true, false, PRESENT, some, off, Ok(EmailStep::Nothing)),
        ] {
            let account = account(is_confirmed, has_factor);
            let asked = EmailUpdate {
                email: EmailAddress::parse(email).unwrap(),
                code,
                auth_factor: factor,
            };
            assert_eq!(decide(&account, &asked), expected, "{account:?} {asked:?}");
        }
    }

    #[test]
    fn an_account_without_an_address_gets_its_first_without_a_code() {
        let account = Account {
            email: None,
            ..account(false, false)
        };
        let asked = EmailUpdate {
            email: EmailAddress::parse(OTHER).unwrap(),
            code: None,
            auth_factor: None,
        };
        let freely = EmailStep::ChangeAddress(AddressWarrant::Unconfirmed);
        assert_eq!(decide(&account, &asked), Ok(freely));
        assert!(!takes_code(&account));
    }
}
