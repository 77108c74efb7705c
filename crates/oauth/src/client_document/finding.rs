//! What there is to say about a document.

use std::fmt;

/// Something a developer should know about a document.
///
/// ```
/// use entryway_oauth::client_document::{Finding, Rule, Severity};
/// let finding = Finding {
///     severity: Severity::Error,
///     member: "redirect_uris[1]".to_owned(),
///     expected: "must use https, since application_type is web",
///     rule: Rule { id: "R-079", source: "RFC 6749 section 3.1.2" },
/// };
/// assert_eq!(finding.to_string(), "redirect_uris[1] must use https, since application_type is web");
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Finding {
    /// How bad it is.
    pub severity: Severity,
    /// The member it is about, with the position in a list: `redirect_uris[1]`.
    pub member: String,
    /// The rest of the sentence: what was expected. Nothing of the document is repeated in it (R-060).
    pub expected: &'static str,
    /// Where that is written.
    pub rule: Rule,
}

/// Where a rule is written, and under which name this project's tests know it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Rule {
    /// Such as `R-079`.
    pub id: &'static str,
    /// Such as `RFC 6749 section 3.1.2`.
    pub source: &'static str,
}

/// How bad a finding is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Severity {
    /// The client is refused.
    Error,
    /// The client works, though not as its author may think.
    Warning,
}

impl fmt::Display for Finding {
    /// One sentence, as in `error_description`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}", self.member, self.expected)
    }
}

impl Rule {
    pub(super) const fn new(id: &'static str, source: &'static str) -> Self {
        Self { id, source }
    }
}

/// The findings of one reading, collected in the order of the rules.
///
/// Their number is bounded by what they are about: every list of a document is read up to a limit.
#[derive(Debug, Default)]
pub(super) struct Findings(Vec<Finding>);

impl Findings {
    pub(super) fn error(&mut self, member: impl Into<String>, expected: &'static str, rule: Rule) {
        self.add(Severity::Error, member.into(), expected, rule);
    }

    pub(super) fn warning(&mut self, member: impl Into<String>, expected: &'static str, rule: Rule) {
        self.add(Severity::Warning, member.into(), expected, rule);
    }

    fn add(&mut self, severity: Severity, member: String, expected: &'static str, rule: Rule) {
        self.0.push(Finding {
            severity,
            member,
            expected,
            rule,
        });
    }

    pub(super) fn has_errors(&self) -> bool {
        self.0.iter().any(|one| one.severity == Severity::Error)
    }

    /// All of them, errors first, otherwise in the order they were made.
    pub(super) fn into_sorted(mut self) -> Vec<Finding> {
        self.0.sort_by_key(|one| one.severity);
        self.0
    }
}
