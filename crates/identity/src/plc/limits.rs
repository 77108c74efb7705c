//! How much an operation may say. The numbers are those of the public directory, so that what passes here
//! passes there.

use super::{Operation, PlcData};
use crate::did::PublicKey;

/// Why no directory takes an operation, whoever signed it.
#[derive(Clone, Copy, Debug, Eq, PartialEq, thiserror::Error)]
#[error("{0}")]
pub struct OverLimit(pub &'static str);

impl Operation {
    /// Whether it is small enough, and its rotation keys are keys. Says nothing of its signature and its place.
    ///
    /// ```
    /// use entryway_identity::did::SigningKey;
    /// use entryway_identity::plc::{PlcData, UnsignedOperation};
    /// use entryway_scope::Handle;
    ///
    /// let key = SigningKey::from_bytes(&[1; 32]).unwrap();
    /// let handle = Handle::parse("alice.test").unwrap();
    /// let data = |rotation_keys| PlcData::account(&handle, &key.public_key(), "https://pds.example", rotation_keys);
    /// let signed = |data| UnsignedOperation::genesis(data).sign(&key);
    /// assert!(signed(data(vec![key.public_key().to_did_key()])).fits().is_ok());
    /// assert!(signed(data(Vec::new())).fits().is_err());
    /// ```
    ///
    /// # Errors
    /// [`OverLimit`], which names the field.
    pub fn fits(&self) -> Result<(), OverLimit> {
        if self.to_dag_cbor().len() > OPERATION_BYTES_MAX {
            return Err(OverLimit(
                "expected an operation of at most 4000 bytes of DAG-CBOR",
            ));
        }
        let Some(data) = self.data() else {
            return Ok(());
        };
        names(data)?;
        keys(data)?;
        services(data)
    }
}

fn names(data: &PlcData) -> Result<(), OverLimit> {
    let names = &data.also_known_as;
    if names.len() > ENTRIES_MAX {
        return Err(OverLimit("alsoKnownAs: expected at most 10 entries"));
    }
    if names.iter().any(|name| name.len() > NAME_BYTES_MAX) {
        return Err(OverLimit("alsoKnownAs: expected entries of at most 258 bytes"));
    }
    if names
        .iter()
        .enumerate()
        .any(|(index, name)| names[..index].contains(name))
    {
        return Err(OverLimit("alsoKnownAs: expected every entry once"));
    }
    Ok(())
}

fn keys(data: &PlcData) -> Result<(), OverLimit> {
    // nobody could ever change such a DID again
    if data.rotation_keys.is_empty() {
        return Err(OverLimit("rotationKeys: expected at least one"));
    }
    if data.rotation_keys.len() > ENTRIES_MAX {
        return Err(OverLimit("rotationKeys: expected at most 10 entries"));
    }
    if data
        .rotation_keys
        .iter()
        .any(|key| PublicKey::from_did_key(key).is_err())
    {
        return Err(OverLimit("rotationKeys: expected did:key of secp256k1 or P-256"));
    }
    let methods = &data.verification_methods;
    if methods.len() > ENTRIES_MAX || methods.keys().any(|id| id.len() > ID_BYTES_MAX) {
        return Err(OverLimit(
            "verificationMethods: expected at most 10 entries with ids of at most 32 bytes",
        ));
    }
    // keys of other curves are allowed here, as they belong to other protocols
    if methods
        .values()
        .any(|key| key.len() > KEY_BYTES_MAX || !key.starts_with("did:key:z"))
    {
        return Err(OverLimit(
            "verificationMethods: expected did:key in base58btc of at most 256 bytes",
        ));
    }
    Ok(())
}

fn services(data: &PlcData) -> Result<(), OverLimit> {
    if data.services.len() > ENTRIES_MAX || data.services.keys().any(|id| id.len() > ID_BYTES_MAX) {
        return Err(OverLimit(
            "services: expected at most 10 entries with ids of at most 32 bytes",
        ));
    }
    let mut services = data.services.values();
    if services
        .any(|service| service.kind.len() > TYPE_BYTES_MAX || service.endpoint.len() > ENDPOINT_BYTES_MAX)
    {
        return Err(OverLimit(
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
