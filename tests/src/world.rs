//! A fleet: the service, PDS hosts that delegate to it, and a PLC directory, each on ports of its own.

use std::io;
use std::net::SocketAddr;
use std::path::Path;
use std::sync::Arc;

use axum::body::Body;
use entryway_core::account::{Account, AccountStatus};
use entryway_core::email_token::{EmailToken, EmailTokenPurpose};
use entryway_core::password::NewPassword;
use entryway_identity::did::PublicKey;
use entryway_identity::plc::{PlcData, UnsignedOperation};
use entryway_oauth::issuer::Issuer;
use entryway_oauth::secret::ServerKey;
use entryway_oauth::time::Timestamp;
use entryway_resource::{IssuerKeys, Limits, TrustedIssuer, Verifier, VerifierConfig};
use entryway_sandbox::lab::PdsName;
use entryway_sandbox::loopback::Loopback;
use entryway_sandbox::names::Names;
use entryway_sandbox::outbound;
use entryway_sandbox::pds::{AdminPassword, Pds, PdsSettings};
use entryway_sandbox::plc::Directory;
use entryway_scope::{Did, Handle};
use entryway_server::fleet::HostPasswords;
use entryway_server::{Chance, Config, Doors, Keys};
use entryway_store::{Creation, EmailTokenKeeping, HostAddition, HostState, NewAccount, PdsHost};
use http::Request;
use serde_json::{Value, json};
use tempfile::TempDir;
use tokio::sync::watch;
use tokio::task::JoinSet;

use crate::account::TestAccount;
use crate::clock::TestClock;
use crate::connection::Connection;
use crate::engine::Engine;
use crate::front::Front;
use crate::key::random_hex;
use crate::reply::Reply;
use crate::secrets;
use crate::server::{LexiconAuthorities, TestServer};

/// The service with its fleet. Everything stops when it is dropped.
pub struct World {
    /// The service: reached in process here, and at [its issuer](TestServer::issuer) over a socket.
    pub server: TestServer,
    /// The PDS hosts in the order they were added.
    pub hosts: Vec<Host>,
    /// The PLC directory.
    pub directory: Directory,
    /// What stands in front of it, in a world [behind fronts](Self::start_behind_fronts).
    pub directory_front: Option<Front>,
    plc: String,
    names: Names,
    stored: TempDir,
    stop: watch::Sender<bool>,
    tasks: JoinSet<io::Result<()>>,
}

/// A PDS of the fleet.
#[derive(Clone)]
pub struct Host {
    /// The audience of tokens for it.
    pub did: Did,
    /// Its origin.
    pub url: Issuer,
    /// The password of its administrator.
    pub password: String,
    /// The host itself.
    pub pds: Pds,
    /// What stands in front of it, in a world [behind fronts](World::start_behind_fronts).
    pub front: Option<Front>,
}

/// An account on a host, as a test signs in with it.
#[derive(Clone, Debug)]
pub struct Resident {
    /// Its permanent name.
    pub did: Did,
    /// Its handle.
    pub handle: Handle,
    /// What opens it.
    pub password: String,
}

impl Resident {
    /// The account as a browser signs in to it.
    pub fn in_browser(&self) -> TestAccount {
        TestAccount::known_by(self.did.as_str(), self.handle.as_str(), "", &self.password)
    }
}

/// A session of `createSession`.
#[derive(Clone, Debug)]
pub struct Session {
    /// The `accessJwt`.
    pub access: String,
    /// The `refreshJwt`.
    pub refresh: String,
}

impl World {
    /// A service with so many hosts and no account.
    pub async fn start(engine: Engine, hosts: usize) -> Self {
        Self::start_with(engine, hosts, |_| ()).await
    }

    /// The same as an operator configured it. The issuer is given.
    pub async fn start_with(engine: Engine, hosts: usize, configure: impl FnOnce(&mut Config)) -> Self {
        Self::start_as(engine, hosts, None, configure).await
    }

    /// The same with a [`Front`] before the directory and before each host.
    pub async fn start_behind_fronts(
        engine: Engine,
        hosts: usize,
        configure: impl FnOnce(&mut Config),
    ) -> Self {
        let front = Front::start().await;
        Self::start_as(engine, hosts, Some(front), configure).await
    }

