//! The program in a process of its own, over real connections.

use std::fs::{self, File, OpenOptions};
use std::net::{Ipv4Addr, SocketAddr, TcpListener};
use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::time::Duration;

use axum::body::Body;
use entryway_oauth::secret::ServerKey;
use entryway_server::Clock;
use http::Request;
use serde_json::Value;
use tempfile::TempDir;
use tokio::io::{AsyncBufReadExt as _, BufReader};
use tokio::process::{Child, Command};
use tokio::sync::{Mutex, watch};

use crate::account::{alice, bob};
use crate::connection::Connection;
use crate::engine::Database;
use crate::environment;
use crate::reply::Reply;
use crate::server::Endpoint;
use crate::service::{Service, received};

/// How the program is started, each time the same.
#[derive(Debug)]
pub struct Launch {
    /// The program.
    pub binary: PathBuf,
    /// Its database, unless it keeps one in its folder.
    pub database: Option<Database>,
    /// The only core it may run on.
    pub core: Option<usize>,
    /// What it logs.
    pub log_filter: &'static str,
    /// How its log is called among the artefacts.
    pub log_name: String,
}

/// `entryway dev` with the accounts of [`alice`] and [`bob`]. Killed when it is dropped.
#[derive(Debug)]
pub struct Process {
    running: Mutex<Option<Child>>,
    is_up: watch::Sender<bool>,
    issuer: String,
    address: SocketAddr,
    log: PathBuf,
    folder: TempDir,
    launch: Launch,
}

impl Process {
    /// Starts it with an empty folder, and waits until it is ready.
    pub async fn start(launch: Launch) -> Self {
        let port = free_port();
        let folder = tempfile::tempdir().unwrap();
        let log = match environment::artefacts() {
            Some(artefacts) => artefacts.join("logs").join(format!("{}.log", launch.log_name)),
            None => folder.path().join("entryway.log"),
        };
        fs::create_dir_all(log.parent().unwrap()).unwrap();
        let process = Self {
            running: Mutex::new(None),
            is_up: watch::Sender::new(false),
            issuer: format!("http://localhost:{port}"),
            address: (Ipv4Addr::LOCALHOST, port).into(),
            log,
            folder,
            launch,
        };
        process.start_again().await;
        process
    }

    /// Starts it on what it left behind, and waits until it is ready.
    pub async fn start_again(&self) {
        let mut running = self.running.lock().await;
        assert!(running.is_none(), "it runs already");
        let mut child = self.command().spawn().unwrap();
        let mut said = BufReader::new(child.stdout.take().unwrap()).lines();
        let first = tokio::time::timeout(START_WAIT_MAX, said.next_line()).await;
        let Ok(Ok(Some(first))) = first else {
            let log = fs::read_to_string(&self.log).unwrap_or_default();
            panic!("the program did not start: {log}");
        };
        let first: Value = serde_json::from_str(&first).unwrap();
        assert_eq!(first["issuer"], self.issuer.as_str());
        *running = Some(child);
        self.is_up.send_replace(true);
    }

    /// Ends it as `kill -9` does, at whatever it is doing.
    pub async fn kill(&self) {
        self.is_up.send_replace(false);
        let mut child = self.running.lock().await.take().expect("it runs");
        child.kill().await.unwrap();
    }

    /// Waits while it is down.
    pub async fn is_up(&self) {
        // cannot fail: the sender is here
        let _ = self.is_up.subscribe().wait_for(|is_up| *is_up).await;
    }

    /// Its number among the processes.
    pub async fn id(&self) -> u32 {
        let running = self.running.lock().await;
        running.as_ref().and_then(Child::id).expect("it runs")
    }

    /// Where it listens.
    pub const fn address(&self) -> SocketAddr {
        self.address
    }

    /// The URL of its database.
    pub fn database_url(&self) -> String {
        match &self.launch.database {
            Some(database) => database.url().to_owned(),
            None => format!("sqlite://{}", self.data().join("entryway.sqlite").display()),
        }
    }

    /// The key that its others are derived from.
    pub fn root_key(&self) -> ServerKey {
        let bytes = fs::read(self.data().join("root.key")).unwrap();
        ServerKey::new(bytes.try_into().expect("32 bytes"))
    }

    fn data(&self) -> PathBuf {
        self.folder.path().join("data")
    }

