//! Every setting in words: what `entryway config schema` prints.
//!
//! A test asks the reader which fields it looks for, and another whether each default is the reader's.

/// A setting.
#[derive(Debug)]
pub(crate) struct Field {
    /// Its path in the file; `[]` stands for any of several tables.
    pub(crate) name: &'static str,
    pub(crate) kind: Kind,
    pub(crate) default: Otherwise,
    /// What it decides.
    pub(crate) sentence: &'static str,
}

/// What a setting holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    Text,
    /// A text that is kept to oneself; the name with `_file` names a file that holds it instead.
    Secret,
    Number,
    Flag,
    /// Texts; in a variable they stand between commas.
    List,
    /// One of these words.
    Choice(&'static [&'static str]),
}

/// What holds where a setting is missing.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Otherwise {
    /// It must be there; within tables, in each of them.
    Required,
    /// This, as a variable has it.
    Is(&'static str),
    /// Nothing.
    None,
    /// What a sentence says.
    From(&'static str),
}

impl Field {
    /// The variable that gives it; of several tables, the first one's.
    pub(crate) fn variable(&self) -> String {
        let plain = self.name.replace("[]", "_0").replace('.', "_");
        format!("{}{}", super::PREFIX, plain.to_ascii_uppercase())
    }
}

impl Kind {
    /// What it is called.
    pub(crate) fn name(self) -> String {
        match self {
            Self::Text => "text".to_owned(),
            Self::Secret => "secret".to_owned(),
            Self::Number => "number".to_owned(),
            Self::Flag => "true or false".to_owned(),
            Self::List => "list of texts".to_owned(),
            Self::Choice(words) => words.join(" or "),
        }
    }
}

const fn field(name: &'static str, kind: Kind, default: Otherwise, sentence: &'static str) -> Field {
    Field {
        name,
        kind,
        default,
        sentence,
    }
}

use Kind::{Choice, Flag, List, Number, Secret, Text};
use Otherwise::{From, Is, None, Required};

/// Every setting, in the order of the example.
#[rustfmt::skip]
pub(crate) const SCHEMA: &[Field] = &[
    field("issuer", Text, Required,
        "The origin that people and apps know this service by: https, without path and without slash at its end."),
    field("listen", List, Is("127.0.0.1:2583"),
        "Addresses and ports to listen on; TLS ends in a proxy before it."),
    field("prefix", Text, Is("/oauth"),
        "Where the OAuth endpoints hang; metadata says so to apps."),
    field("service_did", Text, From("did:web of the issuer's host"),
        "The DID of this service: PDS_ENTRYWAY_DID of each PDS, and what refresh tokens are for."),
    field("root_key", Secret, Required,
        "32 random bytes in hexadecimal digits or base64, of which every other secret is derived or sealed with; whoever loses it loses every key in the database."),
    field("database", Secret, Required,
        "Where everything is kept: postgres://user@host/name for production and several instances, or the path of a file for SQLite."),
    field("migrations", Choice(&["apply", "leave"]), Is("apply"),
        "Whether each start brings the schema up to date, or refuses to run until entryway migrate did."),
    field("handle_domains", List, Required,
        "Domains under which handles are given out, each with a dot before it: PDS_SERVICE_HANDLE_DOMAINS of each PDS."),
    field("reserved_names", List, Is(""),
        "Names that nobody gets as a handle, besides those that are built in."),
    field("invitation", Choice(&["required", "optional"]), Is("required"),
        "Whether signing up takes an invite code."),
    field("contact_email", Text, None,
        "An address for people who need help, as describeServer tells it."),
    field("privacy_policy", Text, None,
        "The page with the privacy policy, as describeServer tells it."),
    field("terms_of_service", Text, None,
        "The page with the terms of service, as describeServer tells it."),
    field("smtp_url", Secret, None,
        "The mail server: smtps://user:password@host, or smtp:// for STARTTLS; without it no letter is sent, and whoever asks for a code at each sign-in gets none."),
    field("mail_from", Text, None,
        "The sender of letters, such as Login <login@my-domain.com>."),
    field("plc_url", Text, Is("https://plc.directory"),
        "The PLC directory where identities are made and looked up."),
    field("dns_server", Text, From("the servers of this machine"),
        "The address and port of the DNS server that is asked for handles, permission sets and the hosts of apps."),
    field("trusted_proxies", List, Is(""),
        "Proxies before this service whose X-Forwarded-For is believed: addresses or ranges."),
    field("pds_watch_seconds", Number, Is("60"),
        "How often each PDS is asked for accounts that somebody there took down, switched off or deleted, which then holds here too; 0 for never."),
    field("drain_seconds", Number, Is("5"),
        "How long requests are still answered after SIGTERM, while /_ready says 503 so that a balancer leaves this instance out; 0 with a section [development]."),
    field("proof_at_par", Choice(&["optional", "required"]), Is("optional"),
        "Whether a pushed request is refused without a DPoP proof; stock clients send none."),
    field("log", Text, Is("info"),
        "What to log, such as info or entryway_server=debug,warn; --log wins."),
    field("log_format", Choice(&["text", "json"]), Is("text"),
        "Lines for people, or an object of JSON on each line."),
    field("admin[].name", Text, Required,
        "What this administrator's token is called."),
    field("admin[].token_hash", Secret, Required,
        "The argon2id hash of the token, as entryway admin hash-token prints it."),
    field("feed_reader[].name", Text, Required,
        "What the log calls this reader of the revocation feed."),
    field("feed_reader[].token", Secret, From("one of token and token_sha256 is required"),
        "The reader's token: fee- and 64 hexadecimal digits."),
    field("feed_reader[].token_sha256", Text, From("one of token and token_sha256 is required"),
        "The SHA-256 of the token, so that the token is at its reader alone."),
    field("lifetimes.profile", Choice(&["default", "reference", "conservative"]), Is("default"),
        "What the lifetimes below are where they are not given; reference has those of the reference implementation."),
    field("lifetimes.access_token_seconds", Number, Is("900"),
        "How long an access token of an app works, also once it is revoked, at a PDS that follows no revocation feed."),
    field("lifetimes.request_seconds", Number, Is("300"),
        "How long a pushed request waits for its person, anew with each step."),
    field("lifetimes.code_seconds", Number, Is("60"),
        "How long an authorization code can be exchanged."),
    field("lifetimes.public_session_seconds", Number, Is("1209600"),
        "How long a session of an app without a key of its own lasts, however it is used."),
    field("lifetimes.public_refresh_seconds", Number, Is("1209600"),
        "How long such a session lasts without being used."),
    field("lifetimes.confidential_session_seconds", Number, Is("63072000"),
        "How long a session of an app with a key of its own lasts, however it is used."),
    field("lifetimes.confidential_refresh_seconds", Number, Is("15552000"),
        "How long such a session lasts without being used."),
    field("lifetimes.session_access_seconds", Number, Is("900"),
        "How long an accessJwt of createSession works."),
    field("lifetimes.session_refresh_seconds", Number, Is("7776000"),
        "How long a session of createSession lasts without being used."),
    field("lifetimes.session_grace_seconds", Number, Is("7200"),
        "How long a refreshJwt that was used can be used again, for an answer that was lost."),
    field("lifetimes.lost_answer_seconds", Number, Is("60"),
        "How long an app may ask again for the answer to a refresh."),
    field("lifetimes.sign_in_seconds", Number, Is("604800"),
        "How long a sign-in in a browser is good for approving apps."),
    field("limits.calls_per_minute", Number, Is("600"),
        "Calls of one address to the endpoints of apps in a minute, counted by each instance for itself."),
    field("limits.failed_sign_ins_of_account", Number, Is("30"),
        "Failed sign-ins to one account from one address within five minutes, over all instances; more are refused."),
    field("limits.failed_sign_ins_of_address", Number, Is("300"),
        "Failed sign-ins from one address within five minutes, whatever the account, over all instances."),
    field("limits.connections", Number, Is("10000"),
        "Connections at once; more are told to come again and closed."),
    field("limits.connections_of_address", Number, Is("1000"),
        "Connections of one address at once; this machine's own and those of trusted_proxies are not counted."),
    field("limits.session_calls", Number, From("64, and 64 for each core"),
        "Refreshes and other calls of running sessions under way at once; more wait, and are then told to come again with 503."),
    field("limits.other_calls", Number, From("64, and 64 for each core"),
        "Pushed requests, pages and methods under way at once."),
    field("limits.password_calls", Number, From("32, and 16 for each core"),
        "Sign-ins, sign-ups and whatever else checks a password or has a letter sent, under way at once."),
    field("limits.passed_calls", Number, Is("1024"),
        "Calls under way at once that are passed on to a PDS."),
    field("limits.wait_milliseconds", Number, Is("500"),
        "How long a request may wait until it is under way; where there is always a line, much less."),
    field("development.resolve", List, Is(""),
        "Names that are at these addresses whatever the DNS says, as NAME=ADDRESS or NAME=ADDRESS:PORT."),
    field("development.extra_ca", List, Is(""),
        "PEM files of certificate authorities that are trusted too."),
    field("development.dns_server", Text, None,
        "A DNS server to ask instead of dns_server."),
    field("development.rate_limits", Flag, Is("true"),
        "Whether sign-ins and calls are limited."),
];
