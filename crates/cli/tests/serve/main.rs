//! `entryway serve`, as an operator starts it.

#![expect(
    clippy::unwrap_used,
    reason = "all of it is test code, and panics on what must not be"
)]

#[path = "../client/binary.rs"]
mod binary;
mod deployment;
mod keys;
mod readiness;
mod start;
