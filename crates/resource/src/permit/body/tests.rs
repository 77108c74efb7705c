use proptest::prelude::*;

use super::*;

pub(super) const CREATE: BodyNeed = BodyNeed(Reading::Record(&[RepoAction::Create]));
pub(super) const WRITES: BodyNeed = BodyNeed(Reading::Writes);

pub(super) fn push() -> BodyNeed {
    BodyNeed(Reading::Push(Nsid::parse("a.b.c").unwrap()))
}

fn create(collection: &str) -> OwnedAct {
    OwnedAct::Repo {
        collection: Nsid::parse(collection).unwrap(),
        action: RepoAction::Create,
    }
}

#[test]
fn what_is_not_decided_by_may_be_anything() {
    for body in [
        r#"{"collection":"a.b.c"}"#,
        " \t\r\n{ \"collection\" :\n\"a.b.c\" } \n",
        r#"{"\u0063ollection":"a\u002eb.c"}"#,
        r#"{"repo":"x","collection":"a.b.c","record":{"collection":"x.y.z","a":1,"a":[1e999,-0.0,null,true,"\ud800"]},"Rkey":1}"#,
        "{\"collection\":\"a.b.c\",\"record\":\"\u{2028}\u{feff}\u{1f600}\"}",
    ] {
        assert_eq!(CREATE.read(body.as_bytes()).unwrap(), [create("a.b.c")], "{body}");
    }
}

#[test]
fn a_thousand_writes_are_read_and_not_one_more() {
    let write = r#"{"$type":"com.atproto.repo.applyWrites#create","collection":"a.b.c","value":{}}"#;
    let body = |count| format!(r#"{{"writes":[{}]}}"#, vec![write; count].join(","));
    for count in [1, 2, 999, 1000] {
        assert_eq!(WRITES.read(body(count).as_bytes()).unwrap(), [create("a.b.c")]);
    }
    for count in [0, 1001] {
        let refusal = WRITES.read(body(count).as_bytes()).unwrap_err();
        assert_eq!(
            refusal.to_string(),
            "writes must be a list of one to a thousand writes"
        );
    }
}

#[test]
fn a_mebibyte_is_read_and_not_a_byte_more() {
    let body = |bytes: usize| {
        let mut body = br#"{"collection":"a.b.c","record":""#.to_vec();
        body.resize(bytes - 2, b'x');
        body.extend(b"\"}");
        body
    };
    for bytes in [BodyNeed::BYTES_MAX - 1, BodyNeed::BYTES_MAX] {
        assert_eq!(CREATE.read(&body(bytes)).unwrap(), [create("a.b.c")]);
    }
    let refusal = CREATE.read(&body(BodyNeed::BYTES_MAX + 1)).unwrap_err();
    assert_eq!((refusal.status().as_u16(), refusal), (413, Refusal::BodyTooLarge));
}

#[test]
fn a_hundred_and_twenty_eight_levels_are_read_and_not_one_more() {
    let body = |levels: usize| {
        let inner = levels - 1;
        format!(
            r#"{{"collection":"a.b.c","record":{}{}}}"#,
            "[".repeat(inner),
            "]".repeat(inner)
        )
    };
    for levels in [2, 127, 128] {
        assert_eq!(CREATE.read(body(levels).as_bytes()).unwrap(), [create("a.b.c")]);
    }
    for levels in [129, 500_000] {
        let refusal = CREATE.read(body(levels).as_bytes()).unwrap_err();
        assert_eq!(
            refusal.to_string(),
            "the body must not nest deeper than 128 levels"
        );
    }
    // brackets in strings are no levels
    let brackets = format!(
        r#"{{"collection":"a.b.c","record":"{}\"{}"}}"#,
        "[".repeat(200),
        "{".repeat(200)
    );
    assert_eq!(CREATE.read(brackets.as_bytes()).unwrap(), [create("a.b.c")]);
}

#[test]
fn sixty_four_members_are_read_and_not_one_more() {
    let body = |members: usize| {
        let mut all = vec![r#""collection":"a.b.c""#.to_owned()];
        all.extend((1..members).map(|n| format!(r#""a{n}":0"#)));
        format!("{{{}}}", all.join(","))
    };
    for members in [1, 63, 64] {
        assert!(CREATE.read(body(members).as_bytes()).is_ok());
    }
    for members in [65, 50_000] {
        assert!(CREATE.read(body(members).as_bytes()).is_err());
    }
}

proptest! {
    #[test]
    fn arbitrary_bytes_never_panic(body in proptest::collection::vec(any::<u8>(), 0..300)) {
        for need in [CREATE, WRITES, push()] {
            let _ = need.read(&body);
        }
    }

    // an attacker's alphabet gets further than chance
    #[test]
    fn arbitrary_pieces_of_json_never_panic_and_are_read_as_a_lenient_reader_reads_them(
        pieces in proptest::collection::vec(0..PIECES.len(), 0..24),
    ) {
        let body: String = pieces.iter().map(|at| PIECES[*at]).collect();
        for need in [CREATE, WRITES, push()] {
            let read = need.read(body.as_bytes());
            if let (BodyNeed(Reading::Record(_)), Ok(acts)) = (&need, read) {
                let lenient: serde_json::Value = serde_json::from_str(&body).unwrap();
                prop_assert_eq!(acts, [create(lenient["collection"].as_str().unwrap())]);
            }
        }
    }

    // whatever the last of a name is, it is the only one
    #[test]
    fn what_is_read_is_what_a_reader_that_takes_the_last_member_reads(
        names in proptest::collection::vec("(collection|Collection|COLLECTION|record|a|\\\\u0063ollection)", 1..4),
        values in proptest::collection::vec("(a\\.b\\.c|a\\.b\\.d)", 4),
    ) {
        let members: Vec<_> = names.iter().zip(&values).map(|(name, value)| format!(r#""{name}":"{value}""#)).collect();
        let body = format!("{{{}}}", members.join(","));
        if let Ok(acts) = CREATE.read(body.as_bytes()) {
            let last: serde_json::Value = serde_json::from_str(&body).unwrap();
            prop_assert_eq!(&acts, &[create(last["collection"].as_str().unwrap())]);
            let spelt = names.iter().filter(|name| name.to_lowercase().ends_with("ollection")).count();
            prop_assert_eq!(spelt, 1);
        }
    }
}

const PIECES: [&str; 22] = [
    "{",
    "}",
    "[",
    "]",
    ":",
    ",",
    "\"",
    "\\",
    "\"collection\"",
    "\"collection\":\"a.b.c\"",
    "\"a.b.c\"",
    "\"writes\":[",
    "\"$type\":\"com.atproto.repo.applyWrites#create\"",
    "\"serviceDid\":\"did:web:h\"",
    "\"__proto__\":",
    "\\u0000",
    "null",
    "1e9",
    "NaN",
    " ",
    "\u{feff}",
    "{\"collection\":\"a.b.c\"",
];
