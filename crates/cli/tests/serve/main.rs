//! `entryway serve` and the commands beside it, as an operator uses them.

#![expect(
    clippy::unwrap_used,
    reason = "all of it is test code, and panics on what must not be"
)]

mod commands;
mod deployment;
mod guide;
mod host;
mod keys;
mod pds;
mod readiness;
mod start;
