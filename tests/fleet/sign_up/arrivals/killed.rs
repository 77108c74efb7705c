//! `kill -9` at each step of an arrival, through the real program: the same request finishes it, and so does the
//! reconciler where nobody comes back; where nothing was changed yet, nothing is (C28).

use entryway_server::Clock;
use entryway_tests::{Gate, Served, Service as _};

use super::*;

both_engines!(
    killed_before_the_operation_that_was_brought_is_sent,
    killed_after_the_directory_took_the_operation_that_was_brought,
    killed_after_the_key_was_reserved,
    killed_before_the_pds_hears_of_the_account,
    killed_after_the_directory_took_our_operation,
    killed_before_the_account_rests,
    killed_after_the_account_rests,
    killed_after_the_account_was_stored,
);

#[derive(Clone, Copy)]
enum At {
    Host,
    Directory,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Left {
    /// The DID as it was brought.
    Nothing,
    Account,
}

/// Somebody who brings an operation.
struct Bringing {
    newcomer: Newcomer,
    person: Person,
    operation: Operation,
    service: String,
}

impl Bringing {
    async fn to(served: &Served, person: Person) -> Self {
        let newcomer = Newcomer::settle(&served.directory, &[]);
        let described = Request::get("/xrpc/com.atproto.server.describeServer").body(Body::empty());
        let described = served.ask(described.unwrap()).await.unwrap();
        let service = described.member("did");
        // which key it is, the refusal says
        let token = newcomer.signed(&newcomer.claims(&service, now()));
        let refusal = served
            .ask(with_bearer(&newcomer.input(person), &token))
            .await
            .unwrap();
        let message = refusal.member("message");
        let ours = message
            .split(' ')
            .find(|word| word.starts_with("did:key:"))
            .unwrap();
        let mut data = newcomer.before.clone();
        data.rotation_keys.push(ours.to_owned());
        let operation = newcomer.operation(&served.directory, data);
        Self {
            newcomer,
            person,
            operation,
            service,
        }
    }

    fn request(&self) -> Request<Body> {
        let mut input = self.newcomer.input(self.person);
        input["plcOp"] = serde_json::to_value(&self.operation).unwrap();
        let token = self.newcomer.signed(&self.newcomer.claims(&self.service, now()));
        with_bearer(&input, &token)
    }

    fn is_whole(&self, served: &Served) -> bool {
        let data = self.newcomer.says(&served.directory);
        let is_on_pds = has(&served.hosts[0], &self.newcomer.did);
        let is_moved = data.pds_endpoint() == Some(served.hosts[0].url.as_str());
        assert_eq!(is_on_pds, is_moved, "{data:?}");
        is_moved
    }
}

const DOCUMENT: &str = "GET /did:plc:";

fn now() -> i64 {
    Clock::system().now().seconds()
}

async fn killed(engine: Engine, name: &str, at: At, part: &str, held: fn(Gate) -> Trouble, left: Left) {
    let served = Served::start(engine, name).await;
    let alice = Bringing::to(&served, ALICE).await;
    die(&served, &alice, at, part, held).await;
    served.database.execute("update sign_up set held_until = 0").await;
    served.start_again().await;
    let reply = served.ask(alice.request()).await.unwrap();
    assert_eq!(made(&reply), alice.newcomer.did);
    assert!(alice.is_whole(&served));

    let bob = Bringing::to(&served, BOB).await;
    die(&served, &bob, at, part, held).await;
    served
        .database
        .execute("update sign_up set held_until = 0, retry_at = 0 where done = 0")
        .await;
    served.start_again().await;
    let arrived = async || signs_in(&served, BOB).await;
    match left {
        Left::Account => served.until(arrived).await,
        Left::Nothing => {
            // what was let go is anybody's again
            let taken_up = async || {
                let other = Bringing::to(
                    &served,
                    Person {
                        password: "another's password",
                        ..BOB
                    },
                )
                .await;
                served.ask(other.request()).await.unwrap().code() == 200
            };
            served.until(taken_up).await;
        }
    }
    assert_eq!(bob.is_whole(&served), left == Left::Account);
}

/// Kills the service while a request is held, which then goes on to its end.
async fn die(served: &Served, who: &Bringing, at: At, part: &str, held: fn(Gate) -> Trouble) {
    let front = match at {
        At::Host => front(&served.hosts[0]),
        At::Directory => &served.directory_front,
    };
    if part == DOCUMENT {
        // its log is asked for before: by the request, and where the operation is sent
        front.fail(part, 2, Trouble::None);
    }
    let gate = front.hold(part, held);
    tokio::select! {
        reply = served.ask(who.request()) => panic!("it was answered: {reply:?}"),
        () = gate.reached() => {}
    }
    served.kill().await;
    gate.open();
}

async fn signs_in(served: &Served, person: Person) -> bool {
    let input = json!({ "identifier": person.handle, "password": person.password });
    let request = Request::post("/xrpc/com.atproto.server.createSession")
        .header("content-type", "application/json")
        .body(Body::from(input.to_string()))
        .unwrap();
    served.ask(request).await.unwrap().code() == 200
}

async fn killed_before_the_operation_that_was_brought_is_sent(engine: Engine) {
    let (part, held) = ("POST /did:plc:", Trouble::WaitsBefore);
    killed(
        engine,
        "arrival-bringing",
        At::Directory,
        part,
        held,
        Left::Nothing,
    )
    .await;
}

async fn killed_after_the_directory_took_the_operation_that_was_brought(engine: Engine) {
    let (part, held) = ("POST /did:plc:", Trouble::WaitsAfter);
    killed(
        engine,
        "arrival-brought",
        At::Directory,
        part,
        held,
        Left::Nothing,
    )
    .await;
}

async fn killed_after_the_key_was_reserved(engine: Engine) {
    let (part, held) = ("reserveSigningKey", Trouble::WaitsAfter);
    killed(engine, "arrival-reserved", At::Host, part, held, Left::Nothing).await;
}

async fn killed_before_the_pds_hears_of_the_account(engine: Engine) {
    let (part, held) = ("server.createAccount", Trouble::WaitsBefore);
    killed(engine, "arrival-creating", At::Host, part, held, Left::Account).await;
}

// contract 0, item 7: the PDS goes on while nobody waits for it
async fn killed_after_the_directory_took_our_operation(engine: Engine) {
    let (part, held) = ("server.createAccount", Trouble::WaitsAfter);
    killed(engine, "arrival-published", At::Host, part, held, Left::Account).await;
}

async fn killed_before_the_account_rests(engine: Engine) {
    let (part, held) = ("updateSubjectStatus", Trouble::WaitsBefore);
    killed(engine, "arrival-resting", At::Host, part, held, Left::Account).await;
}

async fn killed_after_the_account_rests(engine: Engine) {
    let (part, held) = ("updateSubjectStatus", Trouble::WaitsAfter);
    killed(engine, "arrival-rests", At::Host, part, held, Left::Account).await;
}

async fn killed_after_the_account_was_stored(engine: Engine) {
    killed(
        engine,
        "arrival-stored",
        At::Directory,
        DOCUMENT,
        Trouble::WaitsBefore,
        Left::Account,
    )
    .await;
}
