//! The file of a gate, understood.

use std::collections::BTreeSet;
use std::fs;
use std::net::SocketAddr;
use std::path::PathBuf;
use std::time::Duration;

use http::Uri;

use entryway_identity::did::PublicKey;
use entryway_oauth::issuer::Issuer;
use entryway_oauth::jwk;
use entryway_oauth::nonce::NonceKey;
use entryway_oauth::secret::{FeedToken, ServerKey};
use entryway_oauth::shared_secret::SharedSecret;
use entryway_resource::PermissionsConfig;
use entryway_resource::feed::{FeedLimits, WhenStale};
use entryway_resource::proxy::{GateLimits, Legacy, Network, PagePattern, Passwords, UpstreamCredentials};
use entryway_scope::{Did, ServiceId};

use crate::config::Section;

/// Everything an operator decides about a gate.
pub(super) struct GateFile {
    pub(super) listen: SocketAddr,
    pub(super) trusted_proxies: Vec<Network>,
    /// PEM texts.
    pub(super) extra_authorities: Vec<Vec<u8>>,
    pub(super) limits: GateLimits,
    pub(super) issuers: Vec<IssuerFile>,
    pub(super) hosts: Vec<HostFile>,
}

/// An authorization server.
pub(super) struct IssuerFile {
    pub(super) url: Issuer,
    /// Pinned ones; without any, those it publishes.
    pub(super) keys: Vec<jwk::PublicKey>,
    pub(super) feed: Option<FeedFile>,
}

/// Its revocation feed.
pub(super) struct FeedFile {
    pub(super) url: String,
    pub(super) token: FeedToken,
    pub(super) limits: FeedLimits,
}

/// A PDS.
pub(super) struct HostFile {
    pub(super) public_url: Issuer,
    pub(super) upstream: Uri,
    pub(super) did: Did,
    pub(super) issuer: Issuer,
    pub(super) credentials: UpstreamCredentials,
    /// Shared with the PDS and with other gates before it; without it, one of this process.
    pub(super) nonces: Option<NonceKey>,
    pub(super) legacy: Legacy,
    pub(super) passwords: Passwords,
    pub(super) pages: Vec<PagePattern>,
    pub(super) handle_domains: Vec<String>,
    pub(super) permissions: PermissionsConfig,
}

impl GateFile {
    /// Reads the file's fields; every fault is told to the section.
    pub(super) fn read(root: &Section<'_>) -> Option<Self> {
        let transport = Transport {
            development: root.flag("development"),
        };
        let listen = root.required("listen", "an address and a port such as 127.0.0.1:2590", |text| {
            text.parse().ok()
        });
        let trusted_proxies = root.list(
            "trusted_proxies",
            "an address or a range such as 10.0.0.0/8",
            |text| text.parse().ok(),
        );
        let extra_authorities = authorities(root);
        let issuers: Option<Vec<_>> = some(root, "issuer")
            .iter()
            .map(|section| IssuerFile::read(section, transport))
            .collect();
        let names: Vec<&Issuer> = issuers.iter().flatten().map(|issuer| &issuer.url).collect();
        let hosts: Option<Vec<_>> = some(root, "host")
            .iter()
            .map(|section| HostFile::read(section, &names, transport))
            .collect();
        let limits = limits(root);
        Some(Self {
            listen: listen?,
            trusted_proxies,
            extra_authorities,
            limits,
            hosts: hosts?,
            issuers: issuers?,
        })
    }
}

/// The tables of this name, of which there has to be one.
fn some<'a>(root: &Section<'a>, name: &str) -> Vec<Section<'a>> {
    let sections = root.sections(name);
    if sections.is_empty() && !root.has(name) {
        root.fault(
            name,
            format_args!("is missing, must be at least one table [[{name}]]"),
        );
    }
    sections
}

