//! `--pds reference`: unmodified `@atproto/pds` hosts that delegate to the login, as children of this process.

mod package;

use std::fs::{self, OpenOptions};
use std::net::{Ipv4Addr, TcpListener};
use std::os::unix::fs::DirBuilderExt as _;
use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::time::Duration;

use anyhow::{Context as _, bail};
use clap::{Args, ValueEnum};
use data_encoding::HEXLOWER;
use tokio::io::{AsyncBufReadExt as _, BufReader};
use tokio::process::{Child, Command};
use tokio::time::timeout;

use entryway_oauth::issuer::Issuer;
use entryway_oauth::secret::ServerKey;
use entryway_scope::Did;
use entryway_server::App;

use super::fleet;
use crate::usage::Usage;

use package::ReferencePackage;

/// Which PDS accounts live on.
#[derive(Args)]
pub(super) struct PdsArguments {
    /// Which PDS hosts accounts live on: the small one of this command, or two unmodified `@atproto/pds` that
    /// delegate to the login, which needs Node 22 and the package.
    #[arg(long = "pds", value_enum, default_value_t = PdsKind::Sandbox)]
    kind: PdsKind,
    /// Where `node_modules` with `@atproto/pds` is, for `--pds reference`.
    #[arg(long, value_name = "DIR", default_value = "reference-pds")]
    pds_package: PathBuf,
    /// The Node that runs it.
    #[arg(long, value_name = "FILE", default_value = "node")]
    node: PathBuf,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum PdsKind {
    /// The sandbox's own.
    Sandbox,
    /// Unmodified `@atproto/pds`.
    Reference,
}

impl PdsArguments {
    /// The kind, as the command line has it.
    pub(super) fn name(&self) -> &'static str {
        match self.kind {
            PdsKind::Sandbox => "sandbox",
            PdsKind::Reference => "reference",
        }
    }

    /// The package, if accounts are to live on hosts that run it.
    ///
    /// # Errors
    ///
    /// [`Usage`], which says how to get what is missing.
    pub(super) fn package(&self) -> Result<Option<ReferencePackage>, Usage> {
        match self.kind {
            PdsKind::Sandbox => Ok(None),
            PdsKind::Reference => ReferencePackage::find(&self.node, &self.pds_package).map(Some),
        }
    }
}

/// What every host is told of the entryway.
struct Delegation<'a> {
    issuer: &'a Issuer,
    service_did: &'a Did,
    /// The key that verifies its tokens: a compressed point in hex.
    verify_key: String,
    /// The key over the accounts' identities, as `did:key`.
    rotation_key: String,
    plc: &'a str,
    /// What the hosts' own secrets are derived from.
    root: &'a ServerKey,
}

/// Hosts that run. Dropping them ends them.
pub(super) struct ReferenceHosts(Vec<ReferenceHost>);

impl ReferenceHosts {
    pub(super) const fn none() -> Self {
        Self(Vec::new())
    }

    /// Starts two hosts, each with a folder of its own, and makes them the ones that new accounts are placed on.
    ///
    /// # Errors
    ///
    /// A host does not start, or the store fails.
    pub(super) async fn start(
        package: &ReferencePackage,
        app: &App,
        (root, data): (&ServerKey, &Path),
        plc: &str,
    ) -> anyhow::Result<Self> {
        let keys = app.keys();
        let delegation = Delegation {
            issuer: app.issuer(),
            service_did: app.service_did(),
            verify_key: keys
                .access_tokens
                .public()
                .compressed_hex()
                .context("the key of access tokens is no point")?,
            rotation_key: keys.plc_rotation_did_key(),
            plc,
            root,
        };
        let [first, second] = NAMES.map(|name| ReferenceHost::start(package, &delegation, data.join(name)));
        let (first, second) = tokio::try_join!(first, second)?;
        let hosts = vec![first, second];
        for host in &hosts {
            fleet::join(app, (host.did()?, host.url.clone()), root, &host.admin_password).await?;
        }
        Ok(Self(hosts))
    }

    /// Their public URLs.
    pub(super) fn urls(&self) -> Vec<String> {
        self.0.iter().map(|host| host.url.to_string()).collect()
    }

    /// Whether there are any.
    pub(super) const fn are_there(&self) -> bool {
        !self.0.is_empty()
    }

    /// The public URL of the first, or this one where there is none.
    pub(super) fn first_or(&self, other: &str) -> String {
        self.urls().into_iter().next().unwrap_or_else(|| other.to_owned())
    }

    /// Lets them finish what they are doing; after a while they are ended in any case.
    pub(super) async fn stop(self) {
        for host in self.0 {
            host.stop().await;
        }
    }
}

/// A host that runs. Dropping it ends it.
struct ReferenceHost {
    /// Its public URL.
    url: Issuer,
    port: u16,
    /// The password of its administrator.
    admin_password: String,
    process: Child,
}

