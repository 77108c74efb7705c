//! What was found of a PDS.

use std::fmt;

use entryway_oauth::issuer::Issuer;

/// One thing that was looked at.
#[derive(Debug)]
pub(super) enum Finding {
    /// It is as it should be.
    Sound(String),
    /// Nothing can be said of it, and why.
    Unknown(String),
    /// It is not, and what mends it.
    Fault { what: String, cure: String },
}

impl Finding {
    pub(super) fn sound(what: impl Into<String>) -> Self {
        Self::Sound(what.into())
    }

    pub(super) fn unknown(what: impl Into<String>) -> Self {
        Self::Unknown(what.into())
    }

    pub(super) fn fault(what: impl Into<String>, cure: impl Into<String>) -> Self {
        Self::Fault {
            what: what.into(),
            cure: cure.into(),
        }
    }
}

/// Everything that was looked at.
#[derive(Debug)]
pub(super) struct Report {
    url: Issuer,
    findings: Vec<Finding>,
}

impl Report {
    pub(super) fn of(url: &Issuer) -> Self {
        Self {
            url: url.clone(),
            findings: Vec::new(),
        }
    }

    pub(super) const fn url(&self) -> &Issuer {
        &self.url
    }

    pub(super) fn add(&mut self, finding: Finding) {
        self.findings.push(finding);
    }

    /// The cure that most faults have in common: a variable that a PDS reads at its start.
    pub(super) fn cure(&self, variable: &str) -> String {
        format!(
            "set {variable} as entryway pds env {} prints it, and restart the PDS",
            self.url
        )
    }

    /// Whether nothing is wrong, as far as can be known.
    pub(super) fn is_sound(&self) -> bool {
        !self
            .findings
            .iter()
            .any(|finding| matches!(finding, Finding::Fault { .. }))
    }
}

impl fmt::Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.url)?;
        for finding in &self.findings {
            match finding {
                Finding::Sound(what) => write!(f, "\n  ok     {what}")?,
                Finding::Unknown(what) => write!(f, "\n  ?      {what}")?,
                Finding::Fault { what, cure } => write!(f, "\n  FAULT  {what}\n         cure: {cure}")?,
            }
        }
        Ok(())
    }
}
