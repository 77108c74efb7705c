//! What every handler is given.

use std::sync::Arc;

use entryway_core::account_change::Kind;
use entryway_core::policy::{ACCESS_TOKEN_LIFETIME_MAX, Policy};
use entryway_identity::fetch::Fetcher;
use entryway_identity::lexicon::LexiconResolver;
use entryway_identity::resolve::{DidResolver, HandleResolver, TxtLookup};
use entryway_oauth::issuer::Issuer;
use entryway_oauth::metadata::Endpoints;
use entryway_oauth::time::Timestamp;
use entryway_resource::client::HttpClient;
use entryway_scope::{Did, Handle};
use entryway_store::{Holder, Store};
use tokio::sync::Semaphore;
use url::Url;

use crate::admission::Admission;
use crate::clients::Clients;
use crate::clock::{Chance, Clock};
use crate::config::Config;
use crate::did_documents::DidDocuments;
use crate::failure::Fault;
use crate::feed::{Hub, Readers};
use crate::fleet::{Fleet, HostPasswords};
use crate::keys::Keys;
use crate::leaving::Leaving;
use crate::limits::{CallLimits, LetterLimits, SignInLimits};
use crate::mail::{NoPost, Post};
use crate::password::Passwords;
use crate::sets::PermissionSets;
use crate::turns::Turns;
use crate::xrpc::CallsUnderWay;

/// The ways out of the program.
#[derive(Clone, Debug)]
pub struct Outside {
    /// To what strangers name.
    pub fetcher: Fetcher,
    /// To permission sets.
    pub lexicons: LexiconResolver,
    /// To documents of DIDs.
    pub dids: DidResolver,
    /// To whose a handle is, by its own domain.
    pub handles: HandleResolver,
    /// To what the operator names: PDS hosts of the fleet and the PLC directory.
    pub http: HttpClient,
    /// The PLC directory.
    pub plc: Url,
    /// To people, by mail.
    pub post: Arc<dyn Post>,
}

impl Outside {
    /// The ways out by this fetcher and this client: accounts are known to the PLC directory at this URL, and
    /// handles and the authorities of lexicons to this DNS.
    pub fn new(fetcher: Fetcher, http: HttpClient, plc: Url, dns: Arc<dyn TxtLookup>) -> Self {
        let dids = DidResolver::new(fetcher.clone(), plc.clone());
        Self {
            lexicons: LexiconResolver::new(dids.clone(), Arc::clone(&dns)),
            handles: HandleResolver::new(fetcher.clone(), dns),
            dids,
            fetcher,
            http,
            plc,
            post: Arc::new(NoPost),
        }
    }

    /// The same with a way out for mail; without one nothing is sent.
    #[must_use]
    pub fn with_post(self, post: Arc<dyn Post>) -> Self {
        Self { post, ..self }
    }
}

/// The authorization server of one instance. Cheap to clone.
#[derive(Clone, Debug)]
pub struct App(Arc<Inner>);

#[derive(Debug)]
struct Inner {
    config: Config,
    endpoints: Endpoints,
    store: Store,
    keys: Keys,
    feed: Hub,
    feed_readers: Readers,
    clients: Clients,
    sets: PermissionSets,
    fleet: Fleet,
    outside: Outside,
    did_documents: DidDocuments,
    admission: Admission,
    calls_under_way: CallsUnderWay,
    passwords: Passwords,
    limits: SignInLimits,
    sign_up_limits: SignInLimits,
    sign_up_turns: Turns<Handle>,
    change_turns: Turns<(Did, Kind)>,
    letter_limits: LetterLimits,
    letters_under_way: Arc<Semaphore>,
    call_limits: Option<CallLimits>,
    /// What this instance is called among those of the deployment.
    instance: Holder,
    leaving: Leaving,
    clock: Clock,
    chance: Chance,
}

impl App {
    /// Opens the service on a store whose schema is up to date.
    ///
    /// # Errors
    /// A [`Fault`] as [`Keys::adopt`] says, or for settings that cannot be.
    pub async fn open(
        config: Config,
        store: Store,
        outside: Outside,
        clock: Clock,
        chance: Chance,
    ) -> Result<Self, Fault> {
        if config.policy.access_token_lifetime > ACCESS_TOKEN_LIFETIME_MAX {
            return Err(Fault::new("access tokens may live for an hour at most"));
        }
        let feed_readers = Readers::new(config.feed_readers.clone())?;
        let keys = Keys::adopt(&store, &config.root_key, &chance, clock.now()).await?;
        let feed = Hub::open(store.clone(), clock.clone(), &keys, &config.issuer).await?;
        let clients = Clients::new(outside.fetcher.clone(), config.local_documents);
        let lexicons = outside.lexicons.clone();
        let sets = PermissionSets::new(store.clone(), lexicons, config.policy.permission_sets);
        let passwords_of_hosts = HostPasswords::new(&config.root_key);
        let proxies = config.trusted_proxies.clone();
        let fleet = Fleet::new(store.clone(), clock.clone(), passwords_of_hosts, proxies);
        let did_documents = DidDocuments::new(outside.dids.clone());
        let passwords = Passwords::new(chance.clone())?;
        let failed = config.limit_sign_ins.then_some(config.policy.failed_sign_ins);
        let limits = SignInLimits::new(store.clone(), "sign-in", failed);
        let sign_up_limits = SignInLimits::new(store.clone(), "sign-up", failed);
        let letter_limits = LetterLimits::new(config.limit_sign_ins.then(|| store.clone()));
        let instance = Holder::from_entropy(chance.bytes()?);
        let call_limits = config.calls_per_minute.map(CallLimits::new);
        let admission = Admission::new(&config.capacity);
        let endpoints = Endpoints::under(&config.prefix);
        Ok(Self(Arc::new(Inner {
            config,
            endpoints,
            store,
            keys,
            feed,
            feed_readers,
            clients,
            sets,
            fleet,
            outside,
            did_documents,
            admission,
            calls_under_way: CallsUnderWay::default(),
            passwords,
            limits,
            sign_up_limits,
            sign_up_turns: Turns::new(),
            change_turns: Turns::new(),
            letter_limits,
            letters_under_way: Arc::new(Semaphore::new(LETTERS_UNDER_WAY_MAX as usize)),
            call_limits,
            instance,
            leaving: Leaving::default(),
            clock,
            chance,
        })))
    }

