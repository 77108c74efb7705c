//! Who has which handle and which e-mail address: steps of the verbs that make, rename and write to accounts.
//!
//! An account, a sign-up and a change of handle can all want one name at once; whoever takes it here first
//! has it. Whoever puts a name into the row of an account holds it here before, for that row's index keeps
//! others waiting too.

use entryway_oauth::time::Timestamp;
use entryway_scope::{Did, Handle};

use crate::db::{Db, query};
use crate::fault::Fault;
use crate::sql;

/// A name of one kind, in the one spelling it has.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Name<'a> {
    Handle(&'a Handle),
    Email(&'a str),
    /// A DID that is on its way here, so that nobody brings it twice at once.
    Arrival(&'a Did),
}

impl<'a> Name<'a> {
    pub(crate) const fn kind(self) -> &'static str {
        match self {
            Self::Handle(_) => "handle",
            Self::Email(_) => "email",
            Self::Arrival(_) => "arrival",
        }
    }

    pub(crate) fn text(self) -> &'a str {
        match self {
            Self::Handle(handle) => handle.as_str(),
            Self::Email(address) => address,
            Self::Arrival(did) => did.as_str(),
        }
    }
}

/// Who has a name, or is to have it.
#[derive(Clone, Debug)]
pub(crate) struct Holder {
    /// A DID, or the id of a sign-up.
    pub(crate) owner: String,
    /// What a handle leads to.
    pub(crate) did: Option<Did>,
}

impl Holder {
    /// An account.
    pub(crate) fn account(did: &Did) -> Self {
        Self {
            owner: did.to_string(),
            did: Some(did.clone()),
        }
    }
}

/// Takes the name; false where it is taken, by whomever.
pub(crate) async fn take(
    name: Name<'_>,
    holder: &Holder,
    now: Timestamp,
    db: &mut Db<'_>,
) -> Result<bool, Fault> {
    let taken = query(sql::TAKE_NAME)
        .bind(name.kind())
        .bind(name.text())
        .bind(holder.owner.as_str())
        .bind(holder.did.as_ref().map(Did::as_str))
        .bind(now.seconds())
        .execute(db)
        .await?;
    Ok(taken.rows_affected() == 1)
}

/// Lets the name go, if it is this one's.
pub(crate) async fn release(name: Name<'_>, owner: &str, db: &mut Db<'_>) -> Result<(), Fault> {
    query(sql::RELEASE_NAME)
        .bind(name.kind())
        .bind(name.text())
        .bind(owner)
        .execute(db)
        .await?;
    Ok(())
}

/// Lets all names of this one go.
pub(crate) async fn release_all(owner: &str, db: &mut Db<'_>) -> Result<(), Fault> {
    query(sql::RELEASE_NAMES).bind(owner).execute(db).await?;
    Ok(())
}

/// Makes all names of a sign-up those of the account it has become.
pub(crate) async fn hand_over(sign_up: &str, did: &Did, db: &mut Db<'_>) -> Result<(), Fault> {
    query(sql::HAND_NAMES_OVER)
        .bind(sign_up)
        .bind(did.as_str())
        .execute(db)
        .await?;
    Ok(())
}
