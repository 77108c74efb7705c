//! What a call does, as permissions see it.

use entryway_scope::{AccountAction, AccountAttribute, Act, IdentityPermission, Nsid, RepoAction, ServiceId};

/// An [`Act`] that outlives the request it was read from.
///
/// ```
/// use entryway_resource::OwnedAct;
/// use entryway_scope::Act;
///
/// let upload = OwnedAct::Blob { media_type: "image/png".to_owned() };
/// assert_eq!(upload.act(), Act::Blob { media_type: "image/png" });
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum OwnedAct {
    /// Writing a record.
    Repo {
        /// Of which collection.
        collection: Nsid,
        /// In which way.
        action: RepoAction,
    },
    /// Calling a service in the account's name, or making a token with which to.
    Rpc {
        /// The method; `None` for a service token that names none.
        method: Option<Nsid>,
        /// Whom the call is for: a DID with the name of a service, or what was asked for.
        audience: String,
    },
    /// Uploading a file.
    Blob {
        /// Its media type, in lower case and without parameters.
        media_type: String,
    },
    /// Managing something about the account.
    Account {
        /// What.
        attribute: AccountAttribute,
        /// How far.
        action: AccountAction,
    },
    /// Changing the identity, in this respect.
    Identity(IdentityPermission),
}

impl OwnedAct {
    pub(super) fn rpc(method: &Nsid, service: &ServiceId) -> Self {
        Self::Rpc {
            method: Some(method.clone()),
            audience: service.to_string(),
        }
    }

    /// The act, as [`entryway_scope::ScopeSet::require`] takes it.
    pub fn act(&self) -> Act<'_> {
        match self {
            Self::Repo { collection, action } => Act::Repo {
                collection,
                action: *action,
            },
            Self::Rpc { method, audience } => Act::Rpc {
                method: method.as_ref(),
                audience,
            },
            Self::Blob { media_type } => Act::Blob { media_type },
            Self::Account { attribute, action } => Act::Account {
                attribute: *attribute,
                action: *action,
            },
            Self::Identity(attribute) => Act::Identity(*attribute),
        }
    }
}
