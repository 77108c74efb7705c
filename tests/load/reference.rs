//! The reference as it comes: npm `@atproto/pds` with the authorization server that is in it.
//!
//! SQLite is as durable as it makes it, nothing is logged and no rate is limited, which are its own defaults. Its
//! packages are those of `tests/interop`; the identities of its accounts are in a directory of this process.

use std::fs;
use std::net::{Ipv4Addr, SocketAddr};
use std::path::Path;
use std::process::Stdio;
use std::sync::Arc;
use std::time::Duration;

use anyhow::{Context as _, ensure};
use axum::body::Body;
use entryway_sandbox::loopback::Loopback;
use entryway_sandbox::plc::Directory;
use entryway_server::Clock;
use entryway_tests::{alice, bob};
use http::Request;
use http::header::CONTENT_TYPE;
use serde_json::json;
use tempfile::TempDir;
use tokio::io::{AsyncBufReadExt as _, BufReader};
use tokio::process::{Child, Command};
use tokio::sync::watch;
use tokio::task::JoinSet;
use tokio::time::timeout;

use crate::line::Line;
use crate::signer::random_text;
use crate::target::Account;

/// A running one. Killed when it is dropped.
pub(crate) struct Reference {
    pub(crate) address: SocketAddr,
    pub(crate) issuer: String,
    pub(crate) id: u32,
    pub(crate) accounts: [Account; 2],
    _child: Child,
    _folder: TempDir,
    _stop: watch::Sender<bool>,
    _directory: JoinSet<std::io::Result<()>>,
}

/// Starts it, for whoever runs this from the root of the repository.
const PROGRAM: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/load/reference.mjs");

impl Reference {
    /// Starts it on this core, with two accounts.
    pub(crate) async fn start(node: &Path, core: usize) -> anyhow::Result<Self> {
        let folder = tempfile::tempdir()?;
        let (stop, stopped) = watch::channel(false);
        let mut directory = JoinSet::new();
        let now: entryway_sandbox::ambient::Clock = Arc::new(|| Clock::system().now());
        let plc = Directory::open(&folder.path().join("plc"), now)?;
        let listener = Loopback::bind(0).await?;
        let plc_url = format!("http://localhost:{}", listener.port());
        listener.serve(&plc.router(), &stopped, &mut directory);

        let data = folder.path().join("pds");
        fs::create_dir(&data)?;
        let mut command = Command::new("setpriv");
        command.args(["--pdeathsig", "KILL", "taskset", "-c", &core.to_string()]);
        command.arg(node).arg(PROGRAM).args([&plc_url]).arg(&data);
        command
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .kill_on_drop(true);
        let mut child = command.spawn().context("starting node")?;
        let mut said = BufReader::new(child.stdout.take().context("a pipe")?).lines();
        let port = timeout(START_WAIT_MAX, said.next_line()).await;
        let port = port.context("the reference was not ready in time")??;
        let port: u16 = port.context("the reference ended, see above")?.parse()?;
        let address = (Ipv4Addr::LOCALHOST, port).into();
        let mut line = Line::to(address);
        let mut accounts = [alice(), bob()].map(Account::of);
        for account in &mut accounts {
            account.password = random_text()?;
            sign_up(&mut line, account).await?;
        }
        Ok(Self {
            address,
            issuer: format!("http://localhost:{port}"),
            id: child.id().context("it runs")?,
            accounts,
            _child: child,
            _folder: folder,
            _stop: stop,
            _directory: directory,
        })
    }
}

async fn sign_up(line: &mut Line, account: &Account) -> anyhow::Result<()> {
    let input = json!({
        "handle": account.handle,
        "email": format!("{}@example.com", account.handle),
        "password": account.password,
    });
    let request = Request::post("/xrpc/com.atproto.server.createAccount")
        .header(CONTENT_TYPE, "application/json")
        .body(Body::from(input.to_string()))?;
    let reply = line.ask(request).await?;
    ensure!(reply.code() == 200, "no account: {}", reply.text());
    Ok(())
}

/// Node reads some thousand files first.
const START_WAIT_MAX: Duration = Duration::from_mins(1);
