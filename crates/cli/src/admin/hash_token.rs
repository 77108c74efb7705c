//! `entryway admin hash-token`: what the settings have in the place of a token (A3, A4).

use std::io::{self, IsTerminal as _};
use std::process::ExitCode;

use anyhow::anyhow;
use clap::Args;

use entryway_core::password::NewPassword;
use entryway_server::{Chance, Passwords};

use crate::config::is_placeholder;
use crate::output::print;
use crate::secret_input::{only_line, typed};
use crate::usage::Usage;

/// Arguments of `entryway admin hash-token`.
#[derive(Args)]
pub(crate) struct HashTokenArguments {
    /// Print the hash, and nothing about how to write it down.
    #[arg(long)]
    only_hash: bool,
}

/// Hashes it.
pub(super) async fn run(arguments: HashTokenArguments) -> anyhow::Result<ExitCode> {
    let token = read()?;
    let passwords = Passwords::new(Chance::system()).map_err(|fault| anyhow!("{fault:#}"))?;
    let hash = passwords
        .hash(&token)
        .await
        .map_err(|fault| anyhow!("{fault:#}"))?;
    print(hash.expose());
    if !arguments.only_hash {
        eprintln!("{QUOTING}");
    }
    Ok(ExitCode::SUCCESS)
}

fn read() -> anyhow::Result<NewPassword> {
    let token = if io::stdin().is_terminal() {
        let token = typed("Token: ")?;
        if typed("The same again: ")? != token {
            return Err(Usage("the second token is another than the first".to_owned()).into());
        }
        token
    } else {
        only_line(io::stdin(), "standard input", "token")?
    };
    if token.len() < TOKEN_BYTES_MIN {
        eprintln!(
            "entryway: the token is short, and whoever guesses it may do everything: openssl rand -hex 32 prints a \
             better one"
        );
    }
    // what the server compares
    let parsed = NewPassword::parse(&token)
        .ok()
        .filter(|_| !is_placeholder(&token));
    let expected = "the token must have 8 to 256 characters and be no placeholder, such as what openssl rand -hex 32 prints";
    Ok(parsed.ok_or_else(|| Usage(expected.to_owned()))?)
}

const QUOTING: &str = "\
entryway: the hash has dollar signs. In a file that token_hash_file names it stands as it is. Elsewhere:
  config.toml and shells   in single quotes: '$argon2id$...'
  compose.yaml             each $ doubled: $$argon2id$$...
  systemd, Environment=    in single quotes, and each % doubled
  an EnvironmentFile       in single quotes";

/// As much chance as nobody guesses.
const TOKEN_BYTES_MIN: usize = 16;
