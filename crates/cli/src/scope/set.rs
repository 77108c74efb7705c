//! `entryway scope set`: what a permission set grants now, or at which step it cannot be had.

mod report;

use std::net::{IpAddr, SocketAddr};
use std::sync::Arc;

use clap::Args;
use entryway_identity::lexicon::{LexiconResolver, LexiconUnresolved, ResolvedLexicon};
use entryway_identity::resolve::{DidRecord, DidResolver, RealTxt};
use entryway_scope::{Include, Meaning, Nsid, PermissionSet, Scope};
use entryway_server::Clock;
use url::Url;

use super::printing::shown;
use crate::fetching::FetchArguments;
use crate::output::print;
use crate::usage::Usage;

/// Which set, and whom to ask.
#[derive(Args)]
pub(crate) struct SetArguments {
    /// The name of the set, or the whole value that asks for it: `include:com.example.auth?aud=...`.
    #[arg(value_name = "NSID")]
    set: String,
    /// Print one JSON object.
    #[arg(long)]
    json: bool,
    /// The directory that knows the DIDs of the method plc.
    #[arg(long, value_name = "URL", default_value = "https://plc.directory")]
    plc: Url,
    /// The DNS server to ask for the authority, in the place of this machine's own.
    #[arg(long, value_name = "ADDR[:PORT]", value_parser = dns_server)]
    dns: Option<SocketAddr>,
    #[command(flatten)]
    fetching: FetchArguments,
}

/// A set, and where it was found.
struct Found {
    lexicon: ResolvedLexicon,
    set: PermissionSet,
}

/// Why there is none.
struct Refused {
    step: &'static str,
    reason: String,
}

/// Resolves the set as the server does when an app asks for it, with nothing remembered. Whether it could be had.
pub(super) async fn run(arguments: &SetArguments) -> anyhow::Result<bool> {
    let scope = asked(&arguments.set)?;
    let Meaning::Include(include) = scope.meaning() else {
        return Err(not_a_set(&arguments.set).into());
    };
    let dids = DidResolver::new(arguments.fetching.fetcher()?, arguments.plc.clone());
    let resolver = LexiconResolver::new(dids, Arc::new(RealTxt::new(arguments.dns)?));
    let outcome = find(&resolver, include.set()).await;
    print(&if arguments.json {
        report::json(include, outcome.as_ref())?
    } else {
        report::text(include, outcome.as_ref())
    });
    Ok(outcome.is_ok())
}

async fn find(resolver: &LexiconResolver, name: &Nsid) -> Result<Found, Refused> {
    let lexicon = resolver.resolve(name, None, Clock::system().now()).await;
    let lexicon = lexicon.map_err(|unresolved| Refused {
        step: step(&unresolved),
        reason: unresolved.to_string(),
    })?;
    let set = PermissionSet::read(name, &lexicon.record).map_err(|reason| Refused {
        step: "set",
        reason: reason.to_string(),
    })?;
    Ok(Found { lexicon, set })
}

/// The step that failed: from the domain to its DID, from there to the host, and to what it says.
fn step(unresolved: &LexiconUnresolved) -> &'static str {
    use LexiconUnresolved as U;
    match unresolved {
        U::Authority(_) => "dns",
        U::Did(_) | U::SigningKeyMissing | U::PdsMissing | U::PdsUrl => "did",
        U::Fetch(_) => "pds",
        U::Proof(_) | U::FutureRevision | U::RolledBack => "proof",
        U::Absent | U::Type | U::Version | U::Id => "record",
    }
}

/// A name by itself, or the value that a client asks for it with.
fn asked(text: &str) -> Result<Scope, Usage> {
    let value = match Nsid::parse(text) {
        Ok(name) => format!("include:{name}"),
        Err(_) => text.to_owned(),
    };
    Scope::parse(&value).map_err(|_| not_a_set(text))
}

fn not_a_set(text: &str) -> Usage {
    Usage(format!(
        "{} must be the name of a permission set such as com.example.authBasic, or include: and such a name",
        shown(text)
    ))
}

/// The TXT record that names the authority.
fn txt_name(include: &Include) -> String {
    DidRecord::Lexicon(include.set()).name()
}

fn dns_server(text: &str) -> Result<SocketAddr, &'static str> {
    let address = text.parse::<SocketAddr>();
    let on_its_port = |address: IpAddr| SocketAddr::new(address, 53);
    address
        .or_else(|_| text.parse().map(on_its_port))
        .map_err(|_| "expected an IP address, or one with a port such as 127.0.0.1:53 or [::1]:53")
}
