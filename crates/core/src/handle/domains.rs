//! The domains under which a deployment gives out handles.

use entryway_scope::Handle;

use super::Place;

/// Domains, each with its leading dot, as a PDS is configured with them too.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct HandleDomains(Vec<String>);

/// Why a list of domains is not one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum InvalidHandleDomain {
    /// None at all, or more than 64.
    Number,
    /// Not a dot and a domain name.
    Malformed,
    /// Twice, or one under the other: a PDS would take the first that fits, and read another name there.
    Nested,
}

impl std::fmt::Display for InvalidHandleDomain {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(match self {
            Self::Number => "expected 1 to 64 handle domains",
            Self::Malformed => "expected a dot and a domain name, such as .example.com",
            Self::Nested => "expected handle domains of which none is under another",
        })
    }
}

impl std::error::Error for InvalidHandleDomain {}

impl HandleDomains {
    /// Reads a list.
    ///
    /// # Errors
    /// [`InvalidHandleDomain`] by variant.
    pub fn parse(texts: &[impl AsRef<str>]) -> Result<Self, InvalidHandleDomain> {
        if !(1..=DOMAINS_MAX).contains(&texts.len()) {
            return Err(InvalidHandleDomain::Number);
        }
        let mut domains: Vec<String> = Vec::with_capacity(texts.len());
        for text in texts {
            let domain = text.as_ref().to_ascii_lowercase();
            // with a name in front it has to be a handle
            if !domain.starts_with('.') || Handle::parse(&format!("name{domain}")).is_err() {
                return Err(InvalidHandleDomain::Malformed);
            }
            let nested = |other: &String| other.ends_with(&domain) || domain.ends_with(other.as_str());
            if domains.iter().any(nested) {
                return Err(InvalidHandleDomain::Nested);
            }
            domains.push(domain);
        }
        Ok(Self(domains))
    }

    /// The domains in the order they were given, as `describeServer` lists them.
    pub fn iter(&self) -> impl Iterator<Item = &str> {
        self.0.iter().map(String::as_str)
    }

    /// The whole handle that is meant by a name and the domain that was chosen for it, or the first; somebody who
    /// typed a dot typed the whole of it. Says nothing of whether it is one.
    pub fn whole(&self, typed: &str, chosen: Option<&str>) -> String {
        let typed = typed.trim();
        let typed = typed.strip_prefix('@').unwrap_or(typed);
        if typed.contains('.') {
            return typed.to_owned();
        }
        let domain = chosen.or_else(|| self.iter().next()).unwrap_or_default();
        format!("{typed}{domain}")
    }

    /// Where a handle belongs.
    pub fn place<'a>(&'a self, handle: &'a Handle) -> Place<'a> {
        for domain in &self.0 {
            if let Some(label) = handle.as_str().strip_suffix(domain.as_str()) {
                return Place::Ours { label, domain };
            }
        }
        Place::Elsewhere
    }
}

/// A domain is compared for every handle that is looked up.
const DOMAINS_MAX: usize = 64;
