use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use entryway_oauth::revocation::Challenge;
use tokio::task::JoinHandle;

use super::server::{Manner, Server};
use super::*;
use crate::client::ClientSettings;
use crate::feed::scene::{issuer, keys, session, token_key};
use crate::feed::{Chance, FeedHealth, FeedKeys, FeedLimits, Follower, Revocations, Standing};
use crate::system_clock;

const ALL: FeedRequest = FeedRequest {
    after: None,
    wait: 0,
    challenge: Some(Challenge::from_entropy([1; 16])),
};

fn feed(server: &Server) -> HttpFeed {
    let client = HttpClient::new(ClientSettings::default()).unwrap();
    HttpFeed::new(client, server.endpoint(), Server::token())
}

/// One that loses patience soon.
fn hasty(server: &Server) -> HttpFeed {
    HttpFeed {
        quiet_max: Duration::from_millis(300),
        ..feed(server)
    }
}

fn chance() -> Chance {
    let draws = AtomicU64::new(0);
    Arc::new(move || {
        let n = draws.fetch_add(1, Ordering::Relaxed);
        let mut bytes = [0; 16];
        bytes[8..].copy_from_slice(&n.to_le_bytes());
        bytes
    })
}

/// Revocations that a follower of this source is told of, until it is dropped.
struct Followed {
    revocations: Arc<Revocations>,
    following: JoinHandle<()>,
}

impl Followed {
    fn start(source: HttpFeed) -> Self {
        let revocations = Revocations::new(FeedLimits::default());
        let follower = Follower::new(issuer(), FeedKeys::pinned(keys()).unwrap(), chance());
        let told = Arc::clone(&revocations);
        let following = tokio::spawn(async move {
            let never = std::future::pending();
            follower.follow(source, told, system_clock(), never).await;
        });
        Self {
            revocations,
            following,
        }
    }

    fn health(&self) -> FeedHealth {
        self.revocations.health(system_clock()())
    }

    fn standing(&self, n: u64) -> Standing {
        let now = system_clock()();
        self.revocations.standing(Some(session(n)), &token_key(), now)
    }

    async fn until(&self, becomes: impl Fn(&Self) -> bool) {
        let waiting = async {
            while !becomes(self) {
                tokio::task::yield_now().await;
            }
        };
        let waited = tokio::time::timeout(Duration::from_secs(20), waiting).await;
        assert!(waited.is_ok(), "never, but {:?}", self.health());
    }

    async fn until_read(&self, cursor: u64) {
        self.until(|followed| {
            let health = followed.health();
            health.cursor == Some(cursor) && !health.stale && health.trouble.is_none()
        })
        .await;
    }
}

impl Drop for Followed {
    fn drop(&mut self) {
        self.following.abort();
    }
}

#[tokio::test]
async fn a_feed_is_followed_over_a_stream() {
    let server = Server::start(Manner::Proper).await;
    server.revoke();
    server.revoke();
    let followed = Followed::start(feed(&server));
    assert_eq!(followed.standing(9), Standing::Stale);
    followed.until_read(2).await;
    for n in 3..=20 {
        assert_eq!(followed.standing(n), Standing::Good);
        server.revoke();
        followed.until_read(n).await;
        assert_eq!(followed.standing(n), Standing::Revoked);
    }
    assert_eq!(server.asked().len(), 1);
}

#[tokio::test]
async fn a_feed_without_streams_is_followed_by_pages() {
    let server = Server::start(Manner::PagesOnly).await;
    let followed = Followed::start(feed(&server));
    for n in 1..=5 {
        server.revoke();
        followed.until_read(n).await;
        assert_eq!(followed.standing(n), Standing::Revoked);
    }
    let asked = server.asked();
    // a bell has a wait and no challenge, a page no wait and the last event once more
    assert!(
        asked
            .iter()
            .any(|asked| asked.wait == 20 && asked.challenge.is_none())
    );
    assert!(
        asked
            .iter()
            .any(|asked| asked.wait == 0 && asked.after == Some(3))
    );
    let challenges: std::collections::HashSet<_> = asked.iter().filter_map(|asked| asked.challenge).collect();
    assert_eq!(
        challenges.len(),
        asked.iter().filter(|asked| asked.challenge.is_some()).count()
    );
}

