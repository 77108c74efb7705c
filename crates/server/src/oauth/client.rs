//! Which client is calling, and whether it authenticates as its metadata says.

use http::header::AUTHORIZATION;
use http::request::Parts;

use entryway_core::refresh::Published;
use entryway_oauth::client::{Client, ClientAuthentication};
use entryway_oauth::client_auth::{self, Assertion, ClientKey, Expectation, UnverifiedAssertion};
use entryway_oauth::client_id::ClientId;
use entryway_oauth::denial::Denial;
use entryway_oauth::dpop::Proof;
use entryway_oauth::form::Parameters;
use entryway_oauth::time::Timestamp;
use entryway_store::{Mark, Remembered};

use crate::app::App;
use crate::clients::{Need, Read};
use crate::failure::Failure;

/// Who a back-channel request says it comes from: nothing of it is believed, and nothing was fetched.
pub(crate) struct Named<'a> {
    /// The client it names.
    pub(crate) id: ClientId,
    presented: Result<UnverifiedAssertion<'a>, Denial>,
}

impl<'a> Named<'a> {
    /// Reads who is calling.
    ///
    /// # Errors
    /// A secret, or an identifier that is none.
    pub(crate) fn read(parts: &Parts, parameters: &'a Parameters) -> Result<Self, Denial> {
        if parts.headers.contains_key(AUTHORIZATION) || parameters.has("client_secret") {
            return Err(Denial::ClientSecretUnsupported);
        }
        Ok(Self {
            id: ClientId::parse(parameters.required("client_id")?)?,
            presented: UnverifiedAssertion::from_parameters(parameters),
        })
    }

    /// Finds out who it is. That it failed to authenticate is not yet a refusal: see
    /// [`Caller::authenticated`].
    ///
    /// # Errors
    /// A document or key set that cannot be had, or is none.
    pub(crate) async fn identify(
        &self,
        app: &App,
        need: Need<'_>,
        proof: Option<&Proof>,
        now: Timestamp,
    ) -> Result<Caller, Denial> {
        let kid = self.presented.as_ref().ok().map(UnverifiedAssertion::kid);
        let read = app.clients().read(&self.id, kid, need, now).await?;
        let authenticated = match (&read.client.authentication, read.keys()) {
            (ClientAuthentication::PrivateKeyJwt { algorithm, .. }, Some(keys)) => {
                let expected = Expectation {
                    client_id: &self.id,
                    algorithm: *algorithm,
                    keys,
                    issuer: app.issuer(),
                    proof: proof.map(Proof::thumbprint),
                    now,
                };
                let assertion = self.presented.as_ref().map_err(Denial::clone);
                assertion.and_then(|assertion| client_auth::verify(assertion, expected).map(Some))
            }
            // no key of the client is known, so nobody is the client
            (ClientAuthentication::PrivateKeyJwt { .. }, None) => Err(Denial::AssertionInvalid {
                expected: "the client publishes no key that fits",
            }),
            // whatever a public client adds neither helps nor harms it
            (ClientAuthentication::None, _) => Ok(None),
        };
        Ok(Caller { read, authenticated })
    }
}

/// The client of a back-channel request.
pub(crate) struct Caller {
    read: Read,
    authenticated: Result<Option<Assertion>, Denial>,
}

impl Caller {
    /// What its metadata says.
    pub(crate) fn client(&self) -> &Client {
        &self.read.client
    }

    /// What is known of its keys.
    pub(crate) fn published(&self) -> Published<'_> {
        if self.read.is_new {
            Published::Now(self.read.keys())
        } else {
            Published::Earlier
        }
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
