//! Sign-up: what a person asks for becomes an account on a PDS, in the PLC directory and here.
//!
//! What comes next is [`core::sign_up`](entryway_core::sign_up)'s to say. Here it is done: [`SignUps::begin`] for a request,
//! [`SignUps::reconcile`] for what a request left behind. Both take a record up before they touch anything outside, and
//! the store lets one of them have it, on whichever instance; so all of this may run on many at once.

mod arrival;
mod driver;
mod steps;

use std::net::IpAddr;
use std::sync::Arc;

use tokio::task::JoinSet;

use entryway_core::account::Account;
use entryway_core::password::{NewPassword, PresentedPassword};
use entryway_core::sign_up::{Claim, SignUp, SignUpId, SignUpRequest, Typed};
use entryway_identity::did::PublicKey;
use entryway_oauth::time::Timestamp;
use entryway_oauth::xrpc_denial::XrpcDenial;
use entryway_scope::Did;
use entryway_store::{PdsHost, SignUpAdvance, SignUpBegin};

use crate::app::App;
use crate::failure::Fault;
use crate::xrpc::Failure;

pub(crate) use arrival::Bringing;
use driver::{Driver, End};

/// Signs people up. Cheap to clone.
#[derive(Clone, Debug)]
pub(crate) struct SignUps(App);

impl SignUps {
    /// Those of this instance.
    pub(crate) const fn new(app: App) -> Self {
        Self(app)
    }

    /// Makes the account, or goes on where the same request stopped before. The account is there when this answers,
    /// and a session can be begun: the password was the one that opens it.
    ///
    /// The work goes on to its next stop even where the caller does not wait for it.
    ///
    /// # Errors
    /// What was typed is refused as [`SignUpRequest::parse`] says. [`XrpcDenial::HandleNotAvailable`],
    /// [`XrpcDenial::EmailTaken`] and [`XrpcDenial::InvalidInviteCode`] for what somebody else has or had;
    /// [`XrpcDenial::SignUpUnderWay`] while the same is being worked on. [`XrpcDenial::PdsUnavailable`] and its like
    /// where the same request, sent again, goes on.
    pub(crate) async fn begin(
        &self,
        typed: Typed<'_>,
        recovery_key: Option<&PublicKey>,
        from: IpAddr,
    ) -> Result<Account, Failure> {
        let config = self.0.config();
        let recovery_key = recovery_key.map(PublicKey::to_did_key);
        let (request, password) =
            SignUpRequest::parse(typed, recovery_key, &config.handles, config.invitation)?;
        self.count(request.email.as_str(), from).await?;
        self.make(request, password).await
    }

    /// Counts a request about this name from this address. Never taken back: each is work for three parties, and
    /// whether a password is that of a sign-up that is under way may be asked with one.
    ///
    /// # Errors
    /// [`XrpcDenial::RateLimitExceeded`].
    pub(crate) async fn count(&self, name: &str, from: IpAddr) -> Result<(), Failure> {
        self.0.sign_up_limits().begin(name, from, self.0.now()).await?;
        Ok(())
    }

    async fn make(&self, request: SignUpRequest, password: NewPassword) -> Result<Account, Failure> {
        let turn = self.0.sign_up_turns().take(&request.handle).await;
        let turn = turn.ok_or(under_way())?;
        let held = self.admit(request, &password).await?;
        let signing_up = self.clone();
        let driven = tokio::spawn(async move {
            let _turn = turn;
            signing_up.drive(held).await
        });
        let driven = driven.await;
        let did = match driven.map_err(|error| Fault::because("a sign-up", error))?? {
            End::Done(did) => did,
            End::Refused(denial) => return Err(denial.into()),
            // this request held it, so it was not being undone
            End::Released => return Err(XrpcDenial::HandleNotAvailable.into()),
        };
        let account = self.0.store().account(&did).await?;
        account.ok_or_else(|| XrpcDenial::HandleNotAvailable.into())
    }

    /// Takes up what requests left behind and is due by now, and says how many of them.
    ///
    /// # Errors
    /// A [`Fault`] of the store; what goes wrong with one sign-up is logged, and holds up no other.
    pub(crate) async fn reconcile(&self) -> Result<usize, Fault> {
        let due = self.0.store().due_sign_ups(self.0.now(), ROUND_ROWS).await?;
        let found = due.len();
        let mut working = JoinSet::new();
        for record in due {
            if working.len() >= AT_ONCE {
                working.join_next().await;
            }
            let reconciling = self.clone();
            working.spawn(async move { reconciling.take_up_and_log(record).await });
        }
        working.join_all().await;
        Ok(found)
    }

    async fn take_up_and_log(&self, record: SignUp) {
        let id = record.id;
        match self.take_up(record).await {
            Ok(Some(end)) => tracing::info!(sign_up.id = %id, ?end, "sign-up reconciled"),
            Ok(None) => {}
            Err(fault) => tracing::error!(sign_up.id = %id, fault = format!("{fault:#}"), "sign-up failed"),
        }
    }