    fn command(&self) -> Command {
        let mut words: Vec<String> = Vec::new();
        if can_die_with_us() {
            words.extend(DIE_WITH_US.map(str::to_owned));
        }
        if let Some(core) = self.launch.core {
            words.extend(["taskset".to_owned(), "-c".to_owned(), core.to_string()]);
        }
        words.push(self.launch.binary.to_str().unwrap().to_owned());
        let mut command = Command::new(&words[0]);
        command.args(&words[1..]).args(["dev", "--json"]);
        command.args(["--port", &self.address.port().to_string()]);
        command.arg("--data-dir").arg(self.data());
        command.args(["--log", self.launch.log_filter]);
        if let Some(database) = &self.launch.database {
            command.args(["--database", database.url()]);
        }
        for account in [alice(), bob()] {
            command.args(["--account", &format!("{}:{}", account.handle, account.password)]);
        }
        let log: File = OpenOptions::new()
            .create(true)
            .append(true)
            .open(&self.log)
            .unwrap();
        command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(log);
        command.kill_on_drop(true);
        command
    }
}

impl Service for Process {
    async fn ask(&self, request: Request<Body>) -> Option<Reply> {
        let asked = format!("{} {}", request.method(), request.uri().path());
        // a connection of its own, so that nothing is ever sent twice
        let reply = Connection::open(self.address).await?.ask(request).await?;
        Some(received(&asked, reply))
    }

    fn issuer(&self) -> &str {
        &self.issuer
    }

    fn path(&self, endpoint: Endpoint) -> String {
        endpoint.under("/oauth")
    }

    fn now(&self) -> i64 {
        Clock::system().now().seconds()
    }
}

/// The program of this work tree: the one that `ENTRYWAY_BINARY` names, or built now, which takes no time if it
/// has been.
pub fn binary() -> PathBuf {
    static BUILT: std::sync::OnceLock<PathBuf> = std::sync::OnceLock::new();
    environment::binary().unwrap_or_else(|| BUILT.get_or_init(build).clone())
}

fn build() -> PathBuf {
    // for the whole workspace, as tests/run does: the same features, so nothing is built a second time
    let built = std::process::Command::new(env!("CARGO"))
        .args([
            "build",
            "--workspace",
            "--bin",
            "entryway",
            "--message-format",
            "json",
        ])
        .current_dir(env!("CARGO_MANIFEST_DIR"))
        .stderr(Stdio::inherit())
        .output()
        .unwrap();
    assert!(built.status.success(), "the program could not be built");
    let executables = cargo_metadata::Message::parse_stream(&built.stdout[..]).filter_map(|message| {
        match message.unwrap() {
            cargo_metadata::Message::CompilerArtifact(artifact) => artifact.executable,
            _ => None,
        }
    });
    executables.last().expect("cargo names the program").into()
}

/// A command of the program that ends with this process, where the machine can do that.
pub(crate) fn dying_with_us(binary: &Path) -> Command {
    if !can_die_with_us() {
        return Command::new(binary);
    }
    let mut command = Command::new(DIE_WITH_US[0]);
    command.args(&DIE_WITH_US[1..]).arg(binary);
    command
}

/// Whether the program can be made to end with this process, even if this one is itself killed.
fn can_die_with_us() -> bool {
    let tried = std::process::Command::new(DIE_WITH_US[0])
        .args(&DIE_WITH_US[1..])
        .arg("true")
        .stderr(Stdio::null())
        .status();
    tried.is_ok_and(|status| status.success())
}

const DIE_WITH_US: [&str; 3] = ["setpriv", "--pdeathsig", "KILL"];

/// A port below those that the system hands out to connections, so that none takes it while the program is down.
pub(crate) fn free_port() -> u16 {
    let is_free = |port| TcpListener::bind((Ipv4Addr::LOCALHOST, port)).is_ok();
    loop {
        let random = josekit::util::random_bytes(2);
        let port = 12_000 + u16::from_be_bytes([random[0], random[1]]) % 20_000;
        // the services beside the login take the next three
        if (port..port + 4).all(is_free) {
            return port;
        }
    }
}

/// Long enough for a machine that is busy building.
pub(crate) const START_WAIT_MAX: Duration = Duration::from_mins(1);
