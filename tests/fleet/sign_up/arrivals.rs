//! Somebody who lives elsewhere moves here with their DID (A7, A8, A18, contract 2.3).

mod killed;
mod refusals;

use entryway_core::account::AccountStatus;
use entryway_identity::did::SigningKey;
use entryway_identity::plc::{PlcData, UnsignedOperation};
use entryway_sandbox::plc::{Directory, Submission};
use entryway_tests::{Key, Trouble, at_once, both_engines};

use super::*;
use crate::service_tokens::token::{draw, signed_by};

both_engines!(
    an_account_arrives_by_an_update_of_its_did_and_rests_until_it_is_woken,
    an_operation_that_adds_our_key_is_sent_first,
    a_lost_answer_is_given_again_to_a_token_by_the_former_key,
    what_cannot_arrive_is_put_back_and_never_ended,
    a_pds_that_refuses_leaves_the_did_as_it_was,
    of_many_requests_with_one_did_one_account_comes,
);

/// Somebody with a DID who lives elsewhere.
struct Newcomer {
    did: Did,
    /// Their own rotation key.
    owner: SigningKey,
    /// The key of their repository there.
    key: SigningKey,
    before: PlcData,
}

impl Newcomer {
    /// One whose rotation keys are their own, and these.
    fn settle(directory: &Directory, others: &[String]) -> Self {
        let (owner, key) = (draw(), draw());
        let mut rotation_keys = vec![owner.public_key().to_did_key()];
        rotation_keys.extend_from_slice(others);
        let handle = Handle::parse("alice.old.test").unwrap();
        let mut before = PlcData::account(&handle, &key.public_key(), "https://old.test", rotation_keys);
        before.also_known_as.push("https://alice.old.test".to_owned());
        let genesis = UnsignedOperation::genesis(before.clone()).sign(&owner);
        let did = genesis.did();
        assert_eq!(directory.submit(&did, genesis).unwrap(), Submission::Accepted);
        Self {
            did,
            owner,
            key,
            before,
        }
    }

    /// One whose DID the service may change.
    fn known(world: &World) -> Self {
        Self::settle(
            &world.directory,
            &[world.server.app().keys().plc_rotation_did_key()],
        )
    }

    fn claims(&self, service: &str, now: i64) -> Value {
        json!({
            "iss": self.did,
            "aud": service,
            "lxm": "com.atproto.server.createAccount",
            "iat": now,
            "exp": now + 60,
            "jti": Key::generate().thumbprint(),
        })
    }

