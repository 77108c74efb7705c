//! Pushed requests: admitted, bound to a browser, decided.

use tracing::instrument;

use entryway_core::request::AuthorizationRequest;
use entryway_oauth::secret::Digest;
use entryway_oauth::time::{Seconds, Timestamp};
use entryway_scope::{Did, ScopeSet};

use crate::Store;
use crate::db::{Db, Query, Row, query};
use crate::fault::Fault;
use crate::outcome::{Admission, Binding, Decision, PendingRequest, Remembered};
use crate::verbs::marks::{Mark, remember};
use crate::verbs::{Steps, Verb, grants};
use crate::{at_once, rows, sql};

/// A request that PAR admits.
#[derive(Clone, Copy, Debug)]
pub struct NewRequest<'a> {
    /// Digest of the `request_uri` it is answered with.
    pub id: Digest,
    /// What was validated.
    pub request: &'a AuthorizationRequest,
    /// So that its code challenge serves no second request.
    pub challenge: Mark,
    /// So that its proof serves no second request, if it had one.
    pub proof: Option<Mark>,
    /// When it is over unless a browser opens it.
    pub expires_at: Timestamp,
}

/// Why a request is granted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Basis {
    /// The person agreed to it on a page: it is remembered.
    Page,
    /// The person agreed to as much before, and is not asked again: that must still be so.
    Remembered,
}

/// What a person agreed to.
#[derive(Clone, Copy, Debug)]
pub struct Approval<'a> {
    /// Here and now, or before.
    pub basis: Basis,
    /// As which account; it must exist.
    pub did: &'a Did,
    /// What is granted.
    pub scope: &'a ScopeSet,
    /// Digest of the code the client gets.
    pub code: Digest,
    /// When that code is over.
    pub code_expires_at: Timestamp,
    /// When the person last proved who they are.
    pub authenticated_at: Timestamp,
}

impl Store {
    /// Stores a pushed request and uses up its proof and its challenge.
    ///
    /// A request that is not admitted is not stored. Does not look at what is in it.
    #[instrument(name = "store.admit_request", level = "debug", skip_all)]
    pub async fn admit_request(&self, request: NewRequest<'_>, now: Timestamp) -> Result<Admission, Fault> {
        let json = serde_json::to_string(request.request);
        self.write(AdmitRequest {
            id: request.id,
            json: json.map_err(|_| Fault::Row {
                table: "auth_request",
                column: "request",
            })?,
            challenge: request.challenge,
            proof: request.proof,
            expires_at: request.expires_at,
            now,
        })
        .await
    }

    /// The request, if it waits for a decision; changes nothing.
    ///
    /// Does not ask whose browser it belongs to: for comparing its client first.
    #[instrument(name = "store.peek_request", level = "debug", skip_all)]
    pub async fn peek_request(&self, id: Digest, now: Timestamp) -> Result<Option<PendingRequest>, Fault> {
        let row = self
            .load(
                "peek_request",
                query(sql::PEEK_REQUEST)
                    .bind(id.as_bytes().to_vec())
                    .bind(now.seconds()),
            )
            .await?;
        row.as_ref().map(rows::pending_request).transpose()
    }

    /// Gives the request to the browser that opens it, the first time for good.
    ///
    /// Opened again by the same browser it stays open until `expires_at`, though never longer than
    /// `open_max` after its admission; its end never comes nearer.
    #[instrument(name = "store.bind_request", level = "debug", skip_all)]
    pub async fn bind_request(
        &self,
        id: Digest,
        browser: Digest,
        now: Timestamp,
        expires_at: Timestamp,
        open_max: Seconds,
    ) -> Result<Binding, Fault> {
        self.write(BindRequest {
            id,
            browser,
            now,
            expires_at,
            open_max,
        })
        .await
    }

