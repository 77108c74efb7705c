//! What a publisher says to people, in several languages.

use serde_json::Value;
use std::collections::BTreeMap;

/// One text, and the same in languages.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub(super) struct Texts {
    plain: Option<Box<str>>,
    /// By language in lower case.
    by_language: BTreeMap<Box<str>, Box<str>>,
}

impl Texts {
    /// Reads `name` and `name:lang` of a definition. What is not as it should be is as if it were not there.
    pub(super) fn read(definition: &Value, name: &str, chars_max: usize) -> Self {
        let plain = definition.get(name).and_then(Value::as_str);
        let listed = definition.get(format!("{name}:lang")).and_then(Value::as_object);
        let by_language = listed.into_iter().flatten().filter_map(|(language, text)| {
            let text = cleaned(text.as_str()?, chars_max)?;
            is_language(language).then(|| (language.to_ascii_lowercase().into(), text))
        });
        Self {
            plain: plain.and_then(|text| cleaned(text, chars_max)),
            by_language: by_language.take(LANGUAGES_MAX).collect(),
        }
    }

    /// RFC 4647 section 3.4, and then what is nearest.
    pub(super) fn in_language(&self, language: &str) -> Option<&str> {
        self.looked_up(language)
            .or(self.plain.as_deref())
            .or_else(|| self.looked_up("en"))
    }

    fn looked_up(&self, language: &str) -> Option<&str> {
        let wanted = language.to_ascii_lowercase();
        let mut range = wanted.as_str();
        loop {
            if let Some(text) = self.by_language.get(range) {
                return Some(text);
            }
            match range.rsplit_once('-') {
                Some((shorter, _)) => range = shorter,
                None => break,
            }
        }
        let of_other_region = |tag: &str| tag.split('-').next() == Some(range);
        let mut tags = self.by_language.iter();
        tags.find(|(tag, _)| of_other_region(tag))
            .map(|(_, text)| &**text)
    }
}

/// RFC 5646 as far as its characters go.
fn is_language(text: &str) -> bool {
    text.len() <= LANGUAGE_BYTES_MAX
        && text.split('-').all(|part| {
            (1..=8).contains(&part.len()) && part.bytes().all(|byte| byte.is_ascii_alphanumeric())
        })
}

/// One line, cut to a length, of characters that show themselves and nothing else. `None` where nothing is left.
fn cleaned(text: &str, chars_max: usize) -> Option<Box<str>> {
    let mut line = String::new();
    let mut chars = 0;
    // words are joined by single spaces, whatever parted them
    for word in text.split(|one: char| one.is_whitespace() || one.is_control()) {
        let shown = word.chars().filter(|one| !is_deceptive(*one));
        let mut space = (chars > 0).then_some(' ');
        for one in shown {
            let with_space = space.take().into_iter().chain([one]);
            for one in with_space {
                if chars == chars_max {
                    // the last one makes room
                    line.pop();
                    line.push('\u{2026}');
                    return Some(line.into());
                }
                line.push(one);
                chars += 1;
            }
        }
    }
    (!line.is_empty()).then(|| line.into())
}

/// Characters that are not seen themselves, but change how or in which order others are: directions, soft hyphens,
/// fillers, tags, byte order marks, private use. The joiners are left, for some scripts and emoji need them.
fn is_deceptive(one: char) -> bool {
    matches!(one,
        '\u{ad}' | '\u{34f}' | '\u{61c}' | '\u{115f}' | '\u{1160}' | '\u{17b4}' | '\u{17b5}' | '\u{180b}'..='\u{180f}'
        | '\u{200b}' | '\u{200e}' | '\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2060}'..='\u{206f}' | '\u{2800}'
        | '\u{3164}' | '\u{e000}'..='\u{f8ff}' | '\u{feff}' | '\u{ffa0}' | '\u{fff0}'..='\u{fffb}'
        | '\u{e0000}'..='\u{e0fff}' | '\u{f0000}'..='\u{10ffff}')
}

/// There are about 180 two-letter codes.
const LANGUAGES_MAX: usize = 200;
/// RFC 5646 section 4.4.1.
const LANGUAGE_BYTES_MAX: usize = 35;

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    //
    #[test]
    fn the_nearest_language_is_taken() {
        let definition = json!({
            "title": "plain",
            "title:lang": {"de": "deutsch", "pt-BR": "brasileiro", "pt-PT": "portugu\u{ea}s", "EN-gb": "colour", "zh-Hant": "\u{7e41}"},
        });
        let texts = Texts::read(&definition, "title", 100);
        for (language, text) in [
            ("de", "deutsch"),
            ("DE", "deutsch"),
            ("de-AT", "deutsch"),
            ("de-Latn-AT-1996", "deutsch"),
            ("pt-BR", "brasileiro"),
            ("pt-pt", "portugu\u{ea}s"),
            ("pt-AO", "brasileiro"),
            ("pt", "brasileiro"),
            ("en-US", "colour"),
            ("zh", "\u{7e41}"),
            ("d", "plain"),
            ("deu", "plain"),
            ("fr", "plain"),
            ("", "plain"),
            ("-", "plain"),
        ] {
            assert_eq!(texts.in_language(language), Some(text), "{language}");
        }
    }

    #[test]
    fn a_text_without_a_language_is_next_best_and_english_the_last() {
        let read = |definition| Texts::read(&definition, "title", 100);
        let english = read(json!({"title:lang": {"en": "english", "de": "deutsch"}}));
        assert_eq!(english.in_language("fr"), Some("english"));
        let german = read(json!({"title:lang": {"de": "deutsch"}}));
        assert_eq!(
            (german.in_language("fr"), german.in_language("de")),
            (None, Some("deutsch"))
        );
        for nothing in [
            json!({}),
            json!({"title": 1, "title:lang": []}),
            json!({"title": " \n", "title:lang": {"de": null, "": "x", "d e": "x", "abcdefghi": "x"}}),
        ] {
            assert_eq!(read(nothing), Texts::default());
        }
    }

    #[test]
    fn a_text_is_one_line_of_what_can_be_seen() {
        for (text, cleaned_text) in [
            ("Basic features", Some("Basic features")),
            ("  a \t b\r\n\u{2028}c  ", Some("a b c")),
            ("a\u{202e}b\u{200b}\u{feff}c", Some("abc")),
            ("a \u{200b} b", Some("a b")),
            ("a\0b\u{1b}[31mc", Some("a b [31mc")),
            (
                "\u{41a}\u{43b}\u{430}\u{441}\u{441}",
                Some("\u{41a}\u{43b}\u{430}\u{441}\u{441}"),
            ),
            (
                "\u{645}\u{6cc}\u{200c}\u{62e}\u{648}\u{627}\u{647}\u{645}",
                Some("\u{645}\u{6cc}\u{200c}\u{62e}\u{648}\u{627}\u{647}\u{645}"),
            ),
            ("<b>&amp;", Some("<b>&amp;")),
            ("1234567890", Some("1234567890")),
            ("12345678901", Some("123456789\u{2026}")),
            ("123456789 1", Some("123456789\u{2026}")),
            ("1234567890   ", Some("1234567890")),
            ("\u{202e}\u{3164}\n", None),
            ("", None),
        ] {
            let chars_max = if text.starts_with('1') { 10 } else { 100 };
            assert_eq!(cleaned(text, chars_max).as_deref(), cleaned_text, "{text:?}");
        }
        let huge = "\u{1f600}".repeat(3_000_000);
        assert_eq!(cleaned(&huge, 100).unwrap().chars().count(), 100);
    }
}