impl ReferenceHost {
    /// Starts a host with its data in this folder, at the port it had there before.
    ///
    /// # Errors
    ///
    /// The host does not start, for one because another process has its port; what it said is in `pds.log`.
    async fn start(
        package: &ReferencePackage,
        delegation: &Delegation<'_>,
        folder: PathBuf,
    ) -> anyhow::Result<Self> {
        fs::DirBuilder::new()
            .recursive(true)
            .mode(0o700)
            .create(folder.join(DATA))?;
        let port = port_of(&folder)?;
        let name = folder.file_name().unwrap_or_default().to_string_lossy();
        let secrets = Secrets::derive(delegation.root, &name);
        let log = folder.join("pds.log");
        let said = OpenOptions::new().create(true).append(true).open(&log)?;
        let mut command = Command::new(package.node());
        command
            .args(["--input-type=module", "--eval", PROGRAM])
            .current_dir(package.folder())
            .envs(variables(delegation, &secrets, &folder, port))
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(said)
            // Ctrl-C is for us: the host is stopped after the login
            .process_group(0)
            .kill_on_drop(true);
        let mut process = command.spawn().context("starting Node")?;
        let stdout = process.stdout.take().context("the standard output of Node")?;
        let mut lines = BufReader::new(stdout).lines();
        let ready = async {
            while let Some(line) = lines.next_line().await? {
                if line == "ready" {
                    return Ok(true);
                }
            }
            Ok::<bool, std::io::Error>(false)
        };
        match timeout(START_WAIT, ready).await {
            Ok(Ok(true)) => {}
            _ => bail!("the PDS at port {port} did not start: see {}", log.display()),
        }
        // it would stand still once nobody read what it says
        tokio::spawn(async move { while let Ok(Some(_)) = lines.next_line().await {} });
        Ok(Self {
            url: Issuer::parse(&format!("http://localhost:{port}"))?,
            port,
            admin_password: secrets.admin_password,
            process,
        })
    }

    fn did(&self) -> anyhow::Result<Did> {
        Ok(Did::parse(&did(self.port))?)
    }

    async fn stop(mut self) {
        drop(self.process.stdin.take());
        if timeout(STOP_WAIT, self.process.wait()).await.is_err() {
            drop(self.process.kill().await);
        }
    }
}

/// The port that the accounts in this folder are known by; one that is free if there are none.
fn port_of(folder: &Path) -> anyhow::Result<u16> {
    let file = folder.join("port");
    if let Ok(kept) = fs::read_to_string(&file) {
        return kept
            .trim()
            .parse()
            .with_context(|| format!("{} does not hold a port", file.display()));
    }
    // free a moment ago, and nobody else is told of it
    let free = TcpListener::bind((Ipv4Addr::LOCALHOST, 0))?;
    let port = free.local_addr()?.port();
    fs::write(&file, port.to_string()).with_context(|| format!("{} cannot be written", file.display()))?;
    Ok(port)
}

/// The secrets of one host: the same for one data directory.
struct Secrets {
    sessions: String,
    admin_password: String,
    rotation: String,
    nonces: String,
}

impl Secrets {
    fn derive(root: &ServerKey, name: &str) -> Self {
        let secret = |of: &str| {
            let key = root.derive(&format!("{of} of reference PDS {name}"));
            HEXLOWER.encode(key.expose())
        };
        Self {
            sessions: secret("session secret"),
            admin_password: secret("admin password"),
            rotation: secret("rotation key"),
            nonces: secret("nonce secret"),
        }
    }
}

/// The configuration of a delegating host (contract section 1).
fn variables(
    delegation: &Delegation<'_>,
    secrets: &Secrets,
    folder: &Path,
    port: u16,
) -> Vec<(&'static str, String)> {
    let path = |name: &str| folder.join(name).display().to_string();
    // the host's guard against private addresses admits the name and no address
    let plc = delegation.plc.replace("127.0.0.1", "localhost");
    vec![
        ("PDS_ENTRYWAY_URL", delegation.issuer.to_string()),
        ("PDS_ENTRYWAY_DID", delegation.service_did.to_string()),
        (
            "PDS_ENTRYWAY_JWT_VERIFY_KEY_K256_PUBLIC_KEY_HEX",
            delegation.verify_key.clone(),
        ),
        ("PDS_ENTRYWAY_PLC_ROTATION_KEY", delegation.rotation_key.clone()),
        ("PDS_HOSTNAME", "localhost".to_owned()),
        // of its own: without it every host of this machine would have the same
        ("PDS_SERVICE_DID", did(port)),
        ("PDS_PORT", port.to_string()),
        ("PDS_SERVICE_HANDLE_DOMAINS", ".test".to_owned()),
        ("PDS_DID_PLC_URL", plc),
        ("PDS_DATA_DIRECTORY", path(DATA)),
        ("PDS_BLOBSTORE_DISK_LOCATION", path("blobs")),
        ("PDS_BLOBSTORE_DISK_TMP_LOCATION", path("blobs-unfinished")),
        ("PDS_JWT_SECRET", secrets.sessions.clone()),
        ("PDS_ADMIN_PASSWORD", secrets.admin_password.clone()),
        (
            "PDS_PLC_ROTATION_KEY_K256_PRIVATE_KEY_HEX",
            secrets.rotation.clone(),
        ),
        ("PDS_DPOP_SECRET", secrets.nonces.clone()),
        // without it no public URL may be http
        ("PDS_DEV_MODE", "true".to_owned()),
    ]
}

fn did(port: u16) -> String {
    format!("did:web:localhost%3A{port}")
}

/// Where a host keeps its databases, in its folder.
const DATA: &str = "data";
/// Their folders.
const NAMES: [&str; 2] = ["reference-pds-1", "reference-pds-2"];
const PROGRAM: &str = include_str!("reference/program.mjs");
/// A first start compiles what later ones find, on a machine that may have other things to do.
const START_WAIT: Duration = Duration::from_mins(1);
const STOP_WAIT: Duration = Duration::from_secs(5);
