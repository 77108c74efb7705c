//! One thing a developer is told.

use std::fmt;

use entryway_identity::fetch::FetchError;
use entryway_oauth::client_document::{Finding, Rule, Severity};
use entryway_oauth::denial::Denial;

/// What [`Finding`] is for the document, also for what comes before and after it: the identifier, the fetch,
/// and what the document refers to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Remark {
    pub(crate) severity: Severity,
    /// The member it is about, or `the document`.
    pub(crate) member: String,
    /// The rest of the sentence.
    pub(crate) expected: String,
    pub(crate) rule: Rule,
}

impl Remark {
    pub(super) fn error(member: &str, expected: impl fmt::Display, rule: Rule) -> Self {
        Self {
            severity: Severity::Error,
            member: member.to_owned(),
            expected: expected.to_string(),
            rule,
        }
    }

    pub(super) fn warning(member: &str, expected: impl fmt::Display, rule: Rule) -> Self {
        Self {
            severity: Severity::Warning,
            ..Self::error(member, expected, rule)
        }
    }

    /// What is said of a `client_id` that nobody can use.
    pub(super) fn of_client_id(denial: &Denial, rule: Rule) -> Self {
        let sentence = denial.to_string();
        // every denial of an identifier begins with its name
        let expected = sentence.strip_prefix("client_id ").unwrap_or(&sentence);
        Self::error("client_id", expected, rule)
    }

    /// What is said of the document when it cannot be fetched.
    pub(super) fn of_fetch(failure: &FetchError) -> Self {
        Self::error("the document", failure, fetch_rule(failure))
    }
}

impl From<Finding> for Remark {
    fn from(finding: Finding) -> Self {
        Self {
            severity: finding.severity,
            member: finding.member,
            expected: finding.expected.to_owned(),
            rule: finding.rule,
        }
    }
}

impl fmt::Display for Remark {
    /// One sentence, as in `error_description`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}", self.member, self.expected)
    }
}

/// The rule that a failed fetch breaks.
const fn fetch_rule(failure: &FetchError) -> Rule {
    const FETCH: &str = "Client ID Metadata Document section 4";
    const BOUNDS: &str = "Client ID Metadata Document section 6.6";
    const ADDRESSES: &str = "Client ID Metadata Document section 6.5";
    let (id, source) = match failure {
        FetchError::Status { .. } | FetchError::Broken => ("R-049", FETCH),
        FetchError::Redirected => ("R-050", FETCH),
        FetchError::ContentType { .. } => ("R-051", FETCH),
        FetchError::TooLarge { .. } => ("R-053", BOUNDS),
        FetchError::TooSlow { .. } => ("R-054", BOUNDS),
        FetchError::Compressed => ("R-055", BOUNDS),
        FetchError::Busy => ("R-063", BOUNDS),
        FetchError::SchemeRefused
        | FetchError::UrlRefused { .. }
        | FetchError::UserinfoRefused
        | FetchError::LiteralRefused
        | FetchError::NameRefused
        | FetchError::PortRefused
        | FetchError::Unresolved
        | FetchError::Unreachable => ("R-058", ADDRESSES),
    };
    Rule { id, source }
}

/// What an identifier is like.
pub(super) const IDENTIFIER: Rule = Rule {
    id: "R-037",
    source: "Client ID Metadata Document section 3",
};
/// What `http://localhost` may say of itself.
pub(super) const VIRTUAL: Rule = Rule {
    id: "R-085",
    source: "atproto OAuth, Localhost Client Development",
};
/// Where a confidential client's keys are.
pub(super) const KEYS_ELSEWHERE: Rule = Rule {
    id: "R-075",
    source: "atproto OAuth, Confidential Client Authentication",
};
/// What keys are like.
pub(super) const KEYS: Rule = Rule {
    id: "R-074",
    source: "RFC 7517 section 5",
};
/// Whose name and logo are shown.
pub(super) const LOGO: Rule = Rule {
    id: "R-178",
    source: "atproto OAuth, Security Considerations",
};
