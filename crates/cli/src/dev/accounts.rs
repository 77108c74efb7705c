//! The accounts of `dev`: an identity in the sandbox's directory, a repository at its PDS, a password here.

use std::fmt;

use anyhow::{Context as _, bail};
use http_body_util::Full;
use serde::{Deserialize, Serialize};
use serde_json::json;

use entryway_core::account::{Account as StoredAccount, AccountStatus, Identifier, PasswordHash};
use entryway_core::password::PresentedPassword;
use entryway_oauth::secret::ServerKey;
use entryway_oauth::time::Timestamp;
use entryway_sandbox::lab::Sandbox;
use entryway_sandbox::mailbox;
use entryway_scope::{Did, Handle};
use entryway_server::App;
use entryway_store::{Creation, NewAccount};

use crate::usage::Usage;

/// `HANDLE:PASSWORD` of the command line. `Debug` hides the password.
#[derive(Clone)]
pub(crate) struct AccountArgument {
    handle: Handle,
    password: PresentedPassword,
}

impl AccountArgument {
    /// Reads every `--account`. The refusal names what is wrong and not the value, which holds a password.
    pub(crate) fn parse_all(texts: &[String]) -> Result<Vec<Self>, Usage> {
        texts.iter().map(|text| Self::parse(text)).collect()
    }

    fn parse(text: &str) -> Result<Self, Usage> {
        let refuse = |expected| Usage(format!("--account {expected}"));
        let (handle, password) = text
            .split_once(':')
            .ok_or_else(|| refuse("must be HANDLE:PASSWORD"))?;
        let handle = Handle::parse(handle).map_err(|_| refuse("needs a handle such as alice.test"))?;
        if handle.as_str().strip_suffix(".test").is_none() {
            return Err(refuse(
                "needs a handle that ends in .test: the sandbox resolves no other names",
            ));
        }
        let password = PresentedPassword::parse(password)
            .map_err(|_| refuse("needs a password of 1 to 512 characters"))?;
        Ok(Self { handle, password })
    }
}

impl fmt::Debug for AccountArgument {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "AccountArgument({})", self.handle)
    }
}

/// An account that is ready to sign in with.
#[derive(Clone, Serialize)]
pub(crate) struct Account {
    /// Its handle.
    pub(crate) handle: Handle,
    /// Its DID.
    pub(crate) did: Did,
    /// Its password. For this machine only, and said so.
    pub(crate) password: String,
}

impl Account {
    fn ready(handle: Handle, did: Did, password: &PresentedPassword) -> Self {
        Self {
            handle,
            did,
            password: password.expose().to_owned(),
        }
    }
}

/// Makes the accounts that do not exist yet, and gives each the password it was asked to have.
pub(crate) async fn prepare(
    app: &App,
    sandbox: &Sandbox,
    pds_did: &Did,
    asked: Vec<AccountArgument>,
    root: &ServerKey,
) -> anyhow::Result<Vec<Account>> {
    let mut ready = Vec::new();
    for AccountArgument { handle, password } in or_defaults(asked, root)? {
        let did = sandbox
            .create_account(&handle)
            .await
            .with_context(|| format!("account {handle}"))?
            .did;
        keep(app, &did, &handle, &password, pds_did)
            .await
            .with_context(|| format!("account {handle}"))?;
        ready.push(Account::ready(handle, did, &password));
    }
    // accounts of earlier runs follow the PDS to its present port
    for earlier in sandbox.accounts() {
        app.store().rehome_account(&earlier.did, pds_did.as_str()).await?;
    }
    Ok(ready)
}

