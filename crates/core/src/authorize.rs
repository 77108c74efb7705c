//! What a browser sees next: sign-in, a choice of accounts, or consent.

use entryway_oauth::time::Timestamp;
use entryway_scope::Did;

use crate::account::{Account, AccountStatus};
use crate::policy::Policy;
use crate::request::{AuthorizationRequest, LoginHint, Prompt};

/// An account whose password was given in this browser.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SignedIn {
    /// The account as it is now.
    pub account: Account,
    /// When the password was given.
    pub authenticated_at: Timestamp,
}

/// What the person chose so far for one request.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Choice {
    /// Nothing yet.
    Open,
    /// This account.
    Account(Did),
    /// An account that is not signed in yet.
    Another,
}

/// The page to show.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Step<'a> {
    /// Ask for the password; `name` is prefilled, and fixed when the client named the account.
    SignIn {
        /// What to prefill.
        name: Option<Name<'a>>,
        /// Whether there are accounts to go back to.
        others: bool,
    },
    /// Ask which of these accounts.
    Choose(Vec<Candidate<'a>>),
    /// Ask for consent with this account.
    Consent(&'a SignedIn),
}

/// A prefilled name.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Name<'a> {
    /// The client asked for this account and no other will do.
    Fixed(&'a LoginHint),
    /// The person chose this account; another may still be typed.
    Suggested(&'a Account),
}

/// An account of this browser in the chooser.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Candidate<'a> {
    /// The account.
    pub account: &'a Account,
    /// Whether its sign-in is recent enough, or the password will be asked for again.
    pub fresh: bool,
}

/// Decides the next step of a request that this browser opened.
///
/// Every client of this release is public, so consent is always asked for and nothing is ever
/// answered without a page.
pub fn next_step<'a>(
    request: &'a AuthorizationRequest,
    admitted_at: Timestamp,
    signed_in: &'a [SignedIn],
    choice: &Choice,
    policy: &Policy,
    now: Timestamp,
) -> Step<'a> {
    let fresh = |one: &SignedIn| is_fresh(one, request, admitted_at, policy, now);
    let wanted: Vec<&SignedIn> = signed_in
        .iter()
        .filter(|one| is_wanted(&one.account, request))
        .collect();
    let sign_in = |name: Option<Name<'a>>| Step::SignIn {
        name,
        others: !wanted.is_empty(),
    };
    let hint = request.login_hint.as_ref().map(Name::Fixed);
    match choice {
        Choice::Another => return sign_in(hint),
        Choice::Account(did) => {
            if let Some(one) = wanted.iter().find(|one| one.account.did == *did) {
                let again = hint.or(Some(Name::Suggested(&one.account)));
                return if fresh(one) {
                    Step::Consent(one)
                } else {
                    sign_in(again)
                };
            }
        }
        Choice::Open => {}
    }
    match (request.prompt, &wanted[..]) {
        (_, []) | (Some(Prompt::Login), _) => sign_in(hint),
        (Some(Prompt::SelectAccount), _) => Step::Choose(candidates(&wanted, fresh)),
        (_, [one]) if fresh(one) => Step::Consent(one),
        (_, [one]) => sign_in(hint.or(Some(Name::Suggested(&one.account)))),
        _ => Step::Choose(candidates(&wanted, fresh)),
    }
}

/// Whether the account may decide this request right now: the check behind the consent form, made
/// again when it is sent.
pub fn may_decide(
    one: &SignedIn,
    request: &AuthorizationRequest,
    admitted_at: Timestamp,
    policy: &Policy,
    now: Timestamp,
) -> bool {
    is_wanted(&one.account, request) && is_fresh(one, request, admitted_at, policy, now)
}

/// Whether the account is the one the client asked for, if it asked for one.
pub fn is_wanted(account: &Account, request: &AuthorizationRequest) -> bool {
    match &request.login_hint {
        None => true,
        Some(LoginHint::Did(did)) => account.did == *did,
        Some(LoginHint::Handle(handle)) => account.handle == *handle,
    }
}

fn is_fresh(
    one: &SignedIn,
    request: &AuthorizationRequest,
    admitted_at: Timestamp,
    policy: &Policy,
    now: Timestamp,
) -> bool {
    let asked_again = request.prompt == Some(Prompt::Login);
    one.account.status == AccountStatus::Active
        && one.authenticated_at >= one.account.credentials_changed_at
        && now - one.authenticated_at <= policy.sign_in_max_age
        && (!asked_again || one.authenticated_at >= admitted_at)
}

