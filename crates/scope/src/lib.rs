//! The atproto permission grammar: parse, canonicalise, explain.

mod identifier;
mod scope;
mod set;

pub use identifier::{Did, Handle, InvalidIdentifier, Nsid};
pub use scope::{InvalidValue, Scope};
pub use set::{InvalidScope, ScopeSet};

/// RFC 6749 section 4.1.2.1, and a sentence: lower case unless it opens with a name, no full stop.
#[cfg(test)]
fn is_error_description(text: &str) -> bool {
    text.bytes()
        .all(|byte| matches!(byte, b' '..=b'~') && byte != b'"' && byte != b'\\')
        && !text.ends_with('.')
}
