mod freshness;
mod harm;
mod history;

use std::sync::Arc;

use entryway_oauth::revocation::{FeedKey, InvalidStatement, Revoked};
use entryway_oauth::time::Seconds;

use super::*;
use crate::feed::scene::{
    CHALLENGE, at, at_jumped, date, event, head, issuer, keys, session, signed, token_key,
};
use crate::feed::{FeedLimits, Standing};

/// A follower's memory between connections.
struct Reader {
    place: Place,
    revocations: Arc<Revocations>,
}

impl Reader {
    fn new() -> Self {
        Self::with(FeedLimits::default())
    }

    fn with(limits: FeedLimits) -> Self {
        Self {
            place: Place::start(issuer()),
            revocations: Revocations::new(limits),
        }
    }

    /// One that has read these events, the last at this second.
    fn at_event(seq: u64, seconds: u64) -> Self {
        let mut reader = Self::new();
        let events = (1..=seq).map(|seq| signed(event(seq, seconds)));
        let page: Vec<String> = events.chain([signed(head(seq, 1, seconds))]).collect();
        reader.read(seconds, &page).unwrap();
        reader
    }

    /// Reads one connection's statements, all at this second.
    fn read(&mut self, seconds: u64, statements: &[String]) -> Result<bool, FeedFault> {
        let timed: Vec<(u64, String)> = statements.iter().map(|text| (seconds, text.clone())).collect();
        self.read_timed(&timed)
    }

    /// Reads one connection's statements as they come.
    fn read_timed(&mut self, statements: &[(u64, String)]) -> Result<bool, FeedFault> {
        let begin = at(statements.first().map_or(0, |(seconds, _)| *seconds));
        let mut reading = Reading::new(&mut self.place, &self.revocations, CHALLENGE, begin);
        for (seconds, text) in statements {
            reading.take(text, &keys(), at(*seconds))?;
        }
        Ok(reading.is_complete())
    }

    fn after(&self) -> Option<u64> {
        self.place.request(CHALLENGE).after
    }

    fn standing(&self, n: u64, seconds: u64) -> Standing {
        self.revocations
            .standing(Some(session(n)), &token_key(), at(seconds))
    }

    fn age(&self, seconds: u64) -> Option<u64> {
        self.revocations.health(at(seconds)).age.map(|age| age.as_secs())
    }
}

#[test]
fn a_reader_asks_for_everything_first_and_then_from_its_last_event_on() {
    let mut reader = Reader::new();
    assert_eq!(
        reader.place.request(CHALLENGE),
        FeedRequest {
            after: None,
            wait: 0,
            challenge: Some(CHALLENGE)
        }
    );
    // nothing ever happened
    assert!(reader.read(0, &[signed(head(0, 1, 0))]).unwrap());
    assert_eq!((reader.after(), reader.standing(1, 0)), (None, Standing::Good));
    // something happened, and is not kept any more
    assert!(reader.read(1, &[signed(head(7, 8, 1))]).unwrap());
    assert_eq!((reader.after(), reader.place.cursor()), (None, 7));
    let stream = [signed(head(9, 8, 2)), signed(event(8, 2)), signed(event(9, 2))];
    assert!(reader.read(2, &stream).unwrap());
    assert_eq!((reader.after(), reader.place.cursor()), (Some(8), 9));
    assert_eq!(reader.standing(9, 2), Standing::Revoked);
}

#[test]
fn knowledge_is_complete_with_the_last_event_that_a_head_tells_of_and_not_before() {
    let mut reader = Reader::new();
    let stream = [
        signed(head(3, 1, 0)),
        signed(event(1, 0)),
        signed(event(2, 0)),
        signed(event(3, 0)),
    ];
    for read in 0..stream.len() {
        assert!(!reader.read(5, &stream[..read]).unwrap());
        assert_eq!(reader.standing(9, 5), Standing::Stale, "{read}");
        reader.place.start_over();
    }
    assert!(reader.read(5, &stream).unwrap());
    assert_eq!(reader.standing(9, 5), Standing::Good);
}

#[test]
fn events_before_a_head_count_once_it_says_that_none_came_before_them() {
    let page = |first: u64| {
        [
            signed(event(first, 0)),
            signed(event(first + 1, 0)),
            signed(head(first + 1, 5, 0)),
        ]
    };
    for (first, fine) in [(4, true), (5, true), (6, false)] {
        let mut reader = Reader::new();
        let read = reader.read(0, &page(first));
        match read {
            Ok(complete) => assert!(fine && complete),
            Err(fault) => {
                assert!(
                    !fine
                        && matches!(
                            fault,
                            FeedFault::OutOfOrder {
                                expected: 5,
                                found: 6
                            }
                        ),
                    "{fault}"
                );
                // and what was read of them is not where it goes on
                assert_eq!((reader.after(), reader.age(0)), (None, None));
            }
        }
        // known all the same
        assert_eq!(reader.standing(first, 0), Standing::Revoked);
    }
}

