//! What every operation can be told on the command line.

use std::path::PathBuf;
use std::time::Duration;

use clap::Args;

use crate::drive::Window;

#[derive(Args, Clone, Debug)]
pub(crate) struct Options {
    /// The program, built for release.
    #[arg(long, default_value = "target/release/entryway")]
    pub(crate) server: PathBuf,
    /// A PostgreSQL on which a database is made and dropped again, after SQLite in a fresh folder.
    #[arg(long, value_name = "URL")]
    pub(crate) database: Option<String>,
    /// Connections, each with one operation under way at any time; several numbers, one after the other.
    #[arg(long, value_delimiter = ',', default_values_t = [16])]
    pub(crate) connections: Vec<usize>,
    /// Sessions that are refreshed, at least one for each connection.
    #[arg(long, default_value_t = 64)]
    pub(crate) sessions: usize,
    /// Seconds that count.
    #[arg(long, default_value_t = 10)]
    pub(crate) seconds: u64,
    /// Seconds before that.
    #[arg(long, default_value_t = 2)]
    pub(crate) warm_up: u64,
    /// How often; of several rounds the medians are shown too.
    #[arg(long, default_value_t = 1)]
    pub(crate) rounds: usize,
    /// Cores of the server and of this program.
    #[arg(long, num_args = 2, value_names = ["SERVER", "OWN"], default_values_t = [0, 1])]
    pub(crate) cores: Vec<usize>,
    /// Begin so many operations a second, whether or not the earlier ones have ended, and time each from then.
    #[arg(long, value_name = "PER_SECOND", conflicts_with = "load")]
    pub(crate) rate: Option<f64>,
    /// The same for this part of what was done in a round without a rate, such as 0.7.
    #[arg(long, value_name = "PART")]
    pub(crate) load: Option<f64>,
    /// Print JSON lines.
    #[arg(long)]
    pub(crate) json: bool,
}

impl Options {
    pub(crate) const fn window(&self) -> Window {
        Window {
            warm_up: Duration::from_secs(self.warm_up),
            timed: Duration::from_secs(self.seconds),
        }
    }

    pub(crate) fn server_core(&self) -> usize {
        self.cores[0]
    }

    pub(crate) fn own_core(&self) -> usize {
        self.cores[1]
    }
}