    async fn start_as(
        engine: Engine,
        hosts: usize,
        directory_front: Option<Front>,
        configure: impl FnOnce(&mut Config),
    ) -> Self {
        let (login, plc) = (Loopback::bind(0).await.unwrap(), Loopback::bind(0).await.unwrap());
        let issuer = PdsName::parse(&login.origin()).unwrap();
        if let Some(front) = &directory_front {
            front.stand_before(plc.port());
        }
        let origin = directory_front
            .as_ref()
            .map_or_else(|| plc.origin(), |front| front.origin().to_owned());
        let names = Names::default();
        let found_by = LexiconAuthorities {
            dns: Arc::new(names.clone()),
            ..LexiconAuthorities::known_to(&origin)
        };
        let server = TestServer::start_empty(engine, &[], found_by, |config| {
            config.issuer = issuer.origin().clone();
            config.service_did = issuer.did().clone();
            configure(config);
        })
        .await;
        let stored = tempfile::tempdir().unwrap();
        let directory = Directory::open(&stored.path().join("plc"), clock(server.clock())).unwrap();
        let (stop, stopped) = watch::channel(false);
        let mut tasks = JoinSet::new();
        plc.serve(&directory.router(), &stopped, &mut tasks);
        let doors = Doors::of(server.app());
        for listener in login.into_listeners() {
            let doors = doors.clone();
            let (router, mut stopped) = (server.router().clone(), stopped.clone());
            tasks.spawn(async move {
                let stopped = async move { drop(stopped.wait_for(|stop| *stop).await) };
                entryway_server::serve(listener, router, doors, stopped).await;
                Ok(())
            });
        }
        let mut world = Self {
            server,
            hosts: Vec::new(),
            directory,
            directory_front,
            plc: origin,
            names,
            stored,
            stop,
            tasks,
        };
        for _ in 0..hosts {
            world.add_host().await;
        }
        world
    }

    /// Starts one more PDS and makes it a host of the fleet.
    pub async fn add_host(&mut self) -> Host {
        let host = self.start_host().await;
        self.register(&host).await;
        self.hosts.push(host.clone());
        host
    }

    /// Starts a PDS that delegates to the service, which does not know of it.
    pub async fn start_host(&mut self) -> Host {
        let front = match &self.directory_front {
            Some(_) => Some(Front::start().await),
            None => None,
        };
        let app = self.server.app();
        let ground = Ground {
            issuer: app.issuer(),
            keys: app.keys(),
            plc: &self.plc,
            names: &self.names,
            stored: self.stored.path(),
            now: clock(self.server.clock()),
            stop: self.stop.subscribe(),
        };
        Host::start(front, ground, &mut self.tasks).await
    }

    /// Makes a host one of the fleet.
    pub async fn register(&self, host: &Host) {
        self.register_at(&host.did, &host.url, &host.password).await;
    }

    /// Makes whatever is at this URL a host of the fleet. Its DID.
    pub async fn register_stranger(&self, url: &str) -> Did {
        let did = Did::parse(&format!("did:web:{}.host.test", random_hex::<6>())).unwrap();
        self.register_at(&did, &Issuer::parse(url).unwrap(), "a password of a stranger")
            .await;
        did
    }

    async fn register_at(&self, did: &Did, url: &Issuer, password: &str) {
        let root_key = &self.server.config().root_key;
        let added = as_added((did, url, password), root_key, self.server.clock().now());
        let addition = self.server.app().store().add_pds_host(&added).await.unwrap();
        assert_eq!(addition, HostAddition::Added);
        self.forget();
    }

    /// Whose a handle is, to the hosts and by the DNS.
    pub const fn names(&self) -> &Names {
        &self.names
    }

    /// Lets what the service keeps of the fleet grow old.
    pub fn forget(&self) {
        self.server.clock().advance(61);
    }

