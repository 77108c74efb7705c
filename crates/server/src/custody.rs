//! Whose keys a database has, asked before any are made (C24).
//!
//! Keys that are made over accounts which had others orphan them: their identities are under a key that nobody has
//! any more. So whoever starts a deployment asks here first, and makes keys over what is there only where a person
//! said so.

use entryway_oauth::secret::{Digest, ServerKey};
use entryway_store::{Forgetting, Store};

use crate::failure::Fault;
use crate::keys;

/// What stands in the way of a root key at a database.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Custody {
    /// Nothing: keys would be the first, and there is nothing that had others.
    Empty,
    /// Nothing: the database has the keys that belong to the root key.
    Kept,
    /// It belongs to the root key, or to none, and keys are missing, while there are accounts or PDS hosts.
    Lost,
    /// It belongs to another root key.
    Foreign {
        /// The fingerprint of that one.
        of: Digest,
    },
}

impl Custody {
    /// Looks, and changes nothing.
    ///
    /// # Errors
    /// A [`Fault`] of the store.
    pub async fn of(store: &Store, root: &ServerKey) -> Result<Self, Fault> {
        let owner = store.root_fingerprint().await?;
        match owner {
            Some(of) if of != keys::fingerprint(root) => return Ok(Self::Foreign { of }),
            _ => {}
        }
        let has_keys = !store.signing_keys().await?.is_empty() && store.rotation_key().await?.is_some();
        if owner.is_some() && has_keys {
            return Ok(Self::Kept);
        }
        let is_inhabited =
            !store.accounts_after(None).await?.is_empty() || !store.pds_hosts().await?.is_empty();
        Ok(if is_inhabited { Self::Lost } else { Self::Empty })
    }

    /// Makes room for fresh keys, which [`Keys::adopt`](crate::Keys::adopt) then makes. What the old ones signed
    /// or sealed is good for nothing from now on.
    ///
    /// # Errors
    /// A [`Fault`] of the store.
    pub async fn give_up(self, store: &Store) -> Result<(), Fault> {
        let Self::Foreign { of } = self else {
            return Ok(());
        };
        match store.forget_keys(of).await? {
            // or another instance was told the same and was faster
            Forgetting::Forgotten | Forgetting::Foreign => Ok(()),
        }
    }
}

#[cfg(test)]
mod tests {
    use entryway_oauth::issuer::Issuer;
    use entryway_oauth::time::Timestamp;
    use entryway_scope::Did;
    use entryway_store::{HostState, PdsHost};

    use super::*;
    use crate::{Chance, Keys};

    async fn adopt(store: &Store, root: &ServerKey) -> Result<Keys, Fault> {
        Keys::adopt(store, root, &Chance::system(), Timestamp::from_seconds(0)).await
    }

    async fn add_host(store: &Store) {
        let host = PdsHost {
            did: Did::parse("did:web:pds.example.com").unwrap(),
            url: Issuer::parse("https://pds.example.com").unwrap(),
            sealed_password: vec![1],
            state: HostState::Open,
            added_at: Timestamp::from_seconds(0),
        };
        store.add_pds_host(&host).await.unwrap();
    }

    // C24
    #[tokio::test]
    async fn keys_are_made_over_nothing_unless_a_person_gives_the_old_ones_up() {
        let directory = tempfile::tempdir().unwrap();
        let url = format!("sqlite://{}", directory.path().join("database").display());
        let store = Store::open(&url).await.unwrap();
        let (ours, theirs) = (ServerKey::new([1; 32]), ServerKey::new([2; 32]));
        assert_eq!(Custody::of(&store, &ours).await.unwrap(), Custody::Empty);
        let first = adopt(&store, &ours).await.unwrap();
        assert_eq!(Custody::of(&store, &ours).await.unwrap(), Custody::Kept);
        add_host(&store).await;
        assert_eq!(Custody::of(&store, &ours).await.unwrap(), Custody::Kept);

        let foreign = Custody::of(&store, &theirs).await.unwrap();
        let of = keys::fingerprint(&ours);
        assert_eq!(foreign, Custody::Foreign { of });
        assert!(adopt(&store, &theirs).await.is_err());

        for _ in 0..2 {
            foreign.give_up(&store).await.unwrap();
        }
        assert_eq!(Custody::of(&store, &theirs).await.unwrap(), Custody::Lost);
        let second = adopt(&store, &theirs).await.unwrap();
        assert_ne!(first.public(), second.public());
        assert_eq!(Custody::of(&store, &theirs).await.unwrap(), Custody::Kept);
    }
}
