//! What a browser sees next: sign-in, sign-up, a choice of accounts, or consent.

use entryway_oauth::denial::Denial;
use entryway_oauth::time::{Seconds, Timestamp};
use entryway_scope::{Did, Handle};

use crate::account::{Account, AccountStatus};
use crate::policy::Policy;
use crate::request::{AuthorizationRequest, LoginHint, Prompt};
use crate::trust::{self, Standing};

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

/// What a person comes for: links on the pages lead from one to another.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Errand {
    /// To answer the request.
    Answer,
    /// To answer it with an account there is, whatever the client wishes.
    SignIn,
    /// To answer it with a new account.
    SignUp,
}

/// The page to show.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Step<'a> {
    /// Ask for the password.
    SignIn(SignInOffer<'a>),
    /// Offer a new account.
    SignUp {
        /// The handle that the client wishes for it.
        wished: Option<&'a Handle>,
    },
    /// Ask which of these accounts.
    Choose(Vec<Candidate<'a>>),
    /// Ask for consent with this account.
    Consent(&'a SignedIn),
    /// Ask nothing and grant what was asked, as this account did before.
    Grant(&'a SignedIn),
    /// Ask nothing and refuse: the client forbade every page (`prompt=none`).
    Refuse(Denial),
}

/// What the sign-in page offers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SignInOffer<'a> {
    /// What to prefill; it is fixed when the client named the account.
    pub name: Option<Name<'a>>,
    /// Whether there are accounts to go back to.
    pub others: bool,
    /// Whether a new account would do.
    pub may_sign_up: bool,
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

/// A request that a browser opened, and everything known there about who could answer it.
#[derive(Clone, Copy, Debug)]
pub struct Situation<'a> {
    /// What is asked.
    pub request: &'a AuthorizationRequest,
    /// When PAR admitted it.
    pub admitted_at: Timestamp,
    /// Who is signed in.
    pub signed_in: &'a [SignedIn],
    /// What was said of the client before.
    pub standing: &'a Standing,
    /// What the person chose so far.
    pub choice: &'a Choice,
    /// What the person came for just now.
    pub errand: Errand,
    /// Whether new accounts are made here.
    pub makes_accounts: bool,
}

impl<'a> Situation<'a> {
    /// Decides the next step.
    pub fn next_step(&self, policy: &Policy, now: Timestamp) -> Step<'a> {
        let fresh = |one: &SignedIn| is_fresh(one, self.request, self.admitted_at, policy, now);
        let wanted: Vec<&'a SignedIn> = self
            .signed_in
            .iter()
            .filter(|one| is_wanted(&one.account, self.request))
            .collect();
        if self.request.prompt == Some(Prompt::None) {
            let fresh: Vec<_> = wanted.into_iter().filter(|one| fresh(one)).collect();
            return self.silent(&fresh);
        }
        if self.is_sign_up_due() {
            return Step::SignUp {
                wished: self.request.wished_handle(),
            };
        }
        let sign_in = |name: Option<Name<'a>>| {
            Step::SignIn(SignInOffer {
                name,
                others: !wanted.is_empty(),
                may_sign_up: self.may_sign_up(),
            })
        };
        let hint = self.request.named_account().map(Name::Fixed);
        match self.choice {
            Choice::Another => return sign_in(hint),
            Choice::Account(did) => {
                if let Some(one) = wanted.iter().find(|one| one.account.did == *did) {
                    let again = hint.or(Some(Name::Suggested(&one.account)));
                    return if fresh(one) {
                        self.decision(one)
                    } else {
                        sign_in(again)
                    };
                }
            }
            Choice::Open => {}
        }
        match (self.request.prompt, &wanted[..]) {
            (_, []) | (Some(Prompt::Login), _) => sign_in(hint),
            // somebody who was to sign up has accounts here: which of them?
            (Some(Prompt::SelectAccount | Prompt::Create), _) => Step::Choose(candidates(&wanted, fresh)),
            // nobody named the account: the page is where a person may take another one
            (_, [one]) if fresh(one) && hint.is_none() => Step::Consent(one),
            (_, [one]) if fresh(one) => self.decision(one),
            (_, [one]) => sign_in(hint.or(Some(Name::Suggested(&one.account)))),
            _ => Step::Choose(candidates(&wanted, fresh)),
        }
    }

    /// Whether this is where an account is made: the person wants one, or the client does and nothing was chosen
    /// yet.
    fn is_sign_up_due(&self) -> bool {
        let is_wanted = match self.errand {
            Errand::SignUp => true,
            Errand::SignIn => false,
            Errand::Answer => self.request.prompt == Some(Prompt::Create) && *self.choice == Choice::Open,
        };
        is_wanted && self.may_sign_up()
    }

    fn may_sign_up(&self) -> bool {
        self.makes_accounts && self.request.is_for_new_accounts_too()
    }

    /// `prompt=none`: an answer without a page, or a refusal that says which page is missing.
    ///
    /// Anybody can be a client, and send a browser here without a click. One that was granted nothing here,
    /// or could not be told from an impostor, does not learn who is signed in.
    fn silent(&self, fresh: &[&'a SignedIn]) -> Step<'a> {
        let is_acquainted = self.standing.granted.iter().any(|(_, grant)| grant.known);
        if !(self.is_known() && is_acquainted) {
            return Step::Refuse(Denial::LoginRequired);
        }
        match fresh {
            [] => Step::Refuse(Denial::LoginRequired),
            [one] if self.needs_no_consent(one) => Step::Grant(one),
            [_] => Step::Refuse(Denial::ConsentRequired),
            _ => Step::Refuse(Denial::AccountSelectionRequired),
        }
    }

    /// For an account that was named, by the client or by the person.
    fn decision(&self, one: &'a SignedIn) -> Step<'a> {
        if self.needs_no_consent(one) {
            Step::Grant(one)
        } else {
            Step::Consent(one)
        }
    }

    /// Whether this account said yes to all of it before, to a client nobody else can pass for (R-161,
    ///
    fn needs_no_consent(&self, one: &SignedIn) -> bool {
        let granted = self.standing.grant_of(&one.account.did);
        self.is_known()
            && self.request.prompt != Some(Prompt::Consent)
            && granted.is_some_and(|grant| grant.answers(&self.request.scope))
    }

    fn is_known(&self) -> bool {
        trust::is_known(self.request, self.standing.trust.is_some())
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
    match request.named_account() {
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
    is_recent(one, policy, now) && (!asked_again || one.authenticated_at >= admitted_at)
}

/// Whether the password was given recently enough, and is still the password, for an account that may act
///
pub(crate) fn is_recent(one: &SignedIn, policy: &Policy, now: Timestamp) -> bool {
    one.account.status == AccountStatus::Active && is_younger(one, policy.sign_in_max_age, now)
}

/// Whether the password was given so recently, and is still the password, whatever the account may do.
pub(crate) fn is_younger(one: &SignedIn, max_age: Seconds, now: Timestamp) -> bool {
    one.authenticated_at >= one.account.credentials_changed_at && now - one.authenticated_at <= max_age
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
mod tests;
