//! The back channel: metadata, keys, PAR, token and revocation. JSON in every case.

pub(crate) mod client;
mod issued;
pub(crate) mod jwks;
pub(crate) mod metadata;
pub(crate) mod par;
pub(crate) mod revoke;
pub(crate) mod token;