impl IssuerFile {
    fn read(section: &Section<'_>, transport: Transport) -> Option<Self> {
        let url = transport.origin(section, "url");
        let keys = section.list("keys", "a did:key, as the issuer's operator tells it", |text| {
            PublicKey::from_did_key(text).ok().map(|key| key.to_jwk())
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
            feed,
        })
    }
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
            ..default
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

impl HostFile {
    fn read(section: &Section<'_>, issuers: &[&Issuer], transport: Transport) -> Option<Self> {
        let public_url = transport.origin(section, "public_url");
        let upstream = section.required(
            "upstream",
            "an http or https origin such as http://127.0.0.1:3000",
            |text| {
                let uri: Uri = text.parse().ok()?;
                let is_origin = uri.path() == "/" && uri.query().is_none() && uri.authority().is_some();
                (is_origin && matches!(uri.scheme_str(), Some("http" | "https"))).then_some(uri)
            },
        );
        let did = section.required(
            "did",
            "the DID of the PDS, as its describeServer says it",
            |text| Did::parse(text).ok(),
        );
        let issuer = issuer(section, issuers);
        let credentials = credentials(section);
        let nonces = section.has("dpop_secret") || section.has("dpop_secret_file");
        let nonces =
            nonces.then(|| section.required_secret("dpop_secret", "64 hexadecimal digits", nonce_key));
        let passes = matches!(credentials, Some(UpstreamCredentials::Pass));
        if passes && nonces.is_none() {
            // without it the PDS would refuse the nonces that clients get here
            section.fault(
                "dpop_secret",
                "is missing, must be the PDS's own PDS_DPOP_SECRET with credentials = \"pass\"",
            );
        }
        let legacy = section.choice("legacy", &[("pass", Legacy::Passed), ("refuse", Legacy::Refused)]);
        let passwords = if section.flag("per_request_credentials") {
            Passwords::Exchanged
        } else {
            Passwords::Refused
        };
        let pages = section.list(
            "pages",
            "a path such as /account, or all below one such as /oauth/*",
            |text| text.parse().ok(),
        );
        let handle_domains = section.list(
            "handle_domains",
            "a domain with a dot before it such as .pds.example.com",
            |text| {
                let name = text.strip_prefix('.')?;
                let is_name = |byte: u8| byte.is_ascii_alphanumeric() || b"-.".contains(&byte);
                (!name.is_empty() && name.bytes().all(is_name)).then(|| text.to_owned())
            },
        );
        let permissions = PermissionsConfig {
            app_view: service(section, "app_view"),
            moderation: service(section, "moderation"),
            reports: service(section, "reports"),
            own_methods: BTreeSet::default(),
        };
        let nonces = match nonces {
            Some(nonces) => Some(nonces?),
            None => None,
        };
        Some(Self {
            public_url: public_url?,
            upstream: upstream?,
            did: did?,
            issuer: issuer?,
            credentials: credentials?,
            nonces,
            legacy: legacy?,
            passwords,
            pages,
            handle_domains,
            permissions,
        })
    }
}

/// The host's issuer; the only one where the host names none.
fn issuer(section: &Section<'_>, issuers: &[&Issuer]) -> Option<Issuer> {
    let known = |text: &str| {
        issuers
            .iter()
            .find(|issuer| issuer.as_str() == text)
            .map(|issuer| (*issuer).clone())
    };
    match issuers {
        [only] if !section.has("issuer") => Some((*only).clone()),
        _ => section.required("issuer", "the url of one of the tables [[issuer]]", known),
    }
}

/// How the PDS learns who calls, with the secret that this takes.
fn credentials(section: &Section<'_>) -> Option<UpstreamCredentials> {
    let secret = |name| {
        section.required_secret(
            name,
            "at least 32 bytes from a random source",
            SharedSecret::parse,
        )
    };
    let choices = [
        ("session", Kind::Session),
        ("pass", Kind::Pass),
        ("identity", Kind::Identity),
    ];
    if !section.has("credentials") {
        section.fault(
            "credentials",
            "is missing, must be one of session, pass, identity",
        );
        return None;
    }
    match section.choice("credentials", &choices)? {
        Kind::Session => secret("jwt_secret").map(UpstreamCredentials::Session),
        Kind::Identity => secret("identity_secret").map(UpstreamCredentials::Identity),
        Kind::Pass => Some(UpstreamCredentials::Pass),
    }
}

#[derive(Clone, Copy)]
enum Kind {
    Session,
    Pass,
    Identity,
}

fn service(section: &Section<'_>, name: &str) -> Option<ServiceId> {
    section.optional(
        name,
        "a DID with a service, such as did:web:api.bsky.app#bsky_appview",
        |text| ServiceId::parse(text).ok(),
    )
}

/// As `PDS_DPOP_SECRET` has it.
fn nonce_key(text: &str) -> Result<NonceKey, &'static str> {
    let digit = |at: usize| {
        text.get(at..at + 2)
            .and_then(|pair| u8::from_str_radix(pair, 16).ok())
    };
    let is_hex = text.len() == 64 && text.bytes().all(|byte| byte.is_ascii_hexdigit());
    let mut key = [0; 32];
    for (at, byte) in key.iter_mut().enumerate() {
        *byte = digit(2 * at).filter(|_| is_hex).ok_or("is not that")?;
    }
    Ok(NonceKey::new(ServerKey::new(key)))
}

