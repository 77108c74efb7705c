//! What a head is worth, and when.

use super::*;

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
