//! What is said of a set. Its texts are a stranger's: they act on no terminal.

use entryway_sandbox::ambient::rfc_3339;
use entryway_scope::{Explanation, Include, PermissionSet, explain};
use entryway_server::pages::untrusted::Untrusted;
use serde::Serialize;

use super::{Found, Refused, txt_name};
use crate::output::printable_json;

/// The set, or why there is none. Members that are not known are null.
#[derive(Serialize)]
struct Report<'a> {
    name: &'a str,
    dns: String,
    did: Option<&'a str>,
    pds: Option<&'a str>,
    revision: Option<String>,
    cid: Option<String>,
    resolved_at: Option<String>,
    title: Option<&'a str>,
    detail: Option<&'a str>,
    /// Whether more is granted to those who include the set with an audience.
    wants_audience: Option<bool>,
    permissions: Option<Vec<Permission>>,
    ignored: Option<Vec<Ignored>>,
    refused: Option<Refusal<'a>>,
}

#[derive(Serialize)]
struct Permission {
    scope: String,
    sentence: String,
    caution: Option<&'static str>,
}

#[derive(Serialize)]
struct Ignored {
    position: usize,
    reason: String,
}

#[derive(Serialize)]
struct Refusal<'a> {
    step: &'a str,
    reason: &'a str,
}

/// For a program: one object on one line of printable ASCII.
pub(super) fn json(include: &Include, outcome: Result<&Found, &Refused>) -> anyhow::Result<String> {
    let found = outcome.ok();
    let lexicon = found.map(|found| &found.lexicon);
    let set = found.map(|found| &found.set);
    Ok(printable_json(&Report {
        name: include.set().as_str(),
        dns: txt_name(include),
        did: lexicon.map(|lexicon| lexicon.did.as_str()),
        pds: lexicon.map(|lexicon| lexicon.pds.as_str().trim_end_matches('/')),
        revision: lexicon.map(|lexicon| lexicon.rev.to_string()),
        cid: lexicon.map(|lexicon| lexicon.cid.to_string()),
        resolved_at: lexicon.map(|lexicon| rfc_3339(lexicon.resolved_at)),
        title: set.and_then(|set| set.title(LANGUAGE)),
        detail: set.and_then(|set| set.detail(LANGUAGE)),
        wants_audience: set.map(PermissionSet::wants_audience),
        permissions: set.map(|set| permissions(set, include)),
        ignored: set.map(ignored),
        refused: outcome.err().map(|refused| Refusal {
            step: refused.step,
            reason: &refused.reason,
        }),
    })?)
}

/// For a person.
pub(super) fn text(include: &Include, outcome: Result<&Found, &Refused>) -> String {
    let mut lines = vec![include.set().to_string(), entry("DNS", &txt_name(include))];
    match outcome {
        Ok(found) => {
            lines.extend(origin(found));
            lines.extend(contents(include, &found.set));
        }
        Err(Refused { step, reason }) => {
            lines.push(entry("refused", &format!("at the step {step}: {reason}")));
        }
    }
    lines.join("\n")
}

fn origin(Found { lexicon, set }: &Found) -> Vec<String> {
    let mut lines = vec![
        entry("DID", lexicon.did.as_str()),
        entry("PDS", lexicon.pds.as_str().trim_end_matches('/')),
        entry("revision", &lexicon.rev.to_string()),
        entry("record", &lexicon.cid.to_string()),
        entry("resolved", &rfc_3339(lexicon.resolved_at)),
    ];
    lines.extend(set.title(LANGUAGE).map(|title| entry("title", title)));
    lines.extend(set.detail(LANGUAGE).map(|detail| entry("detail", detail)));
    lines
}

fn contents(include: &Include, set: &PermissionSet) -> Vec<String> {
    let mut lines = Vec::new();
    let permissions = permissions(set, include);
    if permissions.is_empty() {
        lines.extend([String::new(), "It grants nothing.".to_owned()]);
    } else {
        lines.extend([String::new(), "It grants".to_owned()]);
    }
    for permission in permissions {
        lines.push(format!("  {}", Untrusted(&permission.sentence)));
        lines.push(format!("    {}", Untrusted(&permission.scope)));
        let caution = permission.caution;
        lines.extend(caution.map(|caution| format!("    Caution: {caution}")));
    }
    if set.wants_audience() && include.audience().is_none() {
        lines.push(format!(
            "  More to who names a service: include:{}?aud=did:web:example.com%23service",
            include.set()
        ));
    }
    let ignored = ignored(set);
    if !ignored.is_empty() {
        lines.extend([String::new(), "Ignored".to_owned()]);
    }
    let numbered = |one: &Ignored| format!("  permission {}: {}", one.position, one.reason);
    lines.extend(ignored.iter().map(numbered));
    lines
}

fn permissions(set: &PermissionSet, include: &Include) -> Vec<Permission> {
    let permission = |scope| {
        let Explanation {
            sentence, caution, ..
        } = explain(&scope);
        Permission {
            scope: scope.as_str().to_owned(),
            sentence,
            caution,
        }
    };
    set.expand(include).into_iter().map(permission).collect()
}

fn ignored(set: &PermissionSet) -> Vec<Ignored> {
    let ignored = set.ignored().iter().map(|one| Ignored {
        position: one.position,
        reason: one.reason.to_string(),
    });
    ignored.collect()
}

fn entry(label: &str, text: &str) -> String {
    format!("  {label:<9} {}", Untrusted(text))
}

/// This command speaks no other.
const LANGUAGE: &str = "en";