#[test]
fn a_page_that_is_not_the_last_is_gone_on_from() {
    let mut reader = Reader::new();
    let first = [signed(event(1, 0)), signed(event(2, 0)), signed(head(3, 1, 0))];
    assert!(!reader.read(0, &first).unwrap());
    assert_eq!((reader.after(), reader.age(0)), (Some(1), None));
    let second = [signed(event(2, 0)), signed(event(3, 0)), signed(head(3, 1, 1))];
    assert!(reader.read(1, &second).unwrap());
    assert_eq!(reader.age(1), Some(0));
}

#[test]
fn a_connection_goes_on_where_the_one_before_was_cut() {
    let mut reader = Reader::at_event(3, 0);
    let stream = [
        signed(head(5, 1, 9)),
        signed(event(3, 0)),
        signed(event(4, 8)),
        signed(event(5, 8)),
    ];
    for cut in 0..4 {
        reader.read(9, &stream[..cut]).unwrap();
        assert_eq!(reader.age(9), Some(9), "{cut}");
        if cut == 3 {
            // the fourth was read, and is where it goes on
            assert_eq!(reader.after(), Some(3));
            let rest = [signed(head(5, 1, 10)), signed(event(4, 8)), signed(event(5, 8))];
            assert!(reader.read(10, &rest).unwrap());
        }
    }
    assert_eq!(
        (reader.age(10), reader.standing(5, 10)),
        (Some(0), Standing::Revoked)
    );
}

#[test]
fn a_gap_a_repetition_and_a_reordering_end_the_connection_and_count_for_nothing() {
    for (statements, expected, found) in [
        (vec![signed(event(5, 9))], 4, 5),
        (vec![signed(event(4, 9)), signed(event(4, 9))], 5, 4),
        (vec![signed(event(4, 9)), signed(event(3, 0))], 5, 3),
        (
            vec![signed(event(4, 9)), signed(event(6, 9)), signed(event(5, 9))],
            5,
            6,
        ),
        // a head said before the event that it follows
        (vec![signed(event(4, 9)), signed(head(3, 1, 9))], 4, 3),
        (
            vec![signed(head(4, 1, 9)), signed(event(4, 9)), signed(head(3, 1, 9))],
            4,
            3,
        ),
    ] {
        let mut reader = Reader::at_event(3, 0);
        let stream: Vec<String> = [signed(event(3, 0))].into_iter().chain(statements).collect();
        let fault = reader.read(9, &stream).unwrap_err();
        assert!(
            matches!(fault, FeedFault::OutOfOrder { expected: e, found: f } if (e, f) == (expected, found)),
            "{fault}"
        );
        // goes on from the last good one, with nothing distrusted
        assert!(reader.after().is_some());
        assert_eq!(reader.standing(3, 9), Standing::Revoked);
        assert_eq!(reader.standing(9, 60), Standing::Good);
    }
}

#[test]
fn what_is_not_the_issuers_ends_the_connection() {
    let foreign = Issuer::parse("https://evil.example").unwrap();
    let other = FeedKey::from_bytes(&[8; 32]).unwrap();
    let mut event = event(4, 9);
    let forged = other.sign(&event.clone().into()).unwrap();
    event.iss = foreign.clone();
    let of_another = signed(event);
    let head_of_another = signed(FeedHead {
        iss: foreign,
        ..head(3, 1, 9)
    });
    for (text, expected) in [
        (of_another, FeedFault::IssuerForeign),
        (head_of_another, FeedFault::IssuerForeign),
        (forged, InvalidStatement::Signature.into()),
        (String::new(), InvalidStatement::Malformed.into()),
        ("a".repeat(20_000), InvalidStatement::Malformed.into()),
    ] {
        let mut reader = Reader::at_event(3, 0);
        let fault = reader
            .read(9, &[signed(super::tests::event(3, 0)), text])
            .unwrap_err();
        assert_eq!(fault.to_string(), expected.to_string());
        assert_eq!((reader.age(9), reader.after()), (Some(9), Some(2)));
    }
}

#[test]
fn a_kind_nobody_knows_is_never_read_past() {
    let device = r#"{"kind":"device"}"#;
    assert!(serde_json::from_str::<Revoked>(device).is_err());
    let text = unknown_kind(&event(4, 9));
    let mut reader = Reader::at_event(3, 0);
    for seconds in [9, 10, 11] {
        let fault = reader.read(
            seconds,
            &[signed(event(3, 0)), text.clone(), signed(head(4, 1, seconds))],
        );
        assert!(matches!(
            fault,
            Err(FeedFault::Statement(InvalidStatement::KindUnknown))
        ));
    }
    assert_eq!(
        (reader.age(61), reader.standing(9, 61)),
        (Some(61), Standing::Stale)
    );
}

