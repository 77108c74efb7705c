//! A browser at the app, and the app in front of the stub.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use axum::Router;
use axum::body::{Body, to_bytes};
use http::header::{CONTENT_TYPE, COOKIE, HOST, LOCATION, ORIGIN, SET_COOKIE};
use http::{Request, StatusCode};
use tower::ServiceExt as _;
use url::Url;

use super::super::{DemoConfig, router};
use super::stub::{HANDLE, Stub};

pub(super) const BASE: &str = "http://127.0.0.1:4000";

/// Seconds since the epoch of every test: 2023-11-14T22:13:20Z.
pub(super) const NOW: i64 = 1_700_000_000;

pub(super) fn config(origin: &str) -> DemoConfig {
    let counter = AtomicU64::new(0);
    DemoConfig {
        base_url: BASE.to_owned(),
        handle_resolver: origin.to_owned(),
        plc_directory: origin.to_owned(),
        fronts: Vec::new(),
        accounts_hint: vec![HANDLE.to_owned()],
        fill: Arc::new(move |buffer| {
            let number = counter.fetch_add(1, Ordering::Relaxed).to_be_bytes();
            for (place, byte) in buffer.iter_mut().zip(number.iter().cycle()) {
                *place = *byte;
            }
        }),
        now: Arc::new(|| NOW),
    }
}

/// A page as the browser gets it.
pub(super) struct Page {
    pub(super) status: StatusCode,
    pub(super) location: Option<Url>,
    pub(super) body: String,
}

/// A browser at the app: it keeps the cookie and sends its own origin.
pub(super) struct Browser {
    pub(super) app: Router,
    pub(super) stub: Stub,
    pub(super) cookie: Option<String>,
}

impl Browser {
    pub(super) async fn open() -> Self {
        let stub = Stub::start().await;
        let origin = stub.script().origin.clone();
        Self {
            app: router(config(&origin)).unwrap(),
            stub,
            cookie: None,
        }
    }

    /// A browser in which alice has signed in.
    pub(super) async fn signed_in() -> Self {
        Self::signed_in_with("granular").await
    }

    /// A browser in which alice has signed in and granted all that a choice asks for.
    pub(super) async fn signed_in_with(choice: &str) -> Self {
        let mut browser = Self::open().await;
        let callback = browser
            .callback_of("/login", &format!("handle=alice.test&choice={choice}"))
            .await;
        let page = browser.get(&callback).await;
        assert_eq!(
            (page.status, page.location.unwrap().path()),
            (StatusCode::SEE_OTHER, "/")
        );
        browser
    }

    /// Begins a sign-in; the answer is the path a server that says yes sends the browser to.
    pub(super) async fn callback_of_a_sign_in(&mut self) -> String {
        self.callback_of("/login", "handle=alice.test").await
    }

    /// The same for any form that begins one.
    pub(super) async fn callback_of(&mut self, path: &str, form: &str) -> String {
        let page = self.post(path, form).await;
        assert_eq!(page.status, StatusCode::SEE_OTHER, "{}", page.body);
        let (origin, state) = self.asked();
        format!("/callback?code=secret-code&state={state}&iss={origin}")
    }

    /// The origin of the server and the state it was given.
    pub(super) fn asked(&self) -> (String, String) {
        let script = self.stub.script();
        let state = script
            .form
            .iter()
            .find(|(name, _)| name == "state")
            .unwrap()
            .1
            .clone();
        (script.origin.clone(), state)
    }

    pub(super) async fn get(&mut self, path: &str) -> Page {
        self.send(Request::get(path).header(HOST, "127.0.0.1:4000"), "")
            .await
    }

    pub(super) async fn post(&mut self, path: &str, form: &str) -> Page {
        let request = Request::post(path)
            .header(HOST, "127.0.0.1:4000")
            .header(ORIGIN, BASE)
            .header(CONTENT_TYPE, "application/x-www-form-urlencoded");
        self.send(request, form).await
    }

    pub(super) async fn send(&mut self, mut request: http::request::Builder, body: &str) -> Page {
        if let Some(cookie) = &self.cookie {
            request = request.header(COOKIE, format!("other=1; {cookie}"));
        }
        let request = request.body(Body::from(body.to_owned())).unwrap();
        let response = self.app.clone().oneshot(request).await.unwrap();
        if let Some(cookie) = response.headers().get(SET_COOKIE) {
            let cookie = cookie.to_str().unwrap();
            assert!(cookie.ends_with("; Path=/; HttpOnly; SameSite=Lax"), "{cookie}");
            self.cookie = Some(cookie.split(';').next().unwrap().to_owned());
        }
        let base = Url::parse(BASE).unwrap();
        let location = response.headers().get(LOCATION);
        Page {
            status: response.status(),
            location: location.map(|location| base.join(location.to_str().unwrap()).unwrap()),
            body: String::from_utf8(to_bytes(response.into_body(), 1 << 20).await.unwrap().to_vec()).unwrap(),
        }
    }
}

pub(super) fn assert_no_secret_in(page: &Page) {
    assert!(!page.body.contains("secret"), "{}", page.body);
}
