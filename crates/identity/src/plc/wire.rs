//! The object that an operation is on the wire and under the hash.

use serde::Deserialize as _;
use serde_json::{Map, Value, json};

use super::{Operation, PlcData, UnsignedOperation};

/// Why an object is not a PLC operation.
///
/// The older form `create`, which directories no longer accept, is among the unknown types.
#[derive(Clone, Copy, Debug, Eq, PartialEq, thiserror::Error)]
pub enum MalformedOperation {
    /// No `type`, or another one.
    #[error("expected an operation of the type plc_operation or plc_tombstone")]
    Type,
    /// `sig` is missing or not a string.
    #[error("expected sig to be a string")]
    Sig,
    /// `prev` is missing or neither a string nor, in the first operation, null.
    #[error("expected prev to be the CID of the operation before, or null in the first")]
    Prev,
    /// Another field is missing, surplus or of the wrong type.
    #[error("expected rotationKeys, verificationMethods, alsoKnownAs and services, and no other field")]
    Data,
}

/// The object that is hashed.
pub(super) fn signed(operation: &Operation) -> Map<String, Value> {
    let mut object = unsigned(&operation.unsigned);
    object.insert("sig".to_owned(), json!(operation.sig));
    object
}

/// The object that is signed.
pub(super) fn unsigned(operation: &UnsignedOperation) -> Map<String, Value> {
    match operation {
        UnsignedOperation::Data { data, prev } => {
            let PlcData {
                rotation_keys,
                verification_methods,
                also_known_as,
                services,
            } = data;
            object([
                ("type", json!(OPERATION)),
                ("rotationKeys", json!(rotation_keys)),
                ("verificationMethods", json!(verification_methods)),
                ("alsoKnownAs", json!(also_known_as)),
                ("services", json!(services)),
                ("prev", json!(prev)),
            ])
        }
        UnsignedOperation::Tombstone { prev } => object([("type", json!(TOMBSTONE)), ("prev", json!(prev))]),
    }
}

fn object<const N: usize>(fields: [(&str, Value); N]) -> Map<String, Value> {
    fields
        .into_iter()
        .map(|(name, value)| (name.to_owned(), value))
        .collect()
}

/// Canonical DAG-CBOR: keys by length, then bytewise.
pub(super) fn dag_cbor(object: Map<String, Value>) -> Vec<u8> {
    #[expect(
        clippy::expect_used,
        reason = "objects, arrays, strings and null encode; the sink is memory"
    )]
    serde_ipld_dagcbor::to_vec(&Value::Object(object)).expect("an operation encodes")
}

impl From<Operation> for Map<String, Value> {
    fn from(operation: Operation) -> Self {
        signed(&operation)
    }
}

impl TryFrom<Map<String, Value>> for Operation {
    type Error = MalformedOperation;

    fn try_from(mut object: Map<String, Value>) -> Result<Self, MalformedOperation> {
        let Some(Value::String(sig)) = object.remove("sig") else {
            return Err(MalformedOperation::Sig);
        };
        let prev = match object.remove("prev") {
            Some(Value::String(cid)) => Some(cid),
            Some(Value::Null) => None,
            _ => return Err(MalformedOperation::Prev),
        };
        let unsigned = match object.remove("type").as_ref().and_then(Value::as_str) {
            Some(OPERATION) => {
                let data =
                    PlcData::deserialize(Value::Object(object)).map_err(|_| MalformedOperation::Data)?;
                UnsignedOperation::Data { data, prev }
            }
            Some(TOMBSTONE) if object.is_empty() => UnsignedOperation::Tombstone {
                prev: prev.ok_or(MalformedOperation::Prev)?,
            },
            Some(TOMBSTONE) => return Err(MalformedOperation::Data),
            _ => return Err(MalformedOperation::Type),
        };
        Ok(Self { unsigned, sig })
    }
}

const OPERATION: &str = "plc_operation";
const TOMBSTONE: &str = "plc_tombstone";
