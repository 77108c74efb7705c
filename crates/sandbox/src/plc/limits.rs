//! How much an operation may say. The numbers are those of the public directory, so that what passes here
//! passes there.

use entryway_identity::did::PublicKey;
use entryway_identity::plc::{Operation, PlcData};

use super::Refusal;

/// Whether one operation is small enough, and its keys are keys.
pub(super) fn check(operation: &Operation) -> Result<(), Refusal> {
    if operation.to_dag_cbor().len() > OPERATION_BYTES_MAX {
        return Err(Refusal::Limit(
            "expected an operation of at most 4000 bytes of DAG-CBOR",
        ));
    }
    let Some(data) = operation.data() else {
        return Ok(());
    };
    names(data)?;
    keys(data)?;
    services(data)
}

/// Whether there is room for one more: the sandbox keeps everything in memory.
pub(super) fn check_growth(dids: usize, operations: usize) -> Result<(), Refusal> {
    if operations >= OPERATIONS_MAX {
        return Err(Refusal::Limit("this sandbox keeps no more operations of one DID"));
    }
    if operations == 0 && dids >= DIDS_MAX {
        return Err(Refusal::Limit("this sandbox keeps no more DIDs"));
    }
    Ok(())
}

fn names(data: &PlcData) -> Result<(), Refusal> {
    let names = &data.also_known_as;
    if names.len() > ENTRIES_MAX {
        return Err(Refusal::Limit("alsoKnownAs: expected at most 10 entries"));
    }
    if names.iter().any(|name| name.len() > NAME_BYTES_MAX) {
        return Err(Refusal::Limit(
            "alsoKnownAs: expected entries of at most 258 bytes",
        ));
    }
    if names
        .iter()
        .enumerate()
        .any(|(index, name)| names[..index].contains(name))
    {
        return Err(Refusal::Limit("alsoKnownAs: expected every entry once"));
    }
    Ok(())
}

fn keys(data: &PlcData) -> Result<(), Refusal> {
    if data.rotation_keys.len() > ENTRIES_MAX {
        return Err(Refusal::Limit("rotationKeys: expected at most 10 entries"));
    }
    if data
        .rotation_keys
        .iter()
        .any(|key| PublicKey::from_did_key(key).is_err())
    {
        return Err(Refusal::Limit(
            "rotationKeys: expected did:key of secp256k1 or P-256",
        ));
    }
    let methods = &data.verification_methods;
    if methods.len() > ENTRIES_MAX || methods.keys().any(|id| id.len() > ID_BYTES_MAX) {
        return Err(Refusal::Limit(
            "verificationMethods: expected at most 10 entries with ids of at most 32 bytes",
        ));
    }
    // keys of other curves are allowed here, as they belong to other protocols
    if methods
        .values()
        .any(|key| key.len() > KEY_BYTES_MAX || !key.starts_with("did:key:z"))
    {
        return Err(Refusal::Limit(
            "verificationMethods: expected did:key in base58btc of at most 256 bytes",
        ));
    }
    Ok(())
}

fn services(data: &PlcData) -> Result<(), Refusal> {
    if data.services.len() > ENTRIES_MAX || data.services.keys().any(|id| id.len() > ID_BYTES_MAX) {
        return Err(Refusal::Limit(
            "services: expected at most 10 entries with ids of at most 32 bytes",
        ));
    }
    let mut services = data.services.values();
    if services
        .any(|service| service.kind.len() > TYPE_BYTES_MAX || service.endpoint.len() > ENDPOINT_BYTES_MAX)
    {
        return Err(Refusal::Limit(
            "services: expected types of at most 256 and endpoints of at most 512 bytes",
        ));
    }
    Ok(())
}

const OPERATION_BYTES_MAX: usize = 4000;
const ENTRIES_MAX: usize = 10;
const NAME_BYTES_MAX: usize = 258;
const KEY_BYTES_MAX: usize = 256;
const ID_BYTES_MAX: usize = 32;
const TYPE_BYTES_MAX: usize = 256;
const ENDPOINT_BYTES_MAX: usize = 512;

/// A restart on another port takes one operation of every account.
const OPERATIONS_MAX: usize = 10_000;

/// Some 100 MB at the size of an ordinary account.
const DIDS_MAX: usize = 100_000;
