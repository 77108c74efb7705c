//! The authorization server on a database, a clock and accounts of its own.

use std::net::{IpAddr, Ipv4Addr};
use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::body::Body;
use entryway_core::account::AccountStatus;
use entryway_core::handle::{HandleDomains, HandleRules, ReservedNames};
use entryway_core::invite::Invitation;
use entryway_core::policy::Policy;
use entryway_identity::fetch::{Development, FetchSettings, Fetcher};
use entryway_identity::resolve::{RealTxt, TxtLookup};
use entryway_oauth::issuer::Issuer;
use entryway_oauth::secret::ServerKey;
use entryway_resource::client::{ClientSettings, HttpClient};
use entryway_scope::Did;
use entryway_server::{About, App, Capacity, Chance, Config, Fault, Letter, LocalDocuments, Outside, Peer};
use entryway_store::{Creation, NewAccount, Store};
use http::Request;
use http_body_util::BodyExt as _;
use tower::ServiceExt as _;
use url::Url;

use crate::account::{TestAccount, alice, bob};
use crate::clock::TestClock;
use crate::engine::{Database, Engine};
use crate::letters::{Letters, Mail};
use crate::log;
use crate::reply::Reply;
use crate::service::{Service, received};
use crate::site::ClientSite;

/// One instance of the service. Clones are the same instance.
#[derive(Clone, Debug)]
pub struct TestServer {
    app: App,
    router: Router,
    /// What two instances of one deployment share, and what outlives a restart.
    deployment: Arc<Deployment>,
    /// Whom the service takes for the other end of the connection.
    peer: IpAddr,
}

#[derive(Debug)]
struct Deployment {
    database: Database,
    clock: TestClock,
    config: Config,
    /// What each instance may fetch besides public hosts.
    reach: Development,
    lexicons: LexiconAuthorities,
    letters: Letters,
}

/// Where the authorities of lexicons are found: the PLC directory, and the DNS.
#[derive(Clone, Debug)]
pub struct LexiconAuthorities {
    /// The directory.
    pub plc: Url,
    /// The TXT records.
    pub dns: Arc<dyn TxtLookup>,
}

impl LexiconAuthorities {
    /// There are none.
    fn none() -> Self {
        Self::known_to("http://127.0.0.1:1/")
    }

    /// None that the DNS knows, and a directory.
    pub(crate) fn known_to(plc: &str) -> Self {
        Self {
            plc: plc.parse().unwrap(),
            dns: Arc::new(RealTxt::new(Some(([127, 0, 0, 1], 1).into())).unwrap()),
        }
    }
}

/// What the metadata advertises.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[expect(missing_docs, reason = "the endpoints are named as the RFCs name them")]
pub enum Endpoint {
    Metadata,
    Authorize,
    Par,
    Token,
    Revoke,
    Jwks,
    Revocations,
}

impl TestServer {
    /// A server as an operator gets it who decides nothing.
    pub async fn start(engine: Engine) -> Self {
        Self::start_with(engine, |_| ()).await
    }

    /// A server as an operator configured it.
    pub async fn start_with(engine: Engine, configure: impl FnOnce(&mut Config)) -> Self {
        Self::start_beside(engine, &[], configure).await
    }

    /// A server as an operator configured it, that finds these hosts where they are.
    pub async fn start_beside(
        engine: Engine,
        sites: &[&ClientSite],
        configure: impl FnOnce(&mut Config),
    ) -> Self {
        Self::start_among(engine, sites, LexiconAuthorities::none(), configure).await
    }

    /// A server as an operator configured it, that finds the authorities of lexicons there.
    pub async fn start_resolving(
        engine: Engine,
        lexicons: LexiconAuthorities,
        configure: impl FnOnce(&mut Config),
    ) -> Self {
        Self::start_among(engine, &[], lexicons, configure).await
    }

    async fn start_among(
        engine: Engine,
        sites: &[&ClientSite],
        lexicons: LexiconAuthorities,
        configure: impl FnOnce(&mut Config),
    ) -> Self {
        let server = Self::start_empty(engine, sites, lexicons, configure).await;
        for account in [alice(), bob()] {
            server.create_account(account, AccountStatus::Active).await;
        }
        server
    }

