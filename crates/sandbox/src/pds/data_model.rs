//! From a record's JSON to the block its CID is a hash of.
//!
//! <https://atproto.com/specs/data-model>

use std::collections::BTreeMap;

use base64::Engine as _;
use base64::alphabet::STANDARD;
use base64::engine::{DecodePaddingMode, GeneralPurpose, GeneralPurposeConfig};
use entryway_identity::cid::Cid;
use ipld_core::ipld::Ipld;
use serde_json::{Map, Value};

use crate::repo::Block;

/// The block of a record.
///
/// # Errors
///
/// See [`InvalidRecord`].
pub(super) fn record_block(record: &Map<String, Value>) -> Result<Block, InvalidRecord> {
    Ok(Block::of(&map(record)?))
}

/// Why a JSON object is no record.
#[derive(Clone, Copy, Debug, Eq, PartialEq, thiserror::Error)]
pub enum InvalidRecord {
    /// It is something else.
    #[error("expected an object")]
    Object,
    /// DAG-CBOR of the AT Protocol has no floats.
    #[error("expected whole numbers of at most 64 bits, and no others")]
    Number,
    /// `$link` is not alone, or no CID.
    #[error("$link: expected a CID, and no other field beside it")]
    Link,
    /// `$bytes` is not alone, or not base64.
    #[error("$bytes: expected base64, and no other field beside it")]
    Bytes,
    /// `$type` is not a text, or an empty one.
    #[error("$type: expected a string that is not empty")]
    Type,
}

fn node(value: &Value) -> Result<Ipld, InvalidRecord> {
    Ok(match value {
        Value::Null => Ipld::Null,
        Value::Bool(flag) => Ipld::Bool(*flag),
        Value::Number(number) => Ipld::Integer(number.as_i64().ok_or(InvalidRecord::Number)?.into()),
        Value::String(text) => Ipld::String(text.clone()),
        Value::Array(items) => Ipld::List(items.iter().map(node).collect::<Result<_, _>>()?),
        Value::Object(object) => object_node(object)?,
    })
}

/// A map, or one of the two things JSON has no form for.
fn object_node(object: &Map<String, Value>) -> Result<Ipld, InvalidRecord> {
    let alone = |name| {
        object
            .get(name)
            .map(|value| value.as_str().filter(|_| object.len() == 1))
    };
    if let Some(link) = alone("$link") {
        let cid = link
            .and_then(|text| Cid::try_from(text).ok())
            .ok_or(InvalidRecord::Link)?;
        return Ok(Ipld::Link(cid));
    }
    if let Some(bytes) = alone("$bytes") {
        let bytes = bytes
            .and_then(|text| BASE64.decode(text).ok())
            .ok_or(InvalidRecord::Bytes)?;
        return Ok(Ipld::Bytes(bytes));
    }
    map(object)
}

fn map(object: &Map<String, Value>) -> Result<Ipld, InvalidRecord> {
    if object
        .get("$type")
        .is_some_and(|kind| kind.as_str().is_none_or(str::is_empty))
    {
        return Err(InvalidRecord::Type);
    }
    let fields = object
        .iter()
        .map(|(name, value)| Ok((name.clone(), node(value)?)));
    Ok(Ipld::Map(
        fields.collect::<Result<BTreeMap<_, _>, InvalidRecord>>()?,
    ))
}

/// Clients write `$bytes` with padding and without.
const BASE64: GeneralPurpose = GeneralPurpose::new(
    &STANDARD,
    GeneralPurposeConfig::new().with_decode_padding_mode(DecodePaddingMode::Indifferent),
);

#[cfg(test)]
mod tests {
    use entryway_identity::cid;
    use serde_json::json;

    use super::*;

    fn cid_of(value: &Value) -> Result<String, InvalidRecord> {
        record_block(value.as_object().unwrap()).map(|block| block.cid.to_string())
    }

    /// What the value should be in DAG-CBOR, written by hand.
    fn block(bytes: &[&[u8]]) -> String {
        cid::of_dag_cbor(&bytes.concat()).to_string()
    }

    #[test]
    fn a_record_is_hashed_in_dag_cbor_with_sorted_keys() {
        let record = json!({"text": "hi", "n": -1, "$type": "a.b.c", "ok": [true, null]});
        let by_hand = block(&[
            b"\xa4",
            b"\x61n\x20",
            b"\x62ok\x82\xf5\xf6",
            b"\x64text\x62hi",
            b"\x65$type\x65a.b.c",
        ]);
        assert_eq!(cid_of(&record), Ok(by_hand));
    }

    #[test]
    fn links_and_bytes_are_no_maps() {
        let link = cid::of_raw(b"blob");
        let record = json!({"l": {"$link": link.to_string()}, "b": {"$bytes": "AQI"}});
        let by_hand = block(&[
            b"\xa2",
            b"\x61b\x42\x01\x02",
            b"\x61l\xd8\x2a\x58\x25\x00",
            &link.to_bytes(),
        ]);
        assert_eq!(cid_of(&record), Ok(by_hand.clone()));
        let padded = json!({"l": {"$link": link.to_string()}, "b": {"$bytes": "AQI="}});
        assert_eq!(cid_of(&padded), Ok(by_hand));
    }

    #[test]
    fn what_the_data_model_does_not_have_is_refused() {
        for (record, fault) in [
            (json!({"n": 1.5}), InvalidRecord::Number),
            (json!({"n": 1e3}), InvalidRecord::Number),
            (json!({"n": u64::MAX}), InvalidRecord::Number),
            (json!({"l": {"$link": "nothing"}}), InvalidRecord::Link),
            (json!({"l": {"$link": 1}}), InvalidRecord::Link),
            (
                json!({"l": {"$link": cid::of_raw(b"").to_string(), "x": 1}}),
                InvalidRecord::Link,
            ),
            (json!({"b": {"$bytes": "*"}}), InvalidRecord::Bytes),
            (json!({"a": [{"$type": ""}]}), InvalidRecord::Type),
            (json!({"a": {"$type": 1}}), InvalidRecord::Type),
        ] {
            assert_eq!(cid_of(&record), Err(fault), "{record}");
        }
    }
}
