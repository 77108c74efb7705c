//! What the identity has to say for the new host, as that recommends it, and what it says now.

use anyhow::{anyhow, bail};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};
use url::Url;

use entryway_identity::did::PublicKey;
use entryway_identity::plc::PlcData;
use entryway_scope::Did;
use entryway_server::plc::{PlcClient, PlcFault, Registered};

use crate::usage::Usage;

use super::Migration;
use super::variables::Asked;

/// The answer of `getRecommendedDidCredentials`. Members that no operation has are not signed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Recommended {
    #[serde(default)]
    pub(super) rotation_keys: Vec<String>,
    #[serde(default)]
    also_known_as: Vec<String>,
    #[serde(default)]
    verification_methods: Map<String, Value>,
    #[serde(default)]
    services: Map<String, Value>,
}

/// Where they are kept.
pub(super) const RECOMMENDED: &str = "plc_recommended.json";

impl Recommended {
    /// Those that were written down.
    ///
    /// # Errors
    /// Where there are none.
    pub(super) fn read(migration: &Migration) -> anyhow::Result<Self> {
        let missing = || {
            let path = migration.folder.path(RECOMMENDED);
            Usage(format!(
                "{} is missing: plc-recommended writes it",
                path.display()
            ))
        };
        Ok(migration.folder.read(RECOMMENDED)?.ok_or_else(missing)?)
    }

    /// With a key of the person's own before those of the host: it may undo what the host does.
    pub(super) fn under(mut self, recovery: Option<&PublicKey>) -> Self {
        if let Some(recovery) = recovery {
            let key = recovery.to_did_key();
            self.rotation_keys.retain(|other| *other != key);
            self.rotation_keys.insert(0, key);
        }
        self
    }

    /// Whether it is about keys alone, and the identity stays where it is.
    pub(super) fn moves_nothing(&self) -> bool {
        self.also_known_as.is_empty() && self.verification_methods.is_empty() && self.services.is_empty()
    }

    /// What the identity says afterwards. What is not recommended stays as it is.
    ///
    /// # Errors
    /// What no operation may say.
    pub(super) fn applied_to(&self, now: &PlcData) -> anyhow::Result<PlcData> {
        let mut after = now.clone();
        if !self.rotation_keys.is_empty() {
            after.rotation_keys.clone_from(&self.rotation_keys);
        }
        if !self.also_known_as.is_empty() {
            after.also_known_as.clone_from(&self.also_known_as);
        }
        let odd = || anyhow!("the new host recommends what is no identity: {RECOMMENDED}");
        if !self.verification_methods.is_empty() {
            let methods = Value::Object(self.verification_methods.clone());
            after.verification_methods = serde_json::from_value(methods).map_err(|_| odd())?;
        }
        if !self.services.is_empty() {
            let services = Value::Object(self.services.clone());
            after.services = serde_json::from_value(services).map_err(|_| odd())?;
        }
        Ok(after)
    }
}

/// The recovery key that somebody gave, where it is one.
pub(super) fn recovery_key(asked: &Asked<'_>) -> Option<PublicKey> {
    let given = asked.given(&["NEW_RECOVERY_KEY"])?;
    let key = PublicKey::from_did_key(given);
    if key.is_err() {
        asked.fault("NEW_RECOVERY_KEY must be a did:key, the public half of a key of your own".to_owned());
    }
    key.ok()
}

/// The directory of identities.
pub(super) fn directory(asked: &Asked<'_>) -> Option<Url> {
    if asked.given(&["PLC_DIRECTORY"]).is_none() {
        return Url::parse("https://plc.directory").ok();
    }
    let directory = asked.host(&["PLC_DIRECTORY"], "the directory of identities")?;
    Url::parse(directory.as_str()).ok()
}

/// The newest operation of an identity: its CID, and what it says.
///
/// # Errors
/// A DID that has none.
pub(super) async fn newest(plc: &PlcClient, did: &Did) -> anyhow::Result<(String, PlcData)> {
    match plc.last(did).await.map_err(|fault| unreachable(&fault))? {
        Registered::Live { last, data } => Ok((last, *data)),
        Registered::Tombstoned => bail!("{did} has ended: there is no identity any more that could move"),
        Registered::Absent => bail!("{did} is not in this directory: PLC_DIRECTORY names another one"),
    }
}

/// Refuses an identity that no directory keeps.
///
/// # Errors
/// [`Usage`] for did:web.
pub(super) fn in_a_directory(did: &Did) -> Result<(), Usage> {
    if did.as_str().starts_with("did:plc:") {
        return Ok(());
    }
    Err(Usage(format!(
        "{did} is no did:plc: publish the document yourself, with what plc-recommended has written down, and go on with \
         activate"
    )))
}

fn unreachable(fault: &PlcFault) -> anyhow::Error {
    let why = std::error::Error::source(fault).map_or_else(String::new, |source| format!(": {source}"));
    anyhow!("{fault}{why}")
}
