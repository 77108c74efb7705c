//! A fresh database for a test, and plausible things to put into it.

use std::future::Future;
use std::io::Write as _;
use std::sync::atomic::{AtomicU32, Ordering};

use sqlx::{AnyConnection, AssertSqlSafe, ConnectOptions as _, Connection as _, Executor as _};
use tempfile::TempDir;

use entryway_core::account::{Account, AccountStatus, PasswordHash};
use entryway_core::account_change::{AccountChange, Change, StatusChange};
use entryway_core::request::{AuthorizationRequest, ResponseMode};
use entryway_core::session::Session;
use entryway_oauth::client_id::ClientId;
use entryway_oauth::jwk::Thumbprint;
use entryway_oauth::pkce::CodeChallenge;
use entryway_oauth::redirect::RedirectUri;
use entryway_oauth::secret::{Digest, SessionId};
use entryway_oauth::time::{Seconds, Timestamp};
use entryway_scope::{Did, Handle, ScopeSet};

use crate::{
    Admission, Approval, Basis, Binding, ChangeBegin, ChangeFinish, Creation, Decision, Mark, NewAccount,
    NewRequest, NewSession, Redemption, Rotation, Store,
};

/// The instant at which tests begin.
pub(crate) const NOON: Timestamp = Timestamp::from_seconds(1_800_000_000);

/// How many at a time a race has.
pub(crate) const RACERS: usize = 64;

/// How long the lost answer of a refresh may be asked for again.
pub(crate) const WINDOW: Seconds = Seconds(60);

/// A store on a database of its own, which goes when the bench goes.
pub(crate) struct Bench {
    pub(crate) store: Store,
    pub(crate) database: Database,
    serial: AtomicU32,
}

impl Bench {
    pub(crate) async fn sqlite() -> Self {
        Self::on(Database::sqlite()).await
    }

    pub(crate) async fn postgres() -> Option<Self> {
        let database = Database::postgres().await?;
        Some(Self::on(database).await)
    }

    async fn on(database: Database) -> Self {
        Self {
            store: Store::open(&database.url).await.unwrap(),
            database,
            serial: AtomicU32::new(0),
        }
    }

    /// A number no other call on this bench gives.
    pub(crate) fn fresh(&self) -> u32 {
        self.serial.fetch_add(1, Ordering::Relaxed)
    }

    /// A digest no other call on this bench gives.
    pub(crate) fn digest(&self) -> Digest {
        Digest::of(&self.fresh().to_be_bytes())
    }

    /// A mark no other call on this bench gives, remembered for five minutes from noon.
    pub(crate) fn mark(&self) -> Mark {
        Mark {
            digest: self.digest(),
            expires_at: NOON + Seconds::minutes(5),
        }
    }

    /// An account that exists.
    pub(crate) async fn account(&self) -> Account {
        let account = account(self.fresh());
        let new = NewAccount {
            account: &account,
            password_hash: &hash("first"),
        };
        assert_eq!(
            self.store.create_account(new, NOON).await.unwrap(),
            Creation::Created
        );
        account
    }

    /// The id of a request that waits, until five minutes after noon.
    pub(crate) async fn request(&self) -> Digest {
        let id = self.digest();
        let new = NewRequest {
            id,
            request: &request(),
            challenge: self.mark(),
            proof: Some(self.mark()),
            expires_at: NOON + Seconds::minutes(5),
        };
        assert_eq!(
            self.store.admit_request(new, NOON).await.unwrap(),
            Admission::Admitted
        );
        id
    }

    /// The id of a request that a browser opened, and that browser.
    pub(crate) async fn opened_request(&self) -> (Digest, Digest) {
        let (id, browser) = (self.request().await, self.digest());
        let binding = self
            .store
            .bind_request(
                id,
                browser,
                NOON,
                NOON + Seconds::minutes(5),
                Seconds::minutes(30),
            )
            .await
            .unwrap();
        assert!(matches!(binding, Binding::Bound(_)));
        (id, browser)
    }

