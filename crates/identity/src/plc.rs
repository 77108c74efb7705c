//! PLC operations: how a `did:plc` is made, changed and ended.
//!
//! An operation is a small object. Its DAG-CBOR form without `sig` is what a rotation key signs; its DAG-CBOR
//! form *with* `sig` is what the CID of the operation, and of a first operation the DID itself, are hashes of
//! (<https://web.plc.directory/spec/v0.1/did-plc>). So the signature is part of the identity: two signatures
//! of one genesis are two DIDs, which is why high-S twins are refused.

use std::collections::BTreeMap;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use data_encoding::BASE32_NOPAD;
use entryway_scope::{Did, Handle};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value, json};

use crate::cid::{self, Cid};
use crate::did::{self, DidDocument, PublicKey, RejectedSignature, SigningKey, VerificationMethod};

mod change;
mod limits;
mod wire;
pub use change::PlcChange;
pub use limits::OverLimit;
pub use wire::MalformedOperation;

/// What the directory knows of a DID: the part of an operation that becomes the document.
///
/// Every operation states all of it; there are no partial changes. Keys are text here, as `did:key`, because
/// an operation is hashed as it was written.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct PlcData {
    /// Keys that may sign the next operation, the most powerful first.
    pub rotation_keys: Vec<String>,
    /// Keys of the account by name; `atproto` signs the repository.
    pub verification_methods: BTreeMap<String, String>,
    /// Names, the handle first, as `at://handle`.
    pub also_known_as: Vec<String>,
    /// Services by name; `atproto_pds` is the host of the repository.
    pub services: BTreeMap<String, PlcService>,
}

/// A service in a PLC operation.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize)]
#[serde(deny_unknown_fields)]
pub struct PlcService {
    /// What it is, such as `AtprotoPersonalDataServer`.
    #[serde(rename = "type")]
    pub kind: String,
    /// Its URL.
    pub endpoint: String,
}

impl PlcData {
    /// What an ordinary account says of itself: one handle, one signing key, one PDS.
    pub fn account(handle: &Handle, signing_key: &PublicKey, pds: &str, rotation_keys: Vec<String>) -> Self {
        let pds = PlcService {
            kind: PDS_TYPE.to_owned(),
            endpoint: pds.to_owned(),
        };
        Self {
            rotation_keys,
            verification_methods: [(ATPROTO.to_owned(), signing_key.to_did_key())].into(),
            also_known_as: vec![format!("at://{handle}")],
            services: [(ATPROTO_PDS.to_owned(), pds)].into(),
        }
    }

    /// The key of the repository, as text.
    pub fn signing_key(&self) -> Option<&str> {
        self.verification_methods.get(ATPROTO).map(String::as_str)
    }

    /// The URL of the PDS, byte for byte.
    pub fn pds_endpoint(&self) -> Option<&str> {
        self.services
            .get(ATPROTO_PDS)
            .filter(|service| service.kind == PDS_TYPE)
            .map(|service| service.endpoint.as_str())
    }

    /// The same identity on another PDS.
    pub fn on_pds(mut self, endpoint: &str) -> Self {
        let pds = PlcService {
            kind: PDS_TYPE.to_owned(),
            endpoint: endpoint.to_owned(),
        };
        self.services.insert(ATPROTO_PDS.to_owned(), pds);
        self
    }

    /// The DID document a directory publishes for it.
    pub fn document(&self, did: &Did) -> DidDocument {
        let mut context = vec![
            "https://www.w3.org/ns/did/v1",
            "https://w3id.org/security/multikey/v1",
        ];
        for key in self.verification_methods.values() {
            let suite = match PublicKey::from_did_key(key) {
                Ok(PublicKey::K256(_)) => "https://w3id.org/security/suites/secp256k1-2019/v1",
                Ok(PublicKey::P256(_)) => "https://w3id.org/security/suites/ecdsa-2019/v1",
                Err(_) => continue,
            };
            if !context.contains(&suite) {
                context.push(suite);
            }
        }
        DidDocument {
            context: json!(context),
            id: did.clone(),
            also_known_as: self.also_known_as.clone(),
            verification_method: self
                .verification_methods
                .iter()
                .map(|(name, key)| VerificationMethod {
                    id: format!("{did}#{name}"),
                    kind: "Multikey".to_owned(),
                    controller: did.to_string(),
                    public_key_multibase: Some(key.strip_prefix("did:key:").unwrap_or(key).to_owned()),
                })
                .collect(),
            service: self
                .services
                .iter()
                .map(|(name, service)| did::Service {
                    id: format!("#{name}"),
                    kind: Value::from(service.kind.as_str()),
                    service_endpoint: Value::from(service.endpoint.as_str()),
                })
                .collect(),
        }
    }
}

/// An operation that nobody has signed yet.
#[derive(Clone, Debug, Eq, PartialEq)]
pub enum UnsignedOperation {
    /// States everything about the DID. Without `prev` it makes the DID.
    Data {
        /// What the DID now says.
        data: PlcData,
        /// The CID of the operation it follows, as text.
        prev: Option<String>,
    },
    /// Ends the DID.
    Tombstone {
        /// The CID of the operation it follows, as text.
        prev: String,
    },
}

