//! An authorization server, as the file has it.

use std::time::Duration;

use http::Uri;

use entryway_identity::did::PublicKey;
use entryway_oauth::issuer::Issuer;
use entryway_oauth::jwk;
use entryway_oauth::secret::FeedToken;
use entryway_resource::IssuerKeys;
use entryway_resource::feed::{FeedLimits, WhenStale};

use super::transport::Transport;
use crate::config::Section;

/// An authorization server.
pub(in crate::gate) struct IssuerFile {
    pub(in crate::gate) url: Issuer,
    /// Pinned ones; nothing where those count that it publishes.
    pub(in crate::gate) keys: Option<IssuerKeys>,
    /// Where it publishes them, if not where its metadata say.
    pub(in crate::gate) key_set_url: Option<String>,
    pub(in crate::gate) feed: Option<FeedFile>,
}

/// Its revocation feed.
pub(in crate::gate) struct FeedFile {
    pub(in crate::gate) url: String,
    pub(in crate::gate) token: FeedToken,
    pub(in crate::gate) limits: FeedLimits,
}

impl IssuerFile {
    /// Its name, which hosts may go by whatever else is wrong with it, and all of it.
    pub(super) fn read(section: &Section<'_>, transport: Transport) -> (Option<Issuer>, Option<Self>) {
        let url = transport.origin(section, "url");
        (url.clone(), Self::named(url, section, transport))
    }

    fn named(url: Option<Issuer>, section: &Section<'_>, transport: Transport) -> Option<Self> {
        let keys = keys(section);
        let key_set_url = section.optional("key_set_url", "an https URL", |text| {
            let is_url =
                text.starts_with("https://") || (transport.development && text.starts_with("http://"));
            (is_url && text.parse::<Uri>().is_ok()).then(|| text.to_owned())
        });
        let feed = section
            .section("feed")
            .map(|feed| FeedFile::read(&feed, url.as_ref()));
        // a feed with a fault is no issuer without one
        let feed = match feed {
            Some(feed) => Some(feed?),
            None => None,
        };
        Some(Self {
            url: url?,
            keys,
            key_set_url,
            feed,
        })
    }
}

/// The pinned keys, where there are any.
fn keys(section: &Section<'_>) -> Option<IssuerKeys> {
    let keys = section.list(
        "keys",
        "a did:key, a JWK, or a secp256k1 point in hexadecimal digits",
        key,
    );
    if keys.is_empty() {
        return None;
    }
    let pinned = IssuerKeys::pinned(keys);
    if let Err(invalid) = &pinned {
        section.fault("keys", invalid);
    }
    pinned.ok()
}

fn key(text: &str) -> Option<jwk::PublicKey> {
    if text.starts_with('{') {
        return jwk::PublicKey::from_json(text).ok();
    }
    let key = if text.starts_with("did:") {
        PublicKey::from_did_key(text)
    } else {
        PublicKey::k256_from_hex(text)
    };
    key.ok().map(|key| key.to_jwk())
}

impl FeedFile {
    fn read(section: &Section<'_>, issuer: Option<&Issuer>) -> Option<Self> {
        let token = section.required_secret("token", "fee- and 64 hexadecimal digits", |text| {
            FeedToken::parse(text).map_err(|_| "is not one")
        });
        let default = FeedLimits::default();
        let limits = FeedLimits {
            staleness_max: Duration::from_secs(section.number(
                "staleness_max_seconds",
                STALENESS_SECONDS,
                default.staleness_max.as_secs(),
            )),
            when_stale: section
                .choice(
                    "when_stale",
                    &[("refuse", WhenStale::Refuse), ("accept", WhenStale::Accept)],
                )
                .unwrap_or(default.when_stale),
            entries_max: usize::try_from(section.number(
                "entries_max",
                (1000, 100_000_000),
                u64::try_from(default.entries_max).unwrap_or(u64::MAX),
            ))
            .unwrap_or(usize::MAX),
        };
        let path = section.optional("path", "a path such as /oauth/revocations", |text| {
            let is_plain = |byte: u8| byte.is_ascii_alphanumeric() || b"-._~/".contains(&byte);
            (text.starts_with('/') && text.bytes().all(is_plain)).then(|| text.to_owned())
        });
        let path = path.unwrap_or_else(|| FEED_PATH.to_owned());
        Some(Self {
            url: issuer?.url(&path),
            token: token?,
            limits,
        })
    }
}

/// Where our authorization server has its feed unless it was told otherwise.
const FEED_PATH: &str = "/oauth/revocations";
/// Below, one lost connection makes the feed stale; above, it is none.
const STALENESS_SECONDS: (u64, u64) = (1, 24 * 60 * 60);
