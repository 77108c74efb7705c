//! What a reader is told, in which order, and from where on.

use axum::body::Body;
use entryway_oauth::revocation::{Challenge, FeedHead, Statement};
use entryway_oauth::time::{Seconds, Timestamp};
use entryway_store::REVOCATION_KEPT;
use entryway_tests::{Client, Engine, Told, alice, at_once, bob, both_engines, login};
use tokio::time::Instant;

use super::{Scene, numbers, session};

/// The longest life of an access token.
const HOUR: Seconds = Seconds::minutes(60);

fn challenge() -> Challenge {
    Challenge::from_entropy([7; 16])
}

impl Scene {
    async fn page(&self, query: &str) -> Told {
        self.gate.page(&self.server, query).await
    }

    fn head(&self, seq: u64, oldest: u64, challenge: Option<Challenge>) -> FeedHead {
        FeedHead {
            iss: self.server.app().issuer().clone(),
            seq,
            oldest,
            iat: self.server.clock().now(),
            challenge,
        }
    }

    /// Until everything that happened so far is forgotten.
    async fn forget(&self) {
        let clock = self.server.clock();
        clock.advance(REVOCATION_KEPT.0 + HOUR.0);
        let sweep = self.server.app().store().sweep(clock.now(), 1_000);
        sweep.await.unwrap();
    }
}

async fn a_stream_begins_with_a_head_and_goes_on_after_the_cursor(engine: Engine) {
    let scene = Scene::begin(engine).await;
    scene.tell(3).await;
    for (query, after, challenge) in [
        (String::new(), 0, None),
        ("after=0".to_owned(), 0, None),
        (format!("after=1&challenge={}", challenge()), 1, Some(challenge())),
        ("after=3&wait=30".to_owned(), 3, None),
    ] {
        let mut stream = scene.stream(&query).await;
        let first = stream.next().await.unwrap();
        let head = Statement::Head(scene.head(3, 1, challenge));
        assert_eq!((first.id, first.statement), (None, head), "{query}");
        for seq in after + 1..=3 {
            assert_eq!(stream.event().await.seq, seq, "{query}");
        }
    }
    let mut stream = scene.stream("after=3").await;
    scene.tell(2).await;
    for seq in 4..=5 {
        assert_eq!(stream.event().await.seq, seq);
    }
}

async fn a_page_has_what_comes_after_the_cursor_and_a_head(engine: Engine) {
    let scene = Scene::begin(engine).await;
    assert_eq!(
        scene.page("").await,
        Told {
            events: vec![],
            head: scene.head(0, 1, None)
        }
    );
    scene.tell(3).await;
    let all = scene.page("").await;
    assert_eq!(
        (numbers(&all.events), &all.head),
        (vec![1, 2, 3], &scene.head(3, 1, None))
    );
    for (query, after, challenge) in [
        ("after=".to_owned(), 0, None),
        ("after=0&wait=30".to_owned(), 0, None),
        (format!("challenge={}&after=2", challenge()), 2, Some(challenge())),
        ("after=3".to_owned(), 3, None),
        ("after=3&unknown=x".to_owned(), 3, None),
    ] {
        let told = scene.page(&query).await;
        let expected = Told {
            events: all.events[after..].to_vec(),
            head: scene.head(3, 1, challenge),
        };
        assert_eq!(told, expected, "{query}");
    }
}

async fn who_waits_in_vain_is_told_so(engine: Engine) {
    let scene = Scene::begin(engine).await;
    scene.tell(1).await;
    let begun = Instant::now();
    let told = scene.page("after=1&wait=1").await;
    assert!(begun.elapsed().as_millis() >= 1_000);
    assert_eq!((told.events, told.head), (vec![], scene.head(1, 1, None)));
}

/// A client of server-sent events that connects again repeats its query, and adds what it saw last.
async fn the_last_event_seen_counts_more_than_the_query(engine: Engine) {
    let scene = Scene::begin(engine).await;
    scene.tell(3).await;
    for (id, status, events) in [
        ("2", 200, 1),
        ("3", 200, 0),
        ("4", 410, 0),
        ("x", 400, 0),
        ("", 400, 0),
    ] {
        let request = scene.gate.request("after=0").header("last-event-id", id);
        let reply = scene.server.send(request.body(Body::empty()).unwrap()).await;
        assert_eq!(reply.code(), status, "{id}");
        if status == 200 {
            let statements = reply.json()["statements"].as_array().unwrap().len();
            assert_eq!(statements, events + 1, "{id}");
        }
    }
}

// a stream is never silent for long, and no head is older than the feed was looked at
#[tokio::test]
async fn a_stream_says_every_few_seconds_how_far_it_is() {
    let scene = Scene::begin(Engine::Sqlite).await;
    let mut stream = scene.stream(&format!("challenge={}", challenge())).await;
    let begun = Instant::now();
    assert_eq!(stream.head().await, scene.head(0, 1, Some(challenge())));
    scene.server.clock().advance(100);
    scene.tell(1).await;
    assert_eq!(stream.event().await.seq, 1);
    assert_eq!(stream.head().await, scene.head(1, 1, Some(challenge())));
    let waited = begun.elapsed().as_secs();
    assert!((4..10).contains(&waited), "{waited}");
}

