//! Sign-ins in browsers: one row each, so that a person sees their devices from any of them and ends one.
//!
//! A sign-in counts where the sealed browser session holds its id *and* its row is live. Whoever writes to the
//! database can end a sign-in and make none.

use std::iter::repeat_n;

use tracing::instrument;

use entryway_core::account::Account;
use entryway_core::sign_in::{SEEN_EVERY, SignIn, SignInId};
use entryway_oauth::secret::Digest;
use entryway_oauth::time::Timestamp;
use entryway_scope::Did;

use crate::Store;
use crate::db::{Db, query};
use crate::fault::Fault;
use crate::outcome::{SignInBegin, SignInEnd};
use crate::rows::Columns;
use crate::verbs::{Steps, Verb, accounts};
use crate::{rows, sql};

/// How many sign-ins one load of several takes: what one browser may hold.
pub const SIGN_INS_MAX: usize = 16;

/// How many devices one list has: more than a person can tell apart.
pub const DEVICES_MAX: u32 = 50;

/// A sign-in that counts.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LiveSignIn {
    /// Which.
    pub id: SignInId,
    /// When its browser was last seen, to within an hour.
    pub last_seen_at: Timestamp,
    /// The account as it is now.
    pub account: Account,
}

/// The devices that are signed in to an account.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Devices {
    /// The one asked from first, then those seen last; [`DEVICES_MAX`] of them.
    pub listed: Vec<SignIn>,
    /// How many there are.
    pub count: u64,
}

impl Store {
    /// Signs a browser in to an account, in the place of an earlier sign-in of the same two.
    ///
    /// That the password is the account's was checked at `created_at`: if it changed since, nobody is signed in.
    #[instrument(name = "store.begin_sign_in", level = "debug", skip_all)]
    pub async fn begin_sign_in(&self, sign_in: SignIn) -> Result<SignInBegin, Fault> {
        self.write(BeginSignIn(sign_in)).await
    }

    /// Those of these sign-ins that count, in the order asked, with their accounts.
    ///
    /// Takes [`SIGN_INS_MAX`]; further ones are not looked up. That the browser holds them is the caller's care.
    #[instrument(name = "store.live_sign_ins", level = "debug", skip_all)]
    pub async fn live_sign_ins(&self, ids: &[SignInId], now: Timestamp) -> Result<Vec<LiveSignIn>, Fault> {
        let ids = &ids[..ids.len().min(SIGN_INS_MAX)];
        let Some(last) = ids.last() else {
            return Ok(Vec::new());
        };
        // the statement takes sixteen: the last one fills it up
        let filled = ids.iter().chain(repeat_n(last, SIGN_INS_MAX - ids.len()));
        let query = query(sql::LIVE_SIGN_INS).bind(now.seconds());
        let query = filled.fold(query, |query, id| query.bind(id.to_bytes().to_vec()));
        let rows = self.load_few("live_sign_ins", query).await?;
        let mut live: Vec<LiveSignIn> = rows.iter().map(rows::live_sign_in).collect::<Result<_, _>>()?;
        live.sort_by_key(|one| ids.iter().position(|id| *id == one.id));
        Ok(live)
    }

    /// The devices that are signed in to the account, as seen from this browser.
    #[instrument(name = "store.devices", level = "debug", skip_all)]
    pub async fn devices(&self, did: &Did, browser: Digest, now: Timestamp) -> Result<Devices, Fault> {
        let query = query(sql::DEVICES)
            .bind(did.to_string())
            .bind(now.seconds())
            .bind(browser.as_bytes().to_vec())
            .bind(i64::from(DEVICES_MAX));
        let rows = self.load_all("devices", query).await?;
        Ok(Devices {
            count: match rows.first() {
                Some(row) => Columns::of(row, "browser_sign_in").number("devices")?,
                None => 0,
            },
            listed: rows.iter().map(rows::sign_in).collect::<Result<_, _>>()?,
        })
    }

    /// Writes down that a browser was seen, where that was not written in the last hour.
    #[instrument(name = "store.see_browser", level = "debug", skip_all)]
    pub async fn see_browser(&self, browser: Digest, now: Timestamp) -> Result<(), Fault> {
        self.write(SeeBrowser { browser, now }).await
    }

    /// Ends a sign-in of this account. Another account's is as good as none.
    #[instrument(name = "store.end_sign_in", level = "debug", skip_all)]
    pub async fn end_sign_in(&self, did: &Did, id: SignInId, now: Timestamp) -> Result<SignInEnd, Fault> {
        let did = did.clone();
        self.write(EndSignIn { did, id, now }).await
    }

