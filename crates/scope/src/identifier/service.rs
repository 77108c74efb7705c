use super::{Did, InvalidIdentifier, identifier_text};
use serde::{Deserialize, Serialize};

/// A DID and the name of one service in its document, as in `did:web:api.bsky.app#bsky_appview`.
///
/// Kept byte for byte and compared as text, for so are audiences. Does not check that the document lists the service.
///
/// ```
/// use entryway_scope::ServiceId;
///
/// let view = ServiceId::parse("did:web:api.bsky.app#bsky_appview")?;
/// assert_eq!((view.did().host(), view.name()), (Some("api.bsky.app"), "bsky_appview"));
/// assert!(ServiceId::parse("did:web:api.bsky.app").is_err());
/// # Ok::<(), entryway_scope::InvalidIdentifier>(())
/// ```
#[derive(Clone, Deserialize, Eq, Hash, Ord, PartialEq, PartialOrd, Serialize)]
#[serde(try_from = "String", into = "String")]
pub struct ServiceId(Box<str>, Did);

impl ServiceId {
    /// Takes a text for a DID with a service name.
    ///
    /// # Errors
    ///
    /// Those of [`Did::parse`] for what is before the `#`, `Service` for a missing or malformed name after it
    /// (RFC 3986 section 3.5).
    pub fn parse(text: &str) -> Result<Self, InvalidIdentifier> {
        let (did, name) = text.split_once('#').ok_or(InvalidIdentifier::Service)?;
        let did = Did::parse(did)?;
        if is_fragment(name) {
            Ok(Self(text.into(), did))
        } else {
            Err(InvalidIdentifier::Service)
        }
    }

    /// Who offers the service.
    pub fn did(&self) -> &Did {
        &self.1
    }

    /// What follows the `#`.
    pub fn name(&self) -> &str {
        self.0.split_once('#').map_or("", |(_, name)| name)
    }
}

identifier_text!(ServiceId);

fn is_fragment(text: &str) -> bool {
    let mut parts = text.split('%');
    let plain = parts.next().unwrap_or_default();
    !text.is_empty()
        && text.len() <= NAME_BYTES_MAX
        && plain.bytes().all(is_fragment_byte)
        && parts.all(|part| {
            part.split_at_checked(2).is_some_and(|(escape, rest)| {
                escape.bytes().all(|byte| byte.is_ascii_hexdigit()) && rest.bytes().all(is_fragment_byte)
            })
        })
}

fn is_fragment_byte(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || b"-._~!$&'()*+,;=:@/?".contains(&byte)
}

/// Service names in use are shorter than thirty bytes.
const NAME_BYTES_MAX: usize = 512;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_service_is_a_did_and_a_name() {
        for (text, did, name) in [
            ("did:web:h#svc", "did:web:h", "svc"),
            ("did:web:localhost%3A2583#svc", "did:web:localhost%3A2583", "svc"),
            (
                "did:plc:ewvi7nxzyoun6zhxrhs64oiz#atproto_labeler",
                "did:plc:ewvi7nxzyoun6zhxrhs64oiz",
                "atproto_labeler",
            ),
            ("did:web:h#a%20b", "did:web:h", "a%20b"),
        ] {
            let service = ServiceId::parse(text).unwrap();
            assert_eq!(
                (service.as_str(), service.did().as_str(), service.name()),
                (text, did, name)
            );
        }
    }

    #[test]
    fn everything_else_is_refused_with_its_reason() {
        use InvalidIdentifier::{DidMethod, DidWeb, Service};
        let long_name = format!("did:web:h#{}", "a".repeat(513));
        for (text, fault) in [
            ("", Service),
            ("did:web:h", Service),
            ("did:web:h#", Service),
            ("did:web:h##svc", Service),
            ("did:web:h#a b", Service),
            ("did:web:h#a%2", Service),
            ("did:web:h#a%zz", Service),
            ("did:web:h#\u{e4}", Service),
            (&long_name, Service),
            ("#svc", DidMethod),
            ("did:key:zQ3sh#svc", DidMethod),
            ("did:web:h:path#svc", DidWeb),
        ] {
            assert_eq!(ServiceId::parse(text), Err(fault), "{text}");
        }
    }
}
