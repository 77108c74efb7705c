//! One JSON object in printable ASCII.

use serde::Serialize;

use entryway_oauth::client_document::Severity;

use crate::client::consent::Consent;
use crate::client::inspection::Inspection;
use crate::client::remark::Remark;
use crate::output::printable_json;

#[derive(Serialize)]
struct Report<'a> {
    client_id: Option<&'a str>,
    findings: Vec<FindingReport<'a>>,
    consent: Option<&'a Consent>,
}

#[derive(Serialize)]
struct FindingReport<'a> {
    severity: &'static str,
    member: &'a str,
    expected: &'a str,
    rule: &'static str,
    source: &'static str,
}

impl<'a> From<&'a Remark> for FindingReport<'a> {
    fn from(remark: &'a Remark) -> Self {
        Self {
            severity: match remark.severity {
                Severity::Error => "error",
                Severity::Warning => "warning",
            },
            member: &remark.member,
            expected: &remark.expected,
            rule: remark.rule.id,
            source: remark.rule.source,
        }
    }
}

/// The report for a program.
pub(crate) fn json(inspection: &Inspection, consent: Option<&Consent>) -> String {
    let report = Report {
        client_id: inspection.client_id.as_deref(),
        findings: inspection.remarks.iter().map(FindingReport::from).collect(),
        consent,
    };
    printable_json(&report).unwrap_or_default()
}
