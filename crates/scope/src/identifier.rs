//! The names everything else hangs on: [`Did`], [`Handle`], [`Nsid`], [`ServiceId`] and [`ScopeReference`].
//!
//! Each is a string that can only exist in valid form. Parsing is offline: that an identifier is well formed says
//! nothing about whether it resolves.

mod did;
mod handle;
mod nsid;
mod scope_reference;
mod service;

pub use did::Did;
pub use handle::Handle;
pub use nsid::Nsid;
pub use scope_reference::ScopeReference;
pub use service::ServiceId;

/// Why a text is not the identifier it was taken for.
///
/// The sentences keep to the characters RFC 6749 section 4.1.2.1 allows in an `error_description`, and never repeat
/// the input.
///
/// ```
/// use entryway_scope::{Did, InvalidIdentifier};
///
/// assert_eq!(Did::parse("did:key:zQ3sh"), Err(InvalidIdentifier::DidMethod));
/// assert_eq!(InvalidIdentifier::DidMethod.to_string(), "expected a DID of the method did:plc or did:web");
/// ```
#[derive(Clone, Copy, Debug, Eq, PartialEq, thiserror::Error)]
#[non_exhaustive]
pub enum InvalidIdentifier {
    /// Not a DID, or one of a method the AT Protocol does not use (R-441).
    #[error("expected a DID of the method did:plc or did:web")]
    DidMethod,
    /// A `did:plc:` without the 24 characters of a hash.
    #[error("expected did:plc: followed by 24 characters of a-z and 2-7")]
    DidPlc,
    /// A `did:web:` that is not a bare host.
    #[error("expected did:web: followed by a host name, without path, and with a port only on localhost")]
    DidWeb,
    /// Not a handle.
    #[error("expected a handle: a domain name of at least two labels, such as alice.example.com")]
    Handle,
    /// Not a namespaced identifier.
    #[error("expected an NSID of at least three segments, such as com.example.record")]
    Nsid,
    /// Not a reference to a whole scope.
    #[error("expected ref: followed by the CID of a scope, in base32 and of SHA-256")]
    ScopeReference,
    /// Not a DID with the name of a service.
    #[error("expected a DID followed by # and the name of a service")]
    Service,
}

/// A label of a host name: letters, digits and inner hyphens, 1 to 63 bytes (RFC 1123 section 2.1).
fn is_label(text: &str) -> bool {
    let edge = |byte: Option<&u8>| byte.is_some_and(u8::is_ascii_alphanumeric);
    let bytes = text.as_bytes();
    bytes.len() <= LABEL_BYTES_MAX
        && edge(bytes.first())
        && edge(bytes.last())
        && bytes
            .iter()
            .all(|byte| byte.is_ascii_alphanumeric() || *byte == b'-')
}

fn starts_with_letter(text: &str) -> bool {
    text.starts_with(|first: char| first.is_ascii_alphabetic())
}

/// What a string newtype offers besides `parse`: reading it back, and the same check on every way in.
macro_rules! identifier_text {
    ($name:ident) => {
        impl $name {
            /// The identifier as text.
            pub fn as_str(&self) -> &str {
                &self.0
            }
        }

        impl std::fmt::Display for $name {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.write_str(&self.0)
            }
        }

        impl std::fmt::Debug for $name {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                write!(f, "{}({})", stringify!($name), self.0)
            }
        }

        impl AsRef<str> for $name {
            fn as_ref(&self) -> &str {
                &self.0
            }
        }

        impl std::str::FromStr for $name {
            type Err = $crate::InvalidIdentifier;

            fn from_str(text: &str) -> Result<Self, Self::Err> {
                Self::parse(text)
            }
        }

        impl TryFrom<String> for $name {
            type Error = $crate::InvalidIdentifier;

            fn try_from(text: String) -> Result<Self, Self::Error> {
                Self::parse(&text)
            }
        }

        impl From<$name> for String {
            fn from(identifier: $name) -> Self {
                identifier.0.into()
            }
        }
    };
}
use identifier_text;

/// RFC 1035 section 2.3.4.
const LABEL_BYTES_MAX: usize = 63;

/// A domain name as text, without the root's dot (RFC 1035 section 2.3.4 less the two bytes text does not show).
const DOMAIN_BYTES_MAX: usize = 253;

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn every_sentence_fits_an_error_description() {
        use InvalidIdentifier as I;
        for fault in [
            I::DidMethod,
            I::DidPlc,
            I::DidWeb,
            I::Handle,
            I::Nsid,
            I::ScopeReference,
            I::Service,
        ] {
            let sentence = fault.to_string();
            assert!(crate::is_printable(&sentence), "{sentence}");
        }
    }

    proptest! {
        // R-389
        #[test]
        fn any_text_parses_or_is_refused(text in any::<String>()) {
            let _ = (Did::parse(&text), Handle::parse(&text), Nsid::parse(&text), ServiceId::parse(&text));
        }

        #[test]
        fn what_was_parsed_parses_again_to_itself(text in "(did:(plc:[a-z2-7]{23,25}|web:[a-zA-Z0-9.%-]{1,20})|[a-zA-Z0-9.-]{1,40})") {
            if let Ok(did) = Did::parse(&text) { prop_assert_eq!(Did::parse(did.as_str()), Ok(did)); }
            if let Ok(handle) = Handle::parse(&text) { prop_assert_eq!(Handle::parse(handle.as_str()), Ok(handle)); }
            if let Ok(nsid) = Nsid::parse(&text) { prop_assert_eq!(Nsid::parse(nsid.as_str()), Ok(nsid)); }
        }
    }
}
