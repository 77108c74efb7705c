//! `entryway client` as a developer and an operator meet it.

#![expect(
    clippy::unwrap_used,
    reason = "all of it is test code, and panics on what must not be"
)]

mod binary;
mod documents;
mod json;
mod published;
mod site;
mod trust;
mod usage;
