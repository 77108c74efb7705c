//! The suite: the service as clients, browsers and operators meet it, on both engines.
//!
//! Tests are named as sentences; the numbers beside them are those of the requirements.

#[cfg(test)]
mod answers;
#[cfg(test)]
mod assertions;
#[cfg(test)]
mod authorize;
#[cfg(test)]
mod bad_input;
#[cfg(test)]
mod connected_apps;
#[cfg(test)]
mod cookies;
#[cfg(test)]
mod cors_headers;
#[cfg(test)]
mod crash;
#[cfg(test)]
mod documents;
#[cfg(test)]
mod dpop;
#[cfg(test)]
mod forms;
#[cfg(test)]
mod framing;
#[cfg(test)]
mod house;
#[cfg(test)]
mod lifetimes;
#[cfg(test)]
mod limits;
#[cfg(test)]
mod metadata;
#[cfg(test)]
mod nonces;
#[cfg(test)]
mod pages;
#[cfg(test)]
mod par;
#[cfg(test)]
mod par_binding;
#[cfg(test)]
mod permission_sets;
#[cfg(test)]
mod races;
#[cfg(test)]
mod restarts;
#[cfg(test)]
mod revocation;
#[cfg(test)]
mod revocation_feed;
#[cfg(test)]
mod secrecy;
#[cfg(test)]
mod sign_in;
#[cfg(test)]
mod silent;
#[cfg(test)]
mod storage;
#[cfg(test)]
mod token_code;
#[cfg(test)]
mod token_refresh;
#[cfg(test)]
mod trusted;
#[cfg(test)]
mod verifier;
