//! The whole app against servers by script.

mod browser;
mod edges;
mod permissions;
mod session;
mod sign_in;
mod stub;
