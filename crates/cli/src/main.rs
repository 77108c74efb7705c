//! The `entryway` command.
fn main() {}
