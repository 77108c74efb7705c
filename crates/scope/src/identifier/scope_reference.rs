use super::{InvalidIdentifier, identifier_text};
use serde::{Deserialize, Serialize};

/// A whole scope by the hash of its text, as in `ref:bafkrei…`: what a token carries whose permissions are too long.
///
/// It stands for all permissions of a token and is never one value among others, so
/// [`Scope::parse`](crate::Scope::parse) does not know it. Does not check that a scope of that hash exists: whoever
/// looks it up does.
///
/// ```
/// use entryway_scope::ScopeReference;
///
/// let text = "ref:bafkreihdwdcefgh4dqkjv67uzcmw7ojee6xedzdetojuzjevtenxquvyku";
/// let reference = ScopeReference::parse(text)?;
/// assert_eq!(reference.as_str(), text);
/// assert_eq!(reference.cid(), "bafkreihdwdcefgh4dqkjv67uzcmw7ojee6xedzdetojuzjevtenxquvyku");
/// assert!(ScopeReference::parse("ref:something").is_err());
/// # Ok::<(), entryway_scope::InvalidIdentifier>(())
/// ```
#[derive(Clone, Deserialize, Eq, Hash, Ord, PartialEq, PartialOrd, Serialize)]
#[serde(try_from = "String", into = "String")]
pub struct ScopeReference(Box<str>);

impl ScopeReference {
    /// Takes a text for a reference.
    ///
    /// # Errors
    ///
    /// `ScopeReference` for anything but `ref:` and a CID of the kind the AT Protocol uses: version 1 in lower-case
    /// base32, SHA-256, of raw bytes or DAG-CBOR. Each CID has one text. Contract section 3.4.
    pub fn parse(text: &str) -> Result<Self, InvalidIdentifier> {
        match text.strip_prefix(PREFIX) {
            Some(cid) if is_cid(cid) => Ok(Self(text.into())),
            _ => Err(InvalidIdentifier::ScopeReference),
        }
    }

    /// What follows `ref:`.
    pub fn cid(&self) -> &str {
        self.0.strip_prefix(PREFIX).unwrap_or_default()
    }
}

identifier_text!(ScopeReference);

/// Base32 of 36 bytes: version, codec, hash function, hash length, hash. The first 32 bits are fixed and end within
/// the eighth character; the last two of the text's 290 bits are padding.
fn is_cid(text: &str) -> bool {
    let Some((head, hash)) = text.split_at_checked(FIXED_BYTES) else {
        return false;
    };
    [RAW, DAG_CBOR].contains(&head)
        && text.len() == CID_BYTES
        && hash.starts_with(|first| matches!(first, 'a'..='h'))
        && hash.bytes().all(|byte| matches!(byte, b'a'..=b'z' | b'2'..=b'7'))
        && hash.ends_with(['a', 'e', 'i', 'm', 'q', 'u', 'y', '4'])
}

const PREFIX: &str = "ref:";
const RAW: &str = "bafkrei";
const DAG_CBOR: &str = "bafyrei";
const FIXED_BYTES: usize = 7;
const CID_BYTES: usize = 59;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_reference_is_ref_and_a_cid() {
        for text in [
            "ref:bafkreihdwdcefgh4dqkjv67uzcmw7ojee6xedzdetojuzjevtenxquvyku",
            "ref:bafyreigbtj4x7ip5legnfznufuopl4sg4knzc2cof6duas4b3q2fy6swua",
            "ref:bafkreih777777777777777777777777777777777777777777777777774",
        ] {
            assert_eq!(ScopeReference::parse(text).map(String::from).as_deref(), Ok(text));
        }
    }

    #[test]
    fn everything_else_is_refused() {
        for text in [
            "",
            "ref:",
            "bafkreihdwdcefgh4dqkjv67uzcmw7ojee6xedzdetojuzjevtenxquvyku",
            "REF:bafkreihdwdcefgh4dqkjv67uzcmw7ojee6xedzdetojuzjevtenxquvyku",
            "ref:BAFKREIHDWDCEFGH4DQKJV67UZCMW7OJEE6XEDZDETOJUZJEVTENXQUVYKU",
            "ref:bafkreihdwdcefgh4dqkjv67uzcmw7ojee6xedzdetojuzjevtenxquvyk",
            "ref:bafkreihdwdcefgh4dqkjv67uzcmw7ojee6xedzdetojuzjevtenxquvykuu",
            "ref:bafkreihdwdcefgh4dqkjv67uzcmw7ojee6xedzdetojuzjevtenxquvykv",
            "ref:bafkreizdwdcefgh4dqkjv67uzcmw7ojee6xedzdetojuzjevtenxquvyku",
            "ref:bafkreihdwdcefgh4dqkjv67uzcmw7ojee6xedzdetojuzjevtenxquvy0u",
            "ref:bafybeigdyrzt5sfp7udm7hu76uh7y26nf3efuylqabf3oclgtqy55fbzdi",
            "ref:QmYwAPJzv5CZsnA625s3Xf2nemtYgPpHdWEz79ojWKPBdG",
            "ref:bafkreihdwdcefgh4dqkjv67uzcmw7ojee6xedzdetojuzjevtenxquvyku atproto",
            "ref:bafkr\u{e9}ihdwdcefgh4dqkjv67uzcmw7ojee6xedzdetojuzjevtenxquvyku",
            "ref:bafkrei\u{e9}hdwdcefgh4dqkjv67uzcmw7ojee6xedzdetojuzjevtenxquvyk",
        ] {
            assert_eq!(
                ScopeReference::parse(text),
                Err(InvalidIdentifier::ScopeReference),
                "{text}"
            );
        }
    }
}
