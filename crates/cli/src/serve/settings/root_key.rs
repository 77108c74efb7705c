//! The root key: 32 random bytes, written as digits.

use base64::Engine as _;
use base64::engine::GeneralPurpose;
use base64::engine::general_purpose::{STANDARD, STANDARD_NO_PAD, URL_SAFE, URL_SAFE_NO_PAD};

use entryway_oauth::secret::ServerKey;

use crate::config::{SecretText, Section, is_placeholder};

/// The key, and the text it was read from.
pub(super) fn read(root: &Section<'_>) -> Option<(ServerKey, SecretText)> {
    let mut text = None;
    let key = root.required_secret(
        "root_key",
        "32 random bytes in hexadecimal digits or base64, such as openssl rand -hex 32 prints",
        |given| {
            text = Some(SecretText::new(given));
            parse(given).map(ServerKey::new)
        },
    );
    Some((key?, text?))
}

fn parse(text: &str) -> Result<[u8; 32], &'static str> {
    if is_placeholder(text) {
        return Err("is still a placeholder");
    }
    let bytes = hexadecimal(text).or_else(|| base64(text)).ok_or("is not that")?;
    if !is_random(&bytes) {
        return Err("is not random");
    }
    Ok(bytes)
}

fn hexadecimal(text: &str) -> Option<[u8; 32]> {
    let is_hex = text.len() == 64 && text.bytes().all(|byte| byte.is_ascii_hexdigit());
    let pair = |at: usize| u8::from_str_radix(text.get(2 * at..2 * at + 2)?, 16).ok();
    let mut bytes = [0; 32];
    for (at, byte) in bytes.iter_mut().enumerate() {
        *byte = pair(at).filter(|_| is_hex)?;
    }
    Some(bytes)
}

fn base64(text: &str) -> Option<[u8; 32]> {
    let alphabets: [&GeneralPurpose; 4] = [&STANDARD, &STANDARD_NO_PAD, &URL_SAFE, &URL_SAFE_NO_PAD];
    let decoded = alphabets
        .into_iter()
        .find_map(|alphabet| alphabet.decode(text).ok())?;
    decoded.try_into().ok()
}

/// Whether chance may have made them. Refuses what a person makes up: few different bytes, or steps.
fn is_random(bytes: &[u8; 32]) -> bool {
    let mut different = *bytes;
    different.sort_unstable();
    let different = 1 + different.windows(2).filter(|pair| pair[0] != pair[1]).count();
    let step = bytes[1].wrapping_sub(bytes[0]);
    let is_staircase = bytes.windows(2).all(|pair| pair[1].wrapping_sub(pair[0]) == step);
    different >= DIFFERENT_BYTES_MIN && !is_staircase
}

/// Thirty-two random bytes have fewer less than once in 10^14 times.
const DIFFERENT_BYTES_MIN: usize = 20;

#[cfg(test)]
mod tests {
    use super::*;

    const HEX: &str = "8d7a10c25fe94b36a1d2c3e4f50617289b0c1d2e3f4a5b6c7d8e9fa0b1c2d3e4";

    // B8, C21
    #[test]
    fn a_root_key_is_32_random_bytes_in_digits() {
        let bytes = parse(HEX).unwrap();
        for alphabet in [&STANDARD, &STANDARD_NO_PAD, &URL_SAFE, &URL_SAFE_NO_PAD] {
            assert_eq!(parse(&alphabet.encode(bytes)), Ok(bytes));
        }
        assert_eq!(parse(&HEX.to_uppercase()), Ok(bytes));
        let stairs: Vec<u8> = (0..32).collect();
        for (bad, told) in [
            ("", "is not that"),
            (&HEX[2..], "is not that"),
            (&format!("{HEX}00"), "is not that"),
            ("changeme", "is still a placeholder"),
            (&"0".repeat(64), "is still a placeholder"),
            (&"0123456789abcdef".repeat(4), "is not random"),
            (&URL_SAFE_NO_PAD.encode(stairs), "is not random"),
            (&STANDARD.encode([7; 31]), "is not that"),
            (
                &STANDARD.encode(b"correct horse battery staple 123"),
                "is not random",
            ),
        ] {
            assert_eq!(parse(bad), Err(told), "{bad}");
        }
    }
}