#[tokio::test]
async fn a_server_that_is_restarted_is_followed_from_where_it_was() {
    let mut server = Server::start(Manner::Proper).await;
    server.revoke();
    let followed = Followed::start(feed(&server));
    followed.until_read(1).await;
    server.stop().await;
    followed
        .until(|followed| followed.health().trouble.is_some())
        .await;
    // within the limit nothing valid is refused
    assert_eq!(
        (followed.standing(1), followed.standing(2)),
        (Standing::Revoked, Standing::Good)
    );
    server.revoke();
    server.start_again().await;
    followed.until_read(2).await;
    assert_eq!(followed.standing(2), Standing::Revoked);
    assert_eq!(server.asked().last().unwrap().after, Some(0));
}

#[tokio::test]
async fn a_reader_that_is_restarted_reads_everything_again_before_it_lets_anybody_in() {
    let server = Server::start(Manner::Proper).await;
    server.revoke();
    for _ in 0..3 {
        let followed = Followed::start(feed(&server));
        assert_eq!(followed.standing(9), Standing::Stale);
        followed.until_read(1).await;
        assert_eq!(
            (followed.standing(1), followed.standing(9)),
            (Standing::Revoked, Standing::Good)
        );
    }
    assert!(server.asked().iter().all(|asked| asked.after.is_none()));
}

#[tokio::test]
async fn a_stream_that_ends_after_each_statement_is_read_to_the_end_all_the_same() {
    let server = Server::start(Manner::EndsAfter(3)).await;
    for _ in 0..3 {
        server.revoke();
    }
    let followed = Followed::start(feed(&server));
    followed
        .until(|followed| followed.health().cursor == Some(3))
        .await;
}

#[tokio::test]
async fn a_cursor_that_is_gone_is_started_over_at_once_and_without_doubt() {
    let mut server = Server::start(Manner::Gone).await;
    server.revoke();
    let followed = Followed::start(feed(&server));
    followed.until_read(1).await;
    server.stop().await;
    server.revoke();
    server.start_again().await;
    followed.until_read(2).await;
    let asked = server.asked();
    assert_eq!(asked.last().unwrap().after, None);
    assert!(asked.iter().any(|asked| asked.after == Some(0)));
    assert_eq!(
        (followed.standing(1), followed.standing(9)),
        (Standing::Revoked, Standing::Good)
    );
}

#[tokio::test]
async fn a_server_that_lost_its_history_is_noticed_and_said_so() {
    let mut server = Server::start(Manner::Proper).await;
    for _ in 0..3 {
        server.revoke();
    }
    let followed = Followed::start(feed(&server));
    followed.until_read(3).await;
    server.stop().await;
    server.forget_all();
    server.revoke();
    server.start_again().await;
    followed.until_read(1).await;
    assert_eq!(
        (followed.standing(3), followed.standing(9)),
        (Standing::Revoked, Standing::Good)
    );
}

#[tokio::test]
async fn a_wrong_token_is_said_so_and_lets_nobody_in() {
    let server = Server::start(Manner::Proper).await;
    let wrong = HttpFeed {
        token: FeedToken::from_entropy([6; 32]),
        ..feed(&server)
    };
    let followed = Followed::start(wrong);
    followed
        .until(|followed| followed.health().trouble.is_some())
        .await;
    assert_eq!(
        followed.health().trouble.as_deref(),
        Some("the revocation feed does not accept the feed token of this reader")
    );
    assert_eq!(followed.standing(9), Standing::Stale);
    assert!(server.asked().is_empty());
}