    /// Drives a record that is due, unless somebody else does.
    async fn take_up(&self, record: SignUp) -> Result<Option<End>, Fault> {
        let Some(held) = record.clone().held_by_reconciler(self.0.now()) else {
            return Ok(None);
        };
        match self.0.store().advance_sign_up(&record, &held).await? {
            SignUpAdvance::Advanced => self.drive(held).await.map(Some),
            _ => Ok(None),
        }
    }

    /// Gives the request a record of its own: a new one, or the one it began before.
    async fn admit(&self, request: SignUpRequest, password: &NewPassword) -> Result<SignUp, Failure> {
        for _ in 0..ADMISSIONS_MAX {
            let now = self.0.now();
            match self.claimed(&request, password, now).await? {
                Claimed::Held(record) => return Ok(*record),
                Claimed::Changed => continue,
                Claimed::Nothing => {}
            }
            let Some(host) = self.0.fleet().place().await? else {
                tracing::warn!("nobody can sign up, for no PDS host is open: see entryway pds list");
                return Err(XrpcDenial::PdsUnavailable.into());
            };
            let record = SignUp::admit(
                SignUpId::from_entropy(self.0.chance().bytes()?),
                request.clone(),
                self.0.passwords().hash(password).await?,
                host.did.to_string(),
                now,
            );
            match self.0.store().begin_sign_up(&record).await? {
                SignUpBegin::Begun => return Ok(record),
                SignUpBegin::InviteSpent => return Err(XrpcDenial::InvalidInviteCode.into()),
                // the fleet has changed since it was read
                SignUpBegin::HostClosed => self.0.fleet().forget().await,
                taken @ (SignUpBegin::HandleTaken | SignUpBegin::EmailTaken | SignUpBegin::DidTaken) => {
                    // by an account for good; by a sign-up that began in the meantime it may be the same request
                    if self.under_way(&request).await?.is_empty() {
                        return Err(match taken {
                            SignUpBegin::HandleTaken => XrpcDenial::HandleNotAvailable.into(),
                            SignUpBegin::DidTaken => self.did_taken(&request).await?.into(),
                            _ => XrpcDenial::EmailTaken.into(),
                        });
                    }
                }
            }
        }
        Err(under_way().into())
    }

    async fn under_way(&self, request: &SignUpRequest) -> Result<Vec<SignUp>, Fault> {
        Ok(self
            .0
            .store()
            .sign_ups_with(&request.handle, &request.email)
            .await?)
    }

    /// What the sign-ups that have the handle or the address make of the request.
    async fn claimed(
        &self,
        request: &SignUpRequest,
        password: &NewPassword,
        now: Timestamp,
    ) -> Result<Claimed, Failure> {
        for record in self.under_way(request).await? {
            let matches = self.opens(password, &record).await?;
            let taken_up = match record.claim(request, matches, now) {
                Claim::Unrelated => continue,
                Claim::Refuse(denial) => return Err(denial.into()),
                Claim::Resume => record.clone().held_by_request(now)?,
                Claim::Supersede => {
                    let superseded = record.clone().superseded(now)?;
                    // then look again: its address is free
                    self.0.store().advance_sign_up(&record, &superseded).await?;
                    return Ok(Claimed::Changed);
                }
            };
            return match self.0.store().advance_sign_up(&record, &taken_up).await? {
                SignUpAdvance::Advanced => Ok(Claimed::Held(Box::new(taken_up))),
                _ => Ok(Claimed::Changed),
            };
        }
        Ok(Claimed::Nothing)
    }

    async fn opens(&self, password: &NewPassword, record: &SignUp) -> Result<bool, Failure> {
        let presented = PresentedPassword::parse(password.expose())?;
        let known = Some(&record.password);
        Ok(self.0.passwords().verify(&presented, known).await?)
    }

    async fn drive(&self, held: SignUp) -> Result<End, Fault> {
        let host = self.host_of(&held).await?;
        Driver::new(&self.0, host, held).run().await
    }

    async fn host_of(&self, record: &SignUp) -> Result<Arc<PdsHost>, Fault> {
        let host = match Did::parse(&record.pds_did) {
            Ok(did) => self.0.fleet().host(&did).await?,
            Err(_) => None,
        };
        host.ok_or(Fault::new("a sign-up is on a PDS that is no host of ours"))
    }
}

/// Another request is at work on the same.
const fn under_way() -> XrpcDenial {
    XrpcDenial::SignUpUnderWay {
        retry_after_seconds: OVERTAKEN_RETRY_SECONDS,
    }
}

/// What a request has of the sign-ups before it.
enum Claimed {
    /// The one it began before, which is held by it now.
    Held(Box<SignUp>),
    /// Something that has changed since it was looked at.
    Changed,
    /// Nothing.
    Nothing,
}

/// Looks at what is there before a request is told to come back: each sees what another one changed meanwhile.
const ADMISSIONS_MAX: usize = 4;
/// A driver that was overtaken leaves to another what takes moments.
const OVERTAKEN_RETRY_SECONDS: u32 = 5;
/// Records of one round of the reconciler.
pub(crate) const ROUND: usize = ROUND_ROWS as usize;
const ROUND_ROWS: u32 = 50;
/// How many of them at once: each may wait half a minute for a PDS that does not answer.
const AT_ONCE: usize = 8;
