//! `entryway serve` in a process of its own, with PDS hosts and a PLC directory in this one that outlive it.

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
use entryway_sandbox::loopback::Loopback;
use entryway_sandbox::names::Names;
use entryway_sandbox::plc::Directory;
use entryway_scope::{Did, Handle};
use entryway_server::{Chance, Clock, Keys, Passwords};
use entryway_store::{EmailTokenKeeping, HostAddition, Store};
use http::Request;
use serde_json::json;
use tempfile::TempDir;
use tokio::io::{AsyncBufReadExt as _, BufReader};
use tokio::process::{Child, Command};
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
use crate::server::Endpoint;
use crate::service::Service;
use crate::world::{Ground, Host, Resident, Session};

/// A deployment of one instance and its PDS hosts. Killed when it is dropped.
pub struct Served {
    /// The PDS hosts, each with a [`Front`].
    pub hosts: Vec<Host>,
    /// The PLC directory.
    pub directory: Directory,
    /// What stands in front of it.
    pub directory_front: Front,
    /// Where everything is stored.
    pub database: Database,
    /// The token of its administrator.
    pub admin_token: String,
    email_tokens: EmailTokenKey,
    issuer: Issuer,
    port: u16,
    binary: PathBuf,
    log: PathBuf,
    running: Mutex<Option<Child>>,
    folder: TempDir,
    _stop: watch::Sender<bool>,
    _tasks: JoinSet<io::Result<()>>,
}

impl Served {
    /// Starts all of it, with one host; `name` is how its log is called among the artefacts.
    pub async fn start(engine: Engine, name: &str) -> Self {
        Self::start_with(engine, 1, name).await
    }

    /// The same with so many hosts.
    pub async fn start_with(engine: Engine, hosts: usize, name: &str) -> Self {
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

        let names = Names::default();
        let mut fleet = Vec::new();
        for _ in 0..hosts {
            let ground = Ground {
                issuer: &issuer,
                keys: &keys,
                plc: directory_front.origin(),
                names: &names,
                stored: folder.path(),
                now: Arc::clone(&now),
                stop: stopped.clone(),
            };
            let host = Host::start(Some(Front::start().await), ground, &mut tasks).await;
            let addition = store.add_pds_host(&host.as_added(&root_key, clock.now())).await;
            assert_eq!(addition.unwrap(), HostAddition::Added);
            fleet.push(host);
        }
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
            hosts: fleet,
            directory,
            directory_front,
            database,
            admin_token,
            email_tokens: keys.email_tokens.clone(),
            issuer,
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
        let mut command = self.command(&["serve", "--json"]);
        command.stdout(Stdio::piped()).stderr(log);
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
        // nobody has to be waited for: it was the only instance
        self.database.execute("delete from job_lease").await;
    }

    /// The program with these words and the settings of the service, as its operator calls it. Killed when it is
    /// dropped.
    pub fn command(&self, words: &[&str]) -> Command {
        let mut command = process::dying_with_us(&self.binary);
        command.args(words).arg("--config");
        command.arg(self.folder.path().join("entryway.toml"));
        command.stdin(Stdio::null()).kill_on_drop(true);
        command
    }

    /// What is stored, as another instance sees it.
    pub async fn store(&self) -> Store {
        Store::open(self.database.url()).await.unwrap()
    }

    /// Somebody signs up, and has a session.
    pub async fn settle(&self, handle: &str) -> (Resident, Session) {
        let password = random_hex::<12>();
        secrets::record(&password);
        let email = format!("{}@mail.example", handle.split('.').next().unwrap());
        let input = json!({ "handle": handle, "email": email, "password": password });
        let request = Request::post("/xrpc/com.atproto.server.createAccount")
            .header("content-type", "application/json")
            .body(Body::from(input.to_string()));
        let made = self.ask(request.unwrap()).await.expect("it is up");
        assert_eq!(made.code(), 200, "{made:?}");
        let resident = Resident {
            did: Did::parse(&made.member("did")).unwrap(),
            handle: Handle::parse(handle).unwrap(),
            password,
        };
        let session = Session {
            access: made.member("accessJwt"),
            refresh: made.member("refreshJwt"),
        };
        (resident, session)
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

    /// Waits until the service says, or somebody else shows, that this is so.
    pub async fn until(&self, is_so: impl AsyncFn() -> bool) {
        let deadline = tokio::time::Instant::now() + PATIENCE;
        while !is_so().await {
            assert!(tokio::time::Instant::now() < deadline, "it does not become so");
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
    }
}

impl Service for Served {
    /// On a connection of its own.
    async fn ask(&self, request: Request<Body>) -> Option<Reply> {
        let address = ([127, 0, 0, 1], self.port).into();
        let reply = Connection::open(address).await?.ask(request).await?;
        secrets::record_reply(&reply);
        assert_ne!(reply.code(), 500, "{reply:?}");
        Some(reply)
    }

    fn issuer(&self) -> &str {
        self.issuer.as_str()
    }

    fn path(&self, endpoint: Endpoint) -> String {
        endpoint.under("/oauth")
    }

    fn now(&self) -> i64 {
        Clock::system().now().seconds()
    }
}

/// Longer than the rounds of any job of the service.
const PATIENCE: Duration = Duration::from_mins(1);
