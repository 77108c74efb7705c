//! A host of this machine that answers what a test says, and tells what it was asked.

use std::net::Ipv4Addr;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use axum::Router;
use axum::extract::Request;
use axum::response::IntoResponse as _;
use http::HeaderMap;
use http::header::CONTENT_TYPE;
use http_body_util::BodyExt as _;
use serde_json::Value;

use entryway_oauth::issuer::Issuer;
use entryway_resource::client::{ClientSettings, HttpClient};

/// The host.
pub(crate) struct Host {
    pub(crate) url: Issuer,
    asked: Arc<Mutex<Vec<Asked>>>,
}

/// A request that came.
#[derive(Clone, Debug)]
pub(crate) struct Asked {
    /// `GET /path?query`.
    pub(crate) line: String,
    pub(crate) headers: HeaderMap,
    /// Null where there is none.
    pub(crate) body: Value,
}

impl Host {
    /// Answers every request so: by its status, its content type and its body.
    pub(crate) async fn answering(status: u16, kind: &'static str, body: impl Into<String>) -> Self {
        let (body, asked) = (body.into(), Arc::<Mutex<Vec<Asked>>>::default());
        let answer = {
            let asked = Arc::clone(&asked);
            move |request: Request| async move {
                let asking = Asked::read(request).await;
                asked.lock().unwrap().push(asking);
                let status = http::StatusCode::from_u16(status).unwrap();
                (status, [(CONTENT_TYPE, kind)], body).into_response()
            }
        };
        let listener = tokio::net::TcpListener::bind((Ipv4Addr::LOCALHOST, 0))
            .await
            .unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        tokio::spawn(async move { axum::serve(listener, Router::new().fallback(answer)).await });
        Self {
            url: Issuer::parse(&url).unwrap(),
            asked,
        }
    }

    /// The same in JSON.
    pub(crate) async fn saying(status: u16, body: &Value) -> Self {
        Self::answering(status, "application/json", body.to_string()).await
    }

    /// The only request that came.
    pub(crate) fn asked(&self) -> Asked {
        let asked = self.asked.lock().unwrap();
        assert_eq!(asked.len(), 1, "{asked:?}");
        asked[0].clone()
    }
}

impl Asked {
    async fn read(request: Request) -> Self {
        let (parts, body) = request.into_parts();
        let body = body.collect().await.unwrap().to_bytes();
        Self {
            line: format!("{} {}", parts.method, parts.uri),
            headers: parts.headers,
            body: serde_json::from_slice(&body).unwrap_or_default(),
        }
    }
}

/// A place where nobody is.
pub(crate) async fn nobody() -> Issuer {
    let listener = tokio::net::TcpListener::bind((Ipv4Addr::LOCALHOST, 0))
        .await
        .unwrap();
    Issuer::parse(&format!("http://{}", listener.local_addr().unwrap())).unwrap()
}

/// A place where somebody listens, and says nothing.
pub(crate) async fn silence() -> (Issuer, tokio::net::TcpListener) {
    let listener = tokio::net::TcpListener::bind((Ipv4Addr::LOCALHOST, 0))
        .await
        .unwrap();
    let url = Issuer::parse(&format!("http://{}", listener.local_addr().unwrap())).unwrap();
    (url, listener)
}

/// A client that does not wait for long.
pub(crate) fn client() -> HttpClient {
    HttpClient::new(ClientSettings {
        answer_wait: Duration::from_millis(300),
        ..ClientSettings::default()
    })
    .unwrap()
}
