//! What one browser is known by and remembers: its accounts, and what was chosen for which request.
//!
//! A tower-sessions record, sealed in the store. The key `browser` names the browser itself: requests
//! are bound to it and form tokens derived from it, and it stays when the session id changes at sign-in.

use std::collections::VecDeque;

use serde::{Deserialize, Serialize};
use tower_sessions::Session;

use entryway_core::authorize::{Choice, SignedIn};
use entryway_oauth::denial::Denial;
use entryway_oauth::secret::{Digest, constant_time_eq};
use entryway_oauth::time::Timestamp;
use entryway_scope::Did;
use entryway_store::BrowserSessions;

use crate::app::App;
use crate::failure::{Failure, Fault};

/// A browser that has opened a page here.
pub(crate) struct Browser {
    session: Session,
    id: String,
}

/// A password given in this browser.
#[derive(Clone, Serialize, Deserialize)]
struct SignIn {
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

const ACCOUNTS: &str = "accounts";
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

    /// The accounts signed in here, as they are now; those that are gone are left out.
    pub(crate) async fn signed_in(&self, app: &App) -> Result<Vec<SignedIn>, Failure> {
        let sign_ins = self.sign_ins().await?;
        if sign_ins.is_empty() {
            return Ok(Vec::new());
        }
        let dids: Vec<Did> = sign_ins.iter().map(|one| one.did.clone()).collect();
        let accounts = app.store().accounts(&dids).await?;
        let since = |did: &Did| {
            sign_ins
                .iter()
                .find(|one| one.did == *did)
                .map(|one| one.authenticated_at)
        };
        let known = accounts.into_iter().filter_map(|account| {
            since(&account.did).map(|authenticated_at| SignedIn {
                authenticated_at,
                account,
            })
        });
        Ok(known.collect())
    }

    /// Signs an account in, under a new session id, and chooses it for the request.
    pub(crate) async fn sign_in(&self, did: &Did, request: Digest, now: Timestamp) -> Result<(), Failure> {
        // checking the password took a while: somebody may have signed out in another tab since
        self.session.load().await.map_err(broken)?;
        let mut sign_ins = self.sign_ins().await?;
        sign_ins.retain(|one| one.did != *did);
        sign_ins.truncate(ACCOUNTS_MAX - 1);
        sign_ins.insert(
            0,
            SignIn {
                did: did.clone(),
                authenticated_at: now,
            },
        );
        self.session.cycle_id().await.map_err(broken)?;
        self.session
            .insert(BrowserSessions::BROWSER_KEY, &self.id)
            .await
            .map_err(broken)?;
        self.session.insert(ACCOUNTS, &sign_ins).await.map_err(broken)?;
        self.write_choice(request, Some(did)).await
    }

    /// Signs every account of this browser out, on the server too.
    pub(crate) async fn sign_out(&self) -> Result<(), Failure> {
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
        if self.sign_ins().await?.is_empty() {
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

    async fn sign_ins(&self) -> Result<Vec<SignIn>, Failure> {
        Ok(self
            .session
            .get(ACCOUNTS)
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
