//! Blocks of DAG-CBOR, read within bounds, and the JSON form of what is in them.

use std::collections::BTreeMap;
use std::fmt;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD_NO_PAD;
use ipld_core::cid::serde::BytesToCidVisitor;
use ipld_core::ipld::Ipld;
use serde::de::{DeserializeSeed, Deserializer, Error, MapAccess, SeqAccess, Visitor};
use serde_ipld_dagcbor::de;
use serde_json::{Map, Value, json};

/// What is wrong with a block.
#[derive(Clone, Copy, Debug, Eq, PartialEq, thiserror::Error)]
pub enum BlockFault {
    /// It is not DAG-CBOR, or not in the one form of it that the AT Protocol has: shortest lengths, sorted
    /// keys, nothing after the end.
    #[error("is not in canonical DAG-CBOR")]
    Encoding,
    /// It is no map.
    #[error("is not a map")]
    NoMap,
    /// It has a float, or a whole number of more than 64 bits, which the data model does not have.
    #[error("has a number that is not a whole one of 64 bits")]
    Number,
    /// It is nested deeper than the limit.
    #[error("is nested deeper than {levels_max} levels")]
    TooDeep {
        /// The limit.
        levels_max: usize,
    },
    /// It has more values than the limit.
    #[error("has more than {values_max} values")]
    TooManyValues {
        /// The limit.
        values_max: usize,
    },
}

/// Reads a block that has to be a map.
pub(super) fn map(block: &[u8]) -> Result<BTreeMap<String, Ipld>, BlockFault> {
    let mut reading = Reading::default();
    let top = Level {
        reading: &mut reading,
        levels_left: LEVELS_MAX,
    };
    let Ok(value) = top.deserialize(&mut de::Deserializer::from_slice(block)) else {
        return Err(reading.fault.unwrap_or(BlockFault::Encoding));
    };
    // one form for each value, and nothing after it: the library reads more than it would write
    if serde_ipld_dagcbor::to_vec(&value).ok().as_deref() != Some(block) {
        return Err(BlockFault::Encoding);
    }
    match value {
        Ipld::Map(fields) => Ok(fields),
        _ => Err(BlockFault::NoMap),
    }
}

/// The JSON form of a record (<https://atproto.com/specs/data-model>).
pub(super) fn json_object(fields: BTreeMap<String, Ipld>) -> Map<String, Value> {
    fields
        .into_iter()
        .map(|(name, value)| (name, json_value(value)))
        .collect()
}

fn json_value(value: Ipld) -> Value {
    match value {
        // no reader here makes a float
        Ipld::Null | Ipld::Float(_) => Value::Null,
        Ipld::Bool(flag) => Value::Bool(flag),
        // within 64 bits, as the reader saw to
        Ipld::Integer(number) => i64::try_from(number).map_or(Value::Null, Value::from),
        Ipld::String(text) => Value::String(text),
        Ipld::Bytes(bytes) => json!({"$bytes": STANDARD_NO_PAD.encode(bytes)}),
        Ipld::List(items) => items.into_iter().map(json_value).collect(),
        Ipld::Map(fields) => Value::Object(json_object(fields)),
        Ipld::Link(cid) => json!({"$link": cid.to_string()}),
    }
}

/// What one block may still cost, and what it was refused for: the library's errors are texts.
struct Reading {
    values_left: usize,
    fault: Option<BlockFault>,
}

impl Default for Reading {
    fn default() -> Self {
        Self {
            values_left: VALUES_MAX,
            fault: None,
        }
    }
}

impl Reading {
    fn refuse<T, E: Error>(&mut self, fault: BlockFault) -> Result<T, E> {
        self.fault = Some(fault);
        Err(E::custom(fault))
    }
}

/// Reads one value, with as many levels below it as are left.
struct Level<'a> {
    reading: &'a mut Reading,
    levels_left: usize,
}

impl Level<'_> {
    fn below(&mut self) -> Level<'_> {
        Level {
            reading: self.reading,
            levels_left: self.levels_left.saturating_sub(1),
        }
    }

    fn check_depth<E: Error>(&mut self) -> Result<(), E> {
        if self.levels_left > 0 {
            return Ok(());
        }
        self.reading.refuse(BlockFault::TooDeep {
            levels_max: LEVELS_MAX,
        })
    }
}

impl<'de> DeserializeSeed<'de> for Level<'_> {
    type Value = Ipld;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Ipld, D::Error> {
        let Some(values_left) = self.reading.values_left.checked_sub(1) else {
            return self.reading.refuse(BlockFault::TooManyValues {
                values_max: VALUES_MAX,
            });
        };
        self.reading.values_left = values_left;
        deserializer.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for Level<'_> {
    type Value = Ipld;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a value of the data model")
    }

    fn visit_none<E>(self) -> Result<Ipld, E> {
        Ok(Ipld::Null)
    }

    fn visit_bool<E>(self, flag: bool) -> Result<Ipld, E> {
        Ok(Ipld::Bool(flag))
    }

    fn visit_i64<E>(self, number: i64) -> Result<Ipld, E> {
        Ok(Ipld::Integer(number.into()))
    }

    fn visit_u64<E: Error>(self, number: u64) -> Result<Ipld, E> {
        match i64::try_from(number) {
            Ok(number) => self.visit_i64(number),
            Err(_) => self.reading.refuse(BlockFault::Number),
        }
    }

    fn visit_i128<E: Error>(self, _: i128) -> Result<Ipld, E> {
        self.reading.refuse(BlockFault::Number)
    }

    fn visit_f64<E: Error>(self, _: f64) -> Result<Ipld, E> {
        self.reading.refuse(BlockFault::Number)
    }

    fn visit_str<E>(self, text: &str) -> Result<Ipld, E> {
        Ok(Ipld::String(text.to_owned()))
    }

    fn visit_bytes<E>(self, bytes: &[u8]) -> Result<Ipld, E> {
        Ok(Ipld::Bytes(bytes.to_owned()))
    }

    /// A link: the one tag there is.
    fn visit_newtype_struct<D: Deserializer<'de>>(self, deserializer: D) -> Result<Ipld, D::Error> {
        deserializer.deserialize_bytes(BytesToCidVisitor).map(Ipld::Link)
    }

    fn visit_seq<A: SeqAccess<'de>>(mut self, mut items: A) -> Result<Ipld, A::Error> {
        self.check_depth()?;
        // a length is only a claim: nothing is reserved for it
        let mut list = Vec::new();
        while let Some(item) = items.next_element_seed(self.below())? {
            list.push(item);
        }
        Ok(Ipld::List(list))
    }

    fn visit_map<A: MapAccess<'de>>(mut self, mut entries: A) -> Result<Ipld, A::Error> {
        self.check_depth()?;
        let mut fields = BTreeMap::new();
        while let Some(name) = entries.next_key()? {
            // of a name that is there twice one is lost, and the block then differs from what is written
            fields.insert(name, entries.next_value_seed(self.below())?);
        }
        Ok(Ipld::Map(fields))
    }
}

/// Levels of lists and maps; the lexicons in use have some fifteen.
const LEVELS_MAX: usize = 64;

/// Values in one block, lists and maps included. The smallest takes one byte of an archive and, in a map of
/// its own, some 600 of memory; the largest lexicons in use have some thousands.
const VALUES_MAX: usize = 20_000;
