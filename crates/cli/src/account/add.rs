//! `entryway account add`: the login of an account that has its identity and its repository already.

use std::process::ExitCode;

use anyhow::{anyhow, bail};
use clap::Args;

use entryway_core::account::{Account, AccountStatus, Identifier};
use entryway_oauth::time::Timestamp;
use entryway_scope::{Did, Handle};
use entryway_server::{Chance, Clock, Passwords};
use entryway_store::{Creation, NewAccount};

use super::list::line;
use super::password::PasswordArguments;
use crate::database::DatabaseArguments;
use crate::output::print;

/// Arguments of `entryway account add`.
#[derive(Args)]
pub(crate) struct AddArguments {
    /// Its handle, such as carol.example.com.
    #[arg(value_parser = Handle::parse)]
    handle: Handle,
    /// Its DID.
    #[arg(long, value_parser = Did::parse)]
    did: Did,
    /// The DID of the PDS it lives on, which is what its access tokens are for: PDS_SERVICE_DID of that PDS.
    #[arg(long, value_name = "DID", value_parser = Did::parse)]
    pds_did: Did,
    /// Its e-mail address, with which it may sign in too.
    #[arg(long, value_name = "ADDRESS", value_parser = address)]
    email: Option<String>,
    #[command(flatten)]
    password: PasswordArguments,
    #[command(flatten)]
    database: DatabaseArguments,
}

/// Makes the account. Nothing is sent to the PDS or to the PLC directory, nor asked of them.
pub(super) async fn run(arguments: AddArguments) -> anyhow::Result<ExitCode> {
    let store = arguments.database.open().await?;
    let password = arguments.password.read()?;
    let account = Account {
        did: arguments.did,
        handle: arguments.handle,
        email: arguments.email,
        email_confirmed_at: None,
        email_auth_factor: false,
        pds_did: arguments.pds_did.to_string(),
        status: AccountStatus::Active,
        credentials_changed_at: Timestamp::from_seconds(0),
    };
    let passwords = Passwords::new(Chance::system()).map_err(|fault| anyhow!("{fault:#}"))?;
    let hashed = passwords.hash(&password).await;
    let new = NewAccount {
        account: &account,
        password_hash: &hashed.map_err(|fault| anyhow!("{fault:#}"))?,
    };
    let creation = store.create_account(new, Clock::system().now()).await?;
    store.close().await;
    match creation {
        Creation::Created => print(&line(&account)),
        Creation::DidTaken => bail!("{} has an account already", account.did),
        Creation::HandleTaken => bail!("{} is the handle of another account", account.handle),
        Creation::EmailTaken => bail!("--email is the address of another account"),
    }
    Ok(ExitCode::SUCCESS)
}

/// As sign-in reads it.
fn address(typed: &str) -> Result<String, &'static str> {
    match Identifier::parse(typed) {
        Some(Identifier::Email(address)) => Ok(address),
        _ => Err("expected an e-mail address such as carol@example.com"),
    }
}
