//! What stands where a value is to follow (C21).

/// Whether somebody wrote this to be replaced: a word that says so, or one character again and again.
///
/// Does not know which domains are examples; who reads a name of a host asks for that.
pub(crate) fn is_placeholder(text: &str) -> bool {
    let lower = text.to_ascii_lowercase();
    WORDS.iter().any(|word| lower.contains(word)) || is_one_character(text)
}

fn is_one_character(text: &str) -> bool {
    let mut characters = text.chars();
    let first = characters.next();
    text.chars().count() >= REPEATED_MIN && characters.all(|character| Some(character) == first)
}

/// In lower case.
const WORDS: [&str; 8] = [
    "changeme",
    "change_me",
    "change-me",
    "placeholder",
    "replaceme",
    "replace_me",
    "replace-me",
    "fixme",
];
/// A port or a count may be `22` or `1111`; nothing that is meant has one character so often.
const REPEATED_MIN: usize = 8;

#[cfg(test)]
mod tests {
    use super::*;

    // C21
    #[test]
    fn a_placeholder_is_known_by_its_word_or_its_one_character() {
        for placeholder in [
            "changeme",
            "https://CHANGE_ME",
            "PRODUCTION_DID_PLACEHOLDER",
            "placeholder",
            "postgres://entryway:change-me@db/entryway",
            "00000000",
            "xxxxxxxxxxxxxxxx",
        ] {
            assert!(is_placeholder(placeholder), "{placeholder}");
        }
        for meant in ["", "1111", "22", "https://login.social", "0000000", "00000001"] {
            assert!(!is_placeholder(meant), "{meant}");
        }
    }
}