    /// Grants the request, makes its code good, and remembers what the account granted the client on a page:
    /// what was asked is decided anew, what was not asked stays. At most one decision counts.
    ///
    /// Nothing is remembered of a person who signed in with a password that was changed since.
    #[instrument(name = "store.approve_request", level = "debug", skip_all)]
    pub async fn approve_request(
        &self,
        id: Digest,
        browser: Digest,
        approval: Approval<'_>,
        now: Timestamp,
    ) -> Result<Decision, Fault> {
        self.write(ApproveRequest {
            id,
            browser,
            basis: approval.basis,
            did: approval.did.clone(),
            scope: approval.scope.clone(),
            code: approval.code,
            code_expires_at: approval.code_expires_at,
            authenticated_at: approval.authenticated_at,
            now,
        })
        .await
    }

    /// Refuses the request. At most one decision counts.
    ///
    /// Where `account` refuses it, what was asked is taken out of what it granted the client before: the
    /// latest word counts.
    #[instrument(name = "store.deny_request", level = "debug", skip_all)]
    pub async fn deny_request(
        &self,
        id: Digest,
        browser: Digest,
        account: Option<&Did>,
        now: Timestamp,
    ) -> Result<Decision, Fault> {
        self.write(DenyRequest {
            id,
            browser,
            account: account.cloned(),
            now,
        })
        .await
    }
}

struct AdmitRequest {
    id: Digest,
    json: String,
    challenge: Mark,
    proof: Option<Mark>,
    expires_at: Timestamp,
    now: Timestamp,
}

impl Verb for AdmitRequest {
    type Outcome = Admission;
    const NAME: &'static str = "admit_request";
    const STEPS: Steps = Steps::Several;

    async fn apply(&self, db: &mut Db<'_>) -> Result<Admission, Fault> {
        if let Some(proof) = self.proof
            && remember(proof, self.now, db).await? == Remembered::Replayed
        {
            return Ok(Admission::ProofReplayed);
        }
        if remember(self.challenge, self.now, db).await? == Remembered::Replayed {
            return Ok(Admission::ChallengeReused);
        }
        query(sql::ADMIT_REQUEST)
            .bind(self.id.as_bytes().to_vec())
            .bind(self.json.as_str())
            .bind(self.now.seconds())
            .bind(self.expires_at.seconds())
            .execute(db)
            .await?;
        Ok(Admission::Admitted)
    }

    async fn at_once(&self, db: &mut Db<'_>) -> Result<Option<Admission>, Fault> {
        let bind = |query: Query| {
            query
                .bind(self.id.as_bytes().to_vec())
                .bind(self.json.as_str())
                .bind(self.now.seconds())
                .bind(self.expires_at.seconds())
                .bind(self.proof.map(|proof| proof.digest.as_bytes().to_vec()))
                .bind(self.proof.map(|proof| proof.expires_at.seconds()))
                .bind(self.challenge.digest.as_bytes().to_vec())
                .bind(self.challenge.expires_at.seconds())
        };
        let done = at_once::Done::by(at_once::ADMIT_REQUEST, bind, db).await?;
        Ok(if done.changed {
            Some(Admission::Admitted)
        } else if done.proof_was_fresh {
            Some(Admission::ChallengeReused)
        } else {
            None
        })
    }
}

struct BindRequest {
    id: Digest,
    browser: Digest,
    now: Timestamp,
    expires_at: Timestamp,
    open_max: Seconds,
}

impl Verb for BindRequest {
    type Outcome = Binding;
    const NAME: &'static str = "bind_request";

    async fn apply(&self, db: &mut Db<'_>) -> Result<Binding, Fault> {
        let bound = query(sql::BIND_REQUEST)
            .bind(self.id.as_bytes().to_vec())
            .bind(self.now.seconds())
            .bind(self.browser.as_bytes().to_vec())
            .bind(self.expires_at.seconds())
            .bind(self.open_max.0)
            .fetch_optional(&mut *db)
            .await?;
        if let Some(row) = bound {
            return rows::pending_request(&row).map(Binding::Bound);
        }
        let pending = query(sql::PEEK_REQUEST)
            .bind(self.id.as_bytes().to_vec())
            .bind(self.now.seconds())
            .fetch_optional(db)
            .await?;
        Ok(match pending {
            Some(_) => Binding::OpenedElsewhere,
            None => Binding::Unknown,
        })
    }
}

