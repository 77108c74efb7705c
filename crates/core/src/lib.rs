//! The decisions of an atproto authorization server: facts in, a decision or a denial out.
//!
//! Nothing here reads a clock, a random source, a database or a socket. A handler loads facts, asks
//! a `decide` of this crate, applies one verb of the store and renders the outcome; every `if` about
//! OAuth or accounts lives here and can be tested as a table.
//!
//! It refuses to know how facts are stored, how a page looks, or how a password is hashed.
//!
//! Start at [`request`] (what PAR admits), then [`authorize`] (what a browser sees next), [`code`]
//! and [`refresh`] (what the token endpoint gives), [`own_account`] (what people see and end). Before all that
//! [`sign_up`] (how an account comes to be), after it [`account_change`] (how all it is changes), and beside it [`legacy_session`] (how the protocol's own clients
//! sign in). [`policy`] holds every limit and lifetime.
//!
//! Invariants: what is granted is never more than what was asked, `atproto` is always in it, and a
//! refusal for a wrong key or client never ends the owner's session.

pub mod account;
pub mod account_change;
pub mod app_password;
pub mod authorize;
pub mod code;
pub mod consent;
pub mod device;
pub mod email;
pub mod email_change;
pub mod email_token;
#[cfg(test)]
mod fixtures;
mod generation;
pub mod handle;
pub mod invite;
pub mod legacy_session;
mod letters;
pub mod message;
pub mod own_account;
pub mod own_method;
pub mod password;
pub mod permission_set;
pub mod policy;
pub mod refresh;
pub mod refresh_token;
pub mod request;
pub mod response;
pub mod revoke;
pub mod session;
pub mod sign_in;
pub mod sign_up;
pub mod trust;
