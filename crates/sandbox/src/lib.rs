//! A PLC directory, a small PDS, a mailbox and a demo app for one machine.
//!
//! What `entryway dev` and the tests run beside the authorization server, so that a login needs nothing from
//! the network. Each service is a state that is opened on a directory and an [`axum::Router`] over it;
//! [`lab::Sandbox`] binds them to loopback ports and makes accounts.
//!
//! What it refuses to do: anything for anybody but its own machine. The PDS keeps records as plain JSON, has
//! no sync beyond the proof of one record and no app view behind it: it is for logging in and trying, not for
//! hosting an account.
//!
//! Start reading at [`lab`], then [`plc`] and [`pds`].
//!
//! # Invariants
//!
//! - No globals: clock and entropy come from the caller ([`ambient`]), and any number of sandboxes run side
//!   by side.
//! - What was answered with success is on disk ([`journal`]) and there again after a restart.
//! - Services meet over HTTP as they would on two machines, and share the table of names in memory. Only
//!   [`lab`] reaches into them.

pub mod ambient;
pub mod demo;
pub mod journal;
pub mod lab;
mod lexicons;
pub mod loopback;
pub mod mailbox;
pub mod names;
pub mod outbound;
pub mod pds;
pub mod plc;
mod repo;
mod xrpc;
