use crate::InvalidValue;
use crate::syntax::{self, Syntax};
use std::collections::BTreeSet;
use std::fmt;

/// `blob`: uploading files of some media types.
///
/// Shown in normal form.
///
/// ```
/// use entryway_scope::{Meaning, Scope};
///
/// let scope = Scope::parse("blob?accept=image/*&accept=image/png&accept=text/html")?;
/// assert_eq!(scope.canonical(), "blob?accept=image/*&accept=text/html");
/// let Meaning::Blob(blob) = scope.meaning() else { panic!("a blob scope") };
/// assert!(blob.permits("image/gif") && !blob.permits("text/plain"));
/// # Ok::<(), entryway_scope::InvalidValue>(())
/// ```
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct BlobPermission {
    accept: BTreeSet<MediaRange>,
}

impl BlobPermission {
    /// Which types; never empty, and none that another one covers.
    pub fn accept(&self) -> &BTreeSet<MediaRange> {
        &self.accept
    }

    /// Whether this lets one upload a file of that type.
    pub fn permits(&self, media_type: &str) -> bool {
        self.accept.iter().any(|range| range.contains(media_type))
    }

    /// For ranges of which none covers another, and at least one.
    pub(crate) fn new(accept: BTreeSet<MediaRange>) -> Self {
        Self { accept }
    }

    /// For this media type alone, or for all where the text is none.
    pub(crate) fn one(media_type: &str) -> Self {
        let range = MediaRange::of(media_type).unwrap_or_else(MediaRange::any);
        Self::new(BTreeSet::from([range]))
    }

    pub(crate) fn parse(text: &str) -> Result<Self, InvalidValue> {
        let syntax = Syntax::parse(text)?;
        syntax.only(&["accept"])?;
        let texts = syntax.main("accept")?;
        let ranges = texts
            .iter()
            .map(|text| MediaRange::parse(text))
            .collect::<Option<BTreeSet<_>>>();
        let mut accept = ranges
            .filter(|ranges| !ranges.is_empty())
            .ok_or(InvalidValue::Accept)?;
        if accept.contains(&MediaRange::any()) {
            accept = BTreeSet::from([MediaRange::any()]);
        }
        let wildcards: BTreeSet<_> = accept
            .iter()
            .filter(|range| range.is_wildcard())
            .cloned()
            .collect();
        accept.retain(|range| range.is_wildcard() || !wildcards.contains(&range.widened()));
        Ok(Self::new(accept))
    }
}

impl fmt::Display for BlobPermission {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let accept: Vec<_> = self.accept.iter().map(MediaRange::as_str).collect();
        syntax::write(f, "blob", ("accept", &accept), [])
    }
}

/// `*/*`, `type/*` or `type/subtype`, in lower case and without parameters (RFC 9110 section 12.5.1).
///
/// ```
/// use entryway_scope::{Meaning, Scope};
///
/// let scope = Scope::parse("blob:Image/*")?;
/// let Meaning::Blob(blob) = scope.meaning() else { panic!("a blob scope") };
/// let pictures = blob.accept().first().unwrap();
/// assert_eq!(pictures.as_str(), "image/*");
/// assert!(pictures.contains("image/png") && !pictures.contains("imagex/png"));
/// # Ok::<(), entryway_scope::InvalidValue>(())
/// ```
#[derive(Clone, Debug, Eq, Ord, PartialEq, PartialOrd)]
pub struct MediaRange(Box<str>);

impl MediaRange {
    /// The range as text.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// Whether a media type, written in lower case and without parameters, is in the range.
    pub fn contains(&self, media_type: &str) -> bool {
        let Some((kind, _)) = media_type
            .split_once('/')
            .filter(|(kind, subtype)| is_token(kind) && is_token(subtype))
        else {
            return false;
        };
        match self.0.strip_suffix("/*") {
            Some(range) => range == "*" || range == kind,
            None => *self.0 == *media_type,
        }
    }

    /// Whether all of the other range is in this one.
    pub fn includes(&self, other: &Self) -> bool {
        let (kind, _) = other.kind_and_subtype();
        match self.kind_and_subtype() {
            ("*", _) => true,
            (own, "*") => own == kind,
            _ => self == other,
        }
    }

    /// The range of one media type that is contained in some range: lower case, and of a length that may be registered.
    fn of(media_type: &str) -> Option<Self> {
        let range = Self::parse(media_type)?;
        (media_type.len() <= MEDIA_TYPE_BYTES_MAX && range.contains(media_type)).then_some(range)
    }

