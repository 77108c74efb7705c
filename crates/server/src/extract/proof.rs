//! The `DPoP` header of a back-channel request.

use http::request::Parts;

use entryway_oauth::denial::Denial;
use entryway_oauth::dpop::{self, Expectation, Proof};
use entryway_oauth::secret::Digest;
use entryway_oauth::time::Timestamp;
use entryway_store::Mark;

use crate::app::App;

const DPOP: &str = "dpop";

/// The verified proof of a request to one of our endpoints, if it carries one.
///
/// `path` is the endpoint's, so that `htu` is compared with the public URL whatever `Host` says.
pub(crate) fn presented(
    app: &App,
    parts: &Parts,
    path: &str,
    now: Timestamp,
) -> Result<Option<Proof>, Denial> {
    verified(app, parts, path, None, now)
}

/// The proof of a request that has an access token of this digest beside it, at whichever path it came to.
pub(crate) fn beside_token(
    app: &App,
    parts: &Parts,
    token: &Digest,
    now: Timestamp,
) -> Result<Proof, Denial> {
    verified(app, parts, parts.uri.path(), Some(token), now)?.ok_or(Denial::ProofMissing)
}

fn verified(
    app: &App,
    parts: &Parts,
    path: &str,
    access_token: Option<&Digest>,
    now: Timestamp,
) -> Result<Option<Proof>, Denial> {
    let mut values = parts.headers.get_all(DPOP).iter();
    let Some(value) = values.next() else {
        return Ok(None);
    };
    // RFC 9449 section 4.3 step 1
    if values.next().is_some() {
        return Err(Denial::ProofInvalid {
            expected: "there must be exactly one dpop header",
        });
    }
    let proof = value.to_str().map_err(|_| Denial::ProofInvalid {
        expected: "must be ASCII",
    })?;
    let url = app.issuer().url(path);
    let expected = Expectation {
        method: parts.method.as_str(),
        url: &url,
        access_token,
        nonces: &app.keys().nonces,
        now,
    };
    dpop::verify(proof, &expected).map(Some)
}

/// The proof of an endpoint that cannot do without.
pub(crate) fn required(app: &App, parts: &Parts, path: &str, now: Timestamp) -> Result<Proof, Denial> {
    presented(app, parts, path, now)?.ok_or(Denial::ProofMissing)
}

/// What the store remembers of it.
pub(crate) fn mark(proof: &Proof) -> Mark {
    Mark {
        digest: proof.mark(),
        expires_at: proof.mark_expires_at(),
    }
}
