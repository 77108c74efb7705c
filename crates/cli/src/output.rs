//! Standard output.

use std::fmt::Write as _;
use std::io::Write as _;

use serde::Serialize;

/// Writes lines. A reader that is gone is no reason to stop.
pub(crate) fn print(text: &str) {
    let mut stdout = std::io::stdout().lock();
    let _ = writeln!(stdout, "{text}").and_then(|()| stdout.flush());
}

/// An object as one line of JSON in printable ASCII, on which no terminal acts.
///
/// # Errors
/// Those of the serializer.
pub(crate) fn printable_json(object: &impl Serialize) -> serde_json::Result<String> {
    serde_json::to_string(object).map(|json| printable(&json))
}

/// The same JSON without a character that a terminal could act on. Outside of its strings JSON has ASCII
/// only, and within them the serializer has escaped the controls of ASCII but the last.
fn printable(json: &str) -> String {
    let mut printable = String::with_capacity(json.len());
    for point in json.chars() {
        if point.is_ascii() && point != '\u{7f}' {
            printable.push(point);
            continue;
        }
        for unit in point.encode_utf16(&mut [0; 2]) {
            let _infallible = write!(printable, "\\u{unit:04x}");
        }
    }
    printable
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_printed_is_ascii_and_the_same_json() {
        let text = "a\u{7f}\u{9b}31m\u{202e}é\u{1f600}\n\u{1b}\"\\";
        let json = printable(&serde_json::to_string(text).unwrap());
        assert_eq!(json, r#""a\u007f\u009b31m\u202e\u00e9\ud83d\ude00\n\u001b\"\\""#);
        assert_eq!(serde_json::from_str::<String>(&json).unwrap(), text);
    }
}
