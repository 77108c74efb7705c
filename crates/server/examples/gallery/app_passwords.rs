//! The pages of app passwords.

use std::borrow::Cow;

use entryway_server::pages::account::Done;
use entryway_server::pages::app_passwords::{
    AppPasswordMadeView, AppPasswordsView, ListedPassword, NewAppPasswordView, PasswordSession, Secret,
};
use entryway_server::pages::duration::InWords;
use entryway_server::pages::refusal::{Field, Refusal};
use entryway_server::pages::untrusted::Untrusted;

use super::account::{DAY, ago, own_form_at};
use super::{HOSTILE, PAGE, Sample, alice, hostile_account, push};

const DID: &str = "did:plc:ewvi7nxzyoun6zhxrhs64oiz";
const BACK: &str = "/account?account=did%3Aplc%3Aewvi7nxzyoun6zhxrhs64oiz";

fn listed(name: &str, is_privileged: bool) -> ListedPassword<'_> {
    ListedPassword {
        name: Untrusted(name),
        is_privileged,
        since: ago(40 * DAY),
    }
}

fn session(password: Option<&str>) -> PasswordSession<'_> {
    PasswordSession {
        id: "ses-0123456789abcdef0123456789abcdef".to_owned(),
        password: password.map(Untrusted),
        since: ago(12 * DAY),
        used: ago(2 * DAY),
        ends: ago(-88 * DAY),
    }
}

fn list<'a>() -> AppPasswordsView<'a> {
    AppPasswordsView {
        page: PAGE,
        account: alice(),
        done: None,
        form: own_form_at("/account/app-passwords", DID),
        passwords: vec![listed("Old phone", false), listed("Messages on my desk", true)],
        sessions: vec![session(Some("Old phone")), session(None)],
        more_sessions: 0,
        renewed_every: InWords(900),
        new: Some("/account/app-passwords/new"),
        back: BACK,
    }
}

fn making<'a>() -> NewAppPasswordView<'a> {
    NewAppPasswordView {
        page: PAGE,
        account: alice(),
        form: own_form_at("/account/app-passwords/new", DID),
        name: Untrusted(""),
        is_privileged: false,
        refusal: None,
        back: BACK,
    }
}

fn refused(field: Option<Field>) -> Refusal {
    Refusal {
        field,
        strong: "You have an app password of that name.",
        advice: Cow::Borrowed("Choose another name."),
        is_for_now: false,
    }
}

pub(super) fn push_all(samples: &mut Vec<Sample>) {
    push(samples, "account-app-passwords", &list());
    push(
        samples,
        "account-app-passwords-none",
        &AppPasswordsView {
            done: Some(Done::AppPassword),
            passwords: Vec::new(),
            sessions: Vec::new(),
            ..list()
        },
    );
    push(
        samples,
        "account-app-passwords-hostile",
        &AppPasswordsView {
            account: hostile_account(),
            form: own_form_at("/account/app-passwords", HOSTILE),
            passwords: vec![listed(HOSTILE, true)],
            sessions: vec![session(Some(HOSTILE))],
            more_sessions: 70,
            new: None,
            ..list()
        },
    );
    push(samples, "account-new-app-password", &making());
    push(
        samples,
        "account-new-app-password-refused",
        &NewAppPasswordView {
            name: Untrusted("Old phone"),
            is_privileged: true,
            refusal: Some(refused(Some(Field::Name))),
            ..making()
        },
    );
    push(
        samples,
        "account-new-app-password-hostile",
        &NewAppPasswordView {
            account: hostile_account(),
            form: own_form_at("/account/app-passwords/new", HOSTILE),
            name: Untrusted(HOSTILE),
            refusal: Some(refused(None)),
            ..making()
        },
    );
    push(
        samples,
        "account-app-password-made",
        &AppPasswordMadeView {
            page: PAGE,
            account: alice(),
            name: Untrusted("Old phone"),
            password: Secret("aaaa-bbbb-cccc-dddd"),
            identifier: Untrusted("alice.example.com"),
            back: BACK,
        },
    );
}
