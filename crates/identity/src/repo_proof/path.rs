//! Where in a repository a record is.

use entryway_scope::Nsid;

/// The path of a record in its repository: `collection/rkey`.
///
/// ```
/// use entryway_identity::repo_proof::RecordPath;
/// use entryway_scope::Nsid;
///
/// let path = RecordPath::new(&Nsid::parse("app.bsky.actor.profile")?, "self")?;
/// assert_eq!(path.as_str(), "app.bsky.actor.profile/self");
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct RecordPath(String);

/// A text that is no record key.
#[derive(Clone, Copy, Debug, Eq, PartialEq, thiserror::Error)]
#[error("expected a record key: 1 to 512 of A-Z, a-z, 0-9 and .-_:~, and neither . nor ..")]
pub struct InvalidRecordKey;

impl RecordPath {
    /// The path of any record.
    ///
    /// # Errors
    ///
    /// [`InvalidRecordKey`], after <https://atproto.com/specs/record-key>.
    pub fn new(collection: &Nsid, rkey: &str) -> Result<Self, InvalidRecordKey> {
        let allowed = |byte: u8| byte.is_ascii_alphanumeric() || b".-_:~".contains(&byte);
        let valid = (1..=RKEY_BYTES_MAX).contains(&rkey.len())
            && rkey.bytes().all(allowed)
            && !matches!(rkey, "." | "..");
        if valid {
            Ok(Self(format!("{collection}/{rkey}")))
        } else {
            Err(InvalidRecordKey)
        }
    }

    /// The path of the record that publishes a lexicon: its key is the lexicon's name, which any NSID can be.
    pub fn of_lexicon(lexicon: &Nsid) -> Self {
        Self(format!("{LEXICON_SCHEMA}/{lexicon}"))
    }

    /// The path as it is in the tree.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// The collection of published lexicons.
pub(crate) const LEXICON_SCHEMA: &str = "com.atproto.lexicon.schema";

const RKEY_BYTES_MAX: usize = 512;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_record_key_has_the_characters_of_the_specification() {
        let collection = Nsid::parse("com.example.record").unwrap();
        let longest = "k".repeat(512);
        for rkey in [
            "3jui7kd54zh2y",
            "self",
            "example.com",
            "~1.2-3_",
            "pre:fix",
            "_",
            &longest,
        ] {
            let path = RecordPath::new(&collection, rkey).unwrap();
            assert_eq!(path.as_str(), format!("com.example.record/{rkey}"));
        }
        let too_long = "k".repeat(513);
        for rkey in [
            "",
            ".",
            "..",
            "alpha/beta",
            "#extra",
            "any space",
            "dHJ1ZQ==",
            "\u{e9}",
            &too_long,
        ] {
            assert_eq!(
                RecordPath::new(&collection, rkey),
                Err(InvalidRecordKey),
                "{rkey}"
            );
        }
    }

    #[test]
    fn a_lexicon_is_kept_under_its_name() {
        let name = Nsid::parse("com.example.blog.auth").unwrap();
        let collection = Nsid::parse(LEXICON_SCHEMA).unwrap();
        let path = RecordPath::of_lexicon(&name);
        assert_eq!(path.as_str(), "com.atproto.lexicon.schema/com.example.blog.auth");
        assert_eq!(RecordPath::new(&collection, name.as_str()), Ok(path));
    }
}
