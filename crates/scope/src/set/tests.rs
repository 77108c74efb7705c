use super::*;
use proptest::prelude::*;
use serde::de::IntoDeserializer;

//
#[test]
fn the_string_is_tokens_with_one_space_between_them() {
    use InvalidScope::{Charset, Spacing};
    for (wire, fault) in [
        ("", Spacing),
        (" ", Spacing),
        (" atproto", Spacing),
        ("atproto ", Spacing),
        ("atproto  transition:email", Spacing),
        ("atproto\ttransition:email", Charset),
        ("atproto\n", Charset),
        ("atproto\0", Charset),
        ("atproto\u{7f}", Charset),
        ("\"atproto\"", Charset),
        ("atproto\\", Charset),
        ("atprot\u{43e}", Charset),
        ("atproto\u{a0}transition:email", Charset),
    ] {
        assert_eq!(ScopeSet::parse(wire), Err(fault), "{wire:?}");
        assert_eq!(ScopeSet::parse_lenient(wire), Err(fault), "{wire:?}");
    }
}

//
#[test]
fn duplicates_collapse_onto_the_first() {
    let set = ScopeSet::parse("transition:email atproto transition:email atproto").unwrap();
    assert_eq!(
        (set.to_string().as_str(), set.len()),
        ("transition:email atproto", 2)
    );
}

//
#[test]
fn hundreds_of_values_fit_and_bounds_hold() {
    let wire = |values: usize, bytes: usize| {
        let texts = (0..values).map(|n| format!("{:o<1$}", format!("repo:a.b.c{n:04}"), bytes));
        texts.collect::<Vec<_>>().join(" ")
    };
    assert_eq!(ScopeSet::parse(&wire(512, 31)).unwrap().len(), 512);
    assert_eq!(ScopeSet::parse(&wire(150, 60)).unwrap().len(), 150);
    assert_eq!(ScopeSet::parse(&wire(513, 30)), Err(InvalidScope::TooManyValues));
    assert_eq!(ScopeSet::parse(&wire(512, 32)), Err(InvalidScope::TooLong));
    assert_eq!(
        ScopeSet::parse("atproto ".repeat(200).trim_end()).unwrap().len(),
        1
    );
    assert_eq!(
        ScopeSet::parse(&"a".repeat(2049)),
        Err(InvalidScope::ValueTooLong)
    );
    assert!(matches!(
        ScopeSet::parse(&"a".repeat(2048)),
        Err(InvalidScope::Value { position: 1, .. })
    ));
    assert_eq!(
        ScopeSet::parse(&"a".repeat(200 * 1024)),
        Err(InvalidScope::TooLong)
    );
}

//
#[test]
fn an_unknown_value_is_an_error_or_set_aside() {
    let wire = "atproto foo transition:email : ?";
    let fault = InvalidValue::Unknown;
    assert_eq!(
        ScopeSet::parse(wire),
        Err(InvalidScope::Value { position: 2, fault })
    );
    let (known, unknown) = ScopeSet::parse_lenient(wire).unwrap();
    assert_eq!(known.to_string(), "atproto transition:email");
    assert_eq!(unknown, ["foo", ":", "?"]);
}

#[test]
fn every_sentence_fits_an_error_description() {
    use InvalidScope::{Charset, Spacing, TooLong, TooManyValues, Value, ValueTooLong};
    let value = Value {
        position: 3,
        fault: InvalidValue::Unknown,
    };
    assert_eq!(
        value.to_string(),
        "value 3 of scope: not a permission this server knows"
    );
    for fault in [Charset, Spacing, TooLong, TooManyValues, ValueTooLong, value] {
        assert!(crate::is_printable(&fault.to_string()), "{fault}");
    }
}

#[test]
fn every_way_in_checks() {
    let read = |wire: &'static str| {
        let text: serde::de::value::StrDeserializer<'_, serde::de::value::Error> = wire.into_deserializer();
        ScopeSet::deserialize(text)
    };
    assert_eq!(
        read("atproto repo:*"),
        Ok(ScopeSet::parse("atproto repo:*").unwrap())
    );
    assert_eq!("atproto repo:*".parse(), ScopeSet::parse("atproto repo:*"));
    assert!(read("atproto foo").is_err() && "atproto foo".parse::<ScopeSet>().is_err());
}

//
#[test]
fn comparison_is_text_by_text() {
    let set = |wire| ScopeSet::parse(wire).unwrap();
    let declared = set("atproto repo:* repo:a.b.c");
    assert!(set("repo:a.b.c atproto").is_subset(&declared));
    assert!(!set("repo:a.b.d").is_subset(&declared));
    assert!(!set("repo:a.b.c?").is_subset(&declared));
    assert!(declared.is_subset(&declared));
    assert!(ScopeSet::default().is_subset(&declared));
    assert_eq!(
        declared.intersection(&set("repo:a.b.c transition:email atproto")),
        set("atproto repo:a.b.c")
    );
}

proptest! {
    //
    #[test]
    fn any_bytes_are_parsed_or_refused(bytes in any::<Vec<u8>>()) {
        let wire = String::from_utf8_lossy(&bytes);
        let _ = (ScopeSet::parse(&wire), ScopeSet::parse_lenient(&wire));
    }

    //
    #[test]
    fn what_is_shown_is_parsed_again(values in prop::collection::vec(crate::samples::near_miss(), 1..8)) {
        let wire = values.join(" ");
        if let Ok((set, unknown)) = ScopeSet::parse_lenient(&wire) {
            prop_assert!(unknown.iter().all(|value| Scope::parse(value).is_err()));
            if !set.is_empty() {
                prop_assert_eq!(ScopeSet::parse(&set.to_string()), Ok(set.clone()));
            }
            prop_assert_eq!(ScopeSet::parse(&wire).is_ok(), unknown.is_empty());
        }
    }
}
