//! Wire types of OAuth 2.0 in atproto's profile: what arrives, what is refused, what is sent.
//!
//! Everything here is pure. Time is a [`time::Timestamp`] argument, chance is an argument of fixed
//! size, and nothing reads the network, a file or the environment. The crate parses untrusted bytes
//! once into types that cannot be wrong, and answers with a [`denial::Denial`] where it cannot.
//!
//! What it refuses to do: fetch client documents, keep state, or decide whether a person may grant
//! what an app asks for. Those live in `entryway-identity`, `entryway-store` and `entryway-core`.
//!
//! Start reading at [`form`] (how a body becomes parameters), [`dpop`] (how a proof is checked) and
//! [`denial`] (every refusal, its code, status and sentence). The tokens of the account service are
//! [`session_token`] and [`service_token`], what it reads [`xrpc_input`], and its refusals [`xrpc_denial`].
//!
//! Invariants: no function panics on any input; every parser has a size limit and takes linear time;
//! secrets print as `[redacted]`; a proof or token that was not verified has a different type from
//! one that was.

pub mod access_token;
pub mod client;
pub mod client_auth;
pub mod client_document;
pub mod client_id;
pub mod denial;
pub mod dpop;
pub mod form;
pub mod issuer;
mod json;
pub mod jwk;
pub mod jws;
pub mod key_set;
pub mod metadata;
pub mod nonce;
pub mod pkce;
pub mod redirect;
pub mod revocation;
pub mod secret;
pub mod service_token;
pub mod session_token;
pub mod shared_secret;
pub mod time;
pub mod xrpc_denial;
pub mod xrpc_input;