    /// The service's identifier.
    pub fn issuer(&self) -> &Issuer {
        &self.0.config.issuer
    }

    /// The service's DID.
    pub fn service_did(&self) -> &Did {
        &self.0.config.service_did
    }

    /// The keys, for a resource on the same machine to pin.
    pub fn keys(&self) -> &Keys {
        &self.0.keys
    }

    pub(crate) fn did_documents(&self) -> &DidDocuments {
        &self.0.did_documents
    }

    pub(crate) fn post(&self) -> &dyn Post {
        &*self.0.outside.post
    }

    pub(crate) fn feed(&self) -> &Hub {
        &self.0.feed
    }

    pub(crate) fn feed_readers(&self) -> &Readers {
        &self.0.feed_readers
    }

    pub(crate) fn clients(&self) -> &Clients {
        &self.0.clients
    }

    pub(crate) fn sets(&self) -> &PermissionSets {
        &self.0.sets
    }

    /// The PDS hosts.
    pub fn fleet(&self) -> &Fleet {
        &self.0.fleet
    }

    pub(crate) fn admission(&self) -> &Admission {
        &self.0.admission
    }

    pub(crate) fn calls_under_way(&self) -> &CallsUnderWay {
        &self.0.calls_under_way
    }

    /// The ways out.
    pub fn outside(&self) -> &Outside {
        &self.0.outside
    }

    /// The store.
    pub fn store(&self) -> &Store {
        &self.0.store
    }

    /// Hashes passwords.
    pub fn passwords(&self) -> &Passwords {
        &self.0.passwords
    }

    pub(crate) fn config(&self) -> &Config {
        &self.0.config
    }

    pub(crate) fn policy(&self) -> &Policy {
        &self.0.config.policy
    }

    pub(crate) fn endpoints(&self) -> &Endpoints {
        &self.0.endpoints
    }

    pub(crate) fn limits(&self) -> &SignInLimits {
        &self.0.limits
    }

    pub(crate) fn sign_up_limits(&self) -> &SignInLimits {
        &self.0.sign_up_limits
    }

    pub(crate) fn sign_up_turns(&self) -> &Turns<Handle> {
        &self.0.sign_up_turns
    }

    pub(crate) fn change_turns(&self) -> &Turns<(Did, Kind)> {
        &self.0.change_turns
    }

    pub(crate) fn letter_limits(&self) -> &LetterLimits {
        &self.0.letter_limits
    }

    /// A place for each letter that nobody waits for.
    pub(crate) fn letters_under_way(&self) -> &Arc<Semaphore> {
        &self.0.letters_under_way
    }

    /// Waits for the letters that nobody else waits for.
    pub async fn letters_are_sent(&self) {
        // all of the places at once; closed never
        drop(self.0.letters_under_way.acquire_many(LETTERS_UNDER_WAY_MAX).await);
    }

    pub(crate) fn call_limits(&self) -> Option<&CallLimits> {
        self.0.call_limits.as_ref()
    }

    /// What this instance is called among those of the deployment: another one after each start.
    pub(crate) fn instance(&self) -> Holder {
        self.0.instance
    }

    /// Tells whoever asks that this instance is about to stop: it is not ready any more, and each answer is the last
    /// of its connection. Requests are answered as before.
    pub fn leave(&self) {
        self.0.leaving.begin();
    }

    pub(crate) fn is_leaving(&self) -> bool {
        self.0.leaving.has_begun()
    }

    pub(crate) fn chance(&self) -> &Chance {
        &self.0.chance
    }

    pub(crate) fn clock(&self) -> &Clock {
        &self.0.clock
    }

    /// This instant.
    pub fn now(&self) -> Timestamp {
        self.0.clock.now()
    }
}

/// Letters that are on their way at once, and for which nobody waits: each holds a connection to the mail server.
const LETTERS_UNDER_WAY_MAX: u32 = 64;
