use super::{DOMAIN_BYTES_MAX, InvalidIdentifier, identifier_text, is_label, starts_with_letter};
use serde::{Deserialize, Serialize};

/// The domain name an account goes by, in lower case.
///
/// Does not strip a leading `@`, and does not refuse the reserved top-level domains: `.test` is what sandboxes use,
/// and which of the others to serve is for whoever resolves handles.
///
/// ```
/// use entryway_scope::Handle;
///
/// assert_eq!(Handle::parse("Alice.Example.COM")?.as_str(), "alice.example.com");
/// assert!(Handle::parse("alice").is_err());
/// # Ok::<(), entryway_scope::InvalidIdentifier>(())
/// ```
#[derive(Clone, Deserialize, Eq, Hash, Ord, PartialEq, PartialOrd, Serialize)]
#[serde(try_from = "String", into = "String")]
pub struct Handle(Box<str>);

impl Handle {
    /// Takes a text for a handle, in either case.
    ///
    /// # Errors
    ///
    /// `Handle` for a single label, an empty one (so also a dot at either end), a top-level domain that starts with
    /// a digit, or more than 253 bytes. The handle specification of the AT Protocol.
    pub fn parse(text: &str) -> Result<Self, InvalidIdentifier> {
        let (_, top) = text.rsplit_once('.').ok_or(InvalidIdentifier::Handle)?;
        let valid =
            text.len() <= DOMAIN_BYTES_MAX && text.split('.').all(is_label) && starts_with_letter(top);
        if valid {
            Ok(Self(text.to_ascii_lowercase().into()))
        } else {
            Err(InvalidIdentifier::Handle)
        }
    }
}

identifier_text!(Handle);

#[cfg(test)]
mod tests {
    use super::*;

    // R-128, R-433
    #[test]
    fn handles_are_lower_cased_domain_names() {
        let longest = format!(
            "{}.{}.{}.{}.test",
            "a".repeat(63),
            "b".repeat(63),
            "c".repeat(63),
            "d".repeat(56)
        );
        assert_eq!(longest.len(), 253);
        for (text, handle) in [
            ("alice.test", "alice.test"),
            ("ALICE.Test", "alice.test"),
            ("jay.bsky.social", "jay.bsky.social"),
            ("8.cn", "8.cn"),
            ("a.co", "a.co"),
            ("xn--notarealidn.com", "xn--notarealidn.com"),
            ("name.t--t", "name.t--t"),
            (&longest, &longest),
        ] {
            assert_eq!(Handle::parse(text).map(String::from).as_deref(), Ok(handle));
        }
    }

    // R-128
    #[test]
    fn everything_else_is_refused() {
        let long_name = format!(
            "{}.{}.{}.{}.test",
            "a".repeat(63),
            "b".repeat(63),
            "c".repeat(63),
            "d".repeat(57)
        );
        let long_label = format!("{}.test", "a".repeat(64));
        for text in [
            "",
            ".",
            "alice",
            "alice.test.",
            ".alice.test",
            "alice..test",
            "@alice.test",
            "alice@example.com",
            "a b.test",
            " alice.test",
            "alice.test\n",
            "alice.3com",
            "127.0.0.1",
            "-alice.test",
            "alice-.test",
            "al_ice.test",
            "<script>.test",
            "al\u{456}ce.test",
            "alice.test/",
            "did:plc:ewvi7nxzyoun6zhxrhs64oiz",
            &long_name,
            &long_label,
        ] {
            assert_eq!(Handle::parse(text), Err(InvalidIdentifier::Handle), "{text}");
        }
    }
}