    /// Makes an account on a host the way a sign-up does, with a confirmed address.
    pub async fn settle(&self, host: &Host, handle: &str) -> Resident {
        let (app, handle) = (self.server.app(), Handle::parse(handle).unwrap());
        let reserved = call_host(host, "com.atproto.server.reserveSigningKey", &json!({})).await;
        let signing_key = PublicKey::from_did_key(reserved["signingKey"].as_str().unwrap()).unwrap();
        let rotation_key = &app.keys().plc_rotation;
        let rotation_keys = vec![app.keys().plc_rotation_did_key()];
        let data = PlcData::account(&handle, &signing_key, host.url.as_str(), rotation_keys);
        let operation = UnsignedOperation::genesis(data).sign(rotation_key);
        let did = operation.did();
        let input = json!({ "did": did, "handle": handle, "plcOp": operation });
        call_host(host, "com.atproto.server.createAccount", &input).await;
        self.keep(&did, &handle, &host.did).await
    }

    /// Makes an account that only the service knows, as if it lived on the host of this DID.
    pub async fn lodge(&self, host: &Did, handle: &str) -> Resident {
        let letters = random_hex::<12>().replace(['0', '1', '8', '9'], "a");
        let did = Did::parse(&format!("did:plc:{letters}")).unwrap();
        self.lodge_as(&did, host, handle).await
    }

    /// The same with this DID.
    pub async fn lodge_as(&self, did: &Did, host: &Did, handle: &str) -> Resident {
        self.keep(did, &Handle::parse(handle).unwrap(), host).await
    }

    async fn keep(&self, did: &Did, handle: &Handle, host: &Did) -> Resident {
        let app = self.server.app();
        let password = random_hex::<12>();
        secrets::record(&password);
        let now = self.server.clock().now();
        let name = handle.as_str().split('.').next().unwrap();
        let account = Account {
            did: did.clone(),
            handle: handle.clone(),
            email: Some(format!("{name}@mail.example")),
            email_confirmed_at: Some(now),
            email_auth_factor: false,
            pds_did: host.to_string(),
            status: AccountStatus::Active,
            // from before the test began
            credentials_changed_at: Timestamp::from_seconds(now.seconds() - 1),
        };
        let password_hash = app
            .passwords()
            .hash(&NewPassword::parse(&password).unwrap())
            .await
            .unwrap();
        let new = NewAccount {
            account: &account,
            password_hash: &password_hash,
        };
        let created = app.store().create_account(new, now).await.unwrap();
        assert_eq!(created, Creation::Created);
        Resident {
            did: did.clone(),
            handle: handle.clone(),
            password,
        }
    }

    /// A code that a letter brought to the account.
    pub async fn code(&self, did: &Did, purpose: EmailTokenPurpose) -> EmailToken {
        let (app, code) = (
            self.server.app(),
            EmailToken::from_entropy(Chance::system().bytes().unwrap()),
        );
        secrets::record(code.expose());
        let digest = app.keys().email_tokens.digest(&code, purpose);
        let (store, now) = (app.store(), self.server.clock().now());
        let to = store.account(did).await.unwrap().unwrap().email.unwrap();
        let kept = store.keep_email_token(did, purpose, digest, &to, now).await;
        assert_eq!(kept.unwrap(), EmailTokenKeeping::Kept);
        code
    }

    /// Begins a session of the account, by its password.
    pub async fn sign_in(&self, resident: &Resident) -> Session {
        let input = json!({ "identifier": resident.handle, "password": resident.password });
        let request = Request::post("/xrpc/com.atproto.server.createSession")
            .header("content-type", "application/json")
            .body(Body::from(input.to_string()));
        let reply = self.ask(request.unwrap()).await;
        assert_eq!(reply.code(), 200, "{reply:?}");
        Session {
            access: reply.member("accessJwt"),
            refresh: reply.member("refreshJwt"),
        }
    }

    /// Where the service listens.
    pub async fn address(&self) -> SocketAddr {
        let authority = self.server.issuer().strip_prefix("http://").unwrap();
        tokio::net::lookup_host(authority).await.unwrap().next().unwrap()
    }

    /// Asks the service over a socket. Whatever is asked, nothing of its own breaks.
    pub async fn ask(&self, request: Request<Body>) -> Reply {
        let asked = format!("{} {}", request.method(), request.uri());
        let mut connection = Connection::open(self.address().await)
            .await
            .expect("the service listens");
        let reply = connection.ask(request).await;
        let reply = reply.unwrap_or_else(|| panic!("{asked} has no answer"));
        secrets::record_reply(&reply);
        assert_ne!(reply.code(), 500, "{asked} gave {reply:?}");
        assert_eq!(reply.header("x-content-type-options"), Some("nosniff"), "{asked}");
        reply
    }
}

