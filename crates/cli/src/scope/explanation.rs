//! `entryway scope explain`

use clap::Args;
use entryway_scope::{InvalidScope, Meaning, Scope, ScopeSet, explain, suggest};
use serde::Serialize;

use super::printing::{print, print_json, shown};

/// What to explain.
#[derive(Args)]
pub(crate) struct ExplainArguments {
    /// One scope value each, such as `repo:app.bsky.feed.post?action=create`.
    #[arg(required = true, value_name = "SCOPE")]
    scopes: Vec<String>,
    /// Print a line of JSON for each.
    #[arg(long)]
    json: bool,
}

/// One value and what there is to say about it. The JSON form is a contract with tests outside this repository.
#[derive(Serialize)]
struct Line<'a> {
    scope: &'a str,
    valid: bool,
    canonical: Option<String>,
    kind: Option<&'static str>,
    sentence: Option<String>,
    reason: Option<String>,
    suggestion: Option<String>,
}

/// Whether all were valid.
pub(super) fn run(arguments: &ExplainArguments) -> anyhow::Result<bool> {
    let mut is_each_valid = true;
    for (index, text) in arguments.scopes.iter().enumerate() {
        let scope = read(text);
        is_each_valid &= scope.is_ok();
        if arguments.json {
            print_json(&Line::of(text, &scope))?;
        } else {
            if index > 0 {
                print("");
            }
            print_text(text, &scope);
        }
    }
    Ok(is_each_valid)
}

/// A value by itself, as it may stand in a wire string.
fn read(text: &str) -> Result<Scope, String> {
    if text.contains(' ') {
        return Err("a scope value has no spaces".to_owned());
    }
    match ScopeSet::parse(text) {
        Ok(_) => Scope::parse(text).map_err(|fault| fault.to_string()),
        Err(InvalidScope::Value { fault, .. }) => Err(fault.to_string()),
        Err(fault) => Err(fault.to_string()),
    }
}

impl<'a> Line<'a> {
    fn of(text: &'a str, scope: &Result<Scope, String>) -> Self {
        let known = scope.as_ref().ok();
        Self {
            scope: text,
            valid: known.is_some(),
            canonical: known.map(Scope::canonical),
            kind: known.map(|scope| kind(scope.meaning())),
            sentence: known.map(|scope| explain(scope).sentence),
            reason: scope.as_ref().err().cloned(),
            suggestion: suggest(text).map(|advice| advice.sentence),
        }
    }
}

fn kind(meaning: &Meaning) -> &'static str {
    match meaning {
        Meaning::Atproto | Meaning::Transition(_) => "static",
        Meaning::Repo(_) => "repo",
        Meaning::Rpc(_) => "rpc",
        Meaning::Blob(_) => "blob",
        Meaning::Account(_) => "account",
        Meaning::Identity(_) => "identity",
        Meaning::Include(_) => "include",
    }
}

/// The value, and under it what there is to say, one thing a line.
fn print_text(text: &str, scope: &Result<Scope, String>) {
    print(&shown(text));
    match scope {
        Ok(scope) => {
            let explanation = explain(scope);
            print(&format!("  allows     {}", explanation.sentence));
            if let Some(caution) = explanation.caution {
                print(&format!("  caution    {caution}"));
            }
            if scope.canonical() != text {
                print(&format!("  canonical  {}", scope.canonical()));
            }
        }
        Err(reason) => print(&format!("  invalid    {reason}")),
    }
    if let Some(advice) = suggest(text) {
        print(&format!("  hint       {}", advice.sentence));
    }
}
