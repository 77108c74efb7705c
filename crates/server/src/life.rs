//! The moments of an account's life after it was made: one file each, for XRPC and for pages alike.

mod changes;
pub(crate) mod deletion;
mod driver;
pub(crate) mod handle;
mod parties;
pub(crate) mod status;

pub(crate) use changes::{Changes, ROUND};
