//! Invite codes, and who used them.

use tracing::instrument;

use entryway_core::invite::{Invite, InviteCode};
use entryway_core::sign_up::SignUpId;
use entryway_oauth::time::Timestamp;
use entryway_scope::Did;

use crate::Store;
use crate::db::{Db, Query, query};
use crate::fault::Fault;
use crate::outcome::{InviteCreation, InviteDisabling};
use crate::rows::Columns;
use crate::verbs::{Steps, Verb};
use crate::{rows, sql};

/// How many invites one verb makes: a page of them for each of ten accounts.
pub const INVITES_AT_ONCE_MAX: usize = 1000;

/// How many invites one page of a list has.
pub const INVITES_PAGE: u32 = 100;

/// How many uses of invites are told together, the first ones; the rest are only counted.
pub const INVITE_USES_MAX: u32 = 1000;

impl Store {
    /// Makes the invites good, all at once. What is said of their use is ignored: it is none.
    ///
    /// # Errors
    /// `Engine` where one of the codes exists, which random ones do not.
    #[instrument(name = "store.create_invites", level = "debug", skip_all)]
    pub async fn create_invites(&self, invites: &[Invite]) -> Result<InviteCreation, Fault> {
        if invites.len() > INVITES_AT_ONCE_MAX {
            return Ok(InviteCreation::TooMany);
        }
        self.write(CreateInvites {
            invites: invites.to_vec(),
        })
        .await
    }

    /// The invite of this code, with its first [`INVITE_USES_MAX`] uses. Does not look whether it is used up.
    #[instrument(name = "store.invite", level = "debug", skip_all)]
    pub async fn invite(&self, code: &InviteCode) -> Result<Option<Invite>, Fault> {
        let found = self.load("invite", query(sql::INVITE).bind(code.as_str()));
        let Some(row) = found.await? else {
            return Ok(None);
        };
        let mut invites = vec![rows::invite(&row)?];
        let uses = query(sql::USES_OF_INVITE)
            .bind(code.as_str())
            .bind(i64::from(INVITE_USES_MAX));
        self.tell_uses(&mut invites, uses).await?;
        Ok(invites.pop())
    }

    /// The invites of this account, a DID or `admin`, by code and a page of [`INVITES_PAGE`] at a time: those that
    /// come after `last`. With the first [`INVITE_USES_MAX`] uses of the page.
    #[instrument(name = "store.invites_after", level = "debug", skip_all)]
    pub async fn invites_after(
        &self,
        for_account: &str,
        last: Option<&InviteCode>,
    ) -> Result<Vec<Invite>, Fault> {
        let page = |statement| {
            query(statement)
                .bind(for_account.to_owned())
                .bind(last.map(|code| code.as_str().to_owned()).unwrap_or_default())
                .bind(i64::from(INVITES_PAGE))
        };
        let rows = self.load_all("invites_after", page(sql::INVITES_AFTER)).await?;
        let mut invites: Vec<Invite> = rows.iter().map(rows::invite).collect::<Result<_, _>>()?;
        let uses = page(sql::USES_OF_INVITES_AFTER).bind(i64::from(INVITE_USES_MAX));
        self.tell_uses(&mut invites, uses).await?;
        Ok(invites)
    }

    /// The invites of everybody, the latest first and a page of [`INVITES_PAGE`] at most: those that come after
    /// `last`. With the first [`INVITE_USES_MAX`] uses of the page.
    #[instrument(name = "store.recent_invites", level = "debug", skip_all)]
    pub async fn recent_invites(&self, last: Option<&Invite>, limit: u32) -> Result<Vec<Invite>, Fault> {
        let page = |statement| {
            query(statement)
                .bind(last.map_or(i64::MAX, |invite| invite.created_at.seconds()))
                .bind(
                    last.map(|invite| invite.code.as_str().to_owned())
                        .unwrap_or_default(),
                )
                .bind(i64::from(limit.min(INVITES_PAGE)))
        };
        let rows = self.load_all("recent_invites", page(sql::RECENT_INVITES)).await?;
        let mut invites: Vec<Invite> = rows.iter().map(rows::invite).collect::<Result<_, _>>()?;
        invites.sort_by(|one, other| one.code.cmp(&other.code));
        let uses = page(sql::USES_OF_RECENT_INVITES).bind(i64::from(INVITE_USES_MAX));
        self.tell_uses(&mut invites, uses).await?;
        invites.sort_by(|one, other| (other.created_at, &one.code).cmp(&(one.created_at, &other.code)));
        Ok(invites)
    }