/// The PEM files, read.
fn authorities(root: &Section<'_>) -> Vec<Vec<u8>> {
    let files: Vec<PathBuf> = root.list("extra_ca", "the path of a PEM file", |text| {
        Some(root.beside(text))
    });
    let read = files.into_iter().enumerate().filter_map(|(index, file)| {
        let read = fs::read(file);
        if let Err(error) = &read {
            root.fault(
                &format!("extra_ca[{index}]"),
                format_args!("names a file that cannot be read, {error}"),
            );
        }
        read.ok()
    });
    read.collect()
}

fn limits(root: &Section<'_>) -> GateLimits {
    let default = GateLimits::default();
    let Some(section) = root.section("limits") else {
        return default;
    };
    let count = |name, otherwise: usize| {
        let otherwise = u64::try_from(otherwise).unwrap_or(u64::MAX);
        usize::try_from(section.number(name, (1, COUNT_MAX), otherwise)).unwrap_or(usize::MAX)
    };
    let seconds = |name, otherwise: Duration| {
        Duration::from_secs(section.number(name, (1, WAIT_SECONDS_MAX), otherwise.as_secs()))
    };
    GateLimits {
        connections_max: count("connections_max", default.connections_max),
        body_bytes_max: section.number("body_bytes_max", (1, i64::MAX as u64), default.body_bytes_max),
        tunnels_max: count("subscriptions_max", default.tunnels_max),
        tunnel_idle: seconds("subscription_idle_seconds", default.tunnel_idle),
        head_wait: seconds("head_wait_seconds", default.head_wait),
        body_wait: seconds("body_wait_seconds", default.body_wait),
        answer_wait: seconds("answer_wait_seconds", default.answer_wait),
        exchange_wait: seconds("exchange_wait_seconds", default.exchange_wait),
        drain_wait: seconds("drain_wait_seconds", default.drain_wait),
    }
}

/// Whether clients may be met without TLS.
#[derive(Clone, Copy)]
struct Transport {
    development: bool,
}

impl Transport {
    /// An https origin; for development one of http on this machine too.
    fn origin(self, section: &Section<'_>, name: &str) -> Option<Issuer> {
        let expected = if self.development {
            "an origin such as https://pds.example.com, or http://localhost:2583 here"
        } else {
            "an https origin such as https://pds.example.com, http takes development = true"
        };
        section.required(name, expected, |text| {
            let origin = Issuer::parse(text).ok()?;
            (self.development || origin.is_secure()).then_some(origin)
        })
    }
}

/// Where our authorization server has its feed unless it was told otherwise.
const FEED_PATH: &str = "/oauth/revocations";
/// Below, one lost connection makes the feed stale; above, it is none.
const STALENESS_SECONDS: (u64, u64) = (1, 24 * 60 * 60);
const COUNT_MAX: u64 = 1_000_000;
const WAIT_SECONDS_MAX: u64 = 7 * 24 * 60 * 60;

#[cfg(test)]
mod tests;
