//! The page of an account, signing in to see it, and the forms that end something.

use entryway_tests::{Browser, Client, Engine, Form, Page, TestServer, alice, bob, both_engines};

use super::Outcome::{Fine, No};
use super::pages::{CLIENT_ID, CSRF, NOT_OURS, SIGN_IN_AGAIN, Scene, UNKNOWN, try_all};
use super::{Parameter, REQUEST, optional, required};

/// Whose page it is: somebody who is not signed in here is asked who is there.
const ACCOUNT: Parameter = required("account", Fine);
const END: Parameter = required("end", No(REQUEST));

const PAGE: &[Parameter] = &[
    optional("account", "did:plc:alicealicealicealicealic", Fine),
    optional("done", "app", Fine),
    UNKNOWN,
];

const SIGN_IN: &[Parameter] = &[
    CSRF,
    required("username", SIGN_IN_AGAIN),
    required("password", SIGN_IN_AGAIN),
    UNKNOWN,
];

const CHOICE: &[Parameter] = &[CSRF, required("account", NOT_OURS), UNKNOWN];

async fn own_page(server: &TestServer, browser: &mut Browser) -> Page {
    let url = format!("{}/account", server.issuer());
    browser.open_url(server, &url).await.page()
}

/// A browser whose account has two apps' sessions and another device, and the button that begins so.
async fn scene(server: &TestServer, client: &Client, button: &str) -> Scene {
    let mut browser = Browser::new();
    // the devices of scenes before this one are listed behind its own
    server.clock().advance(1);
    for mut one in [Browser::new(), browser.clone()] {
        let pushed = client.push(server).await;
        let landing = one.approve(server, &pushed, alice()).await;
        client.exchange(&pushed, landing.code()).send(server).await;
        browser = one;
    }
    let page = own_page(server, &mut browser).await;
    Scene::new(&browser, page.form_beginning(button))
}

async fn a_page_with_a_spoilt_parameter_is_refused(engine: Engine) {
    let server = TestServer::start(engine).await;
    try_all(&server, PAGE, async || {
        let mut browser = Browser::new();
        let page = own_page(&server, &mut browser).await;
        let page = browser.sign_in(&server, &page, alice()).await;
        let action = page.url.join("/account").unwrap();
        let fields = vec![("account".to_owned(), alice().did.to_owned())];
        Scene::link(&browser, Form { action, fields })
    })
    .await;
}

async fn a_sign_in_without_an_app_with_a_spoilt_field_is_refused(engine: Engine) {
    let server = TestServer::start(engine).await;
    try_all(&server, SIGN_IN, async || {
        let mut browser = Browser::new();
        let page = own_page(&server, &mut browser).await;
        let form = page.form("Sign in").with("username", alice().handle);
        Scene::new(&browser, form.with("password", &alice().password))
    })
    .await;
}

async fn a_choice_of_a_page_with_a_spoilt_field_is_refused(engine: Engine) {
    let server = TestServer::start(engine).await;
    try_all(&server, CHOICE, async || {
        let mut browser = Browser::new();
        for account in [alice(), bob()] {
            let url = format!("{}/account/sign-in", server.issuer());
            let page = browser.open_url(&server, &url).await.page();
            browser.sign_in(&server, &page, account).await;
        }
        let page = own_page(&server, &mut browser).await;
        Scene::new(&browser, page.form_beginning("@alice.test"))
    })
    .await;
}

/// Every button of the page.
async fn an_end_with_a_spoilt_field_is_refused(engine: Engine) {
    for (button, names) in [
        ("End access of localhost", Some(CLIENT_ID)),
        ("End this one", Some(required("session", No(REQUEST)))),
        ("End access of all apps", None),
        ("Sign out Chrome on Linux", Some(required("device", No(REQUEST)))),
        ("Sign out all other devices", None),
        ("End all devices and all apps", None),
    ] {
        let (server, client) = (TestServer::start(engine).await, Client::new());
        let all = [CSRF, ACCOUNT, END, UNKNOWN].into_iter().chain(names);
        let all: Vec<Parameter> = all.collect();
        try_all(&server, &all, async || scene(&server, &client, button).await).await;
    }
}

both_engines! {
    a_page_with_a_spoilt_parameter_is_refused,
    a_sign_in_without_an_app_with_a_spoilt_field_is_refused,
    a_choice_of_a_page_with_a_spoilt_field_is_refused,
    an_end_with_a_spoilt_field_is_refused,
}
