//! What changes in an account's life: its handle, and what its person asks us to sign.

use std::collections::BTreeMap;

use entryway_scope::Handle;

use super::{ATPROTO, PlcData, PlcService};
use crate::did::PublicKey;

/// Parts of a PLC operation that somebody wants otherwise; what is absent stays as it is.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub struct PlcChange {
    /// The rotation keys.
    pub rotation_keys: Option<Vec<String>>,
    /// The keys of the account.
    pub verification_methods: Option<BTreeMap<String, String>>,
    /// The names.
    pub also_known_as: Option<Vec<String>>,
    /// The services.
    pub services: Option<BTreeMap<String, PlcService>>,
}

impl PlcData {
    /// The rotation keys of a new account: its person's own key first, for it may overrule ours; then ours.
    ///
    /// ```
    /// use entryway_identity::did::SigningKey;
    /// use entryway_identity::plc::PlcData;
    ///
    /// let [ours, theirs] = [1, 2].map(|n| SigningKey::from_bytes(&[n; 32]).unwrap().public_key());
    /// let keys = PlcData::rotation_keys_of_account(Some(&theirs), &ours);
    /// assert_eq!(keys, [theirs.to_did_key(), ours.to_did_key()]);
    /// assert_eq!(PlcData::rotation_keys_of_account(Some(&ours), &ours).len(), 1);
    /// ```
    pub fn rotation_keys_of_account(recovery: Option<&PublicKey>, ours: &PublicKey) -> Vec<String> {
        let recovery = recovery.filter(|key| *key != ours);
        recovery
            .into_iter()
            .chain([ours])
            .map(PublicKey::to_did_key)
            .collect()
    }

    /// Whether a rotation key may sign the next operation. Where ours may not, its person took the identity
    /// into their own hands, and no handle is changed here any more.
    pub fn may_be_changed_by(&self, key: &PublicKey) -> bool {
        let key = key.to_did_key();
        self.rotation_keys.contains(&key)
    }

    /// The same identity with another handle, where the old one was: other names stay, in their order.
    #[must_use]
    pub fn with_handle(mut self, handle: &Handle) -> Self {
        let (name, names) = (format!("at://{handle}"), &mut self.also_known_as);
        let at = names.iter().position(|name| name.starts_with("at://"));
        if let Some(at) = at {
            names.remove(at);
        }
        // a directory takes no name twice, and a copy can only come behind the first handle
        names.retain(|other| *other != name);
        names.insert(at.unwrap_or(0), name);
        self
    }

    /// The same identity on another PDS, which signs with a key of its own. The handle comes first, where a PDS
    /// looks for it; everything else stays.
    ///
    /// ```
    /// use entryway_identity::did::SigningKey;
    /// use entryway_identity::plc::PlcData;
    /// use entryway_scope::Handle;
    ///
    /// let [ours, old, new] = [1, 2, 3].map(|n| SigningKey::from_bytes(&[n; 32]).unwrap().public_key());
    /// let [alice, bob] = ["alice.test", "bob.test"].map(|name| Handle::parse(name).unwrap());
    /// let mut data = PlcData::account(&alice, &old, "https://old.example", vec![ours.to_did_key()]);
    /// data.also_known_as.insert(0, "https://alice.example".to_owned());
    /// let moved = data.clone().moved(&bob, &new, "https://new.example");
    /// assert_eq!(moved.also_known_as, ["at://bob.test", "https://alice.example"]);
    /// assert_eq!(moved.signing_key(), Some(new.to_did_key().as_str()));
    /// assert_eq!(moved.pds_endpoint(), Some("https://new.example"));
    /// assert_eq!(moved.rotation_keys, data.rotation_keys);
    /// ```
    #[must_use]
    pub fn moved(self, handle: &Handle, signing_key: &PublicKey, pds: &str) -> Self {
        let mut moved = self.with_handle(handle).on_pds(pds);
        let name = format!("at://{handle}");
        moved.also_known_as.retain(|other| *other != name);
        moved.also_known_as.insert(0, name);
        moved
            .verification_methods
            .insert(ATPROTO.to_owned(), signing_key.to_did_key());
        moved
    }

    /// The same identity with parts of it replaced.
    ///
    /// Not checked: what the parts say. Whoever signs decides whether to.
    #[must_use]
    pub fn changed(self, change: PlcChange) -> Self {
        Self {
            rotation_keys: change.rotation_keys.unwrap_or(self.rotation_keys),
            verification_methods: change.verification_methods.unwrap_or(self.verification_methods),
            also_known_as: change.also_known_as.unwrap_or(self.also_known_as),
            services: change.services.unwrap_or(self.services),
        }
    }
}
