//! The pages of the moments of an account: address, handle, password, rest and end.

use std::borrow::Cow;

use entryway_server::pages::account::Done;
use entryway_server::pages::deletion::DeletionView;
use entryway_server::pages::email::{EmailView, NewEmailView};
use entryway_server::pages::forgotten::{ForgottenView, NewPasswordView, PasswordChangedView};
use entryway_server::pages::handle::HandleView;
use entryway_server::pages::refusal::{Field, Refusal};
use entryway_server::pages::rest::{AsleepView, RestView};
use entryway_server::pages::sign_up::HandleDomain;
use entryway_server::pages::untrusted::Untrusted;

use super::account::own_form_at;
use super::{HOSTILE, PAGE, Sample, alice, form, hostile_account, hostile_form, push};

const DID: &str = "did:plc:ewvi7nxzyoun6zhxrhs64oiz";
const BACK: &str = "/account?account=did%3Aplc%3Aewvi7nxzyoun6zhxrhs64oiz";
const EMAIL: &str = "alice@mail.example";

fn refused(field: Option<Field>, strong: &'static str, advice: &'static str) -> Refusal {
    Refusal {
        field,
        strong,
        advice: Cow::Borrowed(advice),
        is_for_now: field.is_none(),
    }
}

fn handle<'a>() -> HandleView<'a> {
    HandleView {
        page: PAGE,
        account: alice(),
        form: own_form_at("/account/handle", DID),
        name: Untrusted(""),
        domains: vec![HandleDomain {
            text: ".example.com",
            chosen: false,
        }],
        own_domain: Untrusted(""),
        refusal: None,
        back: BACK,
    }
}

fn email<'a>() -> EmailView<'a> {
    EmailView {
        page: PAGE,
        account: alice(),
        done: None,
        form: own_form_at("/account/email", DID),
        email: Some(Untrusted(EMAIL)),
        is_confirmed: true,
        refusal: None,
        change: "/account/email/new",
        back: BACK,
    }
}

fn new_email<'a>() -> NewEmailView<'a> {
    NewEmailView {
        page: PAGE,
        account: alice(),
        form: own_form_at("/account/email/new", DID),
        sent_to: None,
        is_just_sent: false,
        takes_code: true,
        email: Untrusted(""),
        refusal: None,
        back: BACK,
    }
}

fn deletion<'a>() -> DeletionView<'a> {
    DeletionView {
        page: PAGE,
        account: alice(),
        done: None,
        form: own_form_at("/account/delete", DID),
        email: Some(Untrusted(EMAIL)),
        refusal: None,
        give_email: "/account/email/new",
        back: BACK,
    }
}

fn asleep<'a>() -> AsleepView<'a> {
    AsleepView {
        page: PAGE,
        account: alice(),
        done: Some(Done::Deactivated),
        form: own_form_at("/account/activate", DID),
        refusal: None,
        delete: "/account/delete",
        another_account: "/account/sign-in",
    }
}

pub(super) fn push_all(samples: &mut Vec<Sample>) {
    own(samples);
    refusals(samples);
    hostile(samples);
    forgotten(samples);
}

fn own(samples: &mut Vec<Sample>) {
    push(samples, "account-handle", &handle());
    push(samples, "account-email", &email());
    push(
        samples,
        "account-email-unconfirmed",
        &EmailView {
            done: Some(Done::CodeSent),
            is_confirmed: false,
            ..email()
        },
    );
    push(
        samples,
        "account-email-none",
        &EmailView {
            email: None,
            is_confirmed: false,
            ..email()
        },
    );
    push(samples, "account-new-email", &new_email());
    push(
        samples,
        "account-new-email-sent",
        &NewEmailView {
            sent_to: Some(Untrusted(EMAIL)),
            is_just_sent: true,
            email: Untrusted("alice@elsewhere.example"),
            ..new_email()
        },
    );
    push(
        samples,
        "account-rest",
        &RestView {
            page: PAGE,
            account: alice(),
            form: own_form_at("/account/deactivate", DID),
            refusal: None,
            back: BACK,
        },
    );
    push(samples, "account-asleep", &asleep());
    push(samples, "account-deletion", &deletion());
}

fn refusals(samples: &mut Vec<Sample>) {
    push(
        samples,
        "account-handle-refused",
        &HandleView {
            own_domain: Untrusted("alice.example.net"),
            refusal: Some(refused(
                Some(Field::OwnDomain),
                "That domain does not lead to your account yet.",
                "Set the record above, wait some minutes, and try again.",
            )),
            ..handle()
        },
    );
    push(
        samples,
        "account-asleep-refused",
        &AsleepView {
            done: None,
            refusal: Some(refused(
                None,
                "A server that is needed did not answer.",
                "Wait a few minutes and look again: it goes on by itself, and at once when you send the same form.",
            )),
            ..asleep()
        },
    );
    push(
        samples,
        "account-deletion-refused",
        &DeletionView {
            refusal: Some(refused(
                Some(Field::Password),
                "That password did not match.",
                "Nothing was changed.",
            )),
            ..deletion()
        },
    );
}

fn hostile(samples: &mut Vec<Sample>) {
    push(
        samples,
        "account-handle-hostile",
        &HandleView {
            account: hostile_account(),
            form: own_form_at("/account/handle", HOSTILE),
            name: Untrusted(HOSTILE),
            own_domain: Untrusted(HOSTILE),
            ..handle()
        },
    );
    push(
        samples,
        "account-new-email-hostile",
        &NewEmailView {
            account: hostile_account(),
            form: own_form_at("/account/email/new", HOSTILE),
            sent_to: Some(Untrusted(HOSTILE)),
            email: Untrusted(HOSTILE),
            ..new_email()
        },
    );
    push(
        samples,
        "account-deletion-hostile",
        &DeletionView {
            account: hostile_account(),
            form: own_form_at("/account/delete", HOSTILE),
            email: Some(Untrusted(HOSTILE)),
            ..deletion()
        },
    );
}

fn forgotten(samples: &mut Vec<Sample>) {
    let asking = || ForgottenView {
        page: PAGE,
        form: form("/account/password"),
        email: Untrusted(""),
        refusal: None,
        have_code: "/account/password/new",
        sign_in: "/account/sign-in",
    };
    push(samples, "forgotten", &asking());
    push(
        samples,
        "forgotten-hostile",
        &ForgottenView {
            form: hostile_form(),
            email: Untrusted(HOSTILE),
            ..asking()
        },
    );
    push(
        samples,
        "new-password",
        &NewPasswordView {
            page: PAGE,
            form: form("/account/password/new"),
            is_asked_for: true,
            refusal: Some(refused(
                Some(Field::Code),
                "That code is too old.",
                "Have another one sent.",
            )),
            ask: "/account/password",
            sign_in: "/account/sign-in",
        },
    );
    push(
        samples,
        "password-changed",
        &PasswordChangedView {
            page: PAGE,
            has_request: true,
            sign_in: "/account/sign-in",
        },
    );
}
