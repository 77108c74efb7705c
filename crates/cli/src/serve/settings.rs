//! The settings of a deployment, understood.
//!
//! [`SCHEMA`] tells each field to people; a test holds the two together. Values that only an example has are
//! refused (C21), and nothing here is meant for a machine under development unless the file has a section
//! `[development]`.

mod admins;
mod database;
mod development;
mod lifetimes;
mod limits;
mod mail;
mod origin;
mod readers;
mod root_key;
mod schema;

use std::net::SocketAddr;
use std::path::Path;
use std::time::Duration;

use entryway_core::handle::{HandleDomains, HandleRules, ReservedNames};
use entryway_core::invite::Invitation;
use entryway_core::policy::Policy;
use entryway_oauth::issuer::Issuer;
use entryway_oauth::secret::ServerKey;
use entryway_resource::peer::Network;
use entryway_scope::Did;
use entryway_server::{FeedReader, SmtpSettings};
use url::Url;

pub(crate) use admins::Admin;
pub(crate) use database::{Database, Migrations};
pub(crate) use development::Development;
pub(crate) use limits::Limits;
pub(crate) use schema::{Field, Kind, Otherwise, SCHEMA};

use crate::config::{Environment, Section, SettingsFile};
use crate::log::Format;

/// Everything an operator decides about a deployment.
#[derive(Debug)]
pub(crate) struct Settings {
    pub(crate) issuer: Issuer,
    pub(crate) listen: Vec<SocketAddr>,
    pub(crate) prefix: String,
    pub(crate) service_did: Did,
    pub(crate) root_key: ServerKey,
    pub(crate) database: Database,
    pub(crate) handles: HandleRules,
    pub(crate) invitation: Invitation,
    pub(crate) contact_email: Option<String>,
    pub(crate) privacy_policy: Option<Url>,
    pub(crate) terms_of_service: Option<Url>,
    /// Without it no letter is sent.
    pub(crate) mail: Option<SmtpSettings>,
    pub(crate) admins: Vec<Admin>,
    pub(crate) plc_url: Url,
    /// Who is asked for names; the machine's own servers without it.
    pub(crate) dns_server: Option<SocketAddr>,
    pub(crate) trusted_proxies: Vec<Network>,
    /// How often PDS hosts are asked what was done there; never without it.
    pub(crate) pds_watch_every: Option<Duration>,
    /// How long requests are answered after a stop was asked for.
    pub(crate) drain: Duration,
    pub(crate) feed_readers: Vec<FeedReader>,
    pub(crate) policy: Policy,
    pub(crate) limits: Limits,
    /// What to log, where neither an argument nor a variable says it.
    pub(crate) log: String,
    pub(crate) log_format: Format,
    pub(crate) development: Option<Development>,
}

impl Settings {
    /// Reads the file, or the environment alone where there is none, and understands it.
    ///
    /// # Errors
    /// What is wrong with it, everything at once (C20).
    pub(crate) fn load(file: Option<&Path>) -> anyhow::Result<Self> {
        let file = match file {
            Some(path) => SettingsFile::read(path)?,
            None => SettingsFile::none(),
        };
        file.under(environment()).understand(Self::read)
    }

    /// Reads the fields; every fault is told to the section.
    pub(crate) fn read(root: &Section<'_>) -> Option<Self> {
        let development = root
            .section("development")
            .map(|section| Development::read(&section));
        let is_development = development.is_some();
        let issuer = origin::issuer(root, is_development);
        let listen = listen(root);
        let prefix = prefix(root);
        let service_did = service_did(root, issuer.as_ref(), is_development);
        let (root_key, root_key_text) = root_key::read(root).unzip();
        let database = Database::read(root, root_key_text.as_ref());
        let handles = handles(root, issuer.as_ref(), is_development);
        let invitation = root.choice(
            "invitation",
            &[
                ("required", Invitation::Required),
                ("optional", Invitation::Optional),
            ],
        );
        let contact_email = root.optional("contact_email", "an e-mail address", |text| {
            let (name, host) = text.split_once('@')?;
            (!name.is_empty() && host.contains('.')).then(|| text.to_owned())
        });
        let privacy_policy = origin::page(root, "privacy_policy");
        let terms_of_service = origin::page(root, "terms_of_service");
        let mail = mail::read(root, development.as_ref());
        let admins = Admin::read_all(root);
        let plc_url = origin::plc(root, is_development);
        let dns_server = root.optional(
            "dns_server",
            "the address and port of a DNS server such as 192.0.2.53:53",
            |text| text.parse().ok(),
        );
        let trusted_proxies = root.list(
            "trusted_proxies",
            "an address or a range such as 10.0.0.0/8",
            |text| text.parse().ok(),
        );
        let pds_watch_seconds = root.number("pds_watch_seconds", (0, DAY), PDS_WATCH_SECONDS);
        let drain_otherwise = if is_development { 0 } else { DRAIN_SECONDS };
        let drain_seconds = root.number("drain_seconds", (0, DRAIN_SECONDS_MAX), drain_otherwise);
        let feed_readers = readers::read(root);
        let policy = lifetimes::read(root);
        let limits = Limits::read(root, development.as_ref());
        let log = root.optional(
            "log",
            "what to log, such as info or entryway_server=debug,warn",
            |text| crate::log::is_filter(text).then(|| text.to_owned()),
        );
        let log_format = root.choice("log_format", &[("text", Format::Text), ("json", Format::Json)]);
        Some(Self {
            issuer: issuer?,
            listen,
            prefix: prefix?,
            service_did: service_did?,
            root_key: root_key?,
            database: database?,
            handles: handles?,
            invitation: invitation?,
            contact_email,
            privacy_policy,
            terms_of_service,
            mail,
            admins: admins?,
            plc_url: plc_url?,
            dns_server,
            trusted_proxies,
            pds_watch_every: (pds_watch_seconds > 0).then(|| Duration::from_secs(pds_watch_seconds)),
            drain: Duration::from_secs(drain_seconds),
            feed_readers: feed_readers?,
            policy,
            limits,
            log: log.unwrap_or_else(|| LOG.to_owned()),
            log_format: log_format?,
            development,
        })
    }
}

