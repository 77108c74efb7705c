//! The whole app against servers by script.

mod browser;
mod edges;
mod session;
mod sign_in;
mod stub;
