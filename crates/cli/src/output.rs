//! Standard output.

use std::io::Write as _;

/// Writes lines. A reader that is gone is no reason to stop.
pub(crate) fn print(text: &str) {
    let mut stdout = std::io::stdout().lock();
    let _ = writeln!(stdout, "{text}").and_then(|()| stdout.flush());
}