    fn signed(&self, claims: &Value) -> String {
        signed_by(&self.key, r#"{"typ":"JWT","alg":"ES256K"}"#, &claims.to_string())
    }

    /// What their PDS gives them.
    fn token(&self, world: &World) -> String {
        let service = world.server.config().service_did.to_string();
        self.signed(&self.claims(&service, world.server.now()))
    }

    fn input(&self, person: Person) -> Value {
        let mut input = person.input();
        input["did"] = json!(self.did);
        input
    }

    async fn arrives(&self, world: &World, person: Person) -> Reply {
        let token = self.token(world);
        world.ask(with_bearer(&self.input(person), &token)).await
    }

    /// An operation by their own key, after the newest.
    fn operation(&self, directory: &Directory, data: PlcData) -> Operation {
        let last = directory.last(&self.did).unwrap();
        UnsignedOperation::update(&last, data).sign(&self.owner)
    }

    /// What the directory says now.
    fn says(&self, directory: &Directory) -> PlcData {
        let last = directory.last(&self.did).unwrap();
        last.data()
            .expect("a DID that was brought is never ended")
            .clone()
    }
}

fn with_bearer(input: &Value, token: &str) -> Request<Body> {
    let mut request = create(input);
    let value = format!("Bearer {token}").parse().unwrap();
    request.headers_mut().insert("authorization", value);
    request
}

fn procedure(method: &str, access: &str) -> Request<Body> {
    Request::post(format!("/xrpc/com.atproto.server.{method}"))
        .header("authorization", format!("Bearer {access}"))
        .body(Body::empty())
        .unwrap()
}

async fn status(host: &Host, did: &Did) -> Value {
    ask_host(host, &format!("com.atproto.sync.getRepoStatus?did={did}")).await
}

/// Directory, host and service agree on an account that rests.
async fn assert_arrived(world: &World, newcomer: &Newcomer, person: Person) {
    let host = &world.hosts[0];
    let data = newcomer.says(&world.directory);
    assert_eq!(
        data.also_known_as,
        [
            format!("at://{}", person.handle),
            "https://alice.old.test".to_owned()
        ]
    );
    assert_eq!(data.pds_endpoint(), Some(host.url.as_str()));
    assert_ne!(data.signing_key(), newcomer.before.signing_key());
    let ours = world.server.app().keys().plc_rotation_did_key();
    assert_eq!(
        data.rotation_keys,
        [newcomer.owner.public_key().to_did_key(), ours]
    );
    assert_eq!(status(host, &newcomer.did).await["status"], "deactivated");
    let account = stored(&world.server, &person.handle()).await.unwrap();
    assert_eq!(
        (account.did, account.pds_did, account.status),
        (
            newcomer.did.clone(),
            host.did.to_string(),
            AccountStatus::Deactivated
        )
    );
}

async fn an_account_arrives_by_an_update_of_its_did_and_rests_until_it_is_woken(engine: Engine) {
    let world = fronted(engine).await;
    let newcomer = Newcomer::known(&world);
    let reply = newcomer.arrives(&world, ALICE).await;
    assert_eq!(made(&reply), newcomer.did);
    assert_arrived(&world, &newcomer, ALICE).await;
    let session = reply.json();
    assert_eq!(
        (&session["active"], &session["status"]),
        (&json!(false), &json!("deactivated"))
    );
    // the client goes on at the new host, so it has to be told of that one
    assert_eq!(
        session["didDoc"]["service"][0]["serviceEndpoint"],
        world.hosts[0].url.as_str()
    );
    let access = reply.member("accessJwt");
    let woken = world.ask(procedure("activateAccount", &access)).await;
    assert_eq!(woken.code(), 200, "{woken:?}");
    assert_eq!(status(&world.hosts[0], &newcomer.did).await["active"], true);
    let account = stored(&world.server, &ALICE.handle()).await.unwrap();
    assert_eq!(account.status, AccountStatus::Active);
    let again = world
        .ask(procedure("refreshSession", &reply.member("refreshJwt")))
        .await;
    assert_eq!(again.code(), 200, "{again:?}");
}

// A18: the operation that the old PDS signs with what getRecommendedDidCredentials of the new one says
async fn an_operation_that_adds_our_key_is_sent_first(engine: Engine) {
    let world = fronted(engine).await;
    let newcomer = Newcomer::settle(&world.directory, &[]);
    let ours = world.server.app().keys().plc_rotation_did_key();
    let mut data = newcomer.before.clone();
    data.rotation_keys.push(ours);
    let operation = newcomer.operation(&world.directory, data);
    let mut input = newcomer.input(ALICE);
    input["plcOp"] = serde_json::to_value(&operation).unwrap();
    // whatever breaks after it, the same request goes on
    front(&world.hosts[0]).fail("reserveSigningKey", 1, Trouble::HangsUp);
    let refusal = world.ask(with_bearer(&input, &newcomer.token(&world))).await;
    assert_eq!(refused(&refusal).0, 502);
    assert_eq!(newcomer.says(&world.directory), *operation.data().unwrap());
    let reply = world.ask(with_bearer(&input, &newcomer.token(&world))).await;
    assert_eq!(made(&reply), newcomer.did);
    assert_arrived(&world, &newcomer, ALICE).await;
}

// R-493: the PDS that signs the tokens still has the former key, the document has the new one
async fn a_lost_answer_is_given_again_to_a_token_by_the_former_key(engine: Engine) {
    let world = fronted(engine).await;
    let newcomer = Newcomer::known(&world);
    made(&newcomer.arrives(&world, ALICE).await);
    assert_eq!(made(&newcomer.arrives(&world, ALICE).await), newcomer.did);
    // whose answer it is, the password says
    let other = Person {
        password: "somebody else's password",
        ..ALICE
    };
    let refusal = newcomer.arrives(&world, other).await;
    assert_eq!(refused(&refusal), (400, "HandleNotAvailable".to_owned()));
    let refusal = newcomer.arrives(&world, BOB).await;
    assert_eq!(refused(&refusal), (400, "AlreadyExists".to_owned()));
    assert_arrived(&world, &newcomer, ALICE).await;
}

async fn what_cannot_arrive_is_put_back_and_never_ended(engine: Engine) {
    let world = fronted(engine).await;
    let host = front(&world.hosts[0]);
    let newcomer = Newcomer::known(&world);
    host.fail("updateSubjectStatus", usize::MAX, Trouble::Fails(500));
    refused(&newcomer.arrives(&world, ALICE).await);
    assert_ne!(newcomer.says(&world.directory), newcomer.before);
    reconciled(&world).await;
    assert_eq!(newcomer.says(&world.directory), newcomer.before);
    assert!(!has(&world.hosts[0], &newcomer.did));
    assert_eq!(stored(&world.server, &ALICE.handle()).await, None);
    // and a second try succeeds, with a token by the key that counts again
    host.be_well();
    assert_eq!(made(&newcomer.arrives(&world, BOB).await), newcomer.did);
    assert_arrived(&world, &newcomer, BOB).await;
}

async fn a_pds_that_refuses_leaves_the_did_as_it_was(engine: Engine) {
    let world = fronted(engine).await;
    let newcomer = Newcomer::known(&world);
    for (part, name) in [
        ("server.createAccount", "IncompatibleDidDoc"),
        ("server.createAccount", "InvalidHandle"),
        ("reserveSigningKey", "InvalidRequest"),
    ] {
        front(&world.hosts[0]).fail(part, 1, Trouble::Refuses(name));
        refused(&newcomer.arrives(&world, ALICE).await);
        reconciled(&world).await;
        assert_eq!(newcomer.says(&world.directory), newcomer.before, "{part} {name}");
        assert!(!has(&world.hosts[0], &newcomer.did));
    }
    made(&newcomer.arrives(&world, ALICE).await);
    assert_arrived(&world, &newcomer, ALICE).await;
}

async fn of_many_requests_with_one_did_one_account_comes(engine: Engine) {
    let world = std::sync::Arc::new(fronted(engine).await);
    let newcomer = std::sync::Arc::new(Newcomer::known(&world));
    let requests = (0..16).map(|number| {
        let (world, newcomer) = (world.clone(), newcomer.clone());
        async move {
            let mut input = newcomer.input(ALICE);
            input["handle"] = json!(format!("alice{number}.test"));
            input["email"] = json!(format!("alice{number}@mail.example"));
            let token = newcomer.token(&world);
            world.ask(with_bearer(&input, &token)).await
        }
    });
    let replies = at_once(requests).await;
    let done: Vec<_> = replies.iter().filter(|reply| reply.code() == 200).collect();
    assert_eq!(done.len(), 1, "{replies:?}");
    let handle = Handle::parse(&done[0].member("handle")).unwrap();
    assert_eq!(world.hosts[0].pds.accounts(), [(newcomer.did.clone(), handle)]);
}
