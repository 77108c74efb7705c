//! One JSON object in printable ASCII.

use std::fmt::Write as _;

use serde::Serialize;

use entryway_oauth::client_document::Severity;

use crate::client::consent::Consent;
use crate::client::inspection::Inspection;
use crate::client::remark::Remark;

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
    printable(&serde_json::to_string(&report).unwrap_or_default())
}

/// The same JSON without a character that a terminal could act on. Outside of its strings JSON has ASCII
/// only, and within them the serializer has escaped the controls of ASCII but the last.
fn printable(json: &str) -> String {
    let mut printable = String::with_capacity(json.len());
    for point in json.chars() {
        if point.is_ascii() && point != '\u{7f}' {
            printable.push(point);
            continue;
        }
        for unit in point.encode_utf16(&mut [0; 2]) {
            let _infallible = write!(printable, "\\u{unit:04x}");
        }
    }
    printable
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_printed_is_ascii_and_the_same_json() {
        let text = "a\u{7f}\u{9b}31m\u{202e}é\u{1f600}\n\u{1b}\"\\";
        let json = printable(&serde_json::to_string(text).unwrap());
        assert_eq!(json, r#""a\u007f\u009b31m\u202e\u00e9\ud83d\ude00\n\u001b\"\\""#);
        assert_eq!(serde_json::from_str::<String>(&json).unwrap(), text);
    }
}
