//! The suite every engine must pass: each verb alone, at the edge instants, and against itself
//! sixty-four at a time.
//!
//! A test takes a [`Bench`] and is listed once in [`on_both_engines`], which makes it two tests. PostgreSQL
//! is the server that `ENTRYWAY_TEST_POSTGRES_URL` names; each test makes a database there and drops it.

mod account_changes;
mod account_email;
mod account_status;
mod accounts;
mod app_passwords;
mod attempts;
mod bench;
mod browsers;
mod clients;
mod codes;
mod devices;
mod durability;
mod email_tokens;
mod file;
mod grants;
mod handles;
mod hosts;
mod invites;
mod keys;
mod leases;
mod legacy_sessions;
mod marks;
mod migrations;
mod password_resets;
mod permission_sets;
mod plans;
mod requests;
mod revocations;
mod scope_references;
mod sessions;
mod sign_ups;
mod statements;
mod sweep;

/// Makes two tests of each function: one on SQLite, one on PostgreSQL.
macro_rules! on_both_engines {
    ($($test:ident),* $(,)?) => {
        mod sqlite {
            $(#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
            async fn $test() {
                super::$test(&$crate::conformance::bench::Bench::sqlite().await).await;
            })*
        }

        mod postgres {
            $(#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
            async fn $test() {
                if let Some(bench) = $crate::conformance::bench::Bench::postgres().await {
                    super::$test(&bench).await;
                }
            })*
        }
    };
}
use on_both_engines;
