//! What a handler takes out of a request: read once, strictly, with limits.

pub(crate) mod body;
pub(crate) mod device;
pub(crate) mod language;
pub(crate) mod navigation;
pub(crate) mod proof;
