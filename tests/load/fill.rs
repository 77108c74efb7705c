//! A database of a large deployment, to try things on.

use clap::Args;
use entryway_server::Clock;
use entryway_tests::Fill;

#[derive(Args, Clone, Debug)]
pub(crate) struct Arguments {
    /// Where to: `sqlite:///path/to/file.db`, made if it is not there, or `postgres://user@host/name` as a superuser.
    database: String,
    /// Accounts to add.
    #[arg(long, default_value_t = 1_000_000)]
    accounts: u64,
    /// Sessions to add.
    #[arg(long, default_value_t = 10_000_000)]
    sessions: u64,
    /// Sessions to add that the next sweep removes.
    #[arg(long, default_value_t = 0)]
    long_over: u64,
}

/// Fills it, which takes minutes for millions.
pub(crate) async fn run(arguments: &Arguments) -> anyhow::Result<()> {
    let fill = Fill {
        accounts: arguments.accounts,
        sessions: arguments.sessions,
        long_over: arguments.long_over,
        now: Clock::system().now().seconds(),
    };
    fill.into(&arguments.database).await
}