#[tokio::test]
async fn every_other_answer_is_a_fault_of_its_name() {
    let text = |text: &'static str| Manner::Says(Bytes::from_static(text.as_bytes()));
    let server = Server::start(Manner::Proper).await;
    for (manner, stream, page) in [
        (Manner::Status(302), "status 302", "status 302"),
        (Manner::Status(204), "status 204", "status 204"),
        (Manner::Status(400), "status 400", "status 400"),
        (Manner::Status(410), "status 410", "status 410"),
        (Manner::Status(503), "status 503", "status 503"),
        (Manner::PagesOnly, "text/event-stream", ""),
        (text(""), "ended", "list of statements"),
        (text("data: \n"), "ended", "list of statements"),
        (text("{}"), "ended", "list of statements"),
        (
            text(r#"{"statements":[],"statements":[]}"#),
            "ended",
            "list of statements",
        ),
        (text(r#"{"statements":[null]}"#), "ended", "list of statements"),
        (
            Manner::Says(vec![b'a'; 20_000].into()),
            "longer",
            "list of statements",
        ),
        (
            Manner::Says(vec![b' '; PAGE_BYTES_MAX + 1].into()),
            "longer",
            "longer",
        ),
        (
            Manner::Says(format!(r#"{{"statements":[{}""]}}"#, r#""","#.repeat(257)).into()),
            "ended",
            "longer",
        ),
    ] {
        server.behave(manner.clone());
        let read = async {
            let mut stream = feed(&server).open(ALL).await?;
            stream.next().await
        };
        let fault = read.await.unwrap_err().to_string();
        assert!(fault.contains(stream), "{fault} for {stream}");
        match feed(&server).page(ALL).await {
            Ok(_) => assert_eq!(page, ""),
            Err(fault) => assert!(
                !page.is_empty() && fault.to_string().contains(page),
                "{fault} for {page}"
            ),
        }
    }
}

#[tokio::test]
async fn a_cursor_is_refused_by_either_status_and_only_where_there_is_one() {
    let server = Server::start(Manner::Proper).await;
    for code in [400, 410] {
        server.behave(Manner::Status(code));
        let with_cursor = FeedRequest {
            after: Some(7),
            ..ALL
        };
        assert!(matches!(
            feed(&server).page(with_cursor).await,
            Err(FeedFault::CursorRefused)
        ));
        assert!(matches!(
            feed(&server).page(ALL).await,
            Err(FeedFault::Refused { .. })
        ));
    }
}

// attack: bytes that come often enough to look alive and never make a statement
#[tokio::test]
async fn a_stream_that_drips_is_silent() {
    let server = Server::start(Manner::Drips).await;
    let mut stream = hasty(&server).open(ALL).await.unwrap();
    assert!(matches!(stream.next().await, Err(FeedFault::Silent)));
}

#[tokio::test]
async fn nothing_is_waited_for_longer_than_it_may_take() {
    // takes connections and never says a word
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let server = Server::start(Manner::Proper).await;
    let mute = HttpFeed {
        endpoint: format!("http://{}/", listener.local_addr().unwrap()),
        ..hasty(&server)
    };
    assert!(matches!(mute.open(ALL).await, Err(FeedFault::Silent)));
    assert!(matches!(mute.page(ALL).await, Err(FeedFault::Silent)));
    // a stream without heads
    let mut stream = hasty(&server).open(ALL).await.unwrap();
    stream.next().await.unwrap();
    assert!(matches!(stream.next().await, Err(FeedFault::Silent)));
    drop(listener);
    assert!(matches!(mute.open(ALL).await, Err(FeedFault::Unreachable(_))));
}

#[test]
fn the_token_is_in_no_debug_output_and_in_no_fault() {
    let client = HttpClient::new(ClientSettings::default()).unwrap();
    let feed = HttpFeed::new(client, "https://entryway.example/r".to_owned(), Server::token());
    assert_eq!(format!("{feed:?}"), r#"HttpFeed("https://entryway.example/r")"#);
}
