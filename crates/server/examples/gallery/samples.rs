//! Every page with plausible data, and with the worst we can think of.

#[path = "account.rs"]
mod account;
#[path = "app_passwords.rs"]
mod app_passwords;
#[path = "consent.rs"]
mod consent;
#[path = "life.rs"]
mod life;
#[path = "sign_up.rs"]
mod sign_up;

use askama::Template;
use entryway_server::pages::account_chooser::{AccountChooserView, SignedInAccount};
use entryway_server::pages::duration::InWords;
use entryway_server::pages::error::{DenialNote, ErrorView};
use entryway_server::pages::form::{FormContext, PushedRequest, Way};
use entryway_server::pages::form_post::FormPostView;
use entryway_server::pages::home::{HomeView, PublishedDocument, SignedInHere};
use entryway_server::pages::layout::PageContext;
use entryway_server::pages::parties::{Account, App, Vouched};
use entryway_server::pages::sign_in::{SignInRefusal, SignInView, Username};
use entryway_server::pages::signed_out::SignedOutView;
use entryway_server::pages::untrusted::Untrusted;

/// A rendered page.
pub(crate) struct Sample {
    /// Name of its file, without the ending.
    pub(crate) name: &'static str,
    /// The document.
    pub(crate) html: String,
}

/// What a stranger would send to break a page: markup, a way out of an attribute, an override of direction and
/// a letter without a look.
pub(crate) const HOSTILE: &str =
    "\"'><script>alert(1)</script><svg onload=alert(2)>\u{202e}cod.exe\u{200b}\u{0}";

/// Every page, in the order a person meets them.
pub(crate) fn all() -> Vec<Sample> {
    let mut samples = Vec::new();
    sign_in(&mut samples);
    sign_up::push_all(&mut samples);
    account_chooser(&mut samples);
    consent::push_all(&mut samples);
    form_post(&mut samples);
    error(&mut samples);
    signed_out(&mut samples);
    home(&mut samples);
    account::push_all(&mut samples);
    app_passwords::push_all(&mut samples);
    life::push_all(&mut samples);
    samples
}

const PAGE: PageContext<'static> = PageContext {
    lang: "en-US",
    service_host: "entryway.example",
};

fn form(action: &str) -> FormContext<'static> {
    FormContext {
        action: action.to_owned(),
        csrf: "Zm9yZ2VyeSBwcm9vZg",
        request: Some(PushedRequest {
            client_id: "https://statusphere.example/oauth-client-metadata.json",
            request_uri: "urn:ietf:params:oauth:request_uri:req-5f1c3a",
        }),
        next: None,
    }
}

fn hostile_form() -> FormContext<'static> {
    FormContext {
        request: Some(PushedRequest {
            client_id: HOSTILE,
            request_uri: HOSTILE,
        }),
        ..form("/oauth/authorize?\"><script>alert(3)</script>")
    }
}

fn app() -> App<'static> {
    App {
        host: Untrusted("statusphere.example"),
        client_id: Untrusted("https://statusphere.example/oauth-client-metadata.json"),
        vouched: None,
    }
}

fn known_app(first_party: bool) -> App<'static> {
    App {
        vouched: Some(Vouched {
            name: Untrusted("Statusphere"),
            logo: Some("/assets/favicon.svg"),
            first_party,
        }),
        ..app()
    }
}

fn long_client_id() -> String {
    format!(
        "https://a-rather-long-subdomain.of-an-application.staging.xn--bcher-kva.example/{}{HOSTILE}/client.json",
        "deep/path-without-any-place-to-break/".repeat(9)
    )
}

fn hostile_app(client_id: &str) -> App<'_> {
    App {
        host: Untrusted("a-rather-long-subdomain.of-an-application.staging.xn--bcher-kva.example"),
        client_id: Untrusted(client_id),
        vouched: Some(Vouched {
            name: Untrusted(HOSTILE),
            logo: None,
            first_party: false,
        }),
    }
}

fn alice() -> Account<'static> {
    Account {
        handle: Some(Untrusted("alice.example.com")),
        did: Untrusted("did:plc:ewvi7nxzyoun6zhxrhs64oiz"),
    }
}

fn hostile_account() -> Account<'static> {
    Account {
        handle: Some(Untrusted(HOSTILE)),
        did: Untrusted(HOSTILE),
    }
}

#[expect(
    clippy::expect_used,
    reason = "a view that cannot be rendered is to be seen at once"
)]
fn push(samples: &mut Vec<Sample>, name: &'static str, view: &impl Template) {
    let html = view.render().expect("a view renders into a string");
    samples.push(Sample { name, html });
}

fn sign_in(samples: &mut Vec<Sample>) {
    let view = || SignInView {
        page: PAGE,
        form: form("/oauth/authorize/sign-in"),
        app: Some(app()),
        done: None,
        username: Username::Empty,
        refusal: None,
        again: false,
        account_host: None,
        cancel: Way::Post("/oauth/authorize/decision"),
        another_account: None,
        forgotten: "/account/password?client_id=a&request_uri=b",
        sign_up: Some("/oauth/authorize/sign-up?client_id=a&request_uri=b"),
    };
    let hinted = Username::Hinted(Untrusted("alice.example.com"));
    let client_id = long_client_id();
    push(samples, "sign-in", &view());
    push(
        samples,
        "sign-in-hinted",
        &SignInView {
            username: hinted,
            account_host: Some(Untrusted("pds.example.com")),
            another_account: Some(Way::Post("/oauth/authorize/decision")),
            ..view()
        },
    );
    push(
        samples,
        "sign-in-again",
        &SignInView {
            username: Username::Fixed(Untrusted("alice.example.com")),
            again: true,
            ..view()
        },
    );
    push(
        samples,
        "sign-in-mismatch",
        &SignInView {
            username: hinted,
            refusal: Some(SignInRefusal::CredentialsMismatch),
            ..view()
        },
    );
    push(
        samples,
        "sign-in-too-many",
        &SignInView {
            username: hinted,
            refusal: Some(SignInRefusal::TooManyTries {
                retry_after: InWords(280),
            }),
            ..view()
        },
    );
    push(
        samples,
        "sign-in-stale",
        &SignInView {
            username: hinted,
            refusal: Some(SignInRefusal::PageStale),
            ..view()
        },
    );
    push(
        samples,
        "sign-in-hostile",
        &SignInView {
            form: hostile_form(),
            app: Some(hostile_app(&client_id)),
            username: Username::Hinted(Untrusted(HOSTILE)),
            refusal: Some(SignInRefusal::CredentialsMismatch),
            account_host: Some(Untrusted(HOSTILE)),
            another_account: Some(Way::Post(HOSTILE)),
            cancel: Way::Post(HOSTILE),
            ..view()
        },
    );
}

