//! A PDS, as the file has it.

use http::Uri;

use entryway_oauth::issuer::Issuer;
use entryway_oauth::nonce::NonceKey;
use entryway_oauth::secret::ServerKey;
use entryway_oauth::shared_secret::SharedSecret;
use entryway_resource::PermissionsConfig;
use entryway_resource::proxy::{Legacy, PagePattern, Passwords, UpstreamCredentials};
use entryway_scope::{Did, Nsid, ServiceId};

use super::transport::Transport;
use crate::config::Section;

/// A PDS.
pub(in crate::gate) struct HostFile {
    pub(in crate::gate) public_url: Issuer,
    pub(in crate::gate) upstream: Uri,
    pub(in crate::gate) did: Did,
    /// Where clients are sent.
    pub(in crate::gate) issuer: Issuer,
    /// Whose tokens are believed as well.
    pub(in crate::gate) other_issuers: Vec<Issuer>,
    pub(in crate::gate) credentials: UpstreamCredentials,
    /// Shared with the PDS and with other gates before it; without it, one of this process.
    pub(in crate::gate) nonces: Option<NonceKey>,
    pub(in crate::gate) legacy: Legacy,
    pub(in crate::gate) passwords: Passwords,
    pub(in crate::gate) pages: Vec<PagePattern>,
    pub(in crate::gate) handle_domains: Vec<String>,
    pub(in crate::gate) permissions: PermissionsConfig,
}

impl HostFile {
    pub(super) fn read(section: &Section<'_>, issuers: &[&Issuer], transport: Transport) -> Option<Self> {
        let public_url = transport.origin(section, "public_url");
        let upstream = transport.upstream(section, "upstream");
        let did = section.required(
            "did",
            "the DID of the PDS, as its describeServer says it",
            |text| Did::parse(text).ok(),
        );
        let issuer = issuer(section, issuers);
        let other_issuers = section.list(
            "other_issuers",
            "the url of one of the tables [[issuer]]",
            |text| known(issuers, text),
        );
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
        let own_methods = section.list("own_methods", "the nsid of a method", |text| {
            Nsid::parse(text).ok()
        });
        let permissions = PermissionsConfig {
            app_view: service(section, "app_view"),
            moderation: service(section, "moderation"),
            reports: service(section, "reports"),
            own_methods: own_methods.into_iter().collect(),
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
            other_issuers,
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
    match issuers {
        [only] if !section.has("issuer") => Some((*only).clone()),
        _ => section.required("issuer", "the url of one of the tables [[issuer]]", |text| {
            known(issuers, text)
        }),
    }
}

fn known(issuers: &[&Issuer], text: &str) -> Option<Issuer> {
    let named = issuers.iter().find(|issuer| issuer.as_str() == text);
    named.map(|issuer| (*issuer).clone())
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
