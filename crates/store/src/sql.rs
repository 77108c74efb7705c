//! Every statement, written once for both engines.
//!
//! Rules: TEXT, 64-bit integers and bytes only; `$n`; listed columns; a write is guarded by the state
//! it expects; instants are bound. `HOLD_` statements change nothing: on PostgreSQL they lock the row
//! and tell what is in it, so that what a verb decides next cannot be overtaken.
//!
//! Rows are always held in one order, so that verbs wait for each other and never in a circle:
//! PDS host, sign-up, request while it waits, account, change of it, name (a handle before an address), invite, new account or
//! sign-up, app password, code sent by e-mail, session of createSession, sign-in, grant, request once approved,
//! session, mark, and last of all the head of the revocations, which everybody who ends a session holds until the
//! commit. A sweep waits for nobody. Of the two counts of an attempt the one that comes first in each call is held first,
//! and nothing else with them.

use crate::store::Engine;

/// Declares statements and the list that the test prepares on both engines.
macro_rules! statements {
    ($($(#[$doc:meta])* $name:ident = $sql:literal;)*) => {
        $($(#[$doc])* pub(crate) const $name: &str = $sql;)*

        /// Each of this file, by name.
        #[cfg(test)]
        pub(crate) const ALL: &[(&str, &str)] = &[$((stringify!($name), $sql)),*];
    };
}

mod account_changes;
mod account_facts;
mod accounts;
mod app_passwords;
mod attempts;
mod browsers;
mod codes;
mod devices;
mod email_tokens;
mod grants;
mod hosts;
mod invites;
mod keys;
mod leases;
mod legacy_sessions;
mod marks;
mod names;
mod permission_sets;
mod requests;
mod revocations;
mod sessions;
mod sign_ups;

pub(crate) use account_changes::*;
pub(crate) use account_facts::*;
pub(crate) use accounts::*;
pub(crate) use app_passwords::*;
pub(crate) use attempts::*;
pub(crate) use browsers::*;
pub(crate) use codes::*;
pub(crate) use devices::*;
pub(crate) use email_tokens::*;
pub(crate) use grants::*;
pub(crate) use hosts::*;
pub(crate) use invites::*;
pub(crate) use keys::*;
pub(crate) use leases::*;
pub(crate) use legacy_sessions::*;
pub(crate) use marks::*;
pub(crate) use names::*;
pub(crate) use permission_sets::*;
pub(crate) use requests::*;
pub(crate) use revocations::*;
pub(crate) use sessions::*;
pub(crate) use sign_ups::*;

/// Each of them, by name.
#[cfg(test)]
pub(crate) const ALL: &[&[(&str, &str)]] = &[
    account_changes::ALL,
    account_facts::ALL,
    accounts::ALL,
    app_passwords::ALL,
    attempts::ALL,
    browsers::ALL,
    codes::ALL,
    devices::ALL,
    email_tokens::ALL,
    grants::ALL,
    hosts::ALL,
    invites::ALL,
    keys::ALL,
    leases::ALL,
    legacy_sessions::ALL,
    marks::ALL,
    names::ALL,
    permission_sets::ALL,
    requests::ALL,
    revocations::ALL,
    sessions::ALL,
    sign_ups::ALL,
];

/// What the engines need in different words.
pub(crate) struct ByEngine {
    pub(crate) sqlite: &'static str,
    pub(crate) postgres: &'static str,
}

impl ByEngine {
    pub(crate) const fn on(&self, engine: Engine) -> &'static str {
        match engine {
            Engine::Sqlite => self.sqlite,
            Engine::Postgres => self.postgres,
        }
    }
}