/// The variables that are settings. What else begins with `ENTRYWAY_` is a gate's, a test's, or what a
/// container is told of a service that is called entryway.
pub(crate) fn environment() -> Environment {
    Environment::of_process(PREFIX).except(OTHERS).lenient()
}

/// What the variables of this deployment begin with.
pub(crate) const PREFIX: &str = "ENTRYWAY_";

const OTHERS: &[&str] = &[
    "ENTRYWAY_CONFIG",
    "ENTRYWAY_GATE_",
    "ENTRYWAY_TEST_",
    "ENTRYWAY_PORT",
    "ENTRYWAY_SERVICE_HOST",
    "ENTRYWAY_SERVICE_PORT",
];

/// A takedown that was said on a PDS holds here a minute later; asking costs a host one list of its accounts.
const PDS_WATCH_SECONDS: u64 = 60;
const DAY: u64 = 24 * 60 * 60;

/// Longer than two questions of a balancer that asks every two seconds, which is what most of them do.
const DRAIN_SECONDS: u64 = 5;
/// More is a balancer that does not look.
const DRAIN_SECONDS_MAX: u64 = 600;

/// Enough to see that it runs, and what it was refused by whom.
const LOG: &str = "info";

fn listen(root: &Section<'_>) -> Vec<SocketAddr> {
    let listen = root.list("listen", "an address and a port such as 127.0.0.1:2583", |text| {
        text.parse().ok()
    });
    if listen.is_empty() {
        return vec![LISTEN];
    }
    listen
}

const LISTEN: SocketAddr = SocketAddr::new(std::net::IpAddr::V4(std::net::Ipv4Addr::LOCALHOST), 2583);

fn prefix(root: &Section<'_>) -> Option<String> {
    let given = root.optional(
        "prefix",
        "a path that begins with a slash and ends without, such as /oauth",
        |text| {
            let is_plain = |byte: u8| byte.is_ascii_alphanumeric() || b"-_~/".contains(&byte);
            let is_path = text.starts_with('/') && !text.ends_with('/') && !text.contains("//");
            (is_path && text.bytes().all(is_plain) && !text.starts_with("/xrpc")).then(|| text.to_owned())
        },
    );
    if root.has("prefix") {
        return given;
    }
    Some(PREFIX_OF_PATHS.to_owned())
}

const PREFIX_OF_PATHS: &str = "/oauth";

/// Where nothing is said: the `did:web` of the issuer's host.
fn service_did(root: &Section<'_>, issuer: Option<&Issuer>, is_development: bool) -> Option<Did> {
    let expected = "the DID of this service, such as did:web:login.my-domain.com";
    let given = root.optional("service_did", expected, |text| {
        let did = Did::parse(text).ok()?;
        let is_meant = is_development || !did.host().is_some_and(origin::is_example);
        is_meant.then_some(did)
    });
    if root.has("service_did") {
        return given;
    }
    let authority = issuer?.as_str().split_once("://")?.1.replace(':', "%3A");
    let did = Did::parse(&format!("did:web:{authority}")).ok();
    if did.is_none() {
        root.fault(
            "service_did",
            format_args!("is missing, and the issuer has no did:web of its own, must be {expected}"),
        );
    }
    did
}

fn handles(root: &Section<'_>, issuer: Option<&Issuer>, is_development: bool) -> Option<HandleRules> {
    let expected = "a domain with a dot before it such as .my-domain.com";
    let given = root.list("handle_domains", expected, |text| {
        let is_meant = is_development || !origin::is_example(text.trim_start_matches('.'));
        is_meant.then(|| text.to_owned())
    });
    let reserved = root.list("reserved_names", "a name without a dot", |text| {
        (!text.is_empty() && !text.contains('.')).then(|| text.to_owned())
    });
    if !root.has("handle_domains") {
        root.fault(
            "handle_domains",
            format_args!("is missing, must be a list, each {expected}"),
        );
        return None;
    }
    if given.is_empty() {
        return None;
    }
    match HandleDomains::parse(&given) {
        Ok(domains) => {
            let mut names = ReservedNames::default().with(reserved.iter().map(String::as_str));
            if let Some(issuer) = issuer {
                names = names.with_host(issuer.host(), &domains);
            }
            Some(HandleRules {
                domains,
                reserved: names,
            })
        }
        Err(invalid) => {
            root.fault("handle_domains", invalid);
            None
        }
    }
}

#[cfg(test)]
mod tests;
