//! The moments of an account's life after it was made: one file each, for XRPC and for pages alike.

mod changes;
pub(crate) mod codes;
pub(crate) mod deletion;
mod driver;
pub(crate) mod email;
pub(crate) mod handle;
pub(crate) mod message;
mod moving;
mod parties;
pub(crate) mod password;
pub(crate) mod plc;
pub(crate) mod status;

pub(crate) use changes::{Changes, ROUND};
