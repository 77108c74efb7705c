//! The page with the apps and devices of an account, from empty to more than it lists.

use entryway_oauth::time::{Seconds, Timestamp};
use entryway_server::pages::account::{
    AccountView, AppSession, ConnectedApp, DeviceName, Done, OwnForm, SessionEnds, Setting, SignedInDevice,
};
use entryway_server::pages::account_chooser::{AccountChooserView, SignedInAccount};
use entryway_server::pages::consent::{Permission, PermissionGroup};
use entryway_server::pages::duration::InWords;
use entryway_server::pages::form::{FormContext, Way};
use entryway_server::pages::moment::Moment;
use entryway_server::pages::parties::App;
use entryway_server::pages::sign_in::{SignInView, Username};
use entryway_server::pages::untrusted::Untrusted;

use super::consent::{broad, bundle, identity, permission};
use super::{
    HOSTILE, PAGE, Sample, alice, app, form, hostile_account, hostile_app, known_app, long_client_id, push,
};

const NOW: Timestamp = Timestamp::from_seconds(1_800_014_400);
const HOUR: i64 = 3_600;
pub(super) const DAY: i64 = 24 * HOUR;

pub(super) fn ago(seconds: i64) -> Moment {
    Moment {
        at: NOW - Seconds(seconds),
        now: NOW,
    }
}

fn device(browser: &'static str, system: &'static str) -> DeviceName {
    DeviceName {
        browser: Some(browser),
        system: Some(system),
        is_this_one: false,
    }
}

fn this_device() -> DeviceName {
    DeviceName {
        is_this_one: true,
        ..device("Firefox", "Linux")
    }
}

fn session(device: DeviceName, since: i64, used: i64) -> AppSession {
    AppSession {
        id: "ses-0123456789abcdef0123456789abcdef".to_owned(),
        device,
        since: ago(since),
        used: ago(used),
        ends: SessionEnds::On(ago(since - 14 * DAY)),
    }
}

fn publishing() -> PermissionGroup<'static> {
    PermissionGroup {
        title: Untrusted("What you publish"),
        items: vec![permission(
            1,
            "Create, change and delete your statuses",
            "repo:xyz.statusphere.status",
        )],
    }
}

fn statusphere() -> ConnectedApp<'static> {
    ConnectedApp {
        app: app(),
        since: ago(45 * DAY),
        used: ago(2 * HOUR),
        permissions: vec![identity(), publishing()],
        sessions: vec![
            session(this_device(), 3 * DAY, 2 * HOUR),
            session(device("Safari", "iPhone"), 9 * DAY, 4 * DAY),
        ],
        more_sessions: 0,
        comes_back_unasked: false,
    }
}

fn jotter() -> ConnectedApp<'static> {
    ConnectedApp {
        app: App {
            host: Untrusted("jotter.example"),
            client_id: Untrusted("https://jotter.example/client.json"),
            ..known_app(false)
        },
        since: ago(200 * DAY),
        used: ago(26 * HOUR),
        permissions: vec![
            identity(),
            broad(),
            PermissionGroup {
                title: Untrusted("Bundles"),
                items: vec![Permission {
                    number: 4,
                    ..bundle()
                }],
            },
        ],
        sessions: vec![AppSession {
            ends: SessionEnds::UnlessUsed {
                before: ago(-154 * DAY),
                at_the_latest: ago(-530 * DAY),
            },
            ..session(device("Chrome", "Windows"), 200 * DAY, 26 * HOUR)
        }],
        more_sessions: 0,
        comes_back_unasked: true,
    }
}

/// Allowed once, and not in use.
fn remembered(comes_back_unasked: bool) -> ConnectedApp<'static> {
    ConnectedApp {
        app: App {
            host: Untrusted("atelier.example.net"),
            client_id: Untrusted("https://atelier.example.net/oauth/client.json"),
            vouched: None,
        },
        since: ago(75 * DAY),
        used: ago(75 * DAY),
        sessions: Vec::new(),
        comes_back_unasked,
        ..statusphere()
    }
}

