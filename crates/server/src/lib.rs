//! The authorization server: routes, pages and keys around the decisions of `entryway-core`.
//!
//! A handler is a sandwich: extract, load facts, decide (core), one verb of the store, render. This
//! crate reads the clock, the random source and the network, and passes them on as arguments; it
//! refuses to decide anything about OAuth itself, and to know how facts are stored.
//!
//! Start at [`routes`](router) (which path leads where), then `oauth/` for the back channel and
//! `authorize/` for what a browser meets. [`Config`] holds what an operator decides.
//!
//! Invariants: a caller's fault and our own are different types and never converted into each other;
//! nothing a caller sends gives a status of 500 or above; every page works without a script.

mod account;
mod admission;
mod app;
mod app_passwords;
mod authorize;
mod browser;
mod clients;
mod clock;
mod config;
mod credentials;
mod custody;
mod did_documents;
mod extract;
mod failure;
mod feed;
pub mod fleet;
mod handles;
mod home;
mod jobs;
mod keys;
mod leaving;
mod life;
mod limits;
mod mail;
mod oauth;
pub mod pages;
mod password;
pub mod pds;
pub mod plc;
mod readiness;
mod routes;
mod serve;
mod sets;
mod sign_up;
mod sign_up_form;
mod turns;
mod upstream;
mod xrpc;

pub use app::{App, Outside};
pub use clients::LocalDocuments;
pub use clock::{Chance, Clock};
pub use config::{About, Capacity, Config, FeedReader};
pub use custody::Custody;
pub use failure::Fault;
pub use fleet::watch_once;
pub use jobs::{lay_down_jobs, reconcile_once, tend};
pub use keys::Keys;
pub use mail::{InvalidSmtp, Letter, NoPost, NotSent, Post, Sending, Smtp, SmtpSettings};
pub use password::{Passwords, is_password_hash};
pub use routes::router;
pub use serve::{Doors, Peer, serve};
