//! What is said of a client, to a person or to a program.
//!
//! Everything in it that a stranger may have written is printed so that it acts on no terminal.

mod json;
mod text;

pub(crate) use json::json;
pub(crate) use text::{remarks, text};
