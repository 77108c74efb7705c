//! How far a misspelling is from a word.

/// Whether one text is the other but for its case, its separators, and about one slip in six characters.
pub(super) fn is_near(text: &str, word: &str) -> bool {
    let (text, word) = (letters(text), letters(word));
    let slips = word.len() / 6 + 1;
    text.len().abs_diff(word.len()) <= slips && distance(&text, &word) <= slips
}

fn letters(text: &str) -> Vec<u8> {
    let plain = text.bytes().filter(|byte| !b":._-/ =".contains(byte));
    plain
        .map(|byte| byte.to_ascii_lowercase())
        .take(LETTERS_MAX)
        .collect()
}

/// The fewest letters put in, left out or changed (Levenshtein).
fn distance(one: &[u8], other: &[u8]) -> usize {
    let mut row: Vec<usize> = (0..=other.len()).collect();
    for (index, letter) in one.iter().enumerate() {
        let mut diagonal = index;
        let mut left = index + 1;
        for (above, theirs) in row.iter_mut().skip(1).zip(other) {
            let changed = diagonal + usize::from(letter != theirs);
            diagonal = *above;
            *above = changed.min(left + 1).min(diagonal + 1);
            left = *above;
        }
        if let Some(first) = row.first_mut() {
            *first = index + 1;
        }
    }
    row.last().copied().unwrap_or_default()
}

/// Longer than any word looked for, with its slips.
const LETTERS_MAX: usize = 32;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_distance_is_the_fewest_slips() {
        for (one, other, slips) in [
            ("", "", 0),
            ("", "abc", 3),
            ("abc", "", 3),
            ("abc", "abc", 0),
            ("abc", "abd", 1),
            ("abc", "ab", 1),
            ("abc", "xabc", 1),
            ("kitten", "sitting", 3),
            ("rcp", "rpc", 2),
        ] {
            assert_eq!(distance(one.as_bytes(), other.as_bytes()), slips, "{one} {other}");
        }
    }

    #[test]
    fn a_slip_or_two_are_near_and_another_word_is_not() {
        for (text, word, near) in [
            ("transition.generic", "transition:generic", true),
            ("Transition_Generic", "transition:generic", true),
            ("transtion:generic", "transition:generic", true),
            ("transitional:generic", "transition:generic", true),
            ("transition:general", "transition:generic", true),
            ("transition:genres", "transition:generic", true),
            ("transition:email", "transition:generic", false),
            ("repos", "repo", true),
            ("Repo", "repo", true),
            ("room", "repo", false),
            ("at-proto", "atproto", true),
            ("proto", "atproto", true),
            ("", "repo", false),
        ] {
            assert_eq!(is_near(text, word), near, "{text} {word}");
        }
    }
}
