//! E-mail addresses: what this service writes to.

use std::fmt;

use serde::{Deserialize, Serialize};

use entryway_oauth::xrpc_denial::XrpcDenial;
use entryway_scope::Handle;

/// An e-mail address, in lower case: two accounts cannot have it in two spellings.
///
/// One `@`, a local part of the characters mail servers agree on, and a domain name. Quoted local parts, IP
/// literals and letters outside of ASCII are refused, which leaves out some addresses that exist. Does not
/// know domains that give addresses away for a day: lists of those are wrong within a week, and a code sent
/// to the address is the better question.
///
/// ```
/// use entryway_core::email::EmailAddress;
/// assert_eq!(EmailAddress::parse(" Alice@Mail.Example ").unwrap().as_str(), "alice@mail.example");
/// assert!(EmailAddress::parse("alice@localhost").is_err());
/// ```
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct EmailAddress(String);

impl EmailAddress {
    /// Reads what was typed, without the white space around it.
    ///
    /// # Errors
    /// [`XrpcDenial::EmailUnsupported`].
    pub fn parse(typed: &str) -> Result<Self, XrpcDenial> {
        let typed = typed.trim();
        let (local, domain) = typed.split_once('@').unwrap_or_default();
        let well_formed = typed.len() <= ADDRESS_BYTES_MAX
            && (1..=LOCAL_BYTES_MAX).contains(&local.len())
            && local.split('.').all(is_atom)
            // a handle is a domain name of at least two labels, and so is the domain of an address
            && Handle::parse(domain).is_ok();
        if well_formed {
            return Ok(Self(typed.to_ascii_lowercase()));
        }
        Err(XrpcDenial::EmailUnsupported {
            expected: "must be an address such as name@example.com, of at most 254 characters",
        })
    }

    /// The address.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The address for a page that somebody else may look at: its first letter, and its domain.
    pub fn obscured(&self) -> String {
        let (local, domain) = self.0.split_once('@').unwrap_or_default();
        let first = local.get(..1).unwrap_or_default();
        format!("{first}***@{domain}")
    }
}

/// RFC 5321 section 4.1.2.
fn is_atom(text: &str) -> bool {
    !text.is_empty()
        && text
            .bytes()
            .all(|byte| byte.is_ascii_alphanumeric() || b"!#$%&'*+-/=?^_`{|}~".contains(&byte))
}

impl fmt::Display for EmailAddress {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// Personal data: logs see the obscured form.
impl fmt::Debug for EmailAddress {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "EmailAddress({})", self.obscured())
    }
}

impl TryFrom<String> for EmailAddress {
    type Error = &'static str;

    fn try_from(text: String) -> Result<Self, Self::Error> {
        Self::parse(&text).map_err(|_| "expected an e-mail address")
    }
}

impl From<EmailAddress> for String {
    fn from(address: EmailAddress) -> Self {
        address.0
    }
}

/// RFC 5321 section 4.5.3.1.3, less the angle brackets.
const ADDRESS_BYTES_MAX: usize = 254;
/// RFC 5321 section 4.5.3.1.1.
const LOCAL_BYTES_MAX: usize = 64;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ordinary_addresses_are_read_in_lower_case() {
        let longest = format!("{}@{}.example", "a".repeat(64), "b".repeat(63));
        for (typed, address) in [
            ("a@b.co", "a@b.co"),
            (
                "Alice.Smith+atproto@Mail.Example",
                "alice.smith+atproto@mail.example",
            ),
            (" o'brien@example.ie ", "o'brien@example.ie"),
            ("x_y-z@sub.domain.example", "x_y-z@sub.domain.example"),
            (&longest, &longest),
        ] {
            assert_eq!(
                EmailAddress::parse(typed).map(String::from).as_deref(),
                Ok(address)
            );
        }
    }

    #[test]
    fn everything_else_is_refused() {
        let long_local = format!("{}@example.com", "a".repeat(65));
        let label = "b".repeat(63);
        let long_whole = format!("{}@{label}.{label}.{label}.example", "a".repeat(64));
        assert!(long_whole.len() > ADDRESS_BYTES_MAX);
        for bad in [
            "",
            "@",
            "alice",
            "alice@",
            "@example.com",
            "alice@localhost",
            "alice@@example.com",
            "alice@bob@example.com",
            "alice@[127.0.0.1]",
            "alice@127.0.0.1",
            "alice@example..com",
            "alice@-example.com",
            ".alice@example.com",
            "alice.@example.com",
            "al..ice@example.com",
            "\"al ice\"@example.com",
            "al ice@example.com",
            "alice@exam ple.com",
            "alice@example.com\r\nBcc: mallory@example.com",
            "alice\u{0}@example.com",
            "alice<script>@example.com",
            "Alice <alice@example.com>",
            "\u{e4}lice@example.com",
            "alice@\u{fc}ber.example",
            &long_local,
            &long_whole,
            &"a".repeat(1_000_000),
        ] {
            let read = EmailAddress::parse(bad).map_err(|denial| denial.name());
            assert_eq!(read, Err("InvalidRequest"), "{bad:.60}");
        }
    }

    #[test]
    fn a_log_sees_little_of_an_address() {
        let address = EmailAddress::parse("alice@example.com").unwrap();
        assert_eq!(format!("{address:?}"), "EmailAddress(a***@example.com)");
    }
}