/// Signs the accounts up that do not exist yet, as anybody would at the login that listens here, and gives each the
/// password it was asked to have.
pub(crate) async fn sign_up(
    app: &App,
    login: &str,
    asked: Vec<AccountArgument>,
    root: &ServerKey,
) -> anyhow::Result<Vec<Account>> {
    let mut ready = Vec::new();
    for AccountArgument { handle, password } in or_defaults(asked, root)? {
        let known = app
            .store()
            .account_for_sign_in(&Identifier::Handle(handle.clone()))
            .await?;
        let did = match known {
            Some((account, known)) => {
                have_password(app, &account.did, &password, &known).await?;
                account.did
            }
            None => create(app, login, &handle, password.expose())
                .await
                .with_context(|| format!("account {handle}"))?,
        };
        ready.push(Account::ready(handle, did, &password));
    }
    Ok(ready)
}

async fn create(app: &App, login: &str, handle: &Handle, password: &str) -> anyhow::Result<Did> {
    let input = json!({ "handle": handle, "email": mailbox::address_of(handle), "password": password });
    let request = http::Request::post(format!("{login}/xrpc/com.atproto.server.createAccount"))
        .header(http::header::CONTENT_TYPE, "application/json")
        .body(Full::from(input.to_string()))?;
    let answer = app.outside().http.send(request).await?;
    let status = answer.status();
    let body = answer.into_body().read_whole(ANSWER_BYTES_MAX).await?;
    if status != http::StatusCode::OK {
        bail!("signing up: {status} {}", String::from_utf8_lossy(&body));
    }
    let Created { did } = serde_json::from_slice(&body)?;
    Ok(did)
}

/// What of a session is not a secret.
#[derive(Deserialize)]
struct Created {
    did: Did,
}

/// Two tokens and a DID document.
const ANSWER_BYTES_MAX: usize = 64 * 1024;

fn or_defaults(asked: Vec<AccountArgument>, root: &ServerKey) -> anyhow::Result<Vec<AccountArgument>> {
    if asked.is_empty() {
        defaults(root)
    } else {
        Ok(asked)
    }
}

/// `alice.test` and `bob.test`, with passwords that stay the same for one data directory and are
/// nobody else's.
fn defaults(root: &ServerKey) -> anyhow::Result<Vec<AccountArgument>> {
    let account = |name: &str| {
        let handle = Handle::parse(&format!("{name}.test"))?;
        let key = root.derive(&format!("dev password of {handle}"));
        let letters = key.expose().iter().take(12);
        let letters: String = letters.map(|byte| char::from(b'a' + byte % 26)).collect();
        Ok(AccountArgument {
            handle,
            password: PresentedPassword::parse(&letters)?,
        })
    };
    ["alice", "bob"].into_iter().map(account).collect()
}

async fn have_password(
    app: &App,
    did: &Did,
    password: &PresentedPassword,
    known: &PasswordHash,
) -> anyhow::Result<()> {
    let (store, passwords) = (app.store(), app.passwords());
    if !passwords.matches(password, known).await? {
        store
            .change_password(did, &passwords.hash_of_any_length(password).await?, app.now())
            .await?;
    }
    Ok(())
}

async fn keep(
    app: &App,
    did: &Did,
    handle: &Handle,
    password: &PresentedPassword,
    pds_did: &Did,
) -> anyhow::Result<()> {
    let (store, passwords) = (app.store(), app.passwords());
    if let Some((_, known)) = store.account_for_sign_in(&Identifier::Did(did.clone())).await? {
        return have_password(app, did, password, &known).await;
    }
    let account = StoredAccount {
        did: did.clone(),
        handle: handle.clone(),
        email: Some(mailbox::address_of(handle)),
        email_confirmed_at: Some(app.now()),
        email_auth_factor: false,
        pds_did: pds_did.to_string(),
        status: AccountStatus::Active,
        credentials_changed_at: Timestamp::from_seconds(0),
    };
    let password_hash = passwords.hash_of_any_length(password).await?;
    let new = NewAccount {
        account: &account,
        password_hash: &password_hash,
    };
    match store.create_account(new, app.now()).await? {
        Creation::Created | Creation::DidTaken => Ok(()),
        Creation::HandleTaken | Creation::EmailTaken => {
            bail!(
                "the database has another account of this name: give the --data-dir it was made with, \
                 or an empty database"
            )
        }
    }
}
