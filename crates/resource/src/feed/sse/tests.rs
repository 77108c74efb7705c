use proptest::prelude::*;

use super::*;

fn all(pieces: &[&[u8]]) -> Result<Vec<String>, FeedFault> {
    let mut messages = Messages::default();
    let mut found = Vec::new();
    for piece in pieces {
        messages.push(piece);
        while let Some(data) = messages.next()? {
            found.push(data);
        }
    }
    Ok(found)
}

#[test]
fn only_the_data_of_whole_messages_is_read() {
    for (text, expected) in [
        ("", &[][..]),
        ("data: a\n", &[]),
        ("data: a\n\n", &["a"]),
        ("data:a\n\n", &["a"]),
        ("data:  a\n\n", &[" a"]),
        ("data\n\n", &[]),
        ("data: a\r\rdata: b\r\n\r\n", &["a", "b"]),
        ("id: 7\nevent: revocation\ndata: a\nretry: 9\n\n", &["a"]),
        (": a comment\n\n: another\ndata: a\n\n\n\n", &["a"]),
        ("data: a\ndata: b\n\n", &["a\nb"]),
        ("dataset: a\nDATA: b\n data: c\n\n", &[]),
        ("\u{feff}data: a\n\n\u{feff}data: b\n\n", &["a"]),
    ] {
        assert_eq!(all(&[text.as_bytes()]).unwrap(), expected, "{text:?}");
    }
}

#[test]
fn bytes_one_at_a_time_are_the_same_messages() {
    let text = b"id: 1\r\ndata: a\r\n\r\n: beat\rdata: b\r\rdata: c\n\n";
    let pieces: Vec<&[u8]> = text.chunks(1).collect();
    assert_eq!(all(&pieces).unwrap(), ["a", "b", "c"]);
}

#[test]
fn a_line_or_a_message_longer_than_a_statement_is_refused_before_it_is_kept() {
    let long = |bytes: usize| format!("data: {}", "a".repeat(bytes));
    let longest = format!("{}\n\n", long(JWS_BYTES_MAX));
    assert_eq!(all(&[longest.as_bytes()]).unwrap().len(), 1);
    for text in [
        long(JWS_BYTES_MAX + 11),
        format!("{}\n\n", long(JWS_BYTES_MAX + 11)),
        format!(": {}", "a".repeat(JWS_BYTES_MAX + 16)),
        format!("{}\n{}\n\n", long(9_000), long(9_000)),
        "data: aaaaaaa\n".repeat(2_500),
    ] {
        assert!(
            matches!(all(&[text.as_bytes()]), Err(FeedFault::TooLong)),
            "{}",
            text.len()
        );
        let pieces: Vec<&[u8]> = text.as_bytes().chunks(100).collect();
        assert!(matches!(all(&pieces), Err(FeedFault::TooLong)), "{}", text.len());
    }
}

#[test]
fn comments_are_never_gathered() {
    let mut messages = Messages::default();
    for _ in 0..10_000 {
        messages.push(b": beat\n\n");
        assert_eq!(messages.next().unwrap(), None);
    }
    assert!(messages.bytes.len() < 100);
}

#[test]
fn data_that_is_not_utf_8_is_refused_and_a_comment_may_be_anything() {
    assert!(matches!(
        all(&[b"data: \xff\n\n"]),
        Err(FeedFault::Malformed { .. })
    ));
    assert_eq!(all(&[b": \xff\ndata: a\n\n"]).unwrap(), ["a"]);
}

proptest! {
    #[test]
    fn arbitrary_bytes_never_panic_and_pieces_do_not_matter(
        bytes in prop::collection::vec(prop_oneof![Just(b'\n'), Just(b'\r'), Just(b':'), Just(b' '),
            prop::sample::select(b"data".as_slice()), any::<u8>()], 0..200),
        size in 1_usize..20,
    ) {
        let pieces: Vec<&[u8]> = bytes.chunks(size).collect();
        let (whole, pieces) = (all(&[&bytes]), all(&pieces));
        prop_assert_eq!(whole.ok(), pieces.ok());
    }
}
