//! A PDS that answers what a test says, and remembers what it was asked.

use std::sync::{Arc, Mutex};

use axum::Router;
use axum::body::{Body, to_bytes};
use axum::extract::State;
use axum::response::Response;
use entryway_sandbox::loopback::Loopback;
use http::{HeaderMap, Request};
use tokio::sync::watch;
use tokio::task::JoinSet;

/// The PDS; gone when it is dropped.
pub(super) struct Stub {
    url: String,
    told: Arc<Told>,
    _stop: watch::Sender<bool>,
    _tasks: JoinSet<std::io::Result<()>>,
}

struct Told {
    answer: Mutex<Answer>,
    calls: Mutex<Vec<Call>>,
}

/// Status, headers and body.
type Answer = (u16, Vec<(String, String)>, Vec<u8>);

/// What was asked.
#[derive(Clone, Debug)]
pub(super) struct Call {
    pub(super) line: String,
    pub(super) headers: HeaderMap,
    pub(super) body: Vec<u8>,
}

impl Call {
    #[track_caller]
    pub(super) fn header(&self, name: &str) -> Option<&str> {
        let mut values = self.headers.get_all(name).iter();
        let value = values.next()?.to_str().unwrap();
        assert!(values.next().is_none(), "{name} is there once in {self:?}");
        Some(value)
    }
}

impl Stub {
    pub(super) async fn start() -> Self {
        let answer = b"{\"answered\":true}".to_vec();
        let headers = [
            ("content-type", "application/json"),
            ("atproto-repo-rev", "3k"),
            ("ratelimit-limit", "3000"),
            ("set-cookie", "a=b"),
            ("x-powered-by", "Express"),
            ("server", "nginx"),
            ("via", "1.1 x"),
        ];
        let headers = headers.map(|(name, value)| (name.to_owned(), value.to_owned()));
        let told = Arc::new(Told {
            answer: Mutex::new((200, headers.to_vec(), answer)),
            calls: Mutex::default(),
        });
        let router = Router::new().fallback(answered).with_state(told.clone());
        let (url, stop, tasks) = served(&router).await;
        Self {
            url,
            told,
            _stop: stop,
            _tasks: tasks,
        }
    }

    pub(super) fn url(&self) -> &str {
        &self.url
    }

    /// Answers so from now on.
    pub(super) fn answer(&self, status: u16, headers: &[(&str, &str)], body: &[u8]) {
        let headers = headers
            .iter()
            .map(|(name, value)| ((*name).to_owned(), (*value).to_owned()))
            .collect();
        *self.told.answer.lock().unwrap() = (status, headers, body.to_vec());
    }

    pub(super) fn calls(&self) -> Vec<Call> {
        self.told.calls.lock().unwrap().clone()
    }

    #[track_caller]
    pub(super) fn only_call(&self) -> Call {
        let mut calls = self.calls();
        assert_eq!(calls.len(), 1, "{calls:?}");
        calls.remove(0)
    }
}

/// A router on a port of its own: its origin, and what to keep while it is needed.
pub(super) async fn served(router: &Router) -> (String, watch::Sender<bool>, JoinSet<std::io::Result<()>>) {
    let listener = Loopback::bind(0).await.unwrap();
    let url = listener.origin();
    let (stop, stopped) = watch::channel(false);
    let mut tasks = JoinSet::new();
    listener.serve(router, &stopped, &mut tasks);
    (url, stop, tasks)
}

async fn answered(State(told): State<Arc<Told>>, request: Request<Body>) -> Response {
    let (parts, body) = request.into_parts();
    let body = to_bytes(body, usize::MAX).await.unwrap().to_vec();
    told.calls.lock().unwrap().push(Call {
        line: format!("{} {}", parts.method, parts.uri),
        headers: parts.headers,
        body,
    });
    let (status, headers, body) = told.answer.lock().unwrap().clone();
    let mut response = Response::builder().status(status);
    for (name, value) in headers {
        response = response.header(name, value);
    }
    response.body(Body::from(body)).unwrap()
}
