//! What the PDS knows: accounts with their records and blobs, folded from what became true.

use std::collections::BTreeMap;
use std::fmt;
use std::str::FromStr;

use data_encoding::HEXLOWER;
use entryway_identity::did::{DidDocument, SigningKey};
use entryway_identity::plc::PlcData;
use entryway_scope::{Did, Handle, Nsid};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use super::record_key::RecordKey;

/// Something that became true on this PDS.
#[derive(Debug, Deserialize, Serialize)]
#[serde(tag = "what", rename_all = "snake_case")]
pub(super) enum Entry {
    /// An account was made here.
    Account {
        did: Did,
        handle: Handle,
        signing_key: AccountKey,
    },
    /// A record is as it says now.
    Record {
        #[serde(flatten)]
        address: Address,
        record: Record,
    },
    /// A record is gone.
    RecordDeleted {
        #[serde(flatten)]
        address: Address,
    },
    /// A blob is on the disk.
    Blob { did: Did, cid: String, blob: Blob },
}

/// Where a record is.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize)]
pub(super) struct Address {
    pub(super) did: Did,
    pub(super) collection: Nsid,
    pub(super) rkey: RecordKey,
}

/// The key an account signs with. Kept for its DID document; nothing here signs yet.
#[derive(Clone, Debug, Deserialize, Serialize)]
#[serde(try_from = "String", into = "String")]
pub(super) struct AccountKey(pub(super) SigningKey);

/// A record as it was written, and the CID of its block.
#[derive(Clone, Debug, Deserialize, PartialEq, Serialize)]
pub(super) struct Record {
    pub(super) cid: String,
    pub(super) value: Map<String, Value>,
}

/// What is known of an uploaded file.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize)]
pub(super) struct Blob {
    pub(super) media_type: String,
    pub(super) bytes: u64,
}

/// An account of this PDS.
#[derive(Debug)]
pub(super) struct Account {
    pub(super) handle: Handle,
    pub(super) signing_key: AccountKey,
    pub(super) records: BTreeMap<Nsid, BTreeMap<RecordKey, Record>>,
    pub(super) blobs: BTreeMap<String, Blob>,
}

impl Account {
    /// The record at an address.
    pub(super) fn record(&self, collection: &Nsid, rkey: &RecordKey) -> Option<&Record> {
        self.records.get(collection)?.get(rkey)
    }

    /// The DID document, as a PLC directory has it while nobody else changes it.
    pub(super) fn document(&self, did: &Did, origin: &str) -> DidDocument {
        PlcData::account(&self.handle, &self.signing_key.0.public_key(), origin, Vec::new()).document(did)
    }
}

/// All accounts of this PDS.
#[derive(Debug, Default)]
pub(super) struct Accounts(BTreeMap<Did, Account>);

impl Accounts {
    /// An account by its DID.
    pub(super) fn by_did(&self, did: &Did) -> Option<&Account> {
        self.0.get(did)
    }

    /// An account by either name.
    pub(super) fn find(&self, name: &AtIdentifier) -> Option<(&Did, &Account)> {
        match name {
            AtIdentifier::Did(did) => self.0.get_key_value(did),
            AtIdentifier::Handle(handle) => self.0.iter().find(|(_, account)| account.handle == *handle),
        }
    }

    /// Every account.
    pub(super) fn iter(&self) -> impl Iterator<Item = (&Did, &Account)> {
        self.0.iter()
    }

    /// How many bytes of blobs there are, each counted for every account that has it.
    pub(super) fn blob_bytes(&self) -> u64 {
        self.0
            .values()
            .flat_map(|account| account.blobs.values())
            .map(|blob| blob.bytes)
            .sum()
    }

    /// Makes true what an entry says. Entries of accounts that are not here change nothing.
    pub(super) fn apply(&mut self, entry: Entry) {
        match entry {
            Entry::Account {
                did,
                handle,
                signing_key,
            } => {
                let (records, blobs) = (BTreeMap::new(), BTreeMap::new());
                self.0.insert(
                    did,
                    Account {
                        handle,
                        signing_key,
                        records,
                        blobs,
                    },
                );
            }
            Entry::Record { address, record } => {
                let Some(account) = self.0.get_mut(&address.did) else {
                    return;
                };
                account
                    .records
                    .entry(address.collection)
                    .or_default()
                    .insert(address.rkey, record);
            }
            Entry::RecordDeleted { address } => {
                let Some(account) = self.0.get_mut(&address.did) else {
                    return;
                };
                let Some(records) = account.records.get_mut(&address.collection) else {
                    return;
                };
                records.remove(&address.rkey);
                if records.is_empty() {
                    account.records.remove(&address.collection);
                }
            }
            Entry::Blob { did, cid, blob } => {
                let Some(account) = self.0.get_mut(&did) else {
                    return;
                };
                account.blobs.insert(cid, blob);
            }
        }
    }
}

impl fmt::Display for Address {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&uri(&self.did, &self.collection, &self.rkey))
    }
}

/// The address of a record as one text.
pub(super) fn uri(did: &Did, collection: &Nsid, rkey: &RecordKey) -> String {
    format!("at://{did}/{collection}/{rkey}")
}

/// Either name of an account, as most methods take it.
#[derive(Clone, Debug, Eq, PartialEq)]
pub(super) enum AtIdentifier {
    Did(Did),
    Handle(Handle),
}

impl FromStr for AtIdentifier {
    type Err = InvalidAtIdentifier;

    fn from_str(text: &str) -> Result<Self, InvalidAtIdentifier> {
        let parsed = if text.starts_with("did:") {
            Did::parse(text).map(Self::Did)
        } else {
            Handle::parse(text).map(Self::Handle)
        };
        parsed.map_err(|_| InvalidAtIdentifier)
    }
}

/// The text names no account, whatever exists.
#[derive(Clone, Copy, Debug, Eq, PartialEq, thiserror::Error)]
#[error("expected a handle or a DID")]
pub(super) struct InvalidAtIdentifier;

impl From<AccountKey> for String {
    fn from(key: AccountKey) -> Self {
        HEXLOWER.encode(key.0.to_bytes().as_slice())
    }
}

impl TryFrom<String> for AccountKey {
    type Error = InvalidAccountKey;

    fn try_from(text: String) -> Result<Self, InvalidAccountKey> {
        let bytes = HEXLOWER
            .decode(text.as_bytes())
            .ok()
            .and_then(|bytes| bytes.try_into().ok());
        bytes
            .and_then(|bytes| SigningKey::from_bytes(&bytes).ok())
            .map(Self)
            .ok_or(InvalidAccountKey)
    }
}

/// The journal has something else where a key should be.
#[derive(Clone, Copy, Debug, Eq, PartialEq, thiserror::Error)]
#[error("expected a private key in hex")]
pub(super) struct InvalidAccountKey;
