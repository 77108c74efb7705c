//! The suite: the service as clients, browsers and operators meet it, on both engines.
//!
//! Tests are named as sentences; the numbers beside them are those of the requirements.

#[cfg(test)]
mod crash;
#[cfg(test)]
mod house;
#[cfg(test)]
mod token_refresh;
