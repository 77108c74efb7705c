//! JSON objects taken apart strictly: a name that comes twice is seen, not lost to the parser.
//!
//! Two readers of one document may take different values for a repeated name (RFC 8259 section 4), which
//! is an attack wherever one of them checks and the other acts.

use std::collections::BTreeSet;
use std::fmt;

use serde::de::{DeserializeOwned, Deserializer as _, MapAccess, Visitor};
use serde_json::value::RawValue;

/// The members of one JSON object in the order they were written, their values unread.
#[derive(Debug)]
pub(crate) struct Members<'a>(Vec<(String, &'a RawValue)>);

/// The text is not one JSON object.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct NotAnObject;

impl<'a> Members<'a> {
    /// Takes an object apart. Takes time and memory in the length of the text, however deep it nests.
    pub(crate) fn read(json: &'a str) -> Result<Self, NotAnObject> {
        let mut reader = serde_json::Deserializer::from_str(json);
        let members = reader.deserialize_map(EachMember);
        let members = members.and_then(|members| reader.end().map(|()| members));
        members.map(Self).map_err(|_| NotAnObject)
    }

    /// The names that come more than once, each as often as it is one too many.
    pub(crate) fn repeated(&self) -> impl Iterator<Item = &str> {
        let mut seen = BTreeSet::new();
        self.0
            .iter()
            .map(|(name, _)| name.as_str())
            .filter(move |name| !seen.insert(*name))
    }

    /// The JSON text of a member, of the first one of that name.
    pub(crate) fn member(&self, name: &str) -> Option<&'a str> {
        let member = self.0.iter().find(|(known, _)| known == name);
        member.map(|(_, value)| value.get())
    }

    /// A member that is there and of this type.
    pub(crate) fn typed<T: DeserializeOwned>(&self, name: &str) -> Option<T> {
        serde_json::from_str(self.member(name)?).ok()
    }
}

/// Reads one object that names no member twice, known to the type or not.
pub(crate) fn strict<T: DeserializeOwned>(json: &str) -> Option<T> {
    let members = Members::read(json).ok()?;
    if members.repeated().next().is_some() {
        return None;
    }
    serde_json::from_str(json).ok()
}

struct EachMember;

impl<'de> Visitor<'de> for EachMember {
    type Value = Vec<(String, &'de RawValue)>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an object")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Self::Value, A::Error> {
        let mut members = Vec::new();
        while let Some(member) = map.next_entry()? {
            members.push(member);
        }
        Ok(members)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    // R-057
    #[test]
    fn a_name_that_comes_twice_is_seen_however_it_is_written() {
        let members = Members::read(r#"{"a":1,"b":2,"\u0061":3,"A":4,"a":null}"#).unwrap();
        assert_eq!(members.repeated().collect::<Vec<_>>(), ["a", "a"]);
        assert_eq!(members.member("a"), Some("1"));
        assert_eq!(
            (members.typed::<u8>("b"), members.typed::<bool>("b")),
            (Some(2), None)
        );
    }

    // R-056
    #[test]
    fn only_one_whole_object_is_read() {
        let deep = format!("{{\"a\":{}1{}}}", "[".repeat(100_000), "]".repeat(100_000));
        assert!(Members::read(&deep).is_ok());
        for bad in [
            "",
            "null",
            "[]",
            "\"{}\"",
            "1",
            "{",
            "{}{}",
            "{} x",
            "{a:1}",
            "{'a':1}",
            "{\"a\":NaN}",
            "{\"a\":1,}",
            "{\"a\":01}",
            "{\"a\":1/*x*/}",
            "\u{feff}{}",
        ] {
            assert_eq!(Members::read(bad).unwrap_err(), NotAnObject, "{bad}");
        }
    }
}
