//! Text of strangers, made safe to look at.

use std::fmt::{self, Write};

/// Text that somebody else wrote, shown so that what is there is what is seen.
///
/// Code points that reorder, hide or imitate are shown as escapes such as `\u{202e}`: controls, bidirectional
/// marks, joiners, variation selectors, tags, blank letters, every space but the ASCII one, private use
/// and noncharacters. The first [`SHOWN_CHARS_MAX`] code points are shown, and then how many more there were.
///
/// It does not escape for HTML, which the templates do, and does not know letters that look like others: hosts
/// are to be given as A-labels (R-196).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Untrusted<'a>(pub &'a str);

impl fmt::Display for Untrusted<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (shown, point) in self.0.chars().enumerate() {
            if shown == SHOWN_CHARS_MAX {
                let left_out = self.0.chars().count() - shown;
                return write!(f, "… ({left_out} more characters)");
            }
            if is_deceptive(point) {
                write!(f, "{}", point.escape_unicode())?;
            } else {
                f.write_char(point)?;
            }
        }
        Ok(())
    }
}

impl<'a> From<&'a str> for Untrusted<'a> {
    fn from(text: &'a str) -> Self {
        Self(text)
    }
}

/// How many code points of a text are shown: as many as the longest client id has, which a person must
/// be able to read in full (R-177).
pub const SHOWN_CHARS_MAX: usize = entryway_oauth::client_id::BYTES_MAX;

/// Whether a code point has no look of its own, or changes the look of its neighbours.
///
/// The list is Unicode's `Default_Ignorable_Code_Point`, `Bidi_Control`, the general categories Cc, Cf, Co, Zs,
/// Zl and Zp, the noncharacters, and a few letters that are drawn blank.
fn is_deceptive(point: char) -> bool {
    point.is_control()
        || (point.is_whitespace() && point != ' ')
        || matches!(point,
            '\u{ad}'                    // soft hyphen
            | '\u{34f}'                 // combining grapheme joiner
            | '\u{600}'..='\u{605}' | '\u{61c}' | '\u{6dd}' | '\u{70f}' | '\u{890}'..='\u{891}' | '\u{8e2}'
            | '\u{115f}'..='\u{1160}'   // Hangul fillers
            | '\u{17b4}'..='\u{17b5}'   // Khmer inherent vowels
            | '\u{180b}'..='\u{180f}'   // Mongolian selectors
            | '\u{200b}'..='\u{200f}'   // zero width space and joiners, direction marks
            | '\u{202a}'..='\u{202e}'   // bidirectional embeddings and overrides
            | '\u{2060}'..='\u{206f}'   // word joiner, bidirectional isolates
            | '\u{2800}'                // blank braille pattern
            | '\u{3164}'                // Hangul filler
            | '\u{e000}'..='\u{f8ff}'   // private use
            | '\u{fdd0}'..='\u{fdef}'   // noncharacters
            | '\u{fe00}'..='\u{fe0f}'   // variation selectors
            | '\u{feff}'                // byte order mark
            | '\u{ffa0}'                // halfwidth Hangul filler
            | '\u{fff0}'..='\u{fffc}'   // annotations, object replacement
            | '\u{110bd}' | '\u{110cd}' | '\u{13430}'..='\u{1345f}'
            | '\u{1bca0}'..='\u{1bca3}' // shorthand controls
            | '\u{1d159}'               // musical null notehead
            | '\u{1d173}'..='\u{1d17a}' // musical controls
            | '\u{e0000}'..='\u{e0fff}' // tags, more variation selectors
            | '\u{f0000}'..)            // private use planes
        || u32::from(point) & 0xfffe == 0xfffe // the last two code points of every plane
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shown(text: &str) -> String {
        Untrusted(text).to_string()
    }

    #[test]
    fn ordinary_text_is_shown_as_it_is() {
        for text in [
            "",
            "https://app.example/client.json?a=b%20c",
            "alice.example.com",
            "日本語 עברית é \u{1f600} \\u",
        ] {
            assert_eq!(shown(text), text);
        }
    }

    // R-196
    #[test]
    fn a_code_point_that_hides_or_reorders_is_shown_as_an_escape() {
        for (text, expected) in [
            ("a\u{202e}b", "a\\u{202e}b"),
            ("\u{2066}a\u{2069}", "\\u{2066}a\\u{2069}"),
            ("pay\u{200b}pal", "pay\\u{200b}pal"),
            ("a\u{200d}b\u{feff}", "a\\u{200d}b\\u{feff}"),
            (
                "nul\0 tab\t line\n return\r",
                "nul\\u{0} tab\\u{9} line\\u{a} return\\u{d}",
            ),
            ("c1\u{85}del\u{7f}", "c1\\u{85}del\\u{7f}"),
            ("nbsp\u{a0}", "nbsp\\u{a0}"),
            ("ideographic\u{3000}", "ideographic\\u{3000}"),
            ("separator\u{2028}", "separator\\u{2028}"),
            ("filler\u{3164}\u{115f}", "filler\\u{3164}\\u{115f}"),
            ("tag\u{e0041}", "tag\\u{e0041}"),
            ("selector\u{fe0f}\u{e0100}", "selector\\u{fe0f}\\u{e0100}"),
            ("private\u{e000}\u{100000}", "private\\u{e000}\\u{100000}"),
            ("non\u{ffff}\u{1fffe}", "non\\u{ffff}\\u{1fffe}"),
        ] {
            assert_eq!(shown(text), expected);
        }
    }

    // R-196
    #[test]
    fn no_code_point_of_the_bidirectional_algorithm_is_shown_raw() {
        for point in
            "\u{61c}\u{200e}\u{200f}\u{202a}\u{202b}\u{202c}\u{202d}\u{202e}\u{2066}\u{2067}\u{2068}\u{2069}"
                .chars()
        {
            assert_eq!(shown(&point.to_string()), point.escape_unicode().to_string());
        }
    }

    // R-177: a client id of the greatest length is shown in full
    #[test]
    fn a_long_text_is_cut_after_its_limit_and_says_how_much_is_missing() {
        let full = "é".repeat(SHOWN_CHARS_MAX);
        assert_eq!(shown(&full), full);
        assert_eq!(shown(&format!("{full}é")), format!("{full}… (1 more characters)"));
        assert_eq!(
            shown(&format!("{full}{}", "x".repeat(500))),
            format!("{full}… (500 more characters)")
        );
    }
}
