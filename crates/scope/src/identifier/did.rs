use super::{DOMAIN_BYTES_MAX, InvalidIdentifier, identifier_text, is_label, starts_with_letter};
use serde::{Deserialize, Serialize};

/// A decentralised identifier of one of the two methods the AT Protocol uses, `did:plc` and `did:web`.
///
/// Kept byte for byte: two DIDs are the same account exactly when their texts are equal. Does not check that a
/// `did:web` host is public: whoever fetches from it does.
///
/// ```
/// use entryway_scope::Did;
///
/// let alice = Did::parse("did:plc:ewvi7nxzyoun6zhxrhs64oiz")?;
/// assert_eq!(alice.as_str(), "did:plc:ewvi7nxzyoun6zhxrhs64oiz");
/// assert_eq!(Did::parse("did:web:pds.example.com")?.host(), Some("pds.example.com"));
/// assert!(Did::parse("did:web:example.com:users:alice").is_err());
/// # Ok::<(), entryway_scope::InvalidIdentifier>(())
/// ```
#[derive(Clone, Deserialize, Eq, Hash, Ord, PartialEq, PartialOrd, Serialize)]
#[serde(try_from = "String", into = "String")]
pub struct Did(Box<str>);

impl Did {
    /// Takes a text for a DID.
    ///
    /// # Errors
    ///
    /// `DidMethod` for anything but `did:plc:` and `did:web:`, `DidPlc` and `DidWeb` for a fault in what follows.
    /// R-441; the DID specification of the AT Protocol.
    pub fn parse(text: &str) -> Result<Self, InvalidIdentifier> {
        if text.len() > DID_BYTES_MAX {
            return Err(InvalidIdentifier::DidMethod);
        }
        if let Some(hash) = text.strip_prefix(PLC) {
            if !is_plc_hash(hash) {
                return Err(InvalidIdentifier::DidPlc);
            }
        } else if let Some(authority) = text.strip_prefix(WEB) {
            if !is_web_authority(authority) {
                return Err(InvalidIdentifier::DidWeb);
            }
        } else {
            return Err(InvalidIdentifier::DidMethod);
        }
        Ok(Self(text.into()))
    }

    /// The host of a `did:web`, without the port that only `localhost` may have.
    pub fn host(&self) -> Option<&str> {
        let authority = self.0.strip_prefix(WEB)?;
        Some(authority.split_once(PORT).map_or(authority, |(host, _)| host))
    }

    /// The port of a `did:web` on `localhost`.
    pub fn port(&self) -> Option<u16> {
        let (_, port) = self.0.strip_prefix(WEB)?.split_once(PORT)?;
        port.parse().ok()
    }
}

identifier_text!(Did);

fn is_plc_hash(text: &str) -> bool {
    text.len() == PLC_HASH_BYTES && text.bytes().all(|byte| matches!(byte, b'a'..=b'z' | b'2'..=b'7'))
}

fn is_web_authority(text: &str) -> bool {
    match text.split_once(PORT) {
        Some((host, port)) => host == "localhost" && is_port(port),
        None => is_host(text),
    }
}

/// One spelling for each port, so that one host has one DID: no sign, no leading zero.
fn is_port(text: &str) -> bool {
    !text.starts_with(['0', '+']) && text.parse::<u16>().is_ok()
}

/// did:web forbids IP addresses; a last label that starts with a letter is not one in any notation.
fn is_host(text: &str) -> bool {
    text.len() <= DOMAIN_BYTES_MAX
        && text.split('.').all(is_label)
        && text.rsplit('.').next().is_some_and(starts_with_letter)
}

const PLC: &str = "did:plc:";
const PLC_HASH_BYTES: usize = 24;
const WEB: &str = "did:web:";
const PORT: &str = "%3A";

/// The AT Protocol's bound on any DID; the two methods admitted stay far below it.
const DID_BYTES_MAX: usize = 2048;

#[cfg(test)]
mod tests {
    use super::*;

