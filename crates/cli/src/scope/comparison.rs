//! `entryway scope match`

use clap::Args;
use entryway_scope::{InvalidScope, Scope, ScopeSet, explain};
use serde::Serialize;

use super::printing::{print, print_json, shown};
use crate::usage::Usage;

/// What to compare.
#[derive(Args)]
pub(crate) struct MatchArguments {
    /// What was granted: the scope of a token, its values separated by spaces.
    #[arg(long, value_name = "SCOPE", allow_hyphen_values = true)]
    grant: String,
    /// What is wanted, likewise.
    #[arg(long, value_name = "SCOPE", allow_hyphen_values = true)]
    want: String,
    /// Print the answer as a line of JSON.
    #[arg(long)]
    json: bool,
}

/// The JSON form is a contract with tests outside this repository.
#[derive(Serialize)]
struct Answer {
    allowed: bool,
    /// What the grant lacks, in normal form and separated by spaces.
    missing: Option<String>,
}

/// Whether the grant allows all that is wanted.
///
/// As at a resource server, a value nobody understands grants nothing and is granted by nothing. Permission sets are
/// compared by name: what they hold is not looked up.
pub(super) fn run(arguments: &MatchArguments) -> anyhow::Result<bool> {
    let (granted, useless) = read("--grant", &arguments.grant)?;
    let (wanted, unknown) = read("--want", &arguments.want)?;
    let missing = wanted.missing_from(&granted);
    for text in &useless {
        eprintln!(
            "entryway: --grant: {} grants nothing: {}",
            shown(text),
            fault(text)
        );
    }
    if granted.permission_sets().next().is_some() && !missing.is_empty() {
        eprintln!("entryway: --grant: what a permission set holds is not looked up here");
    }
    let allowed = missing.is_empty() && unknown.is_empty();
    if arguments.json {
        let texts: Vec<_> = missing
            .iter()
            .map(Scope::as_str)
            .chain(unknown.iter().map(String::as_str))
            .collect();
        print_json(&Answer {
            allowed,
            missing: (!allowed).then(|| texts.join(" ")),
        })?;
    } else {
        print_text(&missing, &unknown);
    }
    Ok(allowed)
}

fn read(argument: &str, wire: &str) -> Result<(ScopeSet, Vec<String>), Usage> {
    ScopeSet::parse_lenient(wire).map_err(|fault: InvalidScope| Usage(format!("{argument}: {fault}")))
}

fn fault(text: &str) -> String {
    Scope::parse(text).map_or_else(|fault| fault.to_string(), |_| String::new())
}

fn print_text(missing: &[Scope], unknown: &[String]) {
    if missing.is_empty() && unknown.is_empty() {
        return print("allowed");
    }
    print("not allowed, the grant lacks");
    for scope in missing {
        print(&format!("  {scope}"));
        print(&format!("    {}", explain(scope).sentence));
    }
    for text in unknown {
        print(&format!("  {}", shown(text)));
        print(&format!("    {}", fault(text)));
    }
}
