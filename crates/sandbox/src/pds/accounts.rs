//! What the PDS knows: accounts with their records and blobs, folded from what became true.

use std::collections::{BTreeMap, VecDeque};
use std::fmt;
use std::str::FromStr;

use data_encoding::HEXLOWER;
use entryway_identity::cid::Cid;
use entryway_identity::did::{DidDocument, SigningKey};
use entryway_identity::plc::PlcData;
use entryway_scope::{Did, Handle, Nsid};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use super::data_model::{InvalidRecord, record_block};
use super::record_key::RecordKey;
use crate::repo::Repository;

/// Something that became true on this PDS. What changes a repository has its new revision, which older files
/// lack.
#[derive(Debug, Deserialize, Serialize)]
#[serde(tag = "what", rename_all = "snake_case")]
pub(super) enum Entry {
    /// An account was made here.
    Account {
        did: Did,
        handle: Handle,
        signing_key: AccountKey,
        #[serde(default = "RecordKey::first_tid")]
        rev: RecordKey,
    },
    /// A record is as it says now.
    Record {
        #[serde(flatten)]
        address: Address,
        record: Record,
        #[serde(default = "RecordKey::first_tid")]
        rev: RecordKey,
    },
    /// A record is gone.
    RecordDeleted {
        #[serde(flatten)]
        address: Address,
        #[serde(default = "RecordKey::first_tid")]
        rev: RecordKey,
    },
    /// A blob is on the disk.
    Blob { did: Did, cid: String, blob: Blob },
    /// An account has another handle.
    Handle { did: Did, handle: Handle },
    /// An account may act, or not.
    Standing { did: Did, standing: Standing },
    /// An account is gone, and everything it had.
    Deleted { did: Did },
    /// A signing key waits for the account that it is for.
    Reserved {
        did: Option<Did>,
        signing_key: AccountKey,
    },
}

/// Whether an account may act, by its person and by the operator.
#[derive(Clone, Debug, Default, Deserialize, Eq, PartialEq, Serialize)]
pub(super) struct Standing {
    /// Its person rests it.
    pub(super) deactivated: bool,
    /// The operator took it down, with what the case is called.
    pub(super) takedown: Option<String>,
}

/// Where a record is.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize)]
pub(super) struct Address {
    pub(super) did: Did,
    pub(super) collection: Nsid,
    pub(super) rkey: RecordKey,
}

/// The key an account signs with. Whoever has it can speak for the account.
#[derive(Clone, Debug, Deserialize, Serialize)]
#[serde(try_from = "String", into = "String")]
pub(super) struct AccountKey(pub(super) SigningKey);

/// A record as it was written, and the CID of its block.
#[derive(Clone, Debug, Deserialize, PartialEq, Serialize)]
pub(super) struct Record {
    #[serde(with = "cid_text")]
    pub(super) cid: Cid,
    pub(super) value: Map<String, Value>,
}

impl Record {
    /// A record that says this.
    pub(super) fn new(value: Map<String, Value>) -> Result<Self, InvalidRecord> {
        let cid = record_block(&value)?.cid;
        Ok(Self { cid, value })
    }
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
    /// The revision of the repository: a TID.
    pub(super) rev: RecordKey,
    pub(super) standing: Standing,
    pub(super) records: BTreeMap<Nsid, BTreeMap<RecordKey, Record>>,
    pub(super) blobs: BTreeMap<String, Blob>,
}

impl Account {
    /// The record at an address.
    pub(super) fn record(&self, collection: &Nsid, rkey: &RecordKey) -> Option<&Record> {
        self.records.get(collection)?.get(rkey)
    }

    /// The repository, as it is signed when somebody asks.
    pub(super) fn repository<'a>(&'a self, did: &'a Did) -> Repository<'a> {
        let records = self.records.iter().flat_map(|(collection, records)| {
            let path = move |rkey| format!("{collection}/{rkey}");
            records.iter().map(move |(rkey, record)| (path(rkey), record.cid))
        });
        Repository {
            did,
            rev: self.rev.as_str(),
            signing_key: &self.signing_key.0,
            records: records.collect(),
        }
    }

    /// The DID document, as a PLC directory has it while nobody else changes it.
    pub(super) fn document(&self, did: &Did, origin: &str) -> DidDocument {
        PlcData::account(&self.handle, &self.signing_key.0.public_key(), origin, Vec::new()).document(did)
    }
}