    /// A code good until a minute after noon, and whose.
    pub(crate) async fn code(&self) -> (Digest, Account) {
        let account = self.account().await;
        let (id, browser) = self.opened_request().await;
        let code = self.digest();
        let approval = Approval {
            basis: Basis::Page,
            did: &account.did,
            scope: &scope(),
            code,
            code_expires_at: NOON + Seconds(60),
            authenticated_at: NOON,
        };
        let decision = self
            .store
            .approve_request(id, browser, approval, NOON)
            .await
            .unwrap();
        assert_eq!(decision, Decision::Decided(request()));
        (code, account)
    }

    /// A session as it could begin for this account.
    pub(crate) fn new_session(&self, did: &Did) -> Session {
        let mut entropy = [0; 16];
        entropy[..4].copy_from_slice(&self.fresh().to_be_bytes());
        Session {
            id: SessionId::from_entropy(entropy),
            did: did.clone(),
            client_id: request().client_id,
            scope: scope(),
            jkt: Thumbprint::parse("NzbLsXh8uDCcd-6MNwXF4W_7noWXFZAfHkxZsRGC9Xs").unwrap(),
            client_key: None,
            salt: [7; 16],
            generation: 0,
            created_at: NOON,
            rotated_at: NOON,
            expires_at: NOON + Seconds::days(14),
            ended: None,
        }
    }

    /// A session that lives for fourteen days from noon, at generation 0, and the code that gave it.
    pub(crate) async fn session(&self) -> (Session, Digest) {
        let (code, account) = self.code().await;
        let session = self.new_session(&account.did);
        let new = NewSession { session: &session };
        let redemption = self.store.redeem_code(code, new, self.mark(), NOON).await;
        assert_eq!(redemption.unwrap(), Redemption::Redeemed);
        (session, code)
    }

    /// Presents a generation with a fresh proof.
    pub(crate) async fn rotate(&self, id: SessionId, presented: u32, now: Timestamp) -> Rotation {
        self.store
            .rotate_refresh(id, presented, WINDOW, self.mark(), now)
            .await
            .unwrap()
    }

    /// The session as it is stored.
    pub(crate) async fn stored(&self, id: SessionId) -> Session {
        self.store.session(id).await.unwrap().unwrap().session
    }
}

/// Where a test's database is. Dropping it drops the database.
pub(crate) struct Database {
    pub(crate) url: String,
    server: Option<String>,
    _folder: Option<TempDir>,
}

impl Database {
    pub(crate) fn sqlite() -> Self {
        let folder = TempDir::new().unwrap();
        Self {
            url: format!("sqlite://{}/entryway.db", folder.path().display()),
            server: None,
            _folder: Some(folder),
        }
    }

    pub(crate) async fn postgres() -> Option<Self> {
        let Some(server) = server() else {
            say_what_is_skipped();
            return None;
        };
        let mut entropy = [0; 8];
        aws_lc_rs::rand::fill(&mut entropy).unwrap();
        let name = format!("entryway_test_{:016x}", u64::from_be_bytes(entropy));
        execute(&server, &format!("create database {name}")).await;
        Some(Self {
            url: with_name(&server, &name),
            server: Some(server),
            _folder: None,
        })
    }
}

impl Drop for Database {
    fn drop(&mut self) {
        let Some(server) = self.server.clone() else {
            return;
        };
        let name = name_of(&self.url).to_owned();
        // a thread of its own, because a runtime cannot be waited for from within one
        let dropped = std::thread::spawn(move || {
            let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
            runtime
                .unwrap()
                .block_on(execute(&server, &format!("drop database {name} with (force)")));
        });
        let _ = dropped.join();
    }
}

#[expect(clippy::disallowed_methods, reason = "names the server of this test run")]
fn server() -> Option<String> {
    std::env::var("ENTRYWAY_TEST_POSTGRES_URL")
        .ok()
        .filter(|url| !url.is_empty())
}

/// Past the capture of the test's output, once.
fn say_what_is_skipped() {
    static SAID: std::sync::Once = std::sync::Once::new();
    SAID.call_once(|| {
        let line = b"skipped: every store test on PostgreSQL, for ENTRYWAY_TEST_POSTGRES_URL is not set\n";
        std::io::stderr().write_all(line).unwrap();
    });
}

/// `postgres://user@host/name?host=/socket`
fn name_of(url: &str) -> &str {
    let path = url.split('?').next().unwrap();
    path.rsplit('/').next().unwrap()
}

