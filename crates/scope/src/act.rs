use crate::{
    AccountAction, AccountAttribute, IdentityPermission, Meaning, Nsid, RepoAction, RpcPermission, Scope,
    ServiceId, Transition,
};
use crate::{AccountPermission, BlobPermission, RepoPermission};
use std::fmt;

/// One thing an app wants to do, as a resource server asks about it.
///
/// Holds names already parsed, but for audiences and media types: those come from the request as they are, and one
/// that is malformed is merely not permitted. Ask with [`ScopeSet::require`](crate::ScopeSet::require).
///
/// ```
/// use entryway_scope::{Act, Nsid, RepoAction, ScopeSet};
///
/// let granted = ScopeSet::parse("atproto repo:app.bsky.feed.post?action=create")?;
/// let post = Nsid::parse("app.bsky.feed.post").unwrap();
/// let delete = Act::Repo { collection: &post, action: RepoAction::Delete };
/// let missing = granted.require(delete).unwrap_err();
/// assert_eq!(missing.scope().as_str(), "repo:app.bsky.feed.post?action=delete");
/// # Ok::<(), entryway_scope::InvalidScope>(())
/// ```
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Act<'a> {
    /// Writing a record (R-383).
    Repo {
        /// Of which collection.
        collection: &'a Nsid,
        /// In which way.
        action: RepoAction,
    },
    /// Calling a service in the account's name, or making a token with which to (R-385).
    Rpc {
        /// The method; `None` for a service token that names none.
        method: Option<&'a Nsid>,
        /// Whom the token is for, compared as text: a DID with or without the name of a service.
        audience: &'a str,
    },
    /// Uploading a file (R-384).
    Blob {
        /// Its media type, in lower case and without parameters.
        media_type: &'a str,
    },
    /// Seeing or managing something about the account (R-386).
    Account {
        /// What.
        attribute: AccountAttribute,
        /// How far.
        action: AccountAction,
    },
    /// Changing the identity, in this respect (R-386).
    Identity(IdentityPermission),
}

impl Act<'_> {
    /// The narrowest permission that lets one do this.
    ///
    /// What no granular value can name is named by the next wider one that grants it: an audience without a service
    /// by `aud=*`, and a token for it that names no method by `transition:generic`.
    pub(crate) fn narrowest(&self) -> Meaning {
        match *self {
            Self::Repo { collection, action } => Meaning::Repo(RepoPermission::one(collection, action)),
            Self::Rpc { method, audience } => match (method, ServiceId::parse(audience)) {
                (method, Ok(service)) => Meaning::Rpc(RpcPermission::one(method, service)),
                (Some(method), Err(_)) => Meaning::Rpc(RpcPermission::anywhere(method)),
                (None, Err(_)) => Meaning::Transition(Transition::Generic),
            },
            Self::Blob { media_type } => Meaning::Blob(BlobPermission::one(media_type)),
            Self::Account { attribute, action } => {
                Meaning::Account(AccountPermission::new(attribute, action))
            }
            Self::Identity(attribute) => Meaning::Identity(attribute),
        }
    }
}

/// That a permission was not granted, and which.
///
/// Its text is the `message` of an XRPC `ScopeMissingError` with status 403, as the reference words it (contract
/// section 3.2). It quotes, so it is none for an OAuth `error_description`. At most a few kilobytes long.
///
/// ```
/// use entryway_scope::{Act, ScopeSet};
///
/// let granted = ScopeSet::parse("atproto blob:video/*")?;
/// let missing = granted.require(Act::Blob { media_type: "image/png" }).unwrap_err();
/// assert_eq!(missing.to_string(), "Missing required scope \"blob:image/png\"");
/// # Ok::<(), entryway_scope::InvalidScope>(())
/// ```
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct ScopeMissing {
    scope: Scope,
}

impl ScopeMissing {
    pub(crate) fn of(act: &Act<'_>) -> Self {
        Self {
            scope: Scope::from(act.narrowest()),
        }
    }

    /// The narrowest value that would have been enough, in normal form.
    pub fn scope(&self) -> &Scope {
        &self.scope
    }
}

impl fmt::Display for ScopeMissing {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Missing required scope \"{}\"", self.scope)
    }
}

impl std::error::Error for ScopeMissing {}