    /// One that knows no account yet.
    pub(crate) async fn start_empty(
        engine: Engine,
        sites: &[&ClientSite],
        lexicons: LexiconAuthorities,
        configure: impl FnOnce(&mut Config),
    ) -> Self {
        log::keep();
        // this machine is all there is
        let mut reach = Development {
            loopback_http: true,
            ..Development::default()
        };
        for site in sites {
            site.reached_by(&mut reach);
        }
        let mut config = Config {
            issuer: Issuer::parse("http://localhost:2583").unwrap(),
            prefix: "/oauth".to_owned(),
            policy: Policy::default(),
            local_documents: LocalDocuments::Admitted,
            root_key: ServerKey::new(Chance::system().bytes().unwrap()),
            limit_sign_ins: false,
            calls_per_minute: None,
            capacity: Capacity::default(),
            feed_readers: Vec::new(),
            service_did: Did::parse("did:web:localhost%3A2583").unwrap(),
            handles: HandleRules {
                domains: HandleDomains::parse(&[".test"]).unwrap(),
                reserved: ReservedNames::default(),
            },
            invitation: Invitation::Optional,
            admin_tokens: Vec::new(),
            trusted_proxies: Vec::new(),
            pds_watch_every: None,
            about: About::default(),
        };
        configure(&mut config);
        let database = Database::create(engine).await;
        let deployment = Deployment {
            database,
            clock: TestClock::new(),
            config,
            reach,
            lexicons,
            letters: Letters::default(),
        };
        Self::open(Arc::new(deployment)).await.unwrap()
    }

    async fn open(deployment: Arc<Deployment>) -> Result<Self, Fault> {
        let store = Store::open(deployment.database.url()).await?;
        let (config, clock) = (deployment.config.clone(), deployment.clock.for_server());
        let app = App::open(config, store, deployment.outside(), clock, Chance::system()).await?;
        let router = entryway_server::router(&app);
        Ok(Self {
            app,
            router,
            deployment,
            peer: IpAddr::V4(Ipv4Addr::LOCALHOST),
        })
    }

    /// The same instance as somebody at this address meets it.
    pub fn seen_from(&self, address: &str) -> Self {
        Self {
            peer: address.parse().unwrap(),
            ..self.clone()
        }
    }

    /// A second instance of the same deployment: same database, same keys, same clock.
    pub async fn another_instance(&self) -> Self {
        Self::open(self.deployment.clone()).await.unwrap()
    }

    /// The service after a restart.
    pub async fn restarted(self) -> Self {
        self.app.store().close().await;
        let deployment = self.deployment.clone();
        drop(self);
        Self::open(deployment).await.unwrap()
    }

    /// What becomes of an instance that is started on this database with another root key.
    pub async fn open_with_root_key(&self, root_key: ServerKey) -> Result<App, Fault> {
        let store = Store::open(self.database().url()).await?;
        let config = Config {
            root_key,
            ..self.deployment.config.clone()
        };
        let (outside, clock) = (self.deployment.outside(), self.clock().for_server());
        App::open(config, store, outside, clock, Chance::system()).await
    }

    /// Asks, in process, from this machine or from where it is [seen from](Self::seen_from).
    ///
    /// Whatever is asked, the answer is never our fault, and is never guessed to be of another type
    /// than it says.
    pub async fn send(&self, mut request: Request<Body>) -> Reply {
        request.extensions_mut().insert(Peer(self.peer));
        let asked = format!("{} {}", request.method(), request.uri().path());
        let Ok(response) = self.router.clone().oneshot(request).await;
        let (parts, body) = response.into_parts();
        let body = body.collect().await.unwrap().to_bytes();
        let reply = Reply {
            status: parts.status,
            headers: parts.headers,
            body,
        };
        received(&asked, reply)
    }

    /// `GET`, with nothing else in the request.
    pub async fn get(&self, path: &str) -> Reply {
        self.send(Request::get(path).body(Body::empty()).unwrap()).await
    }

