use std::sync::Arc;

use entryway_oauth::revocation::{FeedKey, InvalidStatement, Revoked};
use entryway_oauth::time::Seconds;
use proptest::prelude::*;

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
fn a_head_is_no_news_before_the_overlap_came() {
    let mut reader = Reader::at_event(3, 0);
    let heads = [(9, signed(head(3, 1, 9))), (14, signed(head(3, 1, 14)))];
    assert!(!reader.read_timed(&heads).unwrap());
    assert_eq!(reader.age(14), Some(14));
    assert!(
        reader
            .read(15, &[signed(head(3, 1, 15)), signed(event(3, 0))])
            .unwrap()
    );
    assert_eq!(reader.age(15), Some(0));
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

// attack: an answer recorded yesterday, when the session was not revoked yet, or kept by a cache
#[test]
fn a_head_that_does_not_answer_this_very_request_is_never_believed() {
    for challenge in [None, Some(Challenge::from_entropy([2; 16]))] {
        let mut reader = Reader::at_event(3, 0);
        let recorded = signed(FeedHead {
            challenge,
            ..head(3, 1, 9)
        });
        let fault = reader.read(9, &[signed(event(3, 0)), recorded]).unwrap_err();
        assert!(matches!(fault, FeedFault::AnswerOld), "{fault}");
        assert_eq!(reader.age(9), Some(9));
    }
}

// attack: the first head of a connection, repeated for ever
#[test]
fn a_head_that_is_repeated_makes_nothing_fresher() {
    let mut reader = Reader::at_event(3, 0);
    let first = signed(head(3, 1, 10));
    let stream = [
        (10, signed(event(3, 0))),
        (10, first.clone()),
        (15, first.clone()),
        (20, first.clone()),
        (25, first),
    ];
    assert!(reader.read_timed(&stream[..4]).is_ok());
    assert_eq!(reader.age(20), Some(10));
    let fault = reader.read_timed(&stream).unwrap_err();
    assert!(matches!(fault, FeedFault::HeldUp { seconds: 15 }), "{fault}");
    assert_eq!(reader.age(25), Some(15));
}

// attack: the stream is let through with a growing delay
#[test]
fn a_head_counts_from_when_it_was_said_and_not_from_when_it_was_let_through() {
    let mut reader = Reader::at_event(3, 0);
    let delayed = [
        (10, signed(event(3, 0))),
        (10, signed(head(3, 1, 10))),
        (17, signed(head(3, 1, 15))),
        (24, signed(head(3, 1, 20))),
        (36, signed(head(3, 1, 25))),
    ];
    assert!(reader.read_timed(&delayed[..4]).is_ok());
    // the date's second, and the one it may be off
    assert_eq!(reader.age(24), Some(5));
    let fault = reader.read_timed(&delayed).unwrap_err();
    assert!(matches!(fault, FeedFault::HeldUp { seconds: 12 }), "{fault}");
    assert_eq!(reader.age(36), Some(12));
}

#[test]
fn the_calendars_of_server_and_reader_may_be_years_apart() {
    for jump in [-400_000_000, -61, 61, 400_000_000] {
        let mut reader = Reader::new();
        let mut reading = Reading::new(
            &mut reader.place,
            &reader.revocations,
            CHALLENGE,
            at_jumped(0, jump),
        );
        for seconds in [0, 5, 10] {
            let head = signed(head(0, 1, seconds));
            reading.take(&head, &keys(), at_jumped(seconds, jump)).unwrap();
        }
        assert_eq!(reader.age(10), Some(1), "{jump}");
    }
}

#[test]
fn a_server_whose_clock_is_set_is_believed_again_from_the_next_connection_on() {
    for (second, dated, fine) in [
        (1_005, 0, false),
        (1_005, 999, false),
        (1_005, 1_000, true),
        (1_005, 1_007, true),
        (1_005, 1_008, false),
        (1_005, 90_000, false),
    ] {
        let mut reader = Reader::at_event(3, 1_000);
        let overlap = || (1_000, signed(event(3, 1_000)));
        let first = (1_000, signed(head(3, 1, 1_000)));
        let read = reader.read_timed(&[overlap(), first, (second, signed(head(3, 1, dated)))]);
        assert!(
            matches!(read, Ok(true) if fine) || matches!(read, Err(FeedFault::ClockSet) if !fine),
            "{dated}"
        );
        let (_, event) = overlap();
        let next = [(1_006, event), (1_006, signed(head(3, 1, dated + 1)))];
        assert!(reader.read_timed(&next).unwrap());
        assert_eq!(reader.age(1_006), Some(0), "{dated}");
    }
}

#[test]
fn a_feed_that_goes_back_is_distrusted_at_once_and_read_from_its_beginning() {
    let other = RevocationEvent {
        subject: Revoked::Session {
            sessions: vec![session(77)],
        },
        ..event(3, 0)
    };
    for stream in [
        // the latest is an earlier one
        vec![signed(head(2, 1, 9))],
        vec![signed(head(0, 1, 9))],
        // as many events as before, or more, but not the same
        vec![signed(head(3, 1, 9)), signed(other.clone())],
        vec![signed(other), signed(event(4, 9)), signed(head(4, 1, 9))],
    ] {
        let mut reader = Reader::at_event(3, 0);
        let fault = reader.read(9, &stream).unwrap_err();
        assert!(matches!(fault, FeedFault::HistoryLost { had: 3, .. }), "{fault}");
        assert_eq!((reader.age(9), reader.after()), (None, None));
        // fails closed, and forgets nothing
        assert_eq!(reader.standing(9, 9), Standing::Stale);
        assert_eq!(reader.standing(3, 9), Standing::Revoked);
        // the new history is followed from its beginning
        let page = [signed(event(1, 0)), signed(event(2, 10)), signed(head(2, 1, 10))];
        assert!(reader.read(10, &page).unwrap());
        assert_eq!(
            (reader.standing(9, 10), reader.after()),
            (Standing::Good, Some(1))
        );
    }
}

// lost on the way, which anybody could bring about: no ground to refuse what is known to be good
#[test]
fn an_overlap_that_does_not_come_is_a_gap_and_no_lost_history() {
    let mut reader = Reader::at_event(3, 0);
    let fault = reader.read(9, &[signed(head(4, 1, 9)), signed(event(4, 9))]);
    assert!(matches!(
        fault,
        Err(FeedFault::OutOfOrder {
            expected: 3,
            found: 4
        })
    ));
    assert_eq!(
        (reader.standing(9, 60), reader.after()),
        (Standing::Good, Some(2))
    );
}

#[test]
fn a_lost_history_is_said_in_a_sentence_for_the_operator() {
    let mut reader = Reader::at_event(3, 0);
    let fault = reader.read(9, &[signed(head(2, 1, 9))]).unwrap_err();
    assert_eq!(
        fault.to_string(),
        "the revocation feed lost its history, as when a database is restored: event 3 was read before and \
         the latest is now 2 or another one, starting over"
    );
}

#[test]
fn starting_over_after_a_cursor_was_refused_forgets_nothing_and_stays_fresh() {
    let mut reader = Reader::at_event(3, 0);
    reader.place.start_over();
    assert_eq!((reader.after(), reader.standing(9, 9)), (None, Standing::Good));
    assert!(
        reader
            .read(9, &[signed(head(5, 5, 9)), signed(event(5, 9))])
            .unwrap()
    );
    assert_eq!(reader.standing(3, 9), Standing::Revoked);
}

#[test]
fn a_history_that_turns_out_to_be_lost_while_starting_over_is_distrusted_until_it_is_read() {
    let mut reader = Reader::at_event(3, 0);
    reader.place.start_over();
    reader.read(9, &[signed(head(2, 1, 9))]).unwrap();
    assert_eq!(reader.standing(9, 9), Standing::Stale);
    assert!(
        reader
            .read(
                9,
                &[signed(head(2, 1, 9)), signed(event(1, 0)), signed(event(2, 0))]
            )
            .unwrap()
    );
    assert_eq!(reader.standing(9, 9), Standing::Good);
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

/// What may happen to a stream on its way, each at some statement of it.
#[derive(Clone, Copy, Debug)]
enum Harm {
    Lost(prop::sample::Index),
    Twice(prop::sample::Index),
    Swapped(prop::sample::Index),
    /// Another history: this statement comes from a feed that was restored.
    Restored(prop::sample::Index),
    Recorded(prop::sample::Index),
    Cut(prop::sample::Index),
}

fn harm() -> impl Strategy<Value = Harm> {
    let at = any::<prop::sample::Index>;
    prop_oneof![
        at().prop_map(Harm::Lost),
        at().prop_map(Harm::Twice),
        at().prop_map(Harm::Swapped),
        at().prop_map(Harm::Restored),
        at().prop_map(Harm::Recorded),
        at().prop_map(Harm::Cut),
    ]
}

fn harmed(stream: &mut Vec<Statement>, harm: Harm) {
    let (Harm::Lost(at)
    | Harm::Twice(at)
    | Harm::Swapped(at)
    | Harm::Restored(at)
    | Harm::Recorded(at)
    | Harm::Cut(at)) = harm;
    if stream.is_empty() {
        return;
    }
    let at = at.index(stream.len());
    match (harm, &mut stream[at]) {
        (Harm::Lost(_), _) => drop(stream.remove(at)),
        (Harm::Twice(_), said) => {
            let said = said.clone();
            stream.insert(at, said);
        }
        (Harm::Swapped(_), _) => stream.swap(at, 0),
        (Harm::Restored(_), Statement::Event(event)) => event.until = date(9_000),
        (Harm::Restored(_), Statement::Head(head)) => head.seq = head.seq.saturating_sub(1),
        (Harm::Recorded(_), Statement::Head(head)) => head.challenge = None,
        (Harm::Recorded(_), _) => {}
        (Harm::Cut(_), _) => stream.truncate(at),
    }
}

proptest! {
    // whatever happens to the statements: knowledge is complete only with every event up to its cursor
    #[test]
    fn no_harm_on_the_way_makes_knowledge_complete_that_is_not(
        connections in prop::collection::vec(prop::collection::vec(harm(), 0..3), 1..5),
    ) {
        let mut reader = Reader::new();
        for (n, harms) in (1_u64..).zip(connections) {
            let latest = 3 * n;
            let from = reader.after().unwrap_or_default() + 1;
            let mut stream: Vec<Statement> = vec![head(latest, 1, n).into()];
            stream.extend((from..=latest).map(|seq| Statement::from(event(seq, 0))));
            stream.push(head(latest, 1, n).into());
            let whole = harms.is_empty();
            for harm in harms {
                harmed(&mut stream, harm);
            }
            let texts: Vec<String> = stream.into_iter().map(signed).collect();
            let read = reader.read(n, &texts);
            prop_assert!(!whole || matches!(read, Ok(true) | Err(FeedFault::HistoryLost { .. })), "{read:?}");
            let health = reader.revocations.health(at(n));
            if health.age.is_some() {
                for seq in 1..=health.cursor.unwrap_or_default() {
                    prop_assert_eq!(reader.standing(seq, n), Standing::Revoked);
                }
            }
            if health.age == Some(std::time::Duration::ZERO) {
                prop_assert!(health.cursor >= Some(latest - 1), "{health:?}");
            }
        }
    }

    #[test]
    fn arbitrary_statements_never_panic(texts in prop::collection::vec("[A-Za-z0-9._-]{0,99}|.{0,99}", 0..5)) {
        let mut reader = Reader::at_event(3, 0);
        for text in texts {
            prop_assert!(reader.read(9, &[text]).is_err());
        }
        prop_assert_eq!(reader.age(9), Some(9));
    }
}
