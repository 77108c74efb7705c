//! What one browser is known by and remembers: its accounts, and what was chosen for which request.
//!
//! A tower-sessions record, sealed in the store. The key `browser` names the browser itself: requests
//! are bound to it and form tokens derived from it, and it stays when the session id changes at sign-in.
//! The sign-ins of the record are names alone: each counts as long as its row in the store does, which the
//! person can end from any other device.

use std::collections::VecDeque;

use serde::{Deserialize, Serialize};
use tower_sessions::Session;

use entryway_core::authorize::{Choice, SignedIn};
use entryway_core::device::Device;
use entryway_core::sign_in::{SignIn, SignInId};
use entryway_oauth::denial::Denial;
use entryway_oauth::secret::{Digest, constant_time_eq};
use entryway_oauth::time::Timestamp;
use entryway_scope::Did;
use entryway_store::{BrowserSessions, SignInBegin};

use crate::app::App;
use crate::failure::{Failure, Fault};

/// A browser that has opened a page here.
pub(crate) struct Browser {
    session: Session,
    id: String,
}

/// A password given in this browser.
#[derive(Clone, Serialize, Deserialize)]
struct Held {
    id: SignInId,
    did: Did,
    authenticated_at: Timestamp,
}

/// Which account was chosen for a request; the latest requests only.
#[derive(Default, Serialize, Deserialize)]
struct Choices(VecDeque<(String, Option<Did>)>);

/// Accounts of one browser; the one signed in longest ago is forgotten first.
const ACCOUNTS_MAX: usize = 10;
/// Requests of one browser whose choice is remembered.
const CHOICES_MAX: usize = 16;

/// Not `accounts`, where sign-ins without a row were: whoever holds one of those signs in again.
const SIGN_INS: &str = BrowserSessions::SIGN_INS_KEY;
const CHOICES: &str = "choices";

impl Browser {
    /// The browser of a page; a new one is named, and forgotten again unless it is [kept](Self::keep).
    pub(crate) async fn open(app: &App, session: Session) -> Result<Self, Failure> {
        if let Some(known) = Self::known(session.clone()).await? {
            return Ok(known);
        }
        let id = Digest::of(&app.chance().bytes::<32>()?).to_string();
        Ok(Self { session, id })
    }

    /// Remembers the browser: it gets its cookie with the answer. Nothing is written for one that is
    /// remembered already, nor for visitors who never open a request that exists.
    pub(crate) async fn keep(&self) -> Result<(), Failure> {
        if Self::known(self.session.clone()).await?.is_none() {
            self.session
                .insert(BrowserSessions::BROWSER_KEY, &self.id)
                .await
                .map_err(broken)?;
        }
        Ok(())
    }

    /// The browser of a page that names no new one: nothing for a visitor without a cookie of ours.
    pub(crate) async fn known(session: Session) -> Result<Option<Self>, Failure> {
        let id: Option<String> = session.get(BrowserSessions::BROWSER_KEY).await.map_err(broken)?;
        Ok(id.map(|id| Self { session, id }))
    }

    /// The browser of a form, whose token must be the one of its page.
    pub(crate) async fn of_form(app: &App, session: Session, token: Option<&str>) -> Result<Self, Failure> {
        match (Self::known(session).await?, token) {
            (Some(browser), Some(token))
                if constant_time_eq(browser.form_token(app).as_bytes(), token.as_bytes()) =>
            {
                Ok(browser)
            }
            _ => Err(Denial::FormTokenInvalid.into()),
        }
    }

    /// What requests are bound to.
    pub(crate) fn digest(&self) -> Digest {
        Digest::of(self.id.as_bytes())
    }

    /// The token its forms carry.
    pub(crate) fn form_token(&self, app: &App) -> String {
        app.keys().form_token(&self.id)
    }

    /// The accounts signed in here, as they are now; those that are gone are left out, and those whose sign-in
    /// was ended from elsewhere.
    pub(crate) async fn signed_in(&self, app: &App, now: Timestamp) -> Result<Vec<SignedIn>, Failure> {
        let held = self.held().await?;
        let ids: Vec<SignInId> = held.iter().map(|one| one.id).collect();
        let live = app.store().live_sign_ins(&ids, now).await?;
        if live.iter().any(|one| SignIn::is_due(one.last_seen_at, now)) {
            app.store().see_browser(self.digest(), now).await?;
        }
        let signed_in = live.into_iter().filter_map(|live| {
            // the record is sealed: its instant is the one that was written
            let held = held
                .iter()
                .find(|one| one.id == live.id && one.did == live.account.did)?;
            Some(SignedIn {
                authenticated_at: held.authenticated_at,
                account: live.account,
            })
        });
        Ok(signed_in.collect())
    }

