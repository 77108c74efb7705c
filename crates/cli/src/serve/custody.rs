//! Whether keys may be made, where there are none (C24).

use anyhow::bail;

use entryway_oauth::secret::ServerKey;
use entryway_server::{Custody, Fault};
use entryway_store::Store;

/// Lets keys be made only where nothing had others, or where a person said so with `--new-keys`.
///
/// # Errors
/// What is there, where the keys may be, and what fresh ones destroy.
pub(crate) async fn settle(store: &Store, root: &ServerKey, new_keys: bool) -> anyhow::Result<()> {
    let described = |fault: Fault| anyhow::anyhow!("{fault:#}");
    let custody = Custody::of(store, root).await.map_err(described)?;
    let what = match custody {
        Custody::Empty | Custody::Kept => {
            if new_keys {
                eprintln!("entryway: --new-keys changes nothing, the keys are there or would be the first");
            }
            return Ok(());
        }
        Custody::Foreign { .. } => {
            "the database belongs to another root key: root_key must be the one it was made with"
        }
        Custody::Lost => {
            "the database has accounts or PDS hosts, and the keys they were made with are not in it: \
             restore the tables signing_key and deployment from a backup"
        }
    };
    if !new_keys {
        bail!("{what}.\n{DESTROYED}");
    }
    eprintln!("entryway: {what}.\nentryway: fresh keys are made, as --new-keys says.\n{DESTROYED}");
    custody.give_up(store).await.map_err(described)
}

const DESTROYED: &str = "\
  serve --new-keys makes fresh ones instead, and that destroys what the old ones are needed for:
  - every session ends, and every app and device has to sign in again;
  - every PDS refuses logins until it is given the new keys (entryway pds env) and restarted;
  - the passwords of PDS hosts cannot be opened: give each again with entryway pds add;
  - identities made here stay under the old PLC rotation key: their handles cannot be changed here any more,
    and their PDS refuses to activate them, unless their people add the new key themselves.";