/// The event as a later version may write it.
fn unknown_kind(event: &RevocationEvent) -> String {
    use base64::Engine as _;
    use base64::engine::general_purpose::URL_SAFE_NO_PAD;
    let mut claims = serde_json::to_value(event).unwrap();
    claims["kind"] = "device".into();
    let header = serde_json::json!({
        "alg": "ES256", "kid": crate::feed::scene::key().kid(), "typ": "entryway-revocation+jwt",
    });
    let encode = |json: &serde_json::Value| URL_SAFE_NO_PAD.encode(json.to_string());
    let text = format!("{}.{}", encode(&header), encode(&claims));
    let mut jwk: serde_json::Value = serde_json::from_str(&keys()[0].canonical_json()).unwrap();
    jwk["d"] = URL_SAFE_NO_PAD.encode([7; 32]).into();
    let jwk = josekit::jwk::Jwk::from_bytes(jwk.to_string()).unwrap();
    let signer = josekit::jws::ES256.signer_from_jwk(&jwk).unwrap();
    let signature = josekit::jws::JwsSigner::sign(&signer, text.as_bytes()).unwrap();
    format!("{text}.{}", URL_SAFE_NO_PAD.encode(signature))
}

#[test]
fn more_than_is_remembered_fails_closed_until_it_is_read_again_and_fits() {
    let mut reader = Reader::with(FeedLimits {
        entries_max: 2,
        ..FeedLimits::default()
    });
    let page = |latest, seconds| -> Vec<String> {
        let events = (1..=latest).map(|seq| signed(event(seq, 0)));
        events.chain([signed(head(latest, 1, seconds))]).collect()
    };
    assert!(reader.read(0, &page(2, 0)).unwrap());
    for seconds in [1, 899] {
        let fault = reader.read(seconds, &page(3, seconds)[1..]).unwrap_err();
        assert!(matches!(fault, FeedFault::Full { entries_max: 2 }), "{fault}");
        assert_eq!(
            (reader.standing(9, seconds), reader.after()),
            (Standing::Stale, None)
        );
        assert_eq!(reader.standing(1, seconds), Standing::Revoked);
        reader.read(seconds, &page(2, seconds)).unwrap();
    }
    reader.place.start_over();
    assert!(reader.read(1_800, &page(2, 1_800)).unwrap());
}

#[test]
fn a_stream_that_tells_of_events_and_does_not_give_them_is_left() {
    let mut reader = Reader::at_event(3, 0);
    let heads = |last: u64| -> Vec<(u64, String)> {
        let heads = (2..=last).map(|n| (5 * n, signed(head(4, 1, 5 * n))));
        [(10, signed(event(3, 0)))].into_iter().chain(heads).collect()
    };
    assert!(!reader.read_timed(&heads(4)).unwrap());
    let fault = reader.read_timed(&heads(5)).unwrap_err();
    assert!(matches!(fault, FeedFault::Withheld), "{fault}");
    assert_eq!(reader.age(25), Some(25));
    // an event after a long quiet time is not withheld only since it is on its way
    let quiet = (1..=20).map(|n| (5 * n, signed(head(3, 1, 5 * n))));
    let stream: Vec<(u64, String)> = [(5, signed(event(3, 0)))]
        .into_iter()
        .chain(quiet)
        .chain([(105, signed(head(4, 1, 105))), (105, signed(event(4, 104)))])
        .collect();
    assert!(Reader::at_event(3, 0).read_timed(&stream).unwrap());
}

#[test]
fn a_feed_busier_than_its_heads_is_complete_all_the_same() {
    let mut reader = Reader::at_event(3, 0);
    let mut stream = vec![(5, signed(event(3, 0)))];
    // each head tells of one more event than was sent
    for n in 1..=10 {
        stream.push((5 * n, signed(head(3 + n, 1, 5 * n))));
        stream.push((5 * n + 4, signed(event(3 + n, 5 * n))));
    }
    assert!(reader.read_timed(&stream).unwrap());
    assert_eq!(reader.age(54), Some(5));
}

#[test]
fn a_key_of_the_feed_may_change_within_a_connection() {
    let new = FeedKey::from_bytes(&[9; 32]).unwrap();
    let mut reader = Reader::at_event(3, 0);
    let mut reading = Reading::new(&mut reader.place, &reader.revocations, CHALLENGE, at(9));
    reading.take(&signed(event(3, 0)), &keys(), at(9)).unwrap();
    let both = [keys(), vec![new.public().clone()]].concat();
    let text = new.sign(&event(4, 9).into()).unwrap();
    assert!(reading.take(&text, &keys(), at(9)).is_err());
    reading.take(&text, &both, at(9)).unwrap();
    let text = new.sign(&head(4, 1, 10).into()).unwrap();
    reading.take(&text, &both[1..], at(10)).unwrap();
    assert!(reading.is_complete());
    assert_eq!(date(10) - date(9), Seconds(1));
}
