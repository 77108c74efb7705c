//! The answer of the token endpoint: an access token, signed before anything is committed.

use oauth2::{
    AccessToken, ExtraTokenFields, RefreshToken as WireRefreshToken, Scope, StandardTokenResponse, TokenType,
};
use serde::{Deserialize, Serialize};

use entryway_core::refresh_token::RefreshToken;
use entryway_core::session::Session;
use entryway_identity::cid;
use entryway_oauth::access_token::{AccessTokenClaims, Confirmation, Grantee, TokenId, TokenScope};
use entryway_oauth::time::{Seconds, Timestamp};
use entryway_scope::{Did, ScopeReference, ScopeSet};

use crate::app::App;
use crate::failure::{Failure, Fault};

/// The answer of the token endpoint (RFC 6749 section 5.1), with `sub` as the profile wants it.
pub(super) type TokenResponse = StandardTokenResponse<Subject, DpopBound>;

/// Spelt exactly so: clients compare it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(super) enum DpopBound {
    #[serde(rename = "DPoP")]
    Dpop,
}

impl TokenType for DpopBound {}

/// The account's DID.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(super) struct Subject {
    sub: Did,
}

impl ExtraTokenFields for Subject {}

/// An access token, and what the answer says about it.
pub(super) struct Issued {
    access_token: String,
    scope: ScopeSet,
    sub: Did,
    lifetime: Seconds,
}

impl Issued {
    /// Signs a token for what was granted. The token says the permissions of each set as they are now, or
    /// refers to them; the answer repeats the grant as the person gave it.
    pub(super) async fn new(
        app: &App,
        session: &Session,
        grantee: Grantee<'_>,
        scope: ScopeSet,
        now: Timestamp,
    ) -> Result<Self, Failure> {
        // an access token never outlives its session
        let exp = session.expires_at.min(now + app.policy().access_token_lifetime);
        let claimed = token_scope(app, &scope, exp, now).await?;
        let claims = AccessTokenClaims {
            iss: app.issuer().clone(),
            aud: grantee.aud.to_owned(),
            sub: grantee.sub.clone(),
            jti: TokenId::from_entropy(app.chance().bytes()?),
            iat: now,
            exp,
            client_id: grantee.client_id.to_string(),
            scope: claimed,
            cnf: Confirmation { jkt: grantee.jkt },
            sid: grantee.sid,
        };
        let access_token = app.keys().access_tokens.sign(&claims);
        Ok(Self {
            access_token,
            scope,
            sub: claims.sub,
            lifetime: exp - now,
        })
    }

    /// `refresh_token` is for clients that may refresh.
    pub(super) fn response(self, refresh_token: Option<&RefreshToken>) -> TokenResponse {
        let access_token = AccessToken::new(self.access_token);
        let mut response = TokenResponse::new(access_token, DpopBound::Dpop, Subject { sub: self.sub });
        response
            .set_refresh_token(refresh_token.map(|token| WireRefreshToken::new(token.expose().to_owned())));
        response.set_scopes(Some(
            self.scope
                .iter()
                .map(|scope| Scope::new(scope.as_str().to_owned()))
                .collect(),
        ));
        let lifetime = std::time::Duration::from_secs(self.lifetime.0.unsigned_abs());
        response.set_expires_in(Some(&lifetime));
        response
    }
}

/// The permissions themselves, or a reference where they would make the token too long for a header.
async fn token_scope(
    app: &App,
    granted: &ScopeSet,
    exp: Timestamp,
    now: Timestamp,
) -> Result<TokenScope, Failure> {
    let permissions = app.sets().of_grant(granted, now).await?.expand(granted);
    let text = permissions.to_string();
    if text.len() <= app.policy().token_scope_bytes_max {
        return Ok(TokenScope::Permissions(permissions));
    }
    let reference = ScopeReference::parse(&format!("ref:{}", cid::of_raw(text.as_bytes())))
        .map_err(|error| Fault::because("naming a scope by its hash", error))?;
    app.store()
        .keep_scope(&reference, &text, exp + OUTLIVES_ITS_TOKENS_BY)
        .await?;
    Ok(TokenScope::Reference(reference))
}

/// A PDS may ask for a scope until the last of its tokens is over, and keeps it for a day by then.
const OUTLIVES_ITS_TOKENS_BY: Seconds = Seconds::days(2);
