//! `entryway serve` in a process of its own, with a PDS and a PLC directory in this one that outlive it.

use std::fs::{self, File, OpenOptions};
use std::io;
use std::path::PathBuf;
use std::process::Stdio;
use std::sync::Arc;
use std::time::Duration;

use axum::body::Body;
use entryway_core::email_token::{EmailToken, EmailTokenKey, EmailTokenPurpose};
use entryway_core::password::NewPassword;
use entryway_oauth::issuer::Issuer;
use entryway_oauth::secret::ServerKey;
use entryway_sandbox::lab::PdsName;
use entryway_sandbox::loopback::Loopback;
use entryway_sandbox::names::Names;
use entryway_sandbox::pds::Pds;
use entryway_sandbox::plc::Directory;
use entryway_scope::Did;
use entryway_server::fleet::HostPasswords;
use entryway_server::{Chance, Clock, Keys, Passwords};
use entryway_store::{EmailTokenKeeping, HostAddition, HostState, PdsHost, Store};
use http::Request;
use tempfile::TempDir;
use tokio::io::{AsyncBufReadExt as _, BufReader};
use tokio::process::Child;
use tokio::sync::{Mutex, watch};
use tokio::task::JoinSet;

use crate::connection::Connection;
use crate::engine::{Database, Engine};
use crate::environment;
use crate::front::Front;
use crate::key::random_hex;
use crate::process::{self, START_WAIT_MAX};
use crate::reply::Reply;
use crate::secrets;
use crate::world::{Host, delegating, random};

/// A deployment of one instance and one PDS host. Killed when it is dropped.
pub struct Served {
    /// The PDS host.
    pub host: Host,
    /// The PLC directory.
    pub directory: Directory,
    /// What stands in front of it.
    pub directory_front: Front,
    /// Where everything is stored.
    pub database: Database,
    /// The token of its administrator.
    pub admin_token: String,
    email_tokens: EmailTokenKey,
    port: u16,
    binary: PathBuf,
    log: PathBuf,
    running: Mutex<Option<Child>>,
    folder: TempDir,
    _stop: watch::Sender<bool>,
    _tasks: JoinSet<io::Result<()>>,
}

impl Served {
    /// Starts all of it; `name` is how its log is called among the artefacts.
    pub async fn start(engine: Engine, name: &str) -> Self {
        let (folder, port) = (tempfile::tempdir().unwrap(), process::free_port());
        let issuer = Issuer::parse(&format!("http://localhost:{port}")).unwrap();
        let root: [u8; 32] = Chance::system().bytes().unwrap();
        let database = Database::create(engine).await;
        let store = Store::open(database.url()).await.unwrap();
        let (clock, root_key) = (Clock::system(), ServerKey::new(root));
        let keys = Keys::adopt(&store, &root_key, &Chance::system(), clock.now())
            .await
            .unwrap();

        let (stop, stopped) = watch::channel(false);
        let mut tasks = JoinSet::new();
        let now: entryway_sandbox::ambient::Clock = Arc::new(|| Clock::system().now());
        let directory = Directory::open(&folder.path().join("plc"), Arc::clone(&now)).unwrap();
        let listener = Loopback::bind(0).await.unwrap();
        let directory_front = Front::start().await;
        directory_front.stand_before(listener.port());
        listener.serve(&directory.router(), &stopped, &mut tasks);

        let listener = Loopback::bind(0).await.unwrap();
        let front = Front::start().await;
        front.stand_before(listener.port());
        let pds_name = PdsName::parse(front.origin()).unwrap();
        let password = random_hex::<16>();
        secrets::record(&password);
        let settings = delegating(&pds_name, &issuer, &keys, directory_front.origin(), &password);
        let stored = folder.path().join("pds");
        let pds = Pds::open(&stored, settings, Names::default(), now, Arc::new(random)).unwrap();
        listener.serve(&pds.router(), &stopped, &mut tasks);

        let host = Host {
            did: pds_name.did().clone(),
            url: pds_name.origin().clone(),
            password,
            pds,
            front: Some(front),
        };
        let added = PdsHost {
            did: host.did.clone(),
            url: host.url.clone(),
            sealed_password: HostPasswords::new(&root_key)
                .seal(&host.did, &host.password)
                .unwrap(),
            state: HostState::Open,
            added_at: clock.now(),
        };
        assert_eq!(store.add_pds_host(&added).await.unwrap(), HostAddition::Added);
        store.close().await;

        let admin_token = random_hex::<16>();
        secrets::record(&admin_token);
        let passwords = Passwords::new(Chance::system()).unwrap();
        let admin_password = NewPassword::parse(&admin_token).unwrap();
        let admin_token_hash = passwords.hash(&admin_password).await.unwrap();
        let settings = format!(
            "issuer = '{issuer}'\nlisten = ['127.0.0.1:{port}']\nroot_key = '{}'\ndatabase = '{}'\n\
             handle_domains = ['.test']\ninvitation = 'optional'\nplc_url = '{}'\n\
             [development]\nrate_limits = false\n\
             [[admin]]\nname = 'operator'\ntoken_hash = '{}'\n",
            root.map(|byte| format!("{byte:02x}")).concat(),
            database.url().trim_start_matches("sqlite://"),
            directory_front.origin(),
            admin_token_hash.expose(),
        );
        fs::write(folder.path().join("entryway.toml"), settings).unwrap();
        let log = match environment::artefacts() {
            Some(artefacts) => artefacts.join("logs").join(format!("{name}.log")),
            None => folder.path().join("entryway.log"),
        };
        fs::create_dir_all(log.parent().unwrap()).unwrap();
        let served = Self {
            host,
            directory,
            directory_front,
            database,
            admin_token,
            email_tokens: keys.email_tokens.clone(),
            port,
            binary: process::binary(),
            log,
            running: Mutex::new(None),
            folder,
            _stop: stop,
            _tasks: tasks,
        };
        served.start_again().await;
        served
    }