impl UnsignedOperation {
    /// The operation that makes a DID.
    ///
    /// ```
    /// use entryway_identity::did::SigningKey;
    /// use entryway_identity::plc::{PlcData, UnsignedOperation};
    /// use entryway_scope::Handle;
    ///
    /// let (rotation, repo) = (SigningKey::from_bytes(&[1; 32])?, SigningKey::from_bytes(&[2; 32])?);
    /// let handle = Handle::parse("alice.test")?;
    /// let rotation_keys = vec![rotation.public_key().to_did_key()];
    /// let data = PlcData::account(&handle, &repo.public_key(), "https://pds.example", rotation_keys);
    /// let genesis = UnsignedOperation::genesis(data).sign(&rotation);
    /// assert_eq!(genesis.did().as_str().len(), "did:plc:".len() + 24);
    /// assert_eq!(genesis.signer(&[rotation.public_key().to_did_key()]), Ok(0));
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn genesis(data: PlcData) -> Self {
        Self::Data { data, prev: None }
    }

    /// The operation that replaces what `last` said.
    pub fn update(last: &Operation, data: PlcData) -> Self {
        Self::following(&last.cid().to_string(), data)
    }

    /// The same where only the CID of the last operation is at hand.
    pub fn following(last: &str, data: PlcData) -> Self {
        Self::Data {
            data,
            prev: Some(last.to_owned()),
        }
    }

    /// The operation that ends the DID whose newest operation is `last`.
    pub fn tombstone(last: &Operation) -> Self {
        Self::Tombstone {
            prev: last.cid().to_string(),
        }
    }

    /// Signs it. Not checked: that the key is one of the rotation keys that may.
    pub fn sign(self, key: &SigningKey) -> Operation {
        let sig = URL_SAFE_NO_PAD.encode(key.sign(&wire::dag_cbor(wire::unsigned(&self))));
        Operation { unsigned: self, sig }
    }
}

/// A signed operation, in the form that is sent, kept and hashed.
///
/// Reading one from JSON checks its shape, no more: unknown fields are refused since they would change the
/// hash. [`signer`](Self::signer) checks the signature; order and permission are the directory's to check.
#[derive(Clone, Debug, Eq, PartialEq, Deserialize, Serialize)]
#[serde(try_from = "Map<String, Value>", into = "Map<String, Value>")]
pub struct Operation {
    unsigned: UnsignedOperation,
    sig: String,
}

impl Operation {
    /// What the DID says after it; nothing, after a tombstone.
    pub fn data(&self) -> Option<&PlcData> {
        match &self.unsigned {
            UnsignedOperation::Data { data, .. } => Some(data),
            UnsignedOperation::Tombstone { .. } => None,
        }
    }

    /// The CID it names as its predecessor, as written.
    pub fn prev(&self) -> Option<&str> {
        match &self.unsigned {
            UnsignedOperation::Data { prev, .. } => prev.as_deref(),
            UnsignedOperation::Tombstone { prev } => Some(prev),
        }
    }

    /// Its own CID: what the next operation's `prev` has to be.
    pub fn cid(&self) -> Cid {
        cid::of_dag_cbor(&self.to_dag_cbor())
    }

    /// The DID it makes if it is a genesis: a hash of the operation *with* its signature (C27).
    #[expect(
        clippy::expect_used,
        clippy::missing_panics_doc,
        reason = "24 characters of lower-case base32 are what did:plc asks for"
    )]
    pub fn did(&self) -> Did {
        let hash = BASE32_NOPAD
            .encode(self.cid().hash().digest())
            .to_ascii_lowercase();
        let did = format!("did:plc:{}", &hash[..PLC_HASH_CHARACTERS]);
        Did::parse(&did).expect("a base32 hash makes a did:plc")
    }

    /// Which of the given rotation keys signed it, as an index into them.
    ///
    /// Keys that cannot be read are passed over, as they can sign nothing.
    ///
    /// # Errors
    ///
    /// [`RejectedSignature::Form`] for a `sig` that is not 64 bytes in base64url without padding,
    /// [`RejectedSignature::HighS`] for the twin of a valid one, [`RejectedSignature::Mismatch`] when no key
    /// fits.
    pub fn signer(&self, rotation_keys: &[String]) -> Result<usize, RejectedSignature> {
        let signature = URL_SAFE_NO_PAD
            .decode(&self.sig)
            .map_err(|_| RejectedSignature::Form)?;
        let message = wire::dag_cbor(wire::unsigned(&self.unsigned));
        let mut rejection = RejectedSignature::Mismatch;
        for (index, key) in rotation_keys.iter().enumerate() {
            let Ok(key) = PublicKey::from_did_key(key) else {
                continue;
            };
            match key.verify(&message, &signature) {
                Ok(()) => return Ok(index),
                Err(fault) => rejection = fault,
            }
        }
        Err(rejection)
    }

    /// The operation as JSON, as it is sent to a directory and kept.
    pub fn to_json(&self) -> String {
        Value::Object(wire::signed(self)).to_string()
    }

    /// The bytes that are hashed.
    pub fn to_dag_cbor(&self) -> Vec<u8> {
        wire::dag_cbor(wire::signed(self))
    }
}

const ATPROTO: &str = "atproto";
const ATPROTO_PDS: &str = "atproto_pds";
const PDS_TYPE: &str = "AtprotoPersonalDataServer";

/// 15 bytes of the hash.
const PLC_HASH_CHARACTERS: usize = 24;

#[cfg(test)]
mod tests;