fn signed_in(device: DeviceName, since: i64, seen: i64) -> SignedInDevice {
    SignedInDevice {
        id: "dev-0123456789abcdef0123456789abcdef".to_owned(),
        device,
        since: ago(since),
        seen: ago(seen),
        is_stale: since > 7 * DAY,
    }
}

pub(super) fn own_form_at<'a>(action: &'a str, account: &'a str) -> OwnForm<'a> {
    OwnForm {
        action,
        csrf: "Zm9yZ2VyeSBwcm9vZg",
        account,
    }
}

fn own_form(account: &str) -> OwnForm<'_> {
    own_form_at("/account/end", account)
}

fn view() -> AccountView<'static> {
    AccountView {
        page: PAGE,
        account: alice(),
        done: None,
        form: own_form("did:plc:ewvi7nxzyoun6zhxrhs64oiz"),
        settings: vec![Setting {
            title: "App passwords",
            state: "2 app passwords, 1 app signed in with a password".to_owned(),
            path: "/account/app-passwords?account=did%3Aplc%3Aewvi7nxzyoun6zhxrhs64oiz".to_owned(),
        }],
        apps: vec![statusphere(), jotter(), remembered(false)],
        more_apps: 0,
        devices: vec![
            signed_in(this_device(), 3 * DAY, 0),
            signed_in(device("Safari", "iPhone"), 5 * DAY, 7 * HOUR),
            signed_in(
                DeviceName {
                    system: Some("Windows"),
                    ..DeviceName::default()
                },
                7 * DAY + HOUR,
                6 * DAY,
            ),
        ],
        more_devices: 0,
        renewed_every: InWords(900),
        sign_in_lasts: InWords(7 * 86_400),
        another_account: "/account/sign-in",
    }
}

pub(super) fn push_all(samples: &mut Vec<Sample>) {
    let client_id = long_client_id();
    push(samples, "account", &view());
    push(
        samples,
        "account-empty",
        &AccountView {
            apps: Vec::new(),
            devices: vec![signed_in(this_device(), 60, 60)],
            ..view()
        },
    );
    push(
        samples,
        "account-more",
        &AccountView {
            done: Some(Done::App),
            apps: vec![
                ConnectedApp {
                    more_sessions: 12,
                    ..statusphere()
                },
                remembered(true),
            ],
            more_apps: 7,
            more_devices: 3,
            ..view()
        },
    );
    push(
        samples,
        "account-hostile",
        &AccountView {
            account: hostile_account(),
            form: own_form(HOSTILE),
            apps: vec![ConnectedApp {
                app: hostile_app(&client_id),
                permissions: vec![PermissionGroup {
                    title: Untrusted(HOSTILE),
                    items: vec![permission(1, HOSTILE, HOSTILE)],
                }],
                ..statusphere()
            }],
            ..view()
        },
    );
    signing_in(samples);
}

pub(super) fn without_request(action: &str) -> FormContext<'static> {
    FormContext {
        request: None,
        ..form(action)
    }
}

fn signing_in(samples: &mut Vec<Sample>) {
    push(
        samples,
        "account-sign-in",
        &SignInView {
            page: PAGE,
            form: without_request("/account/sign-in"),
            app: None,
            done: Some(Done::Everything),
            username: Username::Empty,
            refusal: None,
            again: false,
            account_host: None,
            cancel: Way::Link("/"),
            another_account: None,
            forgotten: "/account/password",
            sign_up: Some("/account/new"),
        },
    );
    push(
        samples,
        "account-choice",
        &AccountChooserView {
            page: PAGE,
            form: without_request("/account/choice"),
            app: None,
            done: None,
            accounts: vec![SignedInAccount {
                account: alice(),
                must_sign_in_again: false,
            }],
            cancel: Way::Link("/"),
            another_account: Way::Link("/account/sign-in"),
        },
    );
}
