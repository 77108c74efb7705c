//! Random letters that people read off a page and type: base32, so that no two of them look alike.

use data_encoding::BASE32_NOPAD;

/// Sixteen letters of 80 random bits, in lower case (RFC 4648 section 6).
pub(crate) fn draw(entropy: &[u8; 10]) -> String {
    BASE32_NOPAD.encode(entropy).to_ascii_lowercase()
}

/// Splits letters into groups with hyphens between them.
pub(crate) fn grouped(letters: &str, group: usize) -> String {
    let mut text = String::with_capacity(letters.len() + letters.len() / group);
    for (at, letter) in letters.chars().enumerate() {
        if at > 0 && at % group == 0 {
            text.push('-');
        }
        text.push(letter);
    }
    text
}

/// Whether a text is of such letters only, in lower case.
pub(crate) fn are_all(text: &str) -> bool {
    text.bytes().all(|byte| matches!(byte, b'a'..=b'z' | b'2'..=b'7'))
}