    /// Ends every sign-in of the account but this one, and says how many there were; none, if this one has ended.
    #[instrument(name = "store.end_other_sign_ins", level = "debug", skip_all)]
    pub async fn end_other_sign_ins(&self, did: &Did, kept: SignInId, now: Timestamp) -> Result<u64, Fault> {
        let did = did.clone();
        self.write(EndOtherSignIns { did, kept, now }).await
    }

    /// Ends every sign-in of this browser, whichever the account, and says how many there were.
    #[instrument(name = "store.end_sign_ins_of_browser", level = "debug", skip_all)]
    pub async fn end_sign_ins_of_browser(&self, browser: Digest, now: Timestamp) -> Result<u64, Fault> {
        self.write(EndSignInsOfBrowser { browser, now }).await
    }
}

/// Ends every sign-in of the account as a step of a verb; how many there were.
pub(crate) async fn end_of_account(did: &Did, now: Timestamp, db: &mut Db<'_>) -> Result<u64, Fault> {
    let done = query(sql::END_SIGN_INS_OF_ACCOUNT)
        .bind(did.as_str())
        .bind(now.seconds())
        .execute(db)
        .await?;
    Ok(done.rows_affected())
}

struct BeginSignIn(SignIn);

impl Verb for BeginSignIn {
    type Outcome = SignInBegin;
    const NAME: &'static str = "begin_sign_in";
    const STEPS: Steps = Steps::Several;

    async fn apply(&self, db: &mut Db<'_>) -> Result<SignInBegin, Fault> {
        let one = &self.0;
        // two sign-ins at once come one after the other, and a change of password before or after both
        if !accounts::hold_unchanged(&one.did, one.created_at, db).await? {
            return Ok(SignInBegin::Unknown);
        }
        query(sql::END_EARLIER_SIGN_IN)
            .bind(one.browser.as_bytes().to_vec())
            .bind(one.did.as_str())
            .bind(one.created_at.seconds())
            .execute(&mut *db)
            .await?;
        query(sql::BEGIN_SIGN_IN)
            .bind(one.id.to_bytes().to_vec())
            .bind(one.did.as_str())
            .bind(one.browser.as_bytes().to_vec())
            .bind(one.device.name())
            .bind(one.created_at.seconds())
            .bind(one.last_seen_at.seconds())
            .bind(one.expires_at.seconds())
            .execute(db)
            .await?;
        Ok(SignInBegin::Begun)
    }
}

struct SeeBrowser {
    browser: Digest,
    now: Timestamp,
}

impl Verb for SeeBrowser {
    type Outcome = ();
    const NAME: &'static str = "see_browser";

    async fn apply(&self, db: &mut Db<'_>) -> Result<(), Fault> {
        query(sql::SEE_BROWSER)
            .bind(self.browser.as_bytes().to_vec())
            .bind(self.now.seconds())
            .bind((self.now - SEEN_EVERY).seconds())
            .execute(db)
            .await?;
        Ok(())
    }
}

struct EndSignIn {
    did: Did,
    id: SignInId,
    now: Timestamp,
}

impl Verb for EndSignIn {
    type Outcome = SignInEnd;
    const NAME: &'static str = "end_sign_in";

    async fn apply(&self, db: &mut Db<'_>) -> Result<SignInEnd, Fault> {
        let done = query(sql::END_SIGN_IN)
            .bind(self.id.to_bytes().to_vec())
            .bind(self.did.as_str())
            .bind(self.now.seconds())
            .execute(db)
            .await?;
        Ok(if done.rows_affected() == 1 {
            SignInEnd::Ended
        } else {
            SignInEnd::Gone
        })
    }
}

struct EndOtherSignIns {
    did: Did,
    kept: SignInId,
    now: Timestamp,
}

impl Verb for EndOtherSignIns {
    type Outcome = u64;
    const NAME: &'static str = "end_other_sign_ins";
    const STEPS: Steps = Steps::Several;

    async fn apply(&self, db: &mut Db<'_>) -> Result<u64, Fault> {
        // of devices that end each other at once the first stays
        accounts::hold(&self.did, db).await?;
        let done = query(sql::END_OTHER_SIGN_INS)
            .bind(self.did.as_str())
            .bind(self.now.seconds())
            .bind(self.kept.to_bytes().to_vec())
            .execute(db)
            .await?;
        Ok(done.rows_affected())
    }
}

struct EndSignInsOfBrowser {
    browser: Digest,
    now: Timestamp,
}

impl Verb for EndSignInsOfBrowser {
    type Outcome = u64;
    const NAME: &'static str = "end_sign_ins_of_browser";

    async fn apply(&self, db: &mut Db<'_>) -> Result<u64, Fault> {
        let done = query(sql::END_SIGN_INS_OF_BROWSER)
            .bind(self.browser.as_bytes().to_vec())
            .bind(self.now.seconds())
            .execute(db)
            .await?;
        Ok(done.rows_affected())
    }
}
