//! Names that are not given out: whoever had one would be taken for somebody else.

use std::collections::BTreeSet;

use super::{HandleDomains, Place};
use entryway_scope::Handle;

/// Labels that nobody gets by signing up. An operator adds to them, and may give one away by hand.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ReservedNames(BTreeSet<String>);

impl ReservedNames {
    /// Reserves further labels, in either case.
    #[must_use]
    pub fn with<'a>(mut self, labels: impl IntoIterator<Item = &'a str>) -> Self {
        self.0.extend(labels.into_iter().map(str::to_ascii_lowercase));
        self
    }

    /// Reserves the label of a host of the deployment, its own or that of a PDS, where that is under a handle
    /// domain: its `/.well-known/atproto-did` is not an account's.
    #[must_use]
    pub fn with_host(self, host: &str, domains: &HandleDomains) -> Self {
        let Ok(host) = Handle::parse(host) else {
            return self;
        };
        match domains.place(&host) {
            Place::Ours { label, .. } => self.with([label]),
            Place::Elsewhere => self,
        }
    }

    /// All of them, in order.
    pub fn iter(&self) -> impl Iterator<Item = &str> {
        self.0.iter().map(String::as_str)
    }

    /// Whether a label, in lower case, is among them.
    pub fn holds(&self, label: &str) -> bool {
        self.0.contains(label)
    }
}

impl Default for ReservedNames {
    fn default() -> Self {
        let lists = [PROTOCOL, INFRASTRUCTURE, ROLES, PAGES];
        let labels = lists.iter().flat_map(|list| list.iter());
        Self(labels.map(|label| (*label).to_owned()).collect())
    }
}

/// Words of the protocol: a handle of one looks like a part of it.
const PROTOCOL: &[&str] = &[
    "appview", "atp", "atproto", "bluesky", "bsky", "did", "entryway", "feedgen", "firehose", "handle",
    "labeler", "lexicon", "nsid", "oauth", "ozone", "pds", "plc", "relay", "repo", "tid", "xrpc",
];

/// Names of machines and services, and those that mail programs and browsers look for by themselves
/// (RFC 6186, RFC 9462, and the habit of a generation).
const INFRASTRUCTURE: &[&str] = &[
    "api",
    "assets",
    "autoconfig",
    "autodiscover",
    "backup",
    "beta",
    "broadcasthost",
    "cache",
    "cdn",
    "console",
    "dashboard",
    "database",
    "demo",
    "dev",
    "dns",
    "edge",
    "example",
    "ftp",
    "gateway",
    "git",
    "grafana",
    "host",
    "imap",
    "internal",
    "isatap",
    "ldap",
    "local",
    "localdomain",
    "localhost",
    "mail",
    "metrics",
    "monitor",
    "mta-sts",
    "mx1",
    "mx2",
    "ns1",
    "ns2",
    "ns3",
    "ns4",
    "ntp",
    "openpgpkey",
    "pop",
    "pop3",
    "preview",
    "prod",
    "production",
    "prometheus",
    "proxy",
    "public",
    "resolver",
    "router",
    "sandbox",
    "server",
    "sftp",
    "smtp",
    "ssh",
    "staging",
    "static",
    "status",
    "storage",
    "test",
    "vpn",
    "web",
    "webmail",
    "wpad",
    "www",
    "www1",
    "www2",
];

/// Those who speak for a service: certificates are given, and passwords asked for, in their name (RFC 2142,
/// and section 3.2.2.4.4 of the Baseline Requirements for certificates).
const ROLES: &[&str] = &[
    "abuse",
    "admin",
    "administrator",
    "administrators",
    "admins",
    "billing",
    "community",
    "compliance",
    "contact",
    "copyright",
    "dmca",
    "everyone",
    "founder",
    "help",
    "helpdesk",
    "hostmaster",
    "info",
    "legal",
    "marketing",
    "mod",
    "moderation",
    "moderator",
    "moderators",
    "mods",
    "nobody",
    "noc",
    "noreply",
    "no-reply",
    "official",
    "operator",
    "owner",
    "postmaster",
    "press",
    "privacy",
    "registrar",
    "root",
    "sales",
    "security",
    "service",
    "staff",
    "superuser",
    "support",
    "sysadmin",
    "system",
    "team",
    "trust",
    "usenet",
    "uucp",
    "verified",
    "verify",
    "webmaster",
];

/// Pages a service has or may have.
const PAGES: &[&str] = &[
    "about",
    "account",
    "accounts",
    "app",
    "apps",
    "auth",
    "authorize",
    "blog",
    "careers",
    "chat",
    "client",
    "clients",
    "create",
    "delete",
    "developer",
    "developers",
    "docs",
    "download",
    "downloads",
    "explore",
    "faq",
    "feed",
    "feeds",
    "home",
    "index",
    "invite",
    "invites",
    "jobs",
    "join",
    "login",
    "logout",
    "messages",
    "new",
    "news",
    "notifications",
    "pages",
    "password",
    "pay",
    "payment",
    "payments",
    "policy",
    "profile",
    "profiles",
    "recover",
    "register",
    "reset",
    "search",
    "session",
    "sessions",
    "settings",
    "signin",
    "sign-in",
    "signout",
    "sign-out",
    "signup",
    "sign-up",
    "terms",
    "token",
    "tos",
    "user",
    "users",
    "wellknown",
    "well-known",
    "wiki",
];
