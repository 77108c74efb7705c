//! The sign-up page, in every state it can come back in.

use entryway_server::pages::duration::InWords;
use entryway_server::pages::form::Way;
use entryway_server::pages::sign_up::{FieldFault, HandleDomain, SignUpField, SignUpRefusal, SignUpView};
use entryway_server::pages::untrusted::Untrusted;

use super::account::without_request;
use super::{HOSTILE, PAGE, Sample, app, form, hostile_app, hostile_form, known_app, long_client_id, push};

pub(super) fn push_all(samples: &mut Vec<Sample>) {
    push(samples, "sign-up", &view());
    push(
        samples,
        "sign-up-domains",
        &SignUpView {
            app: Some(known_app(false)),
            name: Untrusted("alice"),
            domains: domains(&[".example.com", ".people.a-rather-long-name.example.org"]),
            ..view()
        },
    );
    push(
        samples,
        "account-new",
        &SignUpView {
            form: without_request("/account/new"),
            app: None,
            invite: Some(Untrusted("")),
            sign_in: "/account/sign-in",
            cancel: Way::Link("/"),
            ..view()
        },
    );
    for (name, refusal) in REFUSALS {
        push(
            samples,
            name,
            &SignUpView {
                refusal: Some(refusal),
                ..filled()
            },
        );
    }
    let client_id = long_client_id();
    push(
        samples,
        "sign-up-hostile",
        &SignUpView {
            form: hostile_form(),
            app: Some(hostile_app(&client_id)),
            name: Untrusted(HOSTILE),
            domains: domains(&[".example.com", ".example.org"]),
            email: Untrusted(HOSTILE),
            invite: Some(Untrusted(HOSTILE)),
            refusal: Some(SignUpRefusal::Field(SignUpField::Handle, FieldFault::Foreign)),
            cancel: Way::Post(HOSTILE),
            ..view()
        },
    );
}

const REFUSALS: [(&str, SignUpRefusal); 9] = [
    (
        "sign-up-handle-taken",
        SignUpRefusal::Field(SignUpField::Handle, FieldFault::Taken),
    ),
    (
        "sign-up-handle-wrong",
        SignUpRefusal::Field(
            SignUpField::Handle,
            FieldFault::Wrong("must have 3 to 18 characters in front of the domain"),
        ),
    ),
    (
        "sign-up-email-taken",
        SignUpRefusal::Field(SignUpField::Email, FieldFault::Taken),
    ),
    (
        "sign-up-password-wrong",
        SignUpRefusal::Field(
            SignUpField::Password,
            FieldFault::Wrong("must be 8 to 256 characters"),
        ),
    ),
    (
        "sign-up-invite-spent",
        SignUpRefusal::Field(SignUpField::Invite, FieldFault::Taken),
    ),
    (
        "sign-up-under-way",
        SignUpRefusal::UnderWay {
            retry_after: InWords(40),
        },
    ),
    ("sign-up-later", SignUpRefusal::Later),
    ("sign-up-host-refused", SignUpRefusal::HostRefused),
    ("sign-up-closed", SignUpRefusal::Closed),
];

fn view() -> SignUpView<'static> {
    SignUpView {
        page: PAGE,
        form: form("/oauth/authorize/sign-up"),
        app: Some(app()),
        name: Untrusted(""),
        domains: domains(&[".example.com"]),
        email: Untrusted(""),
        invite: None,
        refusal: None,
        sign_in: "/oauth/authorize/sign-in?client_id=a&request_uri=b",
        cancel: Way::Post("/oauth/authorize/decision"),
    }
}

/// As it comes back.
fn filled() -> SignUpView<'static> {
    SignUpView {
        name: Untrusted("alice"),
        domains: domains(&[".example.com", ".example.org"]),
        email: Untrusted("alice@mail.example"),
        invite: Some(Untrusted("entryway-example-abcde-fghij")),
        ..view()
    }
}

fn domains<'a>(texts: &[&'a str]) -> Vec<HandleDomain<'a>> {
    let last = texts.last().copied();
    let domain = |text| HandleDomain {
        text,
        chosen: Some(text) == last,
    };
    texts.iter().copied().map(domain).collect()
}