fn with_name(url: &str, name: &str) -> String {
    let (path, parameters) = url.split_once('?').unwrap_or((url, ""));
    let server = path.rsplit_once('/').unwrap().0;
    format!("{server}/{name}?{parameters}")
}

/// A connection beside the store.
pub(crate) async fn connect(url: &str) -> AnyConnection {
    sqlx::any::install_default_drivers();
    let parameters = if url.starts_with("sqlite:") {
        "?mode=rwc"
    } else {
        ""
    };
    let url = format!("{url}{parameters}");
    let options: sqlx::any::AnyConnectOptions = url.parse().unwrap();
    options.connect().await.unwrap()
}

/// Runs a statement on a connection of its own.
pub(crate) async fn execute(url: &str, statement: &str) {
    let mut db = connect(url).await;
    db.execute(AssertSqlSafe(statement)).await.unwrap();
    db.close().await.unwrap();
}

/// What sixty-four calls at once answered, in no order. `call` gets the number of the racer.
pub(crate) async fn race<T, F>(call: impl Fn(usize) -> F) -> Vec<T>
where
    T: Send + 'static,
    F: Future<Output = T> + Send + 'static,
{
    let barrier = std::sync::Arc::new(tokio::sync::Barrier::new(RACERS));
    let racers: Vec<_> = (0..RACERS)
        .map(|number| {
            let (barrier, run) = (barrier.clone(), call(number));
            tokio::spawn(async move {
                barrier.wait().await;
                run.await
            })
        })
        .collect();
    let mut answers = Vec::with_capacity(RACERS);
    for racer in racers {
        answers.push(racer.await.unwrap());
    }
    answers
}

/// How many of the answers are this one.
pub(crate) fn count<T: PartialEq>(answers: &[T], answer: &T) -> usize {
    answers.iter().filter(|given| *given == answer).count()
}

/// The account of this number; not created.
pub(crate) fn account(number: u32) -> Account {
    let letters: String = format!("{number:024}")
        .bytes()
        .map(|digit| char::from(b'a' + (digit - b'0')))
        .collect();
    Account {
        did: Did::parse(&format!("did:plc:{letters}")).unwrap(),
        handle: Handle::parse(&format!("person{number}.test")).unwrap(),
        email: Some(format!("person{number}@mail.example")),
        email_confirmed_at: None,
        email_auth_factor: false,
        pds_did: "did:web:pds.example".to_owned(),
        status: AccountStatus::Active,
        credentials_changed_at: NOON,
    }
}

pub(crate) fn hash(text: &str) -> PasswordHash {
    PasswordHash::new(format!("$argon2id$v=19$m=8,t=1,p=1$c2FsdA${text}"))
}

pub(crate) fn scope() -> ScopeSet {
    ScopeSet::parse("atproto transition:generic").unwrap()
}

pub(crate) fn request() -> AuthorizationRequest {
    AuthorizationRequest {
        client_id: ClientId::parse("http://localhost?scope=atproto%20transition:generic").unwrap(),
        redirect_uri: RedirectUri::parse("http://127.0.0.1:4000/cb").unwrap(),
        response_mode: ResponseMode::Query,
        state: "a\u{0}b \u{1f600} \"'".to_owned(),
        scope: scope(),
        code_challenge: CodeChallenge::parse("E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM").unwrap(),
        prompt: None,
        login_hint: None,
        jkt: None,
        client_key: None,
    }
}

/// What becomes of an account's wish for this handle.
pub(crate) async fn wish(store: &Store, account: &Account, handle: &Handle) -> ChangeBegin {
    let change = Change::Handle {
        from: account.handle.clone(),
        to: handle.clone(),
    };
    let asked = AccountChange::begin(account, change, NOON);
    store.begin_change(&asked).await.unwrap()
}

/// Makes this of the account, whose PDS hears of it.
pub(crate) async fn set_status(store: &Store, account: &Account, change: StatusChange) {
    let asked = AccountChange::begin(account, Change::Status(change), NOON);
    let begun = match store.begin_change(&asked).await.unwrap() {
        ChangeBegin::Begun(begun) => begun,
        other => panic!("{other:?}"),
    };
    assert_eq!(store.finish_change(&begun).await.unwrap(), ChangeFinish::Finished);
}
