//! The language a browser asks for first (RFC 9110 section 12.5.4).

use http::HeaderMap;
use http::header::ACCEPT_LANGUAGE;

/// A language tag such as `de-AT`, or English where the browser does not say.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Language(String);

/// Bytes of a header that are looked at; a browser sends some fifty.
const HEADER_BYTES_MAX: usize = 512;
/// Bytes of a tag (RFC 5646 section 4.4.1).
const TAG_BYTES_MAX: usize = 35;

impl Language {
    /// The tag with the greatest weight, the first of several.
    pub(crate) fn preferred(headers: &HeaderMap) -> Self {
        let header = headers.get(ACCEPT_LANGUAGE).and_then(|value| value.to_str().ok());
        let header = header.filter(|text| text.len() <= HEADER_BYTES_MAX);
        let mut best: Option<(&str, u16)> = None;
        for (tag, weight) in header.unwrap_or_default().split(',').filter_map(weighed) {
            if weight > best.map_or(0, |(_, most)| most) {
                best = Some((tag, weight));
            }
        }
        Self(best.map_or("en", |(tag, _)| tag).to_owned())
    }

    pub(crate) fn as_str(&self) -> &str {
        &self.0
    }
}

/// A tag and its weight in thousandths; nothing for `*` and whatever is no tag.
fn weighed(range: &str) -> Option<(&str, u16)> {
    let (tag, parameters) = range.split_once(';').unwrap_or((range, "q=1"));
    let tag = tag.trim();
    let is_tag = !tag.is_empty()
        && tag.len() <= TAG_BYTES_MAX
        && tag
            .bytes()
            .all(|byte| byte.is_ascii_alphanumeric() || byte == b'-');
    let weight = parameters.trim().strip_prefix("q=")?;
    let thousandths = match weight.split_once('.').unwrap_or((weight, "")) {
        ("1", _) => 1_000,
        ("0", decimals) => format!("{decimals:0<3}").get(..3)?.parse().ok()?,
        _ => return None,
    };
    is_tag.then_some((tag, thousandths))
}

#[cfg(test)]
mod tests {
    use http::HeaderValue;

    use super::*;

    //
    #[test]
    fn the_language_with_the_greatest_weight_is_the_reader_s() {
        for (header, expected) in [
            ("de-AT", "de-AT"),
            ("de-AT,de;q=0.9,en;q=0.8", "de-AT"),
            ("en;q=0.5, fr;q=0.75", "fr"),
            ("*, pt-BR;q=0.1", "pt-BR"),
            ("de;q=0", "en"),
            ("de;q=0.0005", "en"),
            ("de;q=2", "en"),
            ("de;q=", "en"),
            ("<script>", "en"),
            ("\u{e9}", "en"),
            ("", "en"),
        ] {
            let mut headers = HeaderMap::new();
            headers.insert(
                ACCEPT_LANGUAGE,
                HeaderValue::from_bytes(header.as_bytes()).unwrap(),
            );
            assert_eq!(Language::preferred(&headers).as_str(), expected, "{header}");
        }
        assert_eq!(Language::preferred(&HeaderMap::new()).as_str(), "en");
        let mut headers = HeaderMap::new();
        let long = format!("de{}", ",fr".repeat(1_000));
        headers.insert(ACCEPT_LANGUAGE, HeaderValue::from_str(&long).unwrap());
        assert_eq!(Language::preferred(&headers).as_str(), "en");
    }
}
