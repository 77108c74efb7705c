//! Feeds that go back, and histories that are lost.

use super::*;

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