    fn any() -> Self {
        Self("*/*".into())
    }

    fn kind_and_subtype(&self) -> (&str, &str) {
        self.0.split_once('/').unwrap_or((&self.0, ""))
    }

    fn is_wildcard(&self) -> bool {
        self.0.ends_with("/*")
    }

    /// The range of its whole type.
    fn widened(&self) -> Self {
        let kind = self.0.split('/').next().unwrap_or_default();
        Self(format!("{kind}/*").into())
    }

    fn parse(text: &str) -> Option<Self> {
        let (kind, subtype) = text.split_once('/')?;
        let valid = match subtype {
            "*" => kind == "*" || is_token(kind),
            _ => is_token(kind) && is_token(subtype),
        };
        valid.then(|| Self(text.to_ascii_lowercase().into()))
    }
}

/// RFC 9110 section 5.6.2, less the `*` that would read as a wildcard.
fn is_token(text: &str) -> bool {
    !text.is_empty()
        && text
            .bytes()
            .all(|byte| byte.is_ascii_alphanumeric() || b"!#$%&'+-.^_`|~".contains(&byte))
}

/// RFC 6838 section 4.2: 127 characters each, and the slash.
const MEDIA_TYPE_BYTES_MAX: usize = 255;

#[cfg(test)]
mod tests {
    use super::*;
    use crate::scope::tests::{assert_canonical, assert_refused};

    // R-366, R-388
    #[test]
    fn media_ranges_have_a_normal_form() {
        assert_canonical(&[
            ("blob:*/*", "blob:*/*"),
            ("blob:image/*", "blob:image/*"),
            ("blob:image/png", "blob:image/png"),
            ("blob:Image/PNG", "blob:image/png"),
            ("blob:image%2Fpng", "blob:image/png"),
            ("blob:image/svg+xml", "blob:image/svg+xml"),
            ("blob?accept=image/svg%2Bxml", "blob:image/svg+xml"),
            (
                "blob?accept=video/*&accept=text/html",
                "blob?accept=text/html&accept=video/*",
            ),
            (
                "blob?accept=image/svg%2Bxml&accept=image/png",
                "blob?accept=image/png&accept=image/svg%2Bxml",
            ),
            ("blob?accept=image/png&accept=*/*&accept=video/*", "blob:*/*"),
            (
                "blob?accept=image/png&accept=IMAGE/*&accept=image/gif",
                "blob:image/*",
            ),
            (
                "blob?accept=image/*&accept=imagex/png",
                "blob?accept=image/*&accept=imagex/png",
            ),
        ]);
    }

    // R-367
    #[test]
    fn a_blob_value_out_of_grammar_grants_nothing() {
        use InvalidValue::{Accept, Escape, GivenTwice, UnknownParameter};
        assert_refused(&[
            ("blob", Accept),
            ("blob:", Accept),
            ("blob?accept=", Accept),
            ("blob:image", Accept),
            ("blob:image/", Accept),
            ("blob:/png", Accept),
            ("blob:*", Accept),
            ("blob:*/png", Accept),
            ("blob:*/**", Accept),
            ("blob:i*/*", Accept),
            ("blob:image/p*", Accept),
            ("blob:image/png/x", Accept),
            ("blob:image/png;q=1", Accept),
            ("blob:image/png%20", Accept),
            ("blob:im%C3%A4ge/png", Accept),
            ("blob?accept=image/svg+xml", Accept),
            ("blob:image/%zz", Escape),
            ("blob:image/png?accept=text/html", GivenTwice),
            ("blob:image/png?max=1000", UnknownParameter),
        ]);
    }

    // R-384
    #[test]
    fn a_range_contains_what_it_names() {
        for (range, media_type, contained) in [
            ("*/*", "image/png", true),
            ("*/*", "image", false),
            ("*/*", "", false),
            ("*/*", "*/*", false),
            ("image/*", "image/png", true),
            ("image/*", "imagex/png", false),
            ("image/*", "image/*", false),
            ("image/*", "image/", false),
            ("image/*", "image/png/x", false),
            ("image/*", "IMAGE/png", false),
            ("image/png", "image/png", true),
            ("image/png", "image/png2", false),
            ("image/png", "image/png; q=1", false),
        ] {
            assert_eq!(
                MediaRange::parse(range).unwrap().contains(media_type),
                contained,
                "{range} {media_type}"
            );
        }
    }
}
