//! The report for a person.

use entryway_oauth::client_document::Severity;
use entryway_server::pages::duration::InWords;
use entryway_server::pages::untrusted::Untrusted;

use crate::client::consent::{Consent, Permission};
use crate::client::inspection::Inspection;
use crate::client::remark::Remark;

/// Findings, the consent page, and a last line that counts.
pub(crate) fn text(inspection: &Inspection, consent: Option<&Consent>) -> String {
    let mut parts = Vec::new();
    if let Some(client_id) = &inspection.client_id {
        parts.push(Untrusted(client_id).to_string());
    }
    if !inspection.remarks.is_empty() {
        parts.push(remarks(&inspection.remarks));
    }
    parts.extend(consent.map(page));
    parts.push(count(inspection));
    parts.join("\n\n")
}

/// A sentence and its rule for each.
pub(crate) fn remarks(remarks: &[Remark]) -> String {
    let lines = remarks.iter().map(|remark| {
        let severity = match remark.severity {
            Severity::Error => "error",
            Severity::Warning => "warning",
        };
        let (sentence, rule) = (remark.to_string(), remark.rule);
        format!(
            "{severity:<8} {}\n{:<8} {}, {}",
            Untrusted(&sentence),
            "",
            rule.id,
            rule.source
        )
    });
    lines.collect::<Vec<_>>().join("\n")
}

fn page(consent: &Consent) -> String {
    let mut lines = vec![
        "What people are shown, and what the app gets".to_owned(),
        String::new(),
        entry("Host", &consent.host),
        entry("Full address", &consent.client_id),
    ];
    if let Some(name) = &consent.name {
        lines.push(entry("Name", name));
        lines.push(entry("", "shown only where the operator trusts the app"));
    }
    let class = if consent.confidential {
        "confidential, it has a key of its own"
    } else {
        "public, it has no key of its own"
    };
    lines.push(entry("Client", class));
    lines.push(entry("Access ends", &end(consent)));
    for (at, place) in consent.returns_to.iter().enumerate() {
        lines.push(entry(
            if at == 0 { "Returns to" } else { "" },
            &place.redirect_uri,
        ));
        if place.on_this_device {
            lines.push(entry("", "  on the person's own device, which the page warns of"));
        }
    }
    let same_group = |a: &Permission, b: &Permission| a.group == b.group;
    for group in consent.permissions.chunk_by(same_group) {
        lines.extend([String::new(), format!("  {}", group[0].group)]);
        for permission in group {
            lines.push(format!("    {}", Untrusted(&permission.sentence)));
            lines.push(format!("      {}", Untrusted(&permission.scope)));
            lines.extend(
                permission
                    .caution
                    .map(|caution| format!("      Caution: {caution}")),
            );
        }
    }
    if !consent.scope_unknown.is_empty() {
        lines.extend([
            String::new(),
            "  Not known to this server, never granted".to_owned(),
        ]);
        let unknown = consent.scope_unknown.iter();
        lines.extend(unknown.map(|value| format!("      {}", Untrusted(value))));
    }
    lines.join("\n")
}

fn entry(label: &str, text: &str) -> String {
    format!("  {label:<14} {}", Untrusted(text))
}

fn end(consent: &Consent) -> String {
    match consent.refresh_token_seconds {
        None => format!(
            "after {}, with the only access token: grant_types does not include refresh_token",
            InWords(consent.access_token_seconds)
        ),
        Some(unused) if unused < consent.session_seconds => format!(
            "after {}, or {} after the last refresh",
            InWords(consent.session_seconds),
            InWords(unused)
        ),
        Some(_) => format!("after {}", InWords(consent.session_seconds)),
    }
}

fn count(inspection: &Inspection) -> String {
    let counted = |severity, noun: &str| match inspection.count(severity) {
        0 => None,
        1 => Some(format!("1 {noun}")),
        many => Some(format!("{many} {noun}s")),
    };
    let counts = [
        counted(Severity::Error, "error"),
        counted(Severity::Warning, "warning"),
    ];
    let counts: Vec<String> = counts.into_iter().flatten().collect();
    if counts.is_empty() {
        "no findings".to_owned()
    } else {
        counts.join(", ")
    }
}
