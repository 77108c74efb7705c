//! Handles: which ones this service gives out, and which ones it takes from elsewhere.

mod domains;
mod reserved;

use entryway_oauth::xrpc_denial::XrpcDenial;
use entryway_scope::Handle;

pub use domains::{HandleDomains, InvalidHandleDomain};
pub use reserved::ReservedNames;

/// The rules of this deployment.
///
/// ```
/// use entryway_core::handle::{HandleDomains, HandleRules, ReservedNames};
/// let domains = HandleDomains::parse(&[".example.com"]).unwrap();
/// let rules = HandleRules { domains, reserved: ReservedNames::default() };
/// assert_eq!(rules.for_sign_up("Alice.Example.com").unwrap().as_str(), "alice.example.com");
/// assert_eq!(rules.for_sign_up("admin.example.com").unwrap_err().name(), "HandleNotAvailable");
/// assert_eq!(rules.for_sign_up("alice.example.org").unwrap_err().name(), "UnsupportedDomain");
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct HandleRules {
    /// The domains under which it gives out handles, and answers for them.
    pub domains: HandleDomains,
    /// The labels it does not give out.
    pub reserved: ReservedNames,
}

/// Where a handle belongs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Place<'a> {
    /// Under a domain of this service, which answers for it.
    Ours {
        /// What is in front of the domain; more than one label is nobody's.
        label: &'a str,
        /// The domain, with its leading dot.
        domain: &'a str,
    },
    /// Anywhere else: its own domain says whose it is.
    Elsewhere,
}

/// A handle an account may change to, as far as its text goes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum NewHandle {
    /// Under a domain of this service: it is theirs if nobody else has it.
    Ours(Handle),
    /// Under another: it is theirs if it resolves to their DID, which is for the caller to ask.
    Elsewhere(Handle),
}

impl NewHandle {
    /// The handle, wherever it belongs.
    pub const fn handle(&self) -> &Handle {
        match self {
            Self::Ours(handle) | Self::Elsewhere(handle) => handle,
        }
    }
}

impl HandleRules {
    /// Where a handle belongs.
    pub fn place<'a>(&'a self, handle: &'a Handle) -> Place<'a> {
        self.domains.place(handle)
    }

    /// The handle of a new account, from what was typed.
    ///
    /// Does not know whether somebody has it.
    ///
    /// # Errors
    /// [`XrpcDenial::InvalidHandle`] for what is no handle or breaks a rule of the domain;
    /// [`XrpcDenial::UnsupportedDomain`] for one elsewhere; [`XrpcDenial::HandleNotAvailable`] for a
    /// reserved one.
    pub fn for_sign_up(&self, typed: &str) -> Result<Handle, XrpcDenial> {
        match self.for_change(typed)? {
            NewHandle::Ours(handle) => Ok(handle),
            NewHandle::Elsewhere(_) => Err(XrpcDenial::UnsupportedDomain),
        }
    }

    /// The handle an account changes to, from what was typed.
    ///
    /// Does not know whether somebody has it, nor whether it resolves.
    ///
    /// # Errors
    /// [`XrpcDenial::InvalidHandle`] for what is no handle, breaks a rule of a domain of ours, or is under a
    /// top-level domain that nobody resolves; [`XrpcDenial::HandleNotAvailable`] for a reserved one.
    pub fn for_change(&self, typed: &str) -> Result<NewHandle, XrpcDenial> {
        let typed = typed.trim();
        let typed = typed.strip_prefix('@').unwrap_or(typed);
        let handle = Handle::parse(typed).map_err(|_| XrpcDenial::InvalidHandle {
            expected: "must be a domain name such as alice.example.com",
        })?;
        match self.place(&handle) {
            Place::Ours { label, .. } => {
                self.check_label(label)?;
                Ok(NewHandle::Ours(handle))
            }
            Place::Elsewhere => {
                let top = handle.as_str().rsplit('.').next().unwrap_or_default();
                if UNRESOLVED_TOP_LEVELS.contains(&top) {
                    return Err(XrpcDenial::InvalidHandle {
                        expected: "must not be under a top-level domain that is not in use",
                    });
                }
                Ok(NewHandle::Elsewhere(handle))
            }
        }
    }

    /// The bounds are those of the reference PDS, which would refuse the handle later and less kindly.
    fn check_label(&self, label: &str) -> Result<(), XrpcDenial> {
        if label.contains('.') {
            return Err(XrpcDenial::InvalidHandle {
                expected: "must have a single name in front of the domain",
            });
        }
        if !(LABEL_BYTES_MIN..=LABEL_BYTES_MAX).contains(&label.len()) {
            return Err(XrpcDenial::InvalidHandle {
                expected: "must have 3 to 18 characters in front of the domain",
            });
        }
        if self.reserved.holds(label) {
            return Err(XrpcDenial::HandleNotAvailable);
        }
        Ok(())
    }
}

const LABEL_BYTES_MIN: usize = 3;
const LABEL_BYTES_MAX: usize = 18;

/// The handle specification, "Handle Validation". `test` stays, for the sandbox.
const UNRESOLVED_TOP_LEVELS: [&str; 8] = [
    "alt",
    "arpa",
    "example",
    "internal",
    "invalid",
    "local",
    "localhost",
    "onion",
];

#[cfg(test)]
mod tests;
