//! Who is calling, as the verifier in front of this PDS has proven it.
//!
//! A method that needs a caller takes a [`Caller`], and there is no other way to one than through the verifier.

use axum::extract::FromRequestParts;
use entryway_resource::{Refusal, Verified, sees_email};
use entryway_scope::{Act, Did, Nsid, RepoAction};
use http::StatusCode;
use http::request::Parts;

use super::Pds;
use crate::xrpc::Failure;

/// An account, acting through an app with some permissions.
pub(super) struct Caller {
    verified: Verified,
    pds: Pds,
}

impl Caller {
    /// The account.
    pub(super) fn did(&self) -> &Did {
        self.verified.did()
    }

    /// Refuses unless the app may do this to records of the collection (contract section 5.4).
    pub(super) fn check_repo(&self, collection: &Nsid, action: RepoAction) -> Result<(), Failure> {
        self.check_standing()?;
        self.check(Act::Repo { collection, action })
    }

    /// Refuses unless the app may upload files of the media type (contract section 5.4).
    pub(super) fn check_blob(&self, media_type: &str) -> Result<(), Failure> {
        self.check_standing()?;
        self.check(Act::Blob { media_type })
    }

    /// Refuses where the account itself may not act.
    fn check_standing(&self) -> Result<(), Failure> {
        let state = self.pds.state();
        let standing = state.accounts.by_did(self.did()).map(|account| &account.standing);
        let refused = |error, message| Err(Failure::new(StatusCode::UNAUTHORIZED, error, message));
        match standing {
            Some(standing) if standing.takedown.is_some() => {
                refused("AccountTakedown", "Account has been taken down")
            }
            Some(standing) if standing.deactivated => refused("AccountDeactivated", "Account is deactivated"),
            _ => Ok(()),
        }
    }

    /// Refuses unless the app may do this.
    pub(super) fn check(&self, act: Act<'_>) -> Result<(), Failure> {
        let missing = match self.verified.scope().require(act) {
            Ok(()) => return Ok(()),
            Err(missing) => missing,
        };
        Err(self.pds.refuse(&Refusal::scope_missing(missing.scope().as_str())))
    }

    /// Whether the app may see the account's e-mail address.
    pub(super) fn sees_email(&self) -> bool {
        sees_email(self.verified.scope())
    }
}

impl FromRequestParts<Pds> for Caller {
    type Rejection = Failure;

    async fn from_request_parts(parts: &mut Parts, pds: &Pds) -> Result<Self, Failure> {
        match parts.extensions.get::<Verified>().cloned() {
            Some(verified) => Ok(Self {
                verified,
                pds: pds.clone(),
            }),
            // a route that was left outside of the verifier is closed, not open
            None => Err(pds.refuse(&Refusal::CredentialsMissing)),
        }
    }
}

impl Pds {
    fn refuse(&self, refusal: &Refusal) -> Failure {
        let now = (self.0.verifier_clock)();
        self.settings().verifier.refuse(refusal, now).into()
    }
}
