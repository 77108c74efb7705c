//! Several `entryway serve` of one deployment, each in a process of its own, behind one proxy.

use std::fs::{self, File, OpenOptions};
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::time::Duration;

use axum::body::Body;
use axum::{Json, Router};
use entryway_core::account::AccountStatus;
use entryway_oauth::issuer::Issuer;
use entryway_oauth::secret::ServerKey;
use entryway_sandbox::lab::PdsName;
use entryway_server::fleet::HostPasswords;
use entryway_server::{Chance, Clock, Keys, Passwords};
use entryway_store::{Creation, HostAddition, HostState, NewAccount, PdsHost, Store};
use http::Request;
use serde_json::json;
use tempfile::TempDir;
use tokio::io::{AsyncBufReadExt as _, BufReader};
use tokio::process::{Child, Command};
use tokio::sync::Mutex;

use crate::account::{alice, bob};
use crate::balancer::Balancer;
use crate::connection::Connection;
use crate::engine::{Database, Engine};
use crate::environment;
use crate::feed::FeedClient;
use crate::front::Front;
use crate::process::{self, START_WAIT_MAX};
use crate::reply::Reply;
use crate::server::Endpoint;
use crate::service::{Service, received};

/// Three instances on one PostgreSQL, with the accounts of [`alice`] and [`bob`]. Killed when they are dropped.
///
/// As a service it is the proxy, which gives each request to the next of them; [`Instances::at`] is one of them.
#[derive(Debug)]
pub struct Instances {
    /// Where everything is stored.
    pub database: Database,
    /// What stands before them.
    pub balancer: Balancer,
    /// Who may read the feed.
    pub reader: FeedClient,
    /// In front of a PDS host where nobody lives: it is asked for its accounts each second.
    pub host: Front,
    issuer: String,
    each: Vec<Instance>,
    binary: PathBuf,
    _folder: TempDir,
}

#[derive(Debug)]
struct Instance {
    address: SocketAddr,
    settings: PathBuf,
    log: PathBuf,
    running: Mutex<Option<Child>>,
}

/// How many there are.
pub const INSTANCES: usize = 3;

/// Wrong passwords for one account from one address that are admitted.
pub const WRONG_PASSWORDS_MAX: usize = 6;

impl Instances {
    /// Starts them; `name` is how their logs are called among the artefacts.
    pub async fn start(name: &str) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let database = Database::create(Engine::Postgres).await;
        let addresses: Vec<SocketAddr> = (0..INSTANCES)
            .map(|_| ([127, 0, 0, 1], process::free_port()).into())
            .collect();
        let balancer = Balancer::start(addresses.iter().copied()).await;
        let host = Front::start().await;
        host.add("listRepos", Router::new().fallback(nobody));
        let issuer = format!("http://localhost:{}", balancer.port());
        let root: [u8; 32] = Chance::system().bytes().unwrap();
        furnish(&database, &ServerKey::new(root), &host).await;

        let reader = FeedClient::named("resource");
        let logs = match environment::artefacts() {
            Some(artefacts) => artefacts.join("logs"),
            None => folder.path().to_owned(),
        };
        fs::create_dir_all(&logs).unwrap();
        let mut instances = Vec::new();
        for (number, address) in addresses.into_iter().enumerate() {
            let settings = folder.path().join(format!("{number}.toml"));
            let text = format!(
                "issuer = '{issuer}'\nlisten = ['{address}']\nroot_key = '{}'\ndatabase = '{}'\n\
                 handle_domains = ['.test']\nplc_url = '{}'\npds_watch_seconds = 1\ndrain_seconds = 1\n\
                 [limits]\ncalls_per_minute = 1000000\nfailed_sign_ins_of_account = {WRONG_PASSWORDS_MAX}\n\
                 [development]\n\
                 [[feed_reader]]\nname = 'resource'\ntoken = '{}'\n",
                root.map(|byte| format!("{byte:02x}")).concat(),
                database.url(),
                host.origin(),
                reader.token().expose(),
            );
            fs::write(&settings, text).unwrap();
            instances.push(Instance {
                address,
                settings,
                log: logs.join(format!("{name}-{number}.log")),
                running: Mutex::new(None),
            });
        }
        let several = Self {
            database,
            balancer,
            reader,
            host,
            issuer,
            each: instances,
            binary: process::binary(),
            _folder: folder,
        };
        let started = several.each.iter().map(|one| one.start(&several.binary));
        futures_util::future::join_all(started).await;
        several
            .until(|| several.balancer.ready() == [true; INSTANCES])
            .await;
        several
    }

    /// One of them, asked over a connection of its own.
    pub fn at(&self, number: usize) -> At<'_> {
        At {
            several: self,
            number,
        }
    }

    /// Asks one to stop, as service managers do, and waits until it has; whether it ended well.
    pub async fn stop(&self, number: usize) -> bool {
        self.each[number].stop().await
    }

    /// Ends one as `kill -9` does.
    pub async fn kill(&self, number: usize) {
        let mut child = self.each[number].running.lock().await.take().expect("it runs");
        child.kill().await.unwrap();
    }

    /// Starts one that has ended, and waits until the proxy gives it requests.
    pub async fn start_again(&self, number: usize) {
        self.each[number].start(&self.binary).await;
        self.until(|| self.balancer.ready()[number]).await;
    }

    /// How often each of them has said this of that, in a line of its log.
    pub fn said(&self, what: &str, of: &str) -> Vec<usize> {
        let logs = self.each.iter();
        let logs = logs.map(|one| fs::read_to_string(&one.log).unwrap_or_default());
        logs.map(|log| {
            let lines = log.lines();
            lines
                .filter(|line| line.contains(what) && line.contains(of))
                .count()
        })
        .collect()
    }

    /// Waits until this is so.
    pub async fn until(&self, is_so: impl Fn() -> bool) {
        let deadline = tokio::time::Instant::now() + PATIENCE;
        while !is_so() {
            assert!(tokio::time::Instant::now() < deadline, "it does not become so");
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    }
}