/// What a host stands on.
pub(crate) struct Ground<'a> {
    /// The service it delegates to, by its issuer and its keys.
    pub(crate) issuer: &'a Issuer,
    pub(crate) keys: &'a Keys,
    /// Where the PLC directory is.
    pub(crate) plc: &'a str,
    pub(crate) names: &'a Names,
    /// Where each host has a folder of its own.
    pub(crate) stored: &'a Path,
    pub(crate) now: entryway_sandbox::ambient::Clock,
    pub(crate) stop: watch::Receiver<bool>,
}

impl Host {
    /// Starts one, behind this front if there is one; the service does not know of it.
    pub(crate) async fn start(
        front: Option<Front>,
        ground: Ground<'_>,
        tasks: &mut JoinSet<io::Result<()>>,
    ) -> Self {
        let listener = Loopback::bind(0).await.unwrap();
        if let Some(front) = &front {
            front.stand_before(listener.port());
        }
        let origin = front
            .as_ref()
            .map_or_else(|| listener.origin(), |front| front.origin().to_owned());
        let name = PdsName::parse(&origin).unwrap();
        let password = random_hex::<16>();
        secrets::record(&password);
        let settings = delegating(&name, ground.issuer, ground.keys, ground.plc, &password);
        let stored = ground.stored.join(listener.port().to_string());
        let names = ground.names.clone();
        let pds = Pds::open(&stored, settings, names, ground.now, Arc::new(random)).unwrap();
        listener.serve(&pds.router(), &ground.stop, tasks);
        Self {
            did: name.did().clone(),
            url: name.origin().clone(),
            password,
            pds,
            front,
        }
    }

    /// As an operator adds it to the fleet.
    pub(crate) fn as_added(&self, root_key: &ServerKey, now: Timestamp) -> PdsHost {
        as_added((&self.did, &self.url, &self.password), root_key, now)
    }
}

fn as_added(
    (did, url, password): (&Did, &Issuer, &str),
    root_key: &ServerKey,
    added_at: Timestamp,
) -> PdsHost {
    PdsHost {
        did: did.clone(),
        url: url.clone(),
        sealed_password: HostPasswords::new(root_key).seal(did, password).unwrap(),
        state: HostState::Open,
        added_at,
    }
}

/// A PDS of this name that delegates to this service.
fn delegating(name: &PdsName, issuer: &Issuer, keys: &Keys, plc: &str, password: &str) -> PdsSettings {
    PdsSettings {
        origin: name.origin().to_string(),
        did: name.did().clone(),
        issuer: issuer.to_string(),
        plc: plc.to_owned(),
        http: outbound::client().unwrap(),
        entryway_rotation_key: keys.plc_rotation.public_key(),
        admin_password: AdminPassword::new(password.to_owned()),
        verifier: Arc::new(Verifier::new(VerifierConfig {
            issuers: vec![TrustedIssuer::new(
                issuer.clone(),
                IssuerKeys::pinned(keys.public()).unwrap(),
            )],
            audience: name.did().clone(),
            public_url: name.origin().clone(),
            nonces: keys.resource_nonces.clone(),
            limits: Limits::default(),
        })),
    }
}

/// A procedure of a host, called as the service calls it.
async fn call_host(host: &Host, method: &str, input: &Value) -> Value {
    let url = format!("{}/xrpc/{method}", host.url);
    let answer = outbound::client()
        .unwrap()
        .post(url)
        .json(input)
        .send()
        .await
        .unwrap();
    let status = answer.status();
    let body = answer.text().await.unwrap();
    assert!(status.is_success(), "{method} gave {status} {body}");
    serde_json::from_str(&body).unwrap()
}

fn clock(clock: &TestClock) -> entryway_sandbox::ambient::Clock {
    let clock = clock.clone();
    Arc::new(move || clock.now())
}

fn random(bytes: &mut [u8]) {
    assert!(Chance::system().fill(bytes));
}
