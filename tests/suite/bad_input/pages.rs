//! What browsers send: the authorization endpoint and the forms behind it.

use axum::body::Body;
use entryway_tests::{
    Browser, Client, Encoding, Endpoint, Engine, Form, Reply, TestServer, alice, bob, both_engines,
};
use http::{Request, Uri};

use super::Outcome::{Fine, No};
use super::ways::{self, spoilt};
use super::{Outcome, Parameter, REQUEST, assert_serves, assert_unchanged, no, optional, required};

/// A form token that is not the one of its page.
pub(super) const NOT_OURS: Outcome = no(403, "invalid_request");

/// Nobody is called so, or has that password.
pub(super) const SIGN_IN_AGAIN: Outcome = no(401, "password");

pub(super) const CSRF: Parameter = Parameter {
    name: "csrf",
    usual: "",
    missing: NOT_OURS,
    empty: NOT_OURS,
    bidi: NOT_OURS,
};
pub(super) const CLIENT_ID: Parameter = required("client_id", no(400, "invalid_client_metadata"));
const REQUEST_URI: Parameter = required("request_uri", No(REQUEST));
pub(super) const UNKNOWN: Parameter = optional("unknown", "x", Fine);

const AUTHORIZE: &[Parameter] = &[CLIENT_ID, REQUEST_URI, UNKNOWN];

const SIGN_IN: &[Parameter] = &[
    CSRF,
    CLIENT_ID,
    REQUEST_URI,
    required("username", SIGN_IN_AGAIN),
    required("password", SIGN_IN_AGAIN),
    UNKNOWN,
];

const ACCOUNT: &[Parameter] = &[
    CSRF,
    CLIENT_ID,
    REQUEST_URI,
    // none means another one
    optional("account", "did:plc:alicealicealicealicealic", NOT_OURS),
    UNKNOWN,
];

const DECISION: &[Parameter] = &[
    CSRF,
    CLIENT_ID,
    REQUEST_URI,
    required("decision", No(REQUEST)),
    required("account", NOT_OURS),
    optional("grant.1", "on", Fine),
    UNKNOWN,
];

const SIGN_OUT: &[Parameter] = &[CSRF, UNKNOWN];

/// A browser that is about to send something.
pub(super) struct Scene {
    cookies: String,
    form: Form,
    /// `GET` with the fields in the query, where it is no form of ours.
    is_link: bool,
}

impl Scene {
    pub(super) fn new(browser: &Browser, form: Form) -> Self {
        let pairs = browser
            .cookies()
            .iter()
            .map(|(name, value)| format!("{name}={value}"));
        Self {
            cookies: pairs.collect::<Vec<_>>().join("; "),
            form,
            is_link: false,
        }
    }

    pub(super) fn link(browser: &Browser, form: Form) -> Self {
        Self {
            is_link: true,
            ..Self::new(browser, form)
        }
    }

    /// Sends it with the fields spelt so; nothing if no URL can hold that.
    async fn send(&self, server: &TestServer, fields: Vec<u8>) -> Option<Reply> {
        let mut request = Request::builder().header("cookie", &self.cookies);
        let path = self.form.action.path().as_bytes();
        let body = if self.is_link {
            let target = [path, b"?", &fields].concat();
            request = request.uri(Uri::try_from(target).ok()?);
            Body::empty()
        } else {
            request = request
                .method("POST")
                .uri(Uri::try_from(path).unwrap())
                .header("origin", server.issuer())
                .header("sec-fetch-site", "same-origin")
                .header("content-type", "application/x-www-form-urlencoded");
            Body::from(fields)
        };
        Some(server.send(request.body(body).unwrap()).await)
    }
}

async fn a_link_with_a_spoilt_parameter_is_refused(engine: Engine) {
    let (server, client) = (TestServer::start(engine).await, Client::new());
    try_all(&server, AUTHORIZE, async || {
        let pushed = client.push(&server).await;
        let mut browser = Browser::new();
        browser.reach_consent(&server, &pushed, alice()).await;
        let action = server.url(Endpoint::Authorize).parse().unwrap();
        let fields = vec![
            ("client_id".to_owned(), pushed.client_id),
            ("request_uri".to_owned(), pushed.request_uri),
        ];
        Scene::link(&browser, Form { action, fields })
    })
    .await;
}

async fn a_sign_in_with_a_spoilt_field_is_refused(engine: Engine) {
    let (server, client) = (TestServer::start(engine).await, Client::new());
    try_all(&server, SIGN_IN, async || {
        let pushed = client.push(&server).await;
        let mut browser = Browser::new();
        let page = browser.open(&server, &pushed).await;
        let form = page.form("Sign in").with("username", alice().handle);
        Scene::new(&browser, form.with("password", &alice().password))
    })
    .await;
}