async fn readers_see_one_order_without_gaps_while_many_end(engine: Engine) {
    let scene = Scene::begin(engine).await;
    let server = &scene.server;
    let mut sessions = Vec::new();
    for number in 0..16 {
        let client = Client::named(&format!("callback/{number}"));
        let account = if number % 2 == 0 { alice() } else { bob() };
        let tokens = login(server, &client, account).await;
        sessions.push((client, tokens));
    }
    let (mut first, mut second) = (scene.stream("").await, scene.stream("").await);
    let ending = sessions.iter().map(|(client, tokens)| {
        let (server, call) = (server.clone(), client.revoke(&tokens.access_token));
        async move { assert_eq!(call.send(&server).await.code(), 200) }
    });
    at_once(ending.collect::<Vec<_>>()).await;
    let told = scene.page("").await;
    assert_eq!(numbers(&told.events), (1..=16).collect::<Vec<_>>());
    for event in &told.events {
        assert_eq!(first.event().await, *event);
        assert_eq!(second.event().await, *event);
    }
    let mut named: Vec<_> = told
        .events
        .iter()
        .flat_map(|event| event.subject.sessions())
        .collect();
    let mut ended: Vec<_> = sessions.iter().map(|(_, tokens)| session(tokens)).collect();
    named.sort();
    ended.sort();
    assert_eq!(named, ended.iter().collect::<Vec<_>>());
}

/// Signing is not repeated for each reader that follows closely.
#[tokio::test]
async fn an_event_is_signed_once_for_all_who_follow() {
    let scene = Scene::begin(Engine::Sqlite).await;
    let mut streams = [scene.stream("").await, scene.stream("").await];
    for stream in &mut streams {
        stream.head().await;
    }
    scene.tell(1).await;
    let [one, other] = &mut streams;
    assert_eq!(one.next().await.unwrap().jws, other.next().await.unwrap().jws);
}

async fn who_was_away_for_long_is_told_page_by_page(engine: Engine) {
    let scene = Scene::begin(engine).await;
    scene.tell(300).await;
    for (after, first, last) in [(0, 1, 256), (256, 257, 300), (300, 301, 300)] {
        let told = scene.page(&format!("after={after}")).await;
        assert_eq!(numbers(&told.events), (first..=last).collect::<Vec<_>>());
        assert_eq!(told.head.seq, 300);
    }
    let mut stream = scene.stream("after=7").await;
    for seq in 8..=300 {
        assert_eq!(stream.event().await.seq, seq);
    }
}

async fn a_cursor_that_cannot_be_continued_is_gone(engine: Engine) {
    let scene = Scene::begin(engine).await;
    scene.tell(4).await;
    scene.forget().await;
    scene.tell(2).await;
    let (gone, ahead) = (
        "after names an event that is no longer kept, leave it out to begin with the oldest",
        "after is beyond the newest event, leave it out to begin with the oldest",
    );
    for (after, refusal) in [
        (0, Some(gone)),
        (3, Some(gone)),
        (4, None),
        (6, None),
        (7, Some(ahead)),
        (i64::MAX, Some(ahead)),
    ] {
        for accept in ["application/json", "text/event-stream"] {
            let request = scene
                .gate
                .request(&format!("after={after}"))
                .header("accept", accept);
            if refusal.is_none() && accept == "text/event-stream" {
                continue;
            }
            let reply = scene.server.send(request.body(Body::empty()).unwrap()).await;
            let Some(sentence) = refusal else {
                assert_eq!(reply.code(), 200, "{after}");
                continue;
            };
            assert_eq!(reply.code(), 410, "{after} {accept}");
            assert_eq!(reply.member("error"), "cursor_gone");
            assert_eq!(reply.member("error_description"), sentence);
        }
    }
    let told = scene.page("").await;
    assert_eq!(
        (numbers(&told.events), told.head),
        (vec![5, 6], scene.head(6, 5, None))
    );
    scene.forget().await;
    let told = scene.page("").await;
    assert_eq!(
        (numbers(&told.events), told.head),
        (vec![], scene.head(6, 7, None))
    );
}

/// The instants are the service's, not the database's or the machine's.
async fn events_are_dated_by_the_clock_of_the_service(engine: Engine) {
    let scene = Scene::begin(engine).await;
    scene.tell(1).await;
    scene.server.clock().advance(7);
    scene.tell(1).await;
    let events = scene.page("").await.events;
    let now = Timestamp::from_seconds(scene.server.now());
    let dates: Vec<_> = events.iter().map(|event| (event.iat, event.until)).collect();
    let hour = Seconds::minutes(60);
    assert_eq!(
        dates,
        [(now - Seconds(7), now - Seconds(7) + hour), (now, now + hour)]
    );
}

both_engines! {
    a_stream_begins_with_a_head_and_goes_on_after_the_cursor,
    a_page_has_what_comes_after_the_cursor_and_a_head,
    who_waits_in_vain_is_told_so,
    the_last_event_seen_counts_more_than_the_query,
    readers_see_one_order_without_gaps_while_many_end,
    who_was_away_for_long_is_told_page_by_page,
    a_cursor_that_cannot_be_continued_is_gone,
    events_are_dated_by_the_clock_of_the_service,
}