    /// Starts the service on what it left behind, and waits until it is ready.
    pub async fn start_again(&self) {
        let mut running = self.running.lock().await;
        assert!(running.is_none(), "it runs already");
        let log: File = OpenOptions::new()
            .create(true)
            .append(true)
            .open(&self.log)
            .unwrap();
        let mut command = process::dying_with_us(&self.binary);
        command.args(["serve", "--json", "--config"]);
        command.arg(self.folder.path().join("entryway.toml"));
        command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(log);
        command.kill_on_drop(true);
        let mut child = command.spawn().unwrap();
        let mut said = BufReader::new(child.stdout.take().unwrap()).lines();
        let first = tokio::time::timeout(START_WAIT_MAX, said.next_line()).await;
        let Ok(Ok(Some(_ready))) = first else {
            let log = fs::read_to_string(&self.log).unwrap_or_default();
            panic!("the service did not start: {log}");
        };
        *running = Some(child);
    }

    /// Ends it as `kill -9` does, at whatever it is doing.
    pub async fn kill(&self) {
        let mut child = self.running.lock().await.take().expect("it runs");
        child.kill().await.unwrap();
    }

    /// What is stored, as another instance sees it.
    pub async fn store(&self) -> Store {
        Store::open(self.database.url()).await.unwrap()
    }

    /// A code that a letter brought to the account.
    pub async fn code(&self, did: &Did, purpose: EmailTokenPurpose) -> EmailToken {
        let code = EmailToken::from_entropy(Chance::system().bytes().unwrap());
        secrets::record(code.expose());
        let (store, digest) = (self.store().await, self.email_tokens.digest(&code, purpose));
        let (to, now) = (
            store.account(did).await.unwrap().unwrap().email.unwrap(),
            Clock::system().now(),
        );
        let kept = store.keep_email_token(did, purpose, digest, &to, now).await;
        assert_eq!(kept.unwrap(), EmailTokenKeeping::Kept);
        store.close().await;
        code
    }

    /// Asks, on a connection of its own; `None` where the service went away before it had answered.
    pub async fn ask(&self, request: Request<Body>) -> Option<Reply> {
        let address = ([127, 0, 0, 1], self.port).into();
        let reply = Connection::open(address).await?.ask(request).await?;
        secrets::record_reply(&reply);
        assert_ne!(reply.code(), 500, "{reply:?}");
        Some(reply)
    }

    /// Waits until the service says, or somebody else shows, that this is so.
    pub async fn until(&self, is_so: impl AsyncFn() -> bool) {
        let deadline = tokio::time::Instant::now() + PATIENCE;
        while !is_so().await {
            assert!(tokio::time::Instant::now() < deadline, "it does not become so");
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
    }
}

/// Longer than the rounds of any job of the service.
const PATIENCE: Duration = Duration::from_mins(1);