    /// Withdraws the invite.
    #[instrument(name = "store.disable_invite", level = "debug", skip_all)]
    pub async fn disable_invite(&self, code: &InviteCode) -> Result<InviteDisabling, Fault> {
        self.write(DisableInvite { code: code.clone() }).await
    }

    /// Withdraws every invite of this account, a DID or `admin`, and says how many were good.
    #[instrument(name = "store.disable_invites_of_account", level = "debug", skip_all)]
    pub async fn disable_invites_of_account(&self, for_account: &str) -> Result<u64, Fault> {
        self.write(DisableInvitesOfAccount {
            for_account: for_account.to_owned(),
        })
        .await
    }

    /// Who used these invites, which are in the order of their codes.
    async fn tell_uses(&self, invites: &mut [Invite], query: Query) -> Result<(), Fault> {
        for row in self.load_all("invite_uses", query).await? {
            let (code, used) = rows::invite_use(&row)?;
            if let Ok(at) = invites.binary_search_by(|invite| invite.code.cmp(&code)) {
                invites[at].uses.push(used);
            }
        }
        Ok(())
    }
}

/// Uses the invite once for a sign-up, as a step of its verb; false if it is not good any more.
pub(crate) async fn use_once(
    code: &InviteCode,
    sign_up: SignUpId,
    now: Timestamp,
    db: &mut Db<'_>,
) -> Result<bool, Fault> {
    let used = query(sql::USE_INVITE)
        .bind(code.as_str())
        .execute(&mut *db)
        .await?;
    if used.rows_affected() == 0 {
        return Ok(false);
    }
    query(sql::KEEP_INVITE_USE)
        .bind(code.as_str())
        .bind(sign_up.to_string())
        .bind(now.seconds())
        .execute(db)
        .await?;
    Ok(true)
}

/// Writes the account where the sign-up stood.
pub(crate) async fn finish_use(sign_up: SignUpId, did: &Did, db: &mut Db<'_>) -> Result<(), Fault> {
    query(sql::FINISH_INVITE_USE)
        .bind(sign_up.to_string())
        .bind(did.as_str())
        .execute(db)
        .await?;
    Ok(())
}

/// Takes the use of a sign-up back, if it has one.
pub(crate) async fn give_back(sign_up: SignUpId, db: &mut Db<'_>) -> Result<(), Fault> {
    let given_back = query(sql::GIVE_BACK_INVITE_USE)
        .bind(sign_up.to_string())
        .fetch_optional(&mut *db)
        .await?;
    if let Some(row) = given_back {
        query(sql::GIVE_BACK_INVITE)
            .bind(Columns::of(&row, "invite_use").text("code")?)
            .execute(db)
            .await?;
    }
    Ok(())
}

struct CreateInvites {
    invites: Vec<Invite>,
}

impl Verb for CreateInvites {
    type Outcome = InviteCreation;
    const NAME: &'static str = "create_invites";
    const STEPS: Steps = Steps::Several;

    async fn apply(&self, db: &mut Db<'_>) -> Result<InviteCreation, Fault> {
        for invite in &self.invites {
            query(sql::CREATE_INVITE)
                .bind(invite.code.as_str())
                .bind(i64::from(invite.uses_max))
                .bind(i64::from(invite.disabled))
                .bind(invite.for_account.as_str())
                .bind(invite.created_by.as_str())
                .bind(invite.created_at.seconds())
                .execute(&mut *db)
                .await?;
        }
        Ok(InviteCreation::Created)
    }
}

struct DisableInvite {
    code: InviteCode,
}

impl Verb for DisableInvite {
    type Outcome = InviteDisabling;
    const NAME: &'static str = "disable_invite";

    async fn apply(&self, db: &mut Db<'_>) -> Result<InviteDisabling, Fault> {
        let done = query(sql::DISABLE_INVITE)
            .bind(self.code.as_str())
            .execute(db)
            .await?;
        Ok(if done.rows_affected() == 1 {
            InviteDisabling::Disabled
        } else {
            InviteDisabling::Unknown
        })
    }
}

struct DisableInvitesOfAccount {
    for_account: String,
}

impl Verb for DisableInvitesOfAccount {
    type Outcome = u64;
    const NAME: &'static str = "disable_invites_of_account";

    async fn apply(&self, db: &mut Db<'_>) -> Result<u64, Fault> {
        let done = query(sql::DISABLE_INVITES_OF_ACCOUNT)
            .bind(self.for_account.as_str())
            .execute(db)
            .await?;
        Ok(done.rows_affected())
    }
}