    /// The sign-in of an account here, whether it still counts or not.
    pub(crate) async fn sign_in_of(&self, did: &Did) -> Result<Option<SignInId>, Failure> {
        let held = self.held().await?;
        Ok(held.iter().find(|one| one.did == *did).map(|one| one.id))
    }

    /// Signs an account in, under a new session id, and chooses it for the request if there is one.
    pub(crate) async fn sign_in(
        &self,
        app: &App,
        did: &Did,
        device: Device,
        request: Option<Digest>,
        now: Timestamp,
    ) -> Result<(), Failure> {
        // checking the password took a while: somebody may have signed out in another tab since
        self.session.load().await.map_err(broken)?;
        let mut held = self.held().await?;
        held.retain(|one| one.did != *did);
        let id = self.begin(app, did, device, now).await?;
        for forgotten in held.drain(held.len().min(ACCOUNTS_MAX - 1)..) {
            app.store().end_sign_in(&forgotten.did, forgotten.id, now).await?;
        }
        held.insert(
            0,
            Held {
                id,
                did: did.clone(),
                authenticated_at: now,
            },
        );
        self.session.cycle_id().await.map_err(broken)?;
        self.session
            .insert(BrowserSessions::BROWSER_KEY, &self.id)
            .await
            .map_err(broken)?;
        self.session.insert(SIGN_INS, &held).await.map_err(broken)?;
        match request {
            Some(request) => self.write_choice(request, Some(did)).await,
            None => Ok(()),
        }
    }

    /// Gives the sign-in its row.
    async fn begin(&self, app: &App, did: &Did, device: Device, now: Timestamp) -> Result<SignInId, Failure> {
        let sign_in = SignIn {
            id: SignInId::from_entropy(app.chance().bytes()?),
            did: did.clone(),
            browser: self.digest(),
            device,
            created_at: now,
            last_seen_at: now,
            expires_at: now + BrowserSessions::LIFETIME,
        };
        let id = sign_in.id;
        match app.store().begin_sign_in(sign_in).await? {
            SignInBegin::Begun => Ok(id),
            // the password is another one since it was checked
            SignInBegin::Unknown => Err(Denial::CredentialsWrong.into()),
        }
    }

    /// Signs every account of this browser out, on the server too.
    pub(crate) async fn sign_out(&self, app: &App, now: Timestamp) -> Result<(), Failure> {
        app.store().end_sign_ins_of_browser(self.digest(), now).await?;
        self.session.flush().await.map_err(broken)
    }

    /// What was chosen for a request so far.
    pub(crate) async fn choice(&self, request: Digest) -> Result<Choice, Failure> {
        let Choices(choices) = self.choices().await?;
        let request = request.to_string();
        Ok(match choices.into_iter().find(|(known, _)| *known == request) {
            None => Choice::Open,
            Some((_, None)) => Choice::Another,
            Some((_, Some(did))) => Choice::Account(did),
        })
    }

    /// Chooses an account for a request, or asks for one that is not signed in yet.
    ///
    /// With nobody signed in there is nothing to choose between and nothing is written: a record that
    /// was just rotated away must not be saved, or its old cookie would be sent again.
    pub(crate) async fn choose(&self, request: Digest, did: Option<&Did>) -> Result<(), Failure> {
        self.session.load().await.map_err(broken)?;
        if self.held().await?.is_empty() {
            return Ok(());
        }
        self.write_choice(request, did).await
    }

    async fn write_choice(&self, request: Digest, did: Option<&Did>) -> Result<(), Failure> {
        let Choices(mut choices) = self.choices().await?;
        let request = request.to_string();
        choices.retain(|(known, _)| *known != request);
        choices.truncate(CHOICES_MAX - 1);
        choices.push_front((request, did.cloned()));
        self.session
            .insert(CHOICES, Choices(choices))
            .await
            .map_err(broken)
    }

    async fn held(&self) -> Result<Vec<Held>, Failure> {
        Ok(self
            .session
            .get(SIGN_INS)
            .await
            .map_err(broken)?
            .unwrap_or_default())
    }

    async fn choices(&self) -> Result<Choices, Failure> {
        Ok(self
            .session
            .get(CHOICES)
            .await
            .map_err(broken)?
            .unwrap_or_default())
    }
}

fn broken(error: tower_sessions::session::Error) -> Failure {
    Fault::because("browser session", error).into()
}