async fn a_choice_with_a_spoilt_field_is_refused(engine: Engine) {
    let (server, client) = (TestServer::start(engine).await, Client::new());
    try_all(&server, ACCOUNT, async || {
        let mut browser = Browser::new();
        for account in [alice(), bob()] {
            let pushed = client
                .push_with(&server, |call| call.with("prompt", "login"))
                .await;
            browser.approve(&server, &pushed, account).await;
        }
        let pushed = client
            .push_with(&server, |call| call.with("prompt", "select_account"))
            .await;
        let page = browser.open(&server, &pushed).await;
        Scene::new(&browser, page.form_beginning("@alice.test"))
    })
    .await;
}

async fn a_decision_with_a_spoilt_field_is_refused(engine: Engine) {
    let (server, client) = (TestServer::start(engine).await, Client::new());
    try_all(&server, DECISION, async || {
        let pushed = client.push(&server).await;
        let mut browser = Browser::new();
        let page = browser.reach_consent(&server, &pushed, alice()).await;
        Scene::new(&browser, page.form("Authorize"))
    })
    .await;
}

async fn a_sign_out_with_a_spoilt_field_is_refused(engine: Engine) {
    let (server, client) = (TestServer::start(engine).await, Client::new());
    try_all(&server, SIGN_OUT, async || {
        let pushed = client.push(&server).await;
        let mut browser = Browser::new();
        browser.approve(&server, &pushed, alice()).await;
        let home = browser
            .open_url(&server, &format!("{}/", server.issuer()))
            .await
            .page();
        Scene::new(&browser, home.form("Sign out of this device"))
    })
    .await;
}

/// Sends each field spoilt in each way.
pub(super) async fn try_all(server: &TestServer, parameters: &[Parameter], valid: impl AsyncFn() -> Scene) {
    let standing = valid().await;
    for parameter in parameters {
        let before = server.database().cells().await;
        for (way, bytes) in [ways::FORM, ways::RAW].concat() {
            let what = format!("{}: {way}", parameter.name);
            match standing.send(server, fields(&standing, parameter, bytes)).await {
                Some(reply) => assert_refused(&reply, REQUEST, &what),
                // a link is shorter than that, and has no raw bytes
                None => assert!(
                    standing.is_link && (way.contains("raw") || way.contains("KiB")),
                    "{what}"
                ),
            }
        }
        assert_unchanged(&before, &server.database().cells().await, parameter.name);
        let harmless: [(&str, &[u8], Outcome); 4] = [
            ("missing", b"&", parameter.missing),
            ("empty", b"{n}=", parameter.empty),
            ("without an equals sign", b"{n}", parameter.empty),
            ("bidi", b"{n}={v}%e2%80%ae", parameter.bidi),
        ];
        for (way, bytes, outcome) in harmless {
            let what = format!("{}: {way}", parameter.name);
            match outcome {
                Fine => {
                    let scene = valid().await;
                    let reply = scene
                        .send(server, fields(&scene, parameter, bytes))
                        .await
                        .unwrap();
                    assert!(matches!(reply.code(), 200 | 303), "{what}: {}", reply.text());
                }
                No(refused) => {
                    let before = server.database().cells().await;
                    let reply = standing
                        .send(server, fields(&standing, parameter, bytes))
                        .await
                        .unwrap();
                    assert_refused(&reply, refused, &what);
                    assert_unchanged(&before, &server.database().cells().await, &what);
                }
            }
        }
    }
    let unknown = standing
        .send(server, fields(&standing, &UNKNOWN, b"{n}=x"))
        .await
        .unwrap();
    assert!(
        matches!(unknown.code(), 200 | 303),
        "as it should be: {}",
        unknown.text()
    );
    assert_serves(server).await;
}

fn fields(scene: &Scene, parameter: &Parameter, way: &[u8]) -> Vec<u8> {
    let mut fields = scene.form.fields.clone();
    if !fields.iter().any(|(name, _)| name == parameter.name) {
        fields.push((parameter.name.to_owned(), parameter.usual.to_owned()));
    }
    spoilt(&fields, Encoding::Form, parameter.name, way)
}

/// A page that says so, leads nowhere and holds nothing of what was sent.
#[track_caller]
pub(super) fn assert_refused(reply: &Reply, (status, code): (u16, &str), what: &str) {
    let html = reply.text();
    assert_eq!(reply.code(), status, "{what}: {html}");
    assert_eq!(
        reply.header("content-type"),
        Some("text/html; charset=utf-8"),
        "{what}"
    );
    assert_eq!(reply.header("cache-control"), Some("no-store"), "{what}");
    let policy = reply.header("content-security-policy").unwrap();
    assert!(policy.contains("default-src 'none'"), "{what}: {policy}");
    assert!(
        !reply.headers.contains_key("location") && !reply.headers.contains_key("set-cookie"),
        "{what}"
    );
    assert!(html.contains("<h1") && html.contains(code), "{what}: {html}");
    assert!(
        !html.contains("aaaaaaaa") && !html.contains('\u{1b}'),
        "{what}: it echoes"
    );
}

both_engines! {
    a_link_with_a_spoilt_parameter_is_refused,
    a_sign_in_with_a_spoilt_field_is_refused,
    a_choice_with_a_spoilt_field_is_refused,
    a_decision_with_a_spoilt_field_is_refused,
    a_sign_out_with_a_spoilt_field_is_refused,
}
