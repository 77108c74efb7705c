//! Service tokens as a PDS makes them, by a key that the test holds.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use entryway_core::account::{Account, AccountStatus, PasswordHash};
use entryway_identity::did::SigningKey;
use entryway_identity::plc::{PlcData, UnsignedOperation};
use entryway_oauth::time::Timestamp;
use entryway_sandbox::plc::Submission;
use entryway_scope::{Did, Handle};
use entryway_server::Chance;
use entryway_store::{Creation, NewAccount};
use entryway_tests::{Engine, Key, World, secrets};
use serde_json::{Value, json};

/// An account on a host, and its key.
pub(crate) struct Signer {
    pub(crate) world: World,
    pub(crate) did: Did,
    pub(crate) key: SigningKey,
}

impl Signer {
    /// carol, on the one host of a fleet.
    pub(crate) async fn settle(engine: Engine) -> Self {
        let world = World::start(engine, 1).await;
        let pds_did = world.hosts[0].did.to_string();
        Self::settle_on(world, &pds_did).await
    }

    /// carol, on a PDS of this DID.
    pub(crate) async fn settle_on(world: World, pds_did: &str) -> Self {
        let key = draw();
        let handle = Handle::parse("carol.test").unwrap();
        let operation = UnsignedOperation::genesis(data(&world, &key));
        let operation = operation.sign(&world.server.app().keys().plc_rotation);
        let did = operation.did();
        assert_eq!(
            world.directory.submit(&did, operation).unwrap(),
            Submission::Accepted
        );
        let account = Account {
            did: did.clone(),
            handle,
            email: Some("carol@mail.example".to_owned()),
            email_confirmed_at: None,
            email_auth_factor: false,
            pds_did: pds_did.to_owned(),
            status: AccountStatus::Active,
            credentials_changed_at: Timestamp::from_seconds(0),
        };
        // of a password that nobody knows
        let password_hash = PasswordHash::new(NOBODYS.to_owned());
        let new = NewAccount {
            account: &account,
            password_hash: &password_hash,
        };
        let store = world.server.app().store();
        let created = store
            .create_account(new, world.server.clock().now())
            .await
            .unwrap();
        assert_eq!(created, Creation::Created);
        Self { world, did, key }
    }

    /// An account that lives on the first host, with another key in its document than that host signs with.
    pub(crate) async fn of_resident(world: World, handle: &str) -> Self {
        let resident = world.settle(&world.hosts[0], handle).await;
        let (did, key) = (resident.did, draw());
        let last = world.directory.last(&did).unwrap();
        let mut data = last.data().unwrap().clone();
        let methods = &mut data.verification_methods;
        methods.insert("atproto".to_owned(), key.public_key().to_did_key());
        let signer = Self { world, did, key };
        signer.submit(UnsignedOperation::update(&last, data));
        signer
    }

    /// Another key from now on, as after a move.
    pub(crate) fn rotate(&mut self) {
        self.key = draw();
        let last = self.world.directory.last(&self.did).unwrap();
        let next = UnsignedOperation::update(&last, data(&self.world, &self.key));
        self.submit(next);
    }

    /// The end of the DID.
    pub(crate) fn end(&self) {
        let last = self.world.directory.last(&self.did).unwrap();
        self.submit(UnsignedOperation::tombstone(&last));
    }

    fn submit(&self, operation: UnsignedOperation) {
        let operation = operation.sign(&self.world.server.app().keys().plc_rotation);
        let submission = self.world.directory.submit(&self.did, operation).unwrap();
        assert_eq!(submission, Submission::Accepted);
    }

    /// What a PDS claims (contract 2.1).
    pub(crate) fn claims(&self, nsid: &str) -> Value {
        let now = self.world.server.now();
        json!({
            "iat": now,
            "iss": self.did,
            "aud": self.world.server.config().service_did,
            "exp": now + 60,
            "lxm": nsid,
            "jti": Key::generate().thumbprint(),
        })
    }

    /// A valid token for a method.
    pub(crate) fn token(&self, nsid: &str) -> String {
        self.signed(&json!({"typ": "JWT", "alg": "ES256K"}), &self.claims(nsid))
    }

    /// A token for `getSession`, with one claim changed, or without it.
    pub(crate) fn changed(&self, name: &str, value: Option<Value>) -> String {
        let mut claims = self.claims(crate::scene::GET_SESSION);
        match value {
            Some(value) => claims[name] = value,
            None => drop(claims.as_object_mut().unwrap().remove(name)),
        }
        self.signed(&json!({"typ": "JWT", "alg": "ES256K"}), &claims)
    }

    /// Any header and claims, signed with the account's key.
    pub(crate) fn signed(&self, header: &Value, claims: &Value) -> String {
        signed_by(&self.key, &header.to_string(), &claims.to_string())
    }
}

/// Any two texts, signed.
pub(crate) fn signed_by(key: &SigningKey, header: &str, claims: &str) -> String {
    let message = format!(
        "{}.{}",
        URL_SAFE_NO_PAD.encode(header),
        URL_SAFE_NO_PAD.encode(claims)
    );
    let signature = URL_SAFE_NO_PAD.encode(key.sign(message.as_bytes()));
    let token = format!("{message}.{signature}");
    secrets::record(&token);
    token
}

/// Some key.
pub(crate) fn draw() -> SigningKey {
    SigningKey::from_bytes(&Chance::system().bytes().unwrap()).unwrap()
}

fn data(world: &World, key: &SigningKey) -> PlcData {
    let handle = Handle::parse("carol.test").unwrap();
    let rotation_keys = vec![world.server.app().keys().plc_rotation_did_key()];
    PlcData::account(
        &handle,
        &key.public_key(),
        world.hosts[0].url.as_str(),
        rotation_keys,
    )
}

const NOBODYS: &str = "$argon2id$v=19$m=19456,t=2,p=1$AAAAAAAAAAAAAAAAAAAAAA$\
     AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA";