/// All accounts of this PDS, and the keys that wait for one.
#[derive(Debug, Default)]
pub(super) struct Accounts {
    accounts: BTreeMap<Did, Account>,
    reservations: VecDeque<Reservation>,
}

/// A signing key for an account to come.
#[derive(Debug)]
struct Reservation {
    did: Option<Did>,
    key: SigningKey,
}

impl Accounts {
    /// An account by its DID.
    pub(super) fn by_did(&self, did: &Did) -> Option<&Account> {
        self.accounts.get(did)
    }

    /// An account by either name.
    pub(super) fn find(&self, name: &AtIdentifier) -> Option<(&Did, &Account)> {
        match name {
            AtIdentifier::Did(did) => self.accounts.get_key_value(did),
            AtIdentifier::Handle(handle) => self
                .accounts
                .iter()
                .find(|(_, account)| account.handle == *handle),
        }
    }

    /// Every account.
    pub(super) fn iter(&self) -> impl Iterator<Item = (&Did, &Account)> {
        self.accounts.iter()
    }

    /// The key that waits for the account of this DID.
    pub(super) fn key_reserved_for(&self, did: &Did) -> Option<&SigningKey> {
        let mut reserved = self.reservations.iter();
        reserved
            .find(|reservation| reservation.did.as_ref() == Some(did))
            .map(|reservation| &reservation.key)
    }

    /// The key that waits under its public half, a `did:key`.
    pub(super) fn reserved_key(&self, public: &str) -> Option<&SigningKey> {
        let mut reserved = self.reservations.iter().map(|reservation| &reservation.key);
        reserved.find(|key| key.public_key().to_did_key() == public)
    }

    /// How many bytes of blobs there are, each counted for every account that has it.
    pub(super) fn blob_bytes(&self) -> u64 {
        self.accounts
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
                rev,
            } => {
                let (records, blobs) = (BTreeMap::new(), BTreeMap::new());
                let public = signing_key.0.public_key();
                self.reservations
                    .retain(|reservation| reservation.key.public_key() != public);
                self.accounts.insert(
                    did,
                    Account {
                        handle,
                        signing_key,
                        rev,
                        standing: Standing::default(),
                        records,
                        blobs,
                    },
                );
            }
            Entry::Record { address, record, rev } => {
                let Some(account) = self.accounts.get_mut(&address.did) else {
                    return;
                };
                account.rev = rev;
                account
                    .records
                    .entry(address.collection)
                    .or_default()
                    .insert(address.rkey, record);
            }
            Entry::RecordDeleted { address, rev } => {
                let Some(account) = self.accounts.get_mut(&address.did) else {
                    return;
                };
                account.rev = rev;
                let Some(records) = account.records.get_mut(&address.collection) else {
                    return;
                };
                records.remove(&address.rkey);
                if records.is_empty() {
                    account.records.remove(&address.collection);
                }
            }
            Entry::Blob { did, cid, blob } => {
                let Some(account) = self.accounts.get_mut(&did) else {
                    return;
                };
                account.blobs.insert(cid, blob);
            }
            Entry::Handle { did, handle } => {
                if let Some(account) = self.accounts.get_mut(&did) {
                    account.handle = handle;
                }
            }
            Entry::Standing { did, standing } => {
                if let Some(account) = self.accounts.get_mut(&did) {
                    account.standing = standing;
                }
            }
            Entry::Deleted { did } => {
                self.accounts.remove(&did);
            }
            Entry::Reserved { did, signing_key } => {
                if self.reservations.len() >= RESERVATIONS_MAX {
                    self.reservations.pop_front();
                }
                let key = signing_key.0;
                self.reservations.push_back(Reservation { did, key });
            }
        }
    }
}

/// Nobody is waiting for more at a time; the oldest gives way.
const RESERVATIONS_MAX: usize = 1000;

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

/// A CID as text, in files as on the wire.
mod cid_text {
    use entryway_identity::cid::Cid;
    use serde::de::Error as _;
    use serde::{Deserialize as _, Deserializer, Serializer};

    pub(super) fn serialize<S: Serializer>(cid: &Cid, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(cid)
    }

    pub(super) fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Cid, D::Error> {
        let text = String::deserialize(deserializer)?;
        Cid::try_from(text.as_str()).map_err(D::Error::custom)
    }
}
