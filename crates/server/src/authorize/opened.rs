//! A pushed request, opened by the browser that owns it.

use url::form_urlencoded;

use entryway_core::authorize::{Choice, Errand, SignedIn, Situation, Step};
use entryway_core::trust::Standing;
use entryway_oauth::client_id::ClientId;
use entryway_oauth::denial::Denial;
use entryway_oauth::form::Parameters;
use entryway_oauth::secret::{Digest, RequestUri};
use entryway_oauth::time::{Seconds, Timestamp};
use entryway_scope::Did;
use entryway_store::{Binding, PendingRequest};

use crate::app::App;
use crate::browser::Browser;
use crate::failure::Failure;
use crate::sets::Sets;
use crate::sign_up_form;

/// A request under way in one browser.
pub(super) struct Opened {
    pub(super) id: Digest,
    pub(super) request_uri: RequestUri,
    pub(super) pending: PendingRequest,
    pub(super) browser: Browser,
    pub(super) signed_in: Vec<SignedIn>,
    /// What was said of the client before, by the operator and by these accounts.
    pub(super) standing: Standing,
    choice: Choice,
    errand: Errand,
    makes_accounts: bool,
    /// The permission sets that are asked for, and those these accounts granted before.
    pub(super) sets: Sets,
}

/// How long a request may be kept open by looking at it again and again.
const OPEN_MAX: Seconds = Seconds::minutes(60);

impl Opened {
    /// Opens the request that `client_id` and `request_uri` name, for this browser alone.
    ///
    /// The client is compared before anything is bound, so that naming another client's request
    /// changes nothing.
    pub(super) async fn load(
        app: &App,
        browser: Browser,
        parameters: &Parameters,
        now: Timestamp,
    ) -> Result<Self, Failure> {
        let request_uri = parameters
            .optional("request_uri")
            .ok_or(Denial::PushedRequestRequired)?;
        let client_id = ClientId::parse(parameters.required("client_id")?)?;
        let request_uri = RequestUri::parse(request_uri)?;
        let id = request_uri.digest();
        let store = app.store();
        let pushed = store.peek_request(id, now).await?.ok_or(Denial::RequestUnknown)?;
        if pushed.request.client_id != client_id {
            return Err(Denial::RequestUnknown.into());
        }
        let until = now + app.policy().request_lifetime;
        let pending = match store
            .bind_request(id, browser.digest(), now, until, OPEN_MAX)
            .await?
        {
            Binding::Bound(pending) => pending,
            Binding::OpenedElsewhere => return Err(Denial::RequestOpenedElsewhere.into()),
            Binding::Unknown => return Err(Denial::RequestUnknown.into()),
        };
        browser.keep().await?;
        let signed_in = browser.signed_in(app, now).await?;
        let dids: Vec<Did> = signed_in.iter().map(|one| one.account.did.clone()).collect();
        let standing = store.standing(&client_id, &dids).await?;
        let choice = browser.choice(id).await?;
        let makes_accounts = sign_up_form::is_open(app).await?;
        let mut sets = app.sets().of_grant(&pending.request.scope, now).await?;
        for (_, grant) in &standing.granted {
            sets.extend(app.sets().of_grant(&grant.scope, now).await?);
        }
        Ok(Self {
            id,
            request_uri,
            pending,
            browser,
            signed_in,
            standing,
            choice,
            errand: Errand::Answer,
            makes_accounts,
            sets,
        })
    }

    /// The same, opened for this.
    pub(super) fn with_errand(self, errand: Errand) -> Self {
        Self { errand, ..self }
    }

    /// Counts nothing as granted by this account before, for it took that back a moment ago.
    pub(super) fn forget_grant_of(&mut self, did: &Did) {
        self.standing.granted.retain(|(account, _)| account != did);
    }

    /// This account, if its password was given in this browser.
    pub(super) fn account(&self, did: &str) -> Option<&SignedIn> {
        self.signed_in.iter().find(|one| one.account.did.as_str() == did)
    }

    /// What the browser sees next.
    pub(super) fn next_step(&self, app: &App, now: Timestamp) -> Step<'_> {
        let situation = Situation {
            request: &self.pending.request,
            admitted_at: self.pending.admitted_at,
            signed_in: &self.signed_in,
            standing: &self.standing,
            choice: &self.choice,
            errand: self.errand,
            makes_accounts: self.makes_accounts,
        };
        situation.next_step(app.policy(), now)
    }

    /// The page to return to after a form: the same request again.
    pub(super) fn location(&self, app: &App) -> String {
        self.location_at(&app.endpoints().authorize)
    }

    /// Another page of the request, at this path.
    pub(super) fn location_at(&self, path: &str) -> String {
        let query = form_urlencoded::Serializer::new(String::new())
            .append_pair("client_id", self.pending.request.client_id.as_str())
            .append_pair("request_uri", self.request_uri.expose())
            .finish();
        format!("{path}?{query}")
    }
}
