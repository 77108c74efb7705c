//! What a service token may be for.

use super::ServiceMethod;
use crate::time::Seconds;

/// What is called with a service token, and so who made it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Purpose {
    /// A PDS calls for an account of ours: nobody else has such a token (R-496).
    Call(ServiceMethod),
    /// Somebody moves an account here that lives elsewhere (A7, A18): its PDS made the token at its wish.
    ///
    /// It proves that the holder may act for the DID of `iss`, and nothing about where that lives.
    Arrival,
}

impl Purpose {
    /// What `lxm` has to be.
    ///
    /// ```
    /// use entryway_oauth::service_token::Purpose;
    /// assert_eq!(Purpose::Arrival.nsid(), "com.atproto.server.createAccount");
    /// ```
    pub const fn nsid(self) -> &'static str {
        match self {
            Self::Call(method) => method.nsid(),
            Self::Arrival => "com.atproto.server.createAccount",
        }
    }

    /// How far ahead `exp` may lie, which also bounds how long its `jti` is remembered.
    ///
    /// A PDS gives a token of its own a minute; the rest is for a clock ahead of ours. One that a person asked
    /// for may live an hour, for people carry it from window to window.
    pub(super) const fn expiry_ahead_max(self) -> Seconds {
        match self {
            Self::Call(_) => Seconds::minutes(5),
            Self::Arrival => Seconds::minutes(60),
        }
    }
}
