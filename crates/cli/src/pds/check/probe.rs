//! Tokens for an account that nobody has: what a PDS makes of them shows what it believes.

use http::HeaderValue;

use entryway_oauth::access_token::{AccessTokenKey, TokenId};
use entryway_oauth::issuer::Issuer;
use entryway_oauth::secret::SessionId;
use entryway_oauth::session_token::{SessionAccessClaims, SessionRefreshClaims, SessionScope, SessionToken};
use entryway_oauth::time::{Seconds, Timestamp};
use entryway_scope::Did;
use entryway_server::{Chance, Clock, Keys};

use crate::serve::settings::Settings;

/// Makes them for one PDS.
pub(super) struct Probe {
    issuer: Issuer,
    service_did: Did,
    pds: Did,
    /// The DID of nobody.
    pub(super) nobody: Did,
    ours: AccessTokenKey,
    /// A key that nobody was ever told of.
    stranger: AccessTokenKey,
    pub(super) rotation_key: String,
    chance: Chance,
    now: Timestamp,
}

/// Who signs.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Signer {
    Ours,
    Stranger,
}

impl Probe {
    pub(super) fn new(settings: &Settings, keys: &Keys, pds: Did) -> anyhow::Result<Self> {
        let chance = Chance::system();
        let stranger = AccessTokenKey::from_bytes(&chance.bytes()?);
        Ok(Self {
            issuer: settings.issuer.clone(),
            service_did: settings.service_did.clone(),
            pds,
            nobody: Did::parse(NOBODY)?,
            ours: keys.access_tokens.clone(),
            stranger: stranger.ok_or_else(|| anyhow::anyhow!("drew an unusable key"))?,
            rotation_key: keys.plc_rotation_did_key(),
            chance,
            now: Clock::system().now(),
        })
    }

    /// An access token of a session, good for a minute.
    pub(super) fn access(&self, signer: Signer, subject: &Did) -> anyhow::Result<HeaderValue> {
        let claims = SessionAccessClaims {
            iss: self.issuer.clone(),
            aud: self.pds.to_string(),
            sub: subject.clone(),
            scope: SessionScope::Access,
            iat: self.now,
            exp: self.now + GOOD_FOR,
            jti: TokenId::from_entropy(self.chance.bytes()?),
            sid: SessionId::from_entropy(self.chance.bytes()?),
        };
        bearer(&claims.sign(self.key(signer)))
    }

    /// A refresh token of a session for this audience, good for a minute.
    pub(super) fn refresh(&self, audience: &Did) -> anyhow::Result<HeaderValue> {
        let claims = SessionRefreshClaims {
            iss: self.issuer.clone(),
            aud: audience.clone(),
            sub: self.nobody.clone(),
            iat: self.now,
            exp: self.now + GOOD_FOR,
            jti: "entryway-pds-check".to_owned(),
        };
        bearer(&claims.sign(&self.ours))
    }

    pub(super) const fn service_did(&self) -> &Did {
        &self.service_did
    }

    pub(super) const fn pds(&self) -> &Did {
        &self.pds
    }

    const fn key(&self, signer: Signer) -> &AccessTokenKey {
        match signer {
            Signer::Ours => &self.ours,
            Signer::Stranger => &self.stranger,
        }
    }
}

fn bearer(token: &SessionToken) -> anyhow::Result<HeaderValue> {
    let mut value = HeaderValue::try_from(format!("Bearer {}", token.expose()))?;
    value.set_sensitive(true);
    Ok(value)
}

/// No operation hashes to it but by chance: 24 letters of the alphabet that DIDs are written in.
const NOBODY: &str = "did:plc:entrywaycheckprobe222222";
/// As long as a slow PDS takes to look.
const GOOD_FOR: Seconds = Seconds(60);