fn candidates<'a>(wanted: &[&'a SignedIn], fresh: impl Fn(&SignedIn) -> bool) -> Vec<Candidate<'a>> {
    wanted
        .iter()
        .map(|one| Candidate {
            account: &one.account,
            fresh: fresh(one),
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::fixtures;
    use entryway_oauth::time::Seconds;
    use entryway_scope::Handle;

    const ADMITTED: Timestamp = fixtures::NOW;

    fn signed_in(handle: &str, age: Seconds) -> SignedIn {
        let did = if handle == "alice.test" {
            fixtures::account().did
        } else {
            fixtures::other_did()
        };
        let account = Account {
            handle: Handle::parse(handle).unwrap(),
            did,
            ..fixtures::account()
        };
        SignedIn {
            account,
            authenticated_at: ADMITTED - age,
        }
    }

    fn step_name(request: &AuthorizationRequest, signed_in: &[SignedIn], choice: &Choice) -> String {
        match next_step(
            request,
            ADMITTED,
            signed_in,
            choice,
            &Policy::default(),
            fixtures::NOW,
        ) {
            Step::SignIn { name: None, .. } => "sign in".to_owned(),
            Step::SignIn {
                name: Some(Name::Fixed(hint)),
                ..
            } => format!("sign in as {}", hint.as_str()),
            Step::SignIn {
                name: Some(Name::Suggested(account)),
                ..
            } => format!("sign in again as {}", account.handle),
            Step::Choose(among) => format!("choose among {}", among.len()),
            Step::Consent(one) => format!("consent as {}", one.account.handle),
        }
    }

    // demand 9
    #[test]
    fn the_next_page_follows_prompt_hint_and_choice() {
        let alice = || signed_in("alice.test", Seconds(10));
        let bob = || signed_in("bob.test", Seconds(10));
        let stale = || signed_in("alice.test", Seconds::days(8));
        let another = Choice::Another;
        let chose_alice = Choice::Account(fixtures::account().did);
        let (login, select) = (Some(Prompt::Login), Some(Prompt::SelectAccount));
        for (prompt, hint, accounts, choice, expected) in [
            (None, None, vec![], &Choice::Open, "sign in"),
            (None, None, vec![alice()], &Choice::Open, "consent as alice.test"),
            (None, None, vec![alice(), bob()], &Choice::Open, "choose among 2"),
            (
                None,
                None,
                vec![alice(), bob()],
                &chose_alice,
                "consent as alice.test",
            ),
            (
                None,
                None,
                vec![stale()],
                &Choice::Open,
                "sign in again as alice.test",
            ),
            (
                None,
                None,
                vec![stale(), bob()],
                &chose_alice,
                "sign in again as alice.test",
            ),
            (None, None, vec![alice()], &another, "sign in"),
            (
                None,
                Some("alice.test"),
                vec![],
                &Choice::Open,
                "sign in as alice.test",
            ),
            (
                None,
                Some("alice.test"),
                vec![bob()],
                &Choice::Open,
                "sign in as alice.test",
            ),
            (
                None,
                Some("alice.test"),
                vec![alice(), bob()],
                &Choice::Open,
                "consent as alice.test",
            ),
            (
                None,
                Some("bob.test"),
                vec![alice(), bob()],
                &chose_alice,
                "consent as bob.test",
            ),
            (login, None, vec![alice()], &Choice::Open, "sign in"),
            (
                login,
                None,
                vec![alice()],
                &chose_alice,
                "sign in again as alice.test",
            ),
            (
                login,
                None,
                vec![signed_in("alice.test", Seconds(0))],
                &chose_alice,
                "consent as alice.test",
            ),
            (select, None, vec![], &Choice::Open, "sign in"),
            (select, None, vec![alice()], &Choice::Open, "choose among 1"),
            (select, None, vec![alice()], &chose_alice, "consent as alice.test"),
            (
                Some(Prompt::Consent),
                None,
                vec![alice()],
                &Choice::Open,
                "consent as alice.test",
            ),
        ] {
            let hint = hint.map(|text: &str| LoginHint::Handle(Handle::parse(text).unwrap()));
            let request = AuthorizationRequest {
                prompt,
                login_hint: hint,
                ..fixtures::request()
            };
            assert_eq!(
                step_name(&request, &accounts, choice),
                expected,
                "{prompt:?} {:?} {choice:?}",
                request.login_hint
            );
        }
    }

    //
    #[test]
    fn only_a_fresh_sign_in_of_an_active_account_decides() {
        let decide = |change: fn(&mut SignedIn)| {
            let mut one = signed_in("alice.test", Seconds(10));
            change(&mut one);
            may_decide(
                &one,
                &fixtures::request(),
                ADMITTED,
                &Policy::default(),
                fixtures::NOW,
            )
        };
        assert!(decide(|_| ()));
        assert!(decide(
            |one| one.authenticated_at = fixtures::NOW - Seconds::days(7)
        ));
        assert!(!decide(
            |one| one.authenticated_at = fixtures::NOW - Seconds::days(7) - Seconds(1)
        ));
        assert!(!decide(|one| one.account.status = AccountStatus::Deactivated));
        assert!(!decide(|one| one.account.status = AccountStatus::TakenDown));
        assert!(!decide(|one| one.account.credentials_changed_at = fixtures::NOW));
    }
}
