use std::sync::atomic::{AtomicU16, AtomicUsize, Ordering};

use axum::Router;
use axum::response::IntoResponse as _;
use entryway_identity::fetch::{Development, FetchSettings, Fetcher};
use http::StatusCode;

use super::*;

const DID: &str = "did:plc:ewvi7nxzyoun6zhxrhs64oiz";

/// A directory that answers with this status, and counts.
struct Directory {
    documents: DidDocuments,
    status: Arc<AtomicU16>,
    asked: Arc<AtomicUsize>,
}

impl Directory {
    async fn open(kept: Duration) -> Self {
        let (status, asked) = (Arc::new(AtomicU16::new(200)), Arc::new(AtomicUsize::new(0)));
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        let answers = (Arc::clone(&status), Arc::clone(&asked));
        let router = Router::new().fallback(async move || {
            answers.1.fetch_add(1, Ordering::SeqCst);
            let status = StatusCode::from_u16(answers.0.load(Ordering::SeqCst)).unwrap();
            (
                status,
                axum::Json(serde_json::json!({ "id": DID, "alsoKnownAs": ["at://alice.test"] })),
            )
                .into_response()
        });
        tokio::spawn(async move { axum::serve(listener, router).await });
        let fetcher = Fetcher::new(FetchSettings {
            development: Some(Development {
                loopback_http: true,
                ..Development::default()
            }),
            ..FetchSettings::default()
        });
        let resolver = DidResolver::new(fetcher.unwrap(), url.parse().unwrap());
        Self {
            documents: DidDocuments::keeping(resolver, kept),
            status,
            asked,
        }
    }

    fn answer(&self, status: u16) {
        self.status.store(status, Ordering::SeqCst);
    }

    fn asked(&self) -> usize {
        self.asked.load(Ordering::SeqCst)
    }
}

fn did() -> Did {
    Did::parse(DID).unwrap()
}

#[tokio::test]
async fn a_document_is_kept_for_a_moment_and_asked_for_anew_once() {
    let directory = Directory::open(KEPT).await;
    for _ in 0..3 {
        directory.documents.recent(&did()).await.unwrap();
    }
    assert_eq!(directory.asked(), 1);
    assert!(directory.documents.anew(&did()).await.unwrap().is_some());
    // and no more, however often somebody forges
    for _ in 0..3 {
        assert!(directory.documents.anew(&did()).await.unwrap().is_none());
    }
    assert_eq!(directory.asked(), 2);
}

#[tokio::test]
async fn an_outage_of_the_directory_lets_an_older_document_do() {
    let directory = Directory::open(Duration::ZERO).await;
    directory.answer(503);
    assert!(directory.documents.recent(&did()).await.is_err());
    directory.answer(200);
    directory.documents.recent(&did()).await.unwrap();
    directory.answer(503);
    assert!(directory.documents.recent(&did()).await.is_ok());
    let handle = Handle::parse("alice.test").unwrap();
    let of_session = directory.documents.for_session(&did(), &handle).await;
    assert!(of_session.is_some());
    // where a signature does not fit, an older one has been tried
    assert!(directory.documents.anew(&did()).await.is_err());
    // and one that was ended is not there any more
    directory.answer(410);
    assert_eq!(
        directory.documents.recent(&did()).await,
        Err(DidUnresolved::Ended)
    );
    directory.answer(404);
    assert_eq!(
        directory.documents.recent(&did()).await,
        Err(DidUnresolved::Unknown)
    );
}

// a handle that was changed on another instance
#[tokio::test]
async fn a_session_has_no_document_from_before_its_handle() {
    let directory = Directory::open(KEPT).await;
    let of = async |handle: &str| {
        let handle = Handle::parse(handle).unwrap();
        let found = directory.documents.for_session(&did(), &handle).await;
        assert!(found.is_some());
        directory.asked()
    };
    assert_eq!([of("alice.test").await, of("alice.test").await], [1, 1]);
    assert_eq!([of("bob.test").await, of("bob.test").await], [2, 2]);
    directory.documents.forget(&did());
    assert_eq!([of("alice.test").await, of("alice.test").await], [3, 3]);
}
