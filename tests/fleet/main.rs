//! The fleet: the service as PDS hosts that delegate to it meet it, on both engines.
//!
//! Hosts, PLC directory and service are on sockets; tests are named as in the suite.

#[cfg(test)]
mod placement;
#[cfg(test)]
mod sessions;
#[cfg(test)]
mod xrpc;
