//! Access tokens of OAuth that an app presents here, and not to the account's PDS.

use http::request::Parts;

use entryway_core::account::Account;
use entryway_oauth::access_token::{AccessTokenClaims, TokenScope, verify_signature};
use entryway_oauth::denial::Denial;
use entryway_oauth::secret::Digest;
use entryway_oauth::time::Timestamp;
use entryway_oauth::xrpc_denial::XrpcDenial;
use entryway_scope::ScopeSet;
use entryway_store::Remembered;

use crate::app::App;
use crate::extract::proof;
use crate::failure::Fault;
use crate::xrpc::Failure;

/// The account and the permissions of an app: a token of ours whose session lives, with a proof by its key.
///
/// Its audience is the PDS of the account. This is where its sessions are kept, so nobody is passed by.
pub(super) async fn verified(
    app: &App,
    parts: &Parts,
    token: &str,
    now: Timestamp,
) -> Result<(Account, ScopeSet), Failure> {
    let claims = verify_signature(token, &app.keys().public());
    let claims = claims.map_err(|_| denied("is not one of this service"))?;
    if claims.iss != *app.issuer() {
        return Err(denied("is not one of this service").into());
    }
    if now >= claims.exp {
        return Err(denied("has expired").into());
    }
    let proof = proof::beside_token(app, parts, &Digest::of(token.as_bytes()), now);
    let proof = proof.map_err(XrpcDenial::DpopProof)?;
    if proof.thumbprint() != claims.cnf.jkt {
        return Err(denied("is bound to another key than the one of the dpop proof").into());
    }
    let account = account(app, &claims, now).await?;
    let scope = scope(app, claims.scope, now).await?;
    match app.store().remember_mark(proof::mark(&proof), now).await? {
        Remembered::Fresh => Ok((account, scope)),
        Remembered::Replayed => Err(XrpcDenial::DpopProof(Denial::ProofReplayed).into()),
    }
}

/// The account, whose takedown and deactivation end its sessions.
async fn account(app: &App, claims: &AccessTokenClaims, now: Timestamp) -> Result<Account, Failure> {
    let facts = app.store().session(claims.sid).await?;
    let facts = facts.filter(|facts| !facts.session.is_over(now) && facts.account.did == claims.sub);
    let account = facts.ok_or(denied("is of a session that has ended"))?.account;
    if account.pds_did != claims.aud {
        return Err(denied("is for the PDS that the account has left").into());
    }
    Ok(account)
}

async fn scope(app: &App, scope: TokenScope, now: Timestamp) -> Result<ScopeSet, Failure> {
    let reference = match scope {
        TokenScope::Permissions(permissions) => return Ok(permissions),
        TokenScope::Reference(reference) => reference,
    };
    let text = app.store().scope_of(&reference, now).await?;
    let text = text.ok_or(Fault::new("the scope of a living access token is not kept"))?;
    ScopeSet::parse(&text).map_err(|error| Fault::because("reading a kept scope", error).into())
}

const fn denied(expected: &'static str) -> XrpcDenial {
    XrpcDenial::AccessTokenInvalid { expected }
}
