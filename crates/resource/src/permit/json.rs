//! JSON read so that what is decided by is what any other reader of the same bytes finds.

use std::collections::BTreeSet;
use std::fmt;

use serde::de::{DeserializeOwned, Deserializer as _, Error, MapAccess, SeqAccess, Visitor};
use serde_json::value::RawValue;

use crate::Refusal;

/// The members of one JSON object, of which some are decided by.
///
/// No name comes twice, in any case: JavaScript takes the last one of a name, other readers the first one, and Go's
/// takes `Collection` for `collection`. None is `__proto__`, by which an object gets members that it does not show.
#[derive(Debug)]
pub(super) struct Members<'a>(Vec<(String, &'a RawValue)>);

impl<'a> Members<'a> {
    /// Reads a text that is one object.
    pub(super) fn read(json: &'a str, decided_by: &[&str]) -> Result<Self, Refusal> {
        let mut reader = serde_json::Deserializer::from_str(json);
        let members = reader.deserialize_map(Object(MEMBERS_MAX));
        let members = members.and_then(|members| reader.end().map(|()| members));
        let members =
            members.map_err(|_| malformed("the body must be json: objects of at most 64 members"))?;
        let mut seen = BTreeSet::new();
        for (name, _) in &members {
            let folded = fold(name);
            let is_look_alike = !decided_by.contains(&name.as_str())
                && (folded == "__proto__" || decided_by.iter().any(|known| fold(known) == folded));
            if is_look_alike || name.contains(char::is_control) || !seen.insert(folded) {
                return Err(malformed(
                    "the members of a json object must have names that no reader confuses",
                ));
            }
        }
        Ok(Self(members))
    }

    /// A member that is there and of this type.
    pub(super) fn typed<T: DeserializeOwned>(&self, name: &str) -> Option<T> {
        serde_json::from_str(self.raw(name)?.get()).ok()
    }

    /// The elements of a member that is a list of at most so many.
    pub(super) fn list(&self, name: &str, elements_max: usize) -> Option<Vec<&'a RawValue>> {
        let mut reader = serde_json::Deserializer::from_str(self.raw(name)?.get());
        reader.deserialize_seq(List(elements_max)).ok()
    }

    fn raw(&self, name: &str) -> Option<&'a RawValue> {
        let member = self.0.iter().find(|(known, _)| known == name);
        member.map(|(_, value)| *value)
    }
}

/// Whether brackets are nested too deep for readers that recurse. Does not check that they match.
pub(super) fn is_too_deep(json: &str) -> bool {
    let (mut depth, mut in_string, mut escaped) = (0_usize, false, false);
    for byte in json.bytes() {
        match byte {
            _ if escaped => escaped = false,
            b'\\' if in_string => escaped = true,
            b'"' => in_string = !in_string,
            b'{' | b'[' if !in_string => depth += 1,
            b'}' | b']' if !in_string => depth = depth.saturating_sub(1),
            _ => {}
        }
        if depth > DEPTH_MAX {
            return true;
        }
    }
    false
}

pub(super) fn malformed(expected: &'static str) -> Refusal {
    Refusal::CallMalformed { expected }
}

/// As readers compare that have no regard for case: `\u{17f}` is an `s` to them, and `\u{212a}` a `k`.
fn fold(name: &str) -> String {
    name.to_uppercase().to_lowercase()
}

/// The members of an object, unread, and no more than this many.
struct Object(usize);

impl<'de> Visitor<'de> for Object {
    type Value = Vec<(String, &'de RawValue)>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an object")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Self::Value, A::Error> {
        let mut members = Vec::new();
        while let Some(member) = map.next_entry()? {
            members.push(member);
            within(self.0, members.len())?;
        }
        Ok(members)
    }
}

/// The elements of a list, unread, and no more than this many.
struct List(usize);

impl<'de> Visitor<'de> for List {
    type Value = Vec<&'de RawValue>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a list")
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut list: A) -> Result<Self::Value, A::Error> {
        let mut elements = Vec::new();
        while let Some(element) = list.next_element()? {
            elements.push(element);
            within(self.0, elements.len())?;
        }
        Ok(elements)
    }
}

fn within<E: Error>(max: usize, count: usize) -> Result<(), E> {
    if count <= max {
        Ok(())
    } else {
        Err(E::custom("too many"))
    }
}

/// The longest input of a lexicon that is read here has seven members; a body of thousands is not one.
const MEMBERS_MAX: usize = 64;
/// Where readers that recurse give up; records nest a dozen deep.
const DEPTH_MAX: usize = 128;