    /// The path of an endpoint.
    pub fn path(&self, endpoint: Endpoint) -> String {
        endpoint.under(&self.deployment.config.prefix)
    }

    /// The public URL of an endpoint.
    pub fn url(&self, endpoint: Endpoint) -> String {
        self.app.issuer().url(&self.path(endpoint))
    }

    /// The issuer identifier.
    pub fn issuer(&self) -> &str {
        self.app.issuer().as_str()
    }

    /// The service itself.
    pub const fn app(&self) -> &App {
        &self.app
    }

    /// The service as a router, to be served.
    pub(crate) const fn router(&self) -> &Router {
        &self.router
    }

    /// What an operator decided.
    pub fn config(&self) -> &Config {
        &self.deployment.config
    }

    /// The time here.
    pub fn clock(&self) -> &TestClock {
        &self.deployment.clock
    }

    /// This instant, in seconds since the epoch.
    pub fn now(&self) -> i64 {
        self.clock().now().seconds()
    }

    /// The letters that were sent, by every instance of the deployment.
    pub fn letters(&self) -> Vec<Letter> {
        self.deployment.letters.all()
    }

    /// The letter of this number, counted from one; waits until it is sent.
    pub async fn letter(&self, number: usize) -> Letter {
        self.deployment.letters.number(number).await
    }

    /// How the mail server of the deployment is from now on.
    pub fn mail(&self, mail: Mail) {
        self.deployment.letters.be(mail);
    }

    /// What is stored.
    pub fn database(&self) -> &Database {
        &self.deployment.database
    }

    /// The service still says of itself what it said at first.
    pub async fn assert_well(&self) {
        let metadata = self.get(&self.path(Endpoint::Metadata)).await;
        assert_eq!(
            (metadata.code(), metadata.member("issuer").as_str()),
            (200, self.issuer())
        );
    }

    /// Makes an account.
    pub async fn create_account(&self, account: &TestAccount, status: AccountStatus) {
        let hash = account.hash(self.app.passwords()).await;
        let now = self.clock().now();
        let new = NewAccount {
            account: &account.facts(status, now),
            password_hash: hash,
        };
        assert_eq!(
            self.app.store().create_account(new, now).await.unwrap(),
            Creation::Created
        );
    }
}

/// How long a host on this machine may be silent. Some are silent on purpose, and a test waits for that.
const HOST_WAIT: Duration = Duration::from_secs(5);

impl Deployment {
    /// Its own for each instance: none knows what another has fetched.
    fn outside(&self) -> Outside {
        let fetcher = Fetcher::new(FetchSettings {
            development: Some(self.reach.clone()),
            ..FetchSettings::default()
        });
        let http = HttpClient::new(ClientSettings {
            answer_wait: HOST_WAIT,
            idle_wait: HOST_WAIT,
            ..ClientSettings::default()
        });
        let LexiconAuthorities { plc, dns } = self.lexicons.clone();
        let outside = Outside::new(fetcher.unwrap(), http.unwrap(), plc, dns);
        outside.with_post(Arc::new(self.letters.clone()))
    }
}

impl Service for TestServer {
    async fn ask(&self, request: Request<Body>) -> Option<Reply> {
        Some(self.send(request).await)
    }

    fn issuer(&self) -> &str {
        Self::issuer(self)
    }

    fn path(&self, endpoint: Endpoint) -> String {
        Self::path(self, endpoint)
    }

    fn now(&self) -> i64 {
        Self::now(self)
    }
}

impl Endpoint {
    /// Its path in a deployment with this prefix.
    pub(crate) fn under(self, prefix: &str) -> String {
        let name = match self {
            Self::Metadata => return "/.well-known/oauth-authorization-server".to_owned(),
            Self::Authorize => "authorize",
            Self::Par => "par",
            Self::Token => "token",
            Self::Revoke => "revoke",
            Self::Jwks => "jwks",
            Self::Revocations => "revocations",
        };
        format!("{prefix}/{name}")
    }
}
