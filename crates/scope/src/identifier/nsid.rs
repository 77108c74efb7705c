use super::{
    DOMAIN_BYTES_MAX, InvalidIdentifier, LABEL_BYTES_MAX, identifier_text, is_label, starts_with_letter,
};
use serde::{Deserialize, Serialize};

/// A namespaced identifier: the name of a record type, a method or a permission set.
///
/// A reversed domain name, the authority, and a name below it. Kept byte for byte; does not check that a lexicon
/// of that name exists.
///
/// ```
/// use entryway_scope::Nsid;
///
/// let post = Nsid::parse("app.bsky.feed.post")?;
/// assert_eq!((post.group(), post.name()), ("app.bsky.feed", "post"));
/// assert_eq!(post.authority(), "feed.bsky.app");
/// assert!(Nsid::parse("app.bsky.*").is_err());
/// # Ok::<(), entryway_scope::InvalidIdentifier>(())
/// ```
#[derive(Clone, Deserialize, Eq, Hash, Ord, PartialEq, PartialOrd, Serialize)]
#[serde(try_from = "String", into = "String")]
pub struct Nsid(Box<str>);

impl Nsid {
    /// Takes a text for an NSID.
    ///
    /// # Errors
    ///
    /// `Nsid` for fewer than three segments, a segment that is not a host label, a top-level domain or a name that
    /// does not start with a letter, or a hyphen in the name. The NSID specification of the AT Protocol.
    pub fn parse(text: &str) -> Result<Self, InvalidIdentifier> {
        let (group, name) = text.rsplit_once('.').ok_or(InvalidIdentifier::Nsid)?;
        let valid = group.len() <= DOMAIN_BYTES_MAX
            && group.contains('.')
            && group.split('.').all(is_label)
            && starts_with_letter(group)
            && is_name(name);
        if valid {
            Ok(Self(text.into()))
        } else {
            Err(InvalidIdentifier::Nsid)
        }
    }

    /// Everything but the last segment: the authority's domain, reversed.
    pub fn group(&self) -> &str {
        self.0.rsplit_once('.').map_or("", |(group, _)| group)
    }

    /// The domain whose owner says what this name means: the group, in the order and case of the DNS.
    pub fn authority(&self) -> String {
        let labels: Vec<_> = self.group().rsplit('.').collect();
        labels.join(".").to_ascii_lowercase()
    }

    /// The last segment.
    pub fn name(&self) -> &str {
        self.0.rsplit_once('.').map_or("", |(_, name)| name)
    }
}

identifier_text!(Nsid);

fn is_name(text: &str) -> bool {
    text.len() <= LABEL_BYTES_MAX
        && starts_with_letter(text)
        && text.bytes().all(|byte| byte.is_ascii_alphanumeric())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nsids_have_an_authority_and_a_name() {
        let longest_name = format!("com.example.{}", "o".repeat(63));
        for text in [
            "a.b.c",
            "com.example.fooBar",
            "net.users.bob.ping",
            "com.atproto.repo.applyWrites",
            "a-0.b-1.c",
            "one.2.three",
            "cn.8.lex.stuff",
            "onion.expyuzz4wqqyqhjn.spec.getThing",
            &longest_name,
        ] {
            assert_eq!(Nsid::parse(text).map(String::from).as_deref(), Ok(text));
        }
    }

    #[test]
    fn everything_else_is_refused() {
        let long_name = format!("com.example.{}", "o".repeat(64));
        let long_group = format!("{}name", "abcdefg.".repeat(32));
        for text in [
            "",
            ".",
            "..",
            "com",
            "com.example",
            "com.example.",
            ".com.example",
            "com..foo",
            "com.example.foo.*",
            "com.example.*",
            "*",
            "com.example.3",
            "com.example.3foo",
            "com.example.foo-bar",
            "3com.example.foo",
            "com.exa_mple.foo",
            "com.-example.foo",
            "com.example-.foo",
            "com.example.f\u{f6}o",
            "com.example foo.bar",
            "com.example.foo#main",
            "com.example.foo\n",
            &long_name,
            &long_group,
        ] {
            assert_eq!(Nsid::parse(text), Err(InvalidIdentifier::Nsid), "{text}");
        }
    }
}
