//! Which client is calling, and whether it authenticates as its metadata says.

use http::header::AUTHORIZATION;
use http::request::Parts;

use entryway_oauth::client::{Client, ClientAuthentication};
use entryway_oauth::client_auth::{self, Assertion, ClientKey, Expectation, UnverifiedAssertion};
use entryway_oauth::client_id::ClientId;
use entryway_oauth::denial::Denial;
use entryway_oauth::dpop::Proof;
use entryway_oauth::form::Parameters;
use entryway_oauth::key_set::KeySet;
use entryway_oauth::time::Timestamp;
use entryway_store::{Mark, Remembered};

use crate::app::App;
use crate::clients::{Need, Read};
use crate::failure::Failure;

/// The client of a back-channel request.
pub(crate) struct Caller {
    read: Read,
    authenticated: Result<Option<Assertion>, Denial>,
}

impl Caller {
    /// Finds out who is calling. That it failed to authenticate is not yet a refusal: see
    /// [`Self::authenticated`].
    ///
    /// # Errors
    /// A secret, an identifier that is none, or a document that cannot be had.
    pub(crate) async fn identify(
        app: &App,
        parts: &Parts,
        parameters: &Parameters,
        need: Need,
        proof: Option<&Proof>,
        now: Timestamp,
    ) -> Result<Self, Denial> {
        if parts.headers.contains_key(AUTHORIZATION) || parameters.has("client_secret") {
            return Err(Denial::ClientSecretUnsupported);
        }
        let id = ClientId::parse(parameters.required("client_id")?)?;
        let presented = UnverifiedAssertion::from_parameters(parameters);
        let kid = presented.as_ref().ok().map(UnverifiedAssertion::kid);
        let read = app.clients().read(&id, kid, need, now).await?;
        let authenticated = match (&read.client.authentication, read.keys()) {
            (ClientAuthentication::PrivateKeyJwt { algorithm, .. }, Some(keys)) => {
                let expected = Expectation {
                    client_id: &id,
                    algorithm: *algorithm,
                    keys,
                    issuer: app.issuer(),
                    proof: proof.map(Proof::thumbprint),
                    now,
                };
                presented.and_then(|assertion| client_auth::verify(&assertion, expected).map(Some))
            }
            // keys out of reach are an error above, and would authenticate nobody
            (ClientAuthentication::PrivateKeyJwt { .. }, None) => Err(Denial::AssertionMissing),
            // whatever a public client adds neither helps nor harms it
            (ClientAuthentication::None, _) => Ok(None),
        };
        Ok(Self { read, authenticated })
    }

    /// What its metadata says.
    pub(crate) fn client(&self) -> &Client {
        &self.read.client
    }

    /// The keys it publishes now; a public client has none.
    pub(crate) fn published(&self) -> Option<&KeySet> {
        self.read.keys()
    }

    /// The key it authenticated with, none for a public client, or why it could not.
    pub(crate) fn authenticated(&self) -> Result<Option<&ClientKey>, &Denial> {
        self.authenticated
            .as_ref()
            .map(|assertion| assertion.as_ref().map(|assertion| &assertion.key))
    }

    /// The same, for an endpoint that goes no further without.
    pub(crate) fn key(&self) -> Result<Option<&ClientKey>, Denial> {
        self.authenticated().map_err(Denial::clone)
    }

    /// Uses its assertion up. Last before the verb, so that a request that is refused for anything else,
    /// a stale nonce above all, can be sent again as it is.
    pub(crate) async fn spend(&self, app: &App, now: Timestamp) -> Result<(), Failure> {
        let Ok(Some(assertion)) = &self.authenticated else {
            return Ok(());
        };
        let mark = Mark {
            digest: assertion.mark,
            expires_at: assertion.expires_at,
        };
        match app.store().remember_mark(mark, now).await? {
            Remembered::Fresh => Ok(()),
            Remembered::Replayed => Err(Denial::AssertionReplayed.into()),
        }
    }
}
