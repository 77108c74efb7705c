//! `entryway serve`, as an operator starts it.

#![expect(
    clippy::unwrap_used,
    reason = "all of it is test code, and panics on what must not be"
)]

mod deployment;
mod keys;
mod readiness;
mod start;
