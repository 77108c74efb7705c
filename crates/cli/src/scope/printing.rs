//! Lines on standard output.

use std::io::Write as _;

use serde::Serialize;

/// Prints a line. A reader that is gone has seen what it wanted.
pub(super) fn print(line: &str) {
    let _ = writeln!(std::io::stdout().lock(), "{line}");
}

/// Prints one JSON object on one line.
pub(super) fn print_json(object: &impl Serialize) -> anyhow::Result<()> {
    print(&serde_json::to_string(object)?);
    Ok(())
}

/// A text from outside as it may be shown in a terminal: scope values are printable ASCII, and what is not shows as
/// its code, be it an escape sequence or a letter that only looks like another.
pub(super) fn shown(text: &str) -> String {
    let is_plain = |one: char| matches!(one, ' '..='~');
    let escaped = text.chars().map(|one| match one {
        one if is_plain(one) => one.to_string(),
        one => one.escape_unicode().to_string(),
    });
    escaped.collect()
}
