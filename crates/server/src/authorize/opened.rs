//! A pushed request, opened by the browser that owns it.

use url::form_urlencoded;

use entryway_core::authorize::{self, SignedIn, Step};
use entryway_oauth::client_id::ClientId;
use entryway_oauth::denial::Denial;
use entryway_oauth::form::Parameters;
use entryway_oauth::secret::{Digest, RequestUri};
use entryway_oauth::time::{Seconds, Timestamp};
use entryway_store::{Binding, PendingRequest};

use crate::app::App;
use crate::browser::Browser;
use crate::failure::Failure;

/// A request under way in one browser.
pub(super) struct Opened {
    pub(super) id: Digest,
    pub(super) request_uri: RequestUri,
    pub(super) pending: PendingRequest,
    pub(super) browser: Browser,
    pub(super) signed_in: Vec<SignedIn>,
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
        let signed_in = browser.signed_in(app).await?;
        Ok(Self {
            id,
            request_uri,
            pending,
            browser,
            signed_in,
        })
    }

    /// What the browser sees next.
    pub(super) async fn next_step(&self, app: &App, now: Timestamp) -> Result<Step<'_>, Failure> {
        let choice = self.browser.choice(self.id).await?;
        let (request, admitted_at) = (&self.pending.request, self.pending.admitted_at);
        Ok(authorize::next_step(
            request,
            admitted_at,
            &self.signed_in,
            &choice,
            app.policy(),
            now,
        ))
    }

    /// The page to return to after a form: the same request again.
    pub(super) fn location(&self, app: &App) -> String {
        let query = form_urlencoded::Serializer::new(String::new())
            .append_pair("client_id", self.pending.request.client_id.as_str())
            .append_pair("request_uri", self.request_uri.expose())
            .finish();
        format!("{}?{query}", app.endpoints().authorize)
    }
}