/// Longer than a job is held for somebody who is gone.
const PATIENCE: Duration = Duration::from_mins(1);

/// Makes the schema, the keys, the PDS host and the accounts.
async fn furnish(database: &Database, root_key: &ServerKey, host: &Front) {
    let store = Store::open(database.url()).await.unwrap();
    let now = Clock::system().now();
    let adopted = Keys::adopt(&store, root_key, &Chance::system(), now).await;
    adopted.unwrap();
    let name = PdsName::parse(host.origin()).unwrap();
    let added = PdsHost {
        did: name.did().clone(),
        url: Issuer::parse(host.origin()).unwrap(),
        sealed_password: HostPasswords::new(root_key)
            .seal(name.did(), "of nobody")
            .unwrap(),
        state: HostState::Open,
        added_at: now,
    };
    assert_eq!(store.add_pds_host(&added).await.unwrap(), HostAddition::Added);
    let passwords = Passwords::new(Chance::system()).unwrap();
    for account in [alice(), bob()] {
        let new = NewAccount {
            account: &account.facts(AccountStatus::Active, now),
            password_hash: account.hash(&passwords).await,
        };
        assert_eq!(store.create_account(new, now).await.unwrap(), Creation::Created);
    }
    store.close().await;
}

/// What the host says of its accounts.
async fn nobody() -> Json<serde_json::Value> {
    Json(json!({ "repos": [] }))
}

impl Instance {
    async fn start(&self, binary: &Path) {
        let mut running = self.running.lock().await;
        assert!(running.is_none(), "it runs already");
        let log: File = OpenOptions::new()
            .create(true)
            .append(true)
            .open(&self.log)
            .unwrap();
        let mut command = process::dying_with_us(binary);
        command.args(["serve", "--json", "--config"]).arg(&self.settings);
        command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(log);
        command.kill_on_drop(true);
        let mut child = command.spawn().unwrap();
        let mut said = BufReader::new(child.stdout.take().unwrap()).lines();
        let first = tokio::time::timeout(START_WAIT_MAX, said.next_line()).await;
        let Ok(Ok(Some(_ready))) = first else {
            let log = fs::read_to_string(&self.log).unwrap_or_default();
            panic!("an instance did not start: {log}");
        };
        *running = Some(child);
    }

    async fn stop(&self) -> bool {
        let mut child = self.running.lock().await.take().expect("it runs");
        let id = child.id().expect("it runs").to_string();
        let asked = Command::new("kill").args(["-TERM", &id]).status().await;
        assert!(asked.unwrap().success());
        child.wait().await.unwrap().success()
    }
}

impl Service for Instances {
    async fn ask(&self, request: Request<Body>) -> Option<Reply> {
        let address = ([127, 0, 0, 1], self.balancer.port()).into();
        ask(address, request).await
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

/// One of them.
#[derive(Clone, Copy, Debug)]
pub struct At<'a> {
    several: &'a Instances,
    number: usize,
}

impl Service for At<'_> {
    async fn ask(&self, request: Request<Body>) -> Option<Reply> {
        ask(self.several.each[self.number].address, request).await
    }

    fn issuer(&self) -> &str {
        self.several.issuer()
    }

    fn path(&self, endpoint: Endpoint) -> String {
        self.several.path(endpoint)
    }

    fn now(&self) -> i64 {
        self.several.now()
    }
}

async fn ask(address: SocketAddr, request: Request<Body>) -> Option<Reply> {
    let asked = format!("{} {}", request.method(), request.uri().path());
    let reply = Connection::open(address).await?.ask(request).await?;
    // the proxy's own, of a request that nobody answered
    if reply.code() == 502 {
        return None;
    }
    Some(received(&asked, reply))
}
