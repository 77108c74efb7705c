//! Accounts that people have.

use std::sync::LazyLock;

use entryway_core::account::{Account, AccountStatus, PasswordHash};
use entryway_core::password::NewPassword;
use entryway_oauth::time::Timestamp;
use entryway_scope::{Did, Handle};
use entryway_server::Passwords;
use tokio::sync::OnceCell;

use crate::key::random_hex;
use crate::secrets;

/// An account with the password that opens it.
#[derive(Debug)]
pub struct TestAccount {
    /// What `sub` holds.
    pub did: &'static str,
    /// What is typed.
    pub handle: &'static str,
    /// What `aud` holds.
    pub pds: &'static str,
    /// Random, and the same for the whole process: hashing is slow.
    pub password: String,
    hash: OnceCell<PasswordHash>,
}

impl TestAccount {
    fn new(did: &'static str, handle: &'static str, pds: &'static str) -> Self {
        let password = random_hex::<12>();
        secrets::record(&password);
        Self {
            did,
            handle,
            pds,
            password,
            hash: OnceCell::new(),
        }
    }

    /// One that is known by these for as long as the process is.
    pub(crate) fn known_by(did: &str, handle: &str, pds: &str, password: &str) -> Self {
        let kept = |text: &str| -> &'static str { Box::leak(text.to_owned().into_boxed_str()) };
        Self {
            did: kept(did),
            handle: kept(handle),
            pds: kept(pds),
            password: password.to_owned(),
            hash: OnceCell::new(),
        }
    }

    /// Its password, as one that is chosen anew.
    pub fn new_password(&self) -> NewPassword {
        NewPassword::parse(&self.password).unwrap()
    }

    /// What a store knows of it.
    pub(crate) fn facts(&self, status: AccountStatus, now: Timestamp) -> Account {
        Account {
            did: Did::parse(self.did).unwrap(),
            handle: Handle::parse(self.handle).unwrap(),
            email: Some(format!("{}@mail.example", self.handle.trim_end_matches(".test"))),
            email_confirmed_at: None,
            email_auth_factor: false,
            pds_did: self.pds.to_owned(),
            status,
            // from before the test began
            credentials_changed_at: Timestamp::from_seconds(now.seconds() - 1),
        }
    }

    pub(crate) async fn hash(&self, passwords: &Passwords) -> &PasswordHash {
        self.hash
            .get_or_init(async || passwords.hash(&self.new_password()).await.unwrap())
            .await
    }
}

/// The account of `alice.test`.
pub fn alice() -> &'static TestAccount {
    static ALICE: LazyLock<TestAccount> = LazyLock::new(|| {
        TestAccount::new(
            "did:plc:alicealicealicealicealic",
            "alice.test",
            "did:web:one.pds.test",
        )
    });
    &ALICE
}

/// The account of `bob.test`, which lives at another PDS.
pub fn bob() -> &'static TestAccount {
    static BOB: LazyLock<TestAccount> = LazyLock::new(|| {
        TestAccount::new(
            "did:plc:bobbobbobbobbobbobbobbob",
            "bob.test",
            "did:web:two.pds.test",
        )
    });
    &BOB
}

/// An account that no server has until a test [makes](TestServer::create_account) it.
pub fn carol() -> &'static TestAccount {
    static CAROL: LazyLock<TestAccount> = LazyLock::new(|| {
        TestAccount::new(
            "did:plc:carolcarolcarolcarolcaro",
            "carol.test",
            "did:web:one.pds.test",
        )
    });
    &CAROL
}