fn account_chooser(samples: &mut Vec<Sample>) {
    let view = || AccountChooserView {
        page: PAGE,
        form: form("/oauth/authorize/account"),
        app: Some(app()),
        done: None,
        accounts: vec![
            SignedInAccount {
                account: alice(),
                must_sign_in_again: false,
            },
            SignedInAccount {
                account: Account {
                    handle: Some(Untrusted("atelier-bergmann.pds.example.com")),
                    did: Untrusted("did:plc:vwzwgnygau7ed7b7wt5ux7y2"),
                },
                must_sign_in_again: true,
            },
            SignedInAccount {
                account: Account {
                    handle: None,
                    did: Untrusted("did:web:old-club.example"),
                },
                must_sign_in_again: false,
            },
        ],
        cancel: Way::Post("/oauth/authorize/decision"),
        another_account: Way::Post("/oauth/authorize/decision"),
    };
    let client_id = long_client_id();
    push(samples, "account-chooser", &view());
    push(
        samples,
        "account-chooser-hostile",
        &AccountChooserView {
            form: hostile_form(),
            app: Some(hostile_app(&client_id)),
            accounts: vec![SignedInAccount {
                account: hostile_account(),
                must_sign_in_again: true,
            }],
            cancel: Way::Post(HOSTILE),
            another_account: Way::Post(HOSTILE),
            ..view()
        },
    );
}

fn form_post(samples: &mut Vec<Sample>) {
    let view = || FormPostView {
        page: PAGE,
        return_host: Untrusted("statusphere.example"),
        redirect_uri: "https://statusphere.example/oauth/callback",
        parameters: vec![
            ("code", "cod-2b7e151628aed2a6abf7158809cf4f3c"),
            ("state", "af0ifjsldkj"),
            ("iss", "https://entryway.example"),
        ],
    };
    push(samples, "form-post", &view());
    push(
        samples,
        "form-post-hostile",
        &FormPostView {
            return_host: Untrusted(HOSTILE),
            redirect_uri: HOSTILE,
            parameters: vec![("state", HOSTILE)],
            ..view()
        },
    );
}

fn error(samples: &mut Vec<Sample>) {
    let view = |status| ErrorView {
        page: PAGE,
        status,
        denial: None,
        incident_id: None,
        retry_after: None,
    };
    push(
        samples,
        "error-request",
        &ErrorView {
            denial: Some(DenialNote {
                code: Untrusted("invalid_request"),
                description: Untrusted("request_uri is not one this server issued, or it has expired"),
            }),
            ..view(400)
        },
    );
    push(samples, "error-forbidden", &view(403));
    push(samples, "error-not-found", &view(404));
    push(samples, "error-expired", &view(410));
    push(
        samples,
        "error-too-many",
        &ErrorView {
            retry_after: Some(InWords(45)),
            ..view(429)
        },
    );
    push(samples, "error-overloaded", &view(503));
    push(
        samples,
        "error-ours",
        &ErrorView {
            incident_id: Some(Untrusted("inc-7f3a92c41b5e")),
            ..view(500)
        },
    );
    push(
        samples,
        "error-hostile",
        &ErrorView {
            denial: Some(DenialNote {
                code: Untrusted(HOSTILE),
                description: Untrusted(HOSTILE),
            }),
            incident_id: Some(Untrusted(HOSTILE)),
            ..view(400)
        },
    );
}

fn signed_out(samples: &mut Vec<Sample>) {
    push(
        samples,
        "signed-out",
        &SignedOutView {
            page: PAGE,
            account: Some(Untrusted("alice.example.com")),
            account_path: "/account",
        },
    );
    push(
        samples,
        "signed-out-all",
        &SignedOutView {
            page: PAGE,
            account: None,
            account_path: "/account",
        },
    );
    push(
        samples,
        "signed-out-hostile",
        &SignedOutView {
            page: PAGE,
            account: Some(Untrusted(HOSTILE)),
            account_path: "/account",
        },
    );
}

fn home(samples: &mut Vec<Sample>) {
    push(
        samples,
        "home",
        &HomeView {
            page: PAGE,
            account_path: "/account",
            sign_up_path: Some("/account/new"),
            signed_in: Some(SignedInHere {
                accounts: vec![alice()],
                sign_out_action: "/sign-out",
                csrf: "Zm9yZ2VyeSBwcm9vZg",
            }),
            account_hosts: vec![Untrusted("pds.example.com"), Untrusted("club.example")],
            documents: vec![
                PublishedDocument {
                    title: "Authorization server metadata",
                    path: "/.well-known/oauth-authorization-server",
                },
                PublishedDocument {
                    title: "Public keys",
                    path: "/oauth/jwks",
                },
            ],
        },
    );
}