struct ApproveRequest {
    id: Digest,
    browser: Digest,
    basis: Basis,
    did: Did,
    scope: ScopeSet,
    code: Digest,
    code_expires_at: Timestamp,
    authenticated_at: Timestamp,
    now: Timestamp,
}

impl Verb for ApproveRequest {
    type Outcome = Decision;
    const NAME: &'static str = "approve_request";
    const STEPS: Steps = Steps::Several;

    async fn apply(&self, db: &mut Db<'_>) -> Result<Decision, Fault> {
        match self.basis {
            Basis::Page => self.as_the_page_says(db).await,
            Basis::Remembered => self.as_remembered(db).await,
        }
    }
}

impl ApproveRequest {
    async fn as_the_page_says(&self, db: &mut Db<'_>) -> Result<Decision, Fault> {
        let decision = self.approve(db).await?;
        if let Decision::Decided(request) = &decision {
            let authenticated_at = self.authenticated_at;
            grants::remember(&self.did, request, &self.scope, authenticated_at, self.now, db).await?;
        }
        Ok(decision)
    }

    /// The request is held before the grant, and approved after it was seen: sql.rs says in which order rows
    /// are held.
    async fn as_remembered(&self, db: &mut Db<'_>) -> Result<Decision, Fault> {
        let waiting = query(sql::HOLD_REQUEST)
            .bind(self.id.as_bytes().to_vec())
            .bind(self.now.seconds())
            .bind(self.browser.as_bytes().to_vec())
            .fetch_optional(&mut *db)
            .await?;
        let Some(request) = waiting.as_ref().map(rows::request).transpose()? else {
            return Ok(Decision::Gone);
        };
        if grants::answers(&self.did, &request, &self.scope, db).await? {
            self.approve(db).await
        } else {
            Ok(Decision::ConsentGone)
        }
    }

    async fn approve(&self, db: &mut Db<'_>) -> Result<Decision, Fault> {
        let decided = query(sql::APPROVE_REQUEST)
            .bind(self.id.as_bytes().to_vec())
            .bind(self.now.seconds())
            .bind(self.browser.as_bytes().to_vec())
            .bind(self.did.as_str())
            .bind(self.scope.to_string())
            .bind(self.authenticated_at.seconds())
            .bind(self.code.as_bytes().to_vec())
            .bind(self.code_expires_at.seconds())
            .fetch_optional(db)
            .await?;
        decision(decided.as_ref())
    }
}

struct DenyRequest {
    id: Digest,
    browser: Digest,
    account: Option<Did>,
    now: Timestamp,
}

impl Verb for DenyRequest {
    type Outcome = Decision;
    const NAME: &'static str = "deny_request";
    const STEPS: Steps = Steps::Several;

    async fn apply(&self, db: &mut Db<'_>) -> Result<Decision, Fault> {
        let decision = self.deny(db).await?;
        if let (Decision::Decided(request), Some(did)) = (&decision, &self.account) {
            grants::take_back(did, request, db).await?;
        }
        Ok(decision)
    }

    /// Where no account takes anything back, there is one step.
    async fn at_once(&self, db: &mut Db<'_>) -> Result<Option<Decision>, Fault> {
        match self.account {
            None => self.deny(db).await.map(Some),
            Some(_) => Ok(None),
        }
    }
}

impl DenyRequest {
    async fn deny(&self, db: &mut Db<'_>) -> Result<Decision, Fault> {
        let decided = query(sql::DENY_REQUEST)
            .bind(self.id.as_bytes().to_vec())
            .bind(self.now.seconds())
            .bind(self.browser.as_bytes().to_vec())
            .fetch_optional(db)
            .await?;
        decision(decided.as_ref())
    }
}

fn decision(decided: Option<&Row>) -> Result<Decision, Fault> {
    match decided {
        Some(row) => rows::request(row).map(Decision::Decided),
        None => Ok(Decision::Gone),
    }
}