    // R-441
    #[test]
    fn plc_and_bare_web_hosts_are_dids() {
        let longest_label = format!("did:web:{}.example", "a".repeat(63));
        for text in [
            "did:plc:ewvi7nxzyoun6zhxrhs64oiz",
            "did:plc:222222222222222222222222",
            "did:web:example.com",
            "did:web:Example.COM",
            "did:web:h",
            "did:web:localhost",
            "did:web:localhost%3A2583",
            "did:web:xn--bcher-kva.example",
            "did:web:3box.io",
            &longest_label,
        ] {
            assert_eq!(Did::parse(text).map(String::from).as_deref(), Ok(text));
        }
    }

    // R-441
    #[test]
    fn every_other_text_is_refused_with_its_reason() {
        use InvalidIdentifier::{DidMethod, DidPlc, DidWeb};
        let long_label = format!("did:web:{}.example", "a".repeat(64));
        let long_host = format!("did:web:{}example", "abcdefg.".repeat(32));
        let enormous = format!("did:web:{}", "a".repeat(2048));
        for (text, fault) in [
            ("", DidMethod),
            ("did", DidMethod),
            ("did:", DidMethod),
            ("did:plc", DidMethod),
            ("DID:plc:ewvi7nxzyoun6zhxrhs64oiz", DidMethod),
            (
                "did:key:zQ3shokFTS3brHcDQrn82RUDfCZESWL1ZdCEJwekUDPQiYBme",
                DidMethod,
            ),
            ("alice.example.com", DidMethod),
            (" did:web:example.com", DidMethod),
            (&enormous, DidMethod),
            ("did:plc:", DidPlc),
            ("did:plc:ewvi7nxzyoun6zhxrhs64oi", DidPlc),
            ("did:plc:ewvi7nxzyoun6zhxrhs64oizz", DidPlc),
            ("did:plc:EWVI7NXZYOUN6ZHXRHS64OIZ", DidPlc),
            ("did:plc:ewvi7nxzyoun6zhxrhs64oi1", DidPlc),
            ("did:plc:ewvi7nxzyoun6zhxrhs64oiz#svc", DidPlc),
            ("did:web:", DidWeb),
            ("did:web:example.com:users:alice", DidWeb),
            ("did:web:example.com/path", DidWeb),
            ("did:web:example.com#svc", DidWeb),
            ("did:web:example.com%3A8080", DidWeb),
            ("did:web:localhost%3A", DidWeb),
            ("did:web:localhost%3A0", DidWeb),
            ("did:web:localhost%3A080", DidWeb),
            ("did:web:localhost%3A+80", DidWeb),
            ("did:web:localhost%3A65536", DidWeb),
            ("did:web:localhost%3A80%3A80", DidWeb),
            ("did:web:localhost%3a80", DidWeb),
            ("did:web:localhost:80", DidWeb),
            ("did:web:127.0.0.1", DidWeb),
            ("did:web:0x7f.0x1", DidWeb),
            ("did:web:2130706433", DidWeb),
            ("did:web:[::1]", DidWeb),
            ("did:web:example.com.", DidWeb),
            ("did:web:.example.com", DidWeb),
            ("did:web:a..b", DidWeb),
            ("did:web:-a.example", DidWeb),
            ("did:web:a-.example", DidWeb),
            ("did:web:a_b.example", DidWeb),
            ("did:web:user@example.com", DidWeb),
            ("did:web:ex%61mple.com", DidWeb),
            ("did:web:b\u{fc}cher.example", DidWeb),
            (&long_label, DidWeb),
            (&long_host, DidWeb),
        ] {
            assert_eq!(Did::parse(text), Err(fault), "{text}");
        }
    }

    #[test]
    fn a_web_did_tells_its_host_and_port() {
        for (text, host, port) in [
            ("did:web:localhost%3A2583", Some("localhost"), Some(2583)),
            ("did:web:example.com", Some("example.com"), None),
            ("did:plc:ewvi7nxzyoun6zhxrhs64oiz", None, None),
        ] {
            let did = Did::parse(text).unwrap();
            assert_eq!((did.host(), did.port()), (host, port), "{text}");
        }
    }
}
