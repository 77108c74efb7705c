//! Sign-up through `com.atproto.server.createAccount` (contract 2.3, C28).

mod alone;
mod arrivals;
mod at_once;
mod faults;
mod given_up;
mod killed;

use std::collections::BTreeSet;

use axum::body::Body;
use entryway_core::account::{Account, Identifier};
use entryway_identity::plc::Operation;
use entryway_scope::{Did, Handle};
use entryway_server::{Config, reconcile_once};
use entryway_tests::{Engine, Front, Host, Reply, TestServer, World, secrets};
use http::Request;
use serde_json::{Value, json};

const CREATE: &str = "/xrpc/com.atproto.server.createAccount";

/// A person who signs up.
#[derive(Clone, Copy, Debug)]
struct Person {
    handle: &'static str,
    email: &'static str,
    password: &'static str,
}

const ALICE: Person = Person {
    handle: "alice.test",
    email: "alice@mail.example",
    password: "alice's own password",
};
const BOB: Person = Person {
    handle: "bobby.test",
    email: "bob@mail.example",
    password: "bob's own password",
};

impl Person {
    fn input(self) -> Value {
        secrets::record(self.password);
        json!({ "handle": self.handle, "email": self.email, "password": self.password })
    }

    async fn signs_up(self, world: &World) -> Reply {
        world.ask(create(&self.input())).await
    }

    fn handle(self) -> Handle {
        Handle::parse(self.handle).unwrap()
    }
}

fn create(input: &Value) -> Request<Body> {
    Request::post(CREATE)
        .header("content-type", "application/json")
        .body(input.to_string().into())
        .unwrap()
}

/// A service with one host, each behind a front.
async fn fronted(engine: Engine) -> World {
    World::start_behind_fronts(engine, 1, |_| ()).await
}

/// Status and name of a refusal.
#[track_caller]
fn refused(reply: &Reply) -> (u16, String) {
    assert!(reply.code() >= 400, "{reply:?}");
    assert_eq!(reply.header("cache-control"), Some("no-store"));
    assert!(!reply.member("message").is_empty());
    (reply.code(), reply.member("error"))
}

#[track_caller]
fn made(reply: &Reply) -> Did {
    assert_eq!(reply.code(), 200, "{reply:?}");
    Did::parse(&reply.member("did")).unwrap()
}

fn directory(world: &World) -> &Front {
    world.directory_front.as_ref().unwrap()
}

fn front(host: &Host) -> &Front {
    host.front.as_ref().unwrap()
}

/// The account that the service has under this handle.
async fn stored(server: &TestServer, handle: &Handle) -> Option<Account> {
    let identifier = Identifier::Handle(handle.clone());
    let found = server
        .app()
        .store()
        .account_for_sign_in(&identifier)
        .await
        .unwrap();
    found.map(|(account, _)| account)
}

/// Every DID that the directory ever took an operation for.
fn published(world: &World) -> BTreeSet<Did> {
    taken(directory(world))
}

fn taken(directory: &Front) -> BTreeSet<Did> {
    let posted = directory.asked("POST /did:plc:");
    let taken = posted.iter().filter(|asked| asked.answered == Some(200));
    let dids = taken.map(|asked| asked.line.trim_start_matches("POST /"));
    dids.map(|did| Did::parse(did).unwrap()).collect()
}

/// Whether a DID lives.
fn lives(world: &World, did: &Did) -> bool {
    let last: Option<Operation> = world.directory.last(did);
    last.is_some_and(|last| last.data().is_some())
}

/// What is left of everything that was tried for a handle: one account on which all three agree, and nothing else.
async fn assert_one_account(world: &World, person: Person) -> Did {
    let account = stored(&world.server, &person.handle())
        .await
        .expect("there is an account");
    let host = world
        .hosts
        .iter()
        .find(|host| host.did.as_str() == account.pds_did);
    let host = host.expect("it is on a host");
    assert_eq!(
        world
            .hosts
            .iter()
            .flat_map(|host| host.pds.accounts())
            .filter(|(_, handle)| *handle == person.handle())
            .collect::<Vec<_>>(),
        [(account.did.clone(), person.handle())]
    );
    let last = world.directory.last(&account.did).unwrap();
    let data = last.data().expect("the DID lives");
    assert_eq!(data.also_known_as, [format!("at://{}", person.handle)]);
    assert_eq!(data.pds_endpoint(), Some(host.url.as_str()));
    // the key in the document is the one that the PDS signs with
    let described = ask_host(
        host,
        &format!("com.atproto.repo.describeRepo?repo={}", account.did),
    )
    .await;
    let document = serde_json::to_value(data.document(&account.did)).unwrap();
    assert_eq!(
        described["didDoc"]["verificationMethod"],
        document["verificationMethod"]
    );
    // and no DID lives that has no account
    for did in published(world) {
        let has_account = world.hosts.iter().any(|host| has(host, &did));
        assert_eq!(lives(world, &did), has_account, "{did}");
    }
    account.did
}

fn has(host: &Host, did: &Did) -> bool {
    host.pds.accounts().iter().any(|(account, _)| account == did)
}

/// Nothing is left of what was tried, and its names are free.
async fn assert_nothing_is_left(world: &World, person: Person) {
    assert_eq!(stored(&world.server, &person.handle()).await, None);
    for host in &world.hosts {
        assert!(
            host.pds
                .accounts()
                .iter()
                .all(|(_, handle)| *handle != person.handle())
        );
    }
    for did in published(world) {
        assert!(!lives(world, &did), "{did}");
    }
    let other = Person {
        password: "somebody else's password",
        ..person
    };
    made(&other.signs_up(world).await);
}

async fn ask_host(host: &Host, query: &str) -> Value {
    let url = format!("{}/xrpc/{query}", host.url);
    reqwest_json(&url).await
}

async fn reqwest_json(url: &str) -> Value {
    let answer = entryway_sandbox::outbound::client()
        .unwrap()
        .get(url)
        .send()
        .await
        .unwrap();
    serde_json::from_str(&answer.text().await.unwrap()).unwrap()
}

/// Lets so much time pass that everything that is due is taken up, until nothing is.
async fn reconciled(world: &World) {
    for _ in 0..60 {
        world.server.clock().advance(3600);
        while reconcile_once(world.server.app()).await.unwrap() > 0 {}
    }
}

fn inviting(config: &mut Config) {
    config.invitation = entryway_core::invite::Invitation::Required;
}
