//! `kill -9` at each step of a sign-up, through the real program: afterwards the same request finishes it, and so
//! does the reconciler where nobody comes back (C28). The PDS and the directory live on, as they do on other machines.

use entryway_tests::{Gate, Served, Service as _, Trouble, both_engines};

use super::*;

both_engines!(
    killed_before_it_knows_whether_the_handle_is_free,
    killed_before_the_key_is_reserved,
    killed_after_the_key_was_reserved,
    killed_after_the_operation_was_made_and_before_anybody_hears_of_it,
    killed_before_the_directory_takes_the_operation,
    killed_after_the_directory_took_the_operation,
    killed_after_the_pds_made_the_account,
    killed_after_the_account_on_the_pds_was_recorded,
    killed_after_the_account_was_stored_and_before_its_session,
);

/// What a step leaves behind where nobody comes back.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Left {
    /// Nothing: nobody outside knew of it.
    Nothing,
    /// The account: somebody outside did.
    Account,
}

/// Whose front holds the request that shows that the step was reached.
#[derive(Clone, Copy)]
enum At {
    Host,
    Directory,
}

async fn killed(engine: Engine, name: &str, at: At, part: &str, held: fn(Gate) -> Trouble, left: Left) {
    let served = Served::start(engine, name).await;
    let gate = die(&served, at, part, held, ALICE).await;
    // whoever waited goes on, and comes to its end before anybody else does something
    gate.open();
    same_request_finishes(&served, ALICE).await;

    let gate = die(&served, at, part, held, BOB).await;
    served
        .database
        .execute("update sign_up set held_until = 0, retry_at = 0 where done = 0")
        .await;
    gate.open();
    served.start_again().await;
    reconciler_finishes(&served, BOB, left).await;
}

/// Kills the service while a request is held.
async fn die(served: &Served, at: At, part: &str, held: fn(Gate) -> Trouble, person: Person) -> Gate {
    let front = match at {
        At::Host => front(&served.hosts[0]),
        At::Directory => &served.directory_front,
    };
    let gate = front.hold(part, held);
    tokio::select! {
        reply = served.ask(create(&person.input())) => panic!("it was answered: {reply:?}"),
        () = gate.reached() => {}
    }
    served.kill().await;
    gate
}

async fn same_request_finishes(served: &Served, person: Person) {
    // nobody holds it for ever: that time has passed
    served.database.execute("update sign_up set held_until = 0").await;
    served.start_again().await;
    let reply = served.ask(create(&person.input())).await.unwrap();
    let did = made(&reply);
    assert_eq!(agreed(served, person), did);
}

async fn reconciler_finishes(served: &Served, person: Person, left: Left) {
    let is_settled = async || match left {
        Left::Account => signs_in(served, person).await == 200,
        // its handle is somebody else's to take
        Left::Nothing => {
            let other = Person {
                password: "somebody else's password",
                ..person
            };
            let reply = served.ask(create(&other.input())).await.unwrap();
            reply.code() == 200
        }
    };
    served.until(is_settled).await;
    agreed(served, person);
}

async fn signs_in(served: &Served, person: Person) -> u16 {
    let input = json!({ "identifier": person.handle, "password": person.password });
    let request = Request::post("/xrpc/com.atproto.server.createSession")
        .header("content-type", "application/json")
        .body(Body::from(input.to_string()))
        .unwrap();
    served.ask(request).await.unwrap().code()
}

/// PDS and directory agree on one account of this handle, and no DID lives that has no account.
fn agreed(served: &Served, person: Person) -> Did {
    let accounts = served.hosts[0].pds.accounts();
    let own: Vec<_> = accounts
        .iter()
        .filter(|(_, handle)| *handle == person.handle())
        .collect();
    let [(did, _)] = own[..] else { panic!("{own:?}") };
    for published in taken(&served.directory_front) {
        let last = served.directory.last(&published);
        let lives = last.is_some_and(|last| last.data().is_some());
        assert_eq!(
            lives,
            accounts.iter().any(|(did, _)| *did == published),
            "{published}"
        );
    }
    did.clone()
}

async fn killed_before_it_knows_whether_the_handle_is_free(engine: Engine) {
    killed(
        engine,
        "killed-looking",
        At::Host,
        "describeRepo",
        Trouble::WaitsBefore,
        Left::Nothing,
    )
    .await;
}

async fn killed_before_the_key_is_reserved(engine: Engine) {
    killed(
        engine,
        "killed-reserving",
        At::Host,
        "reserveSigningKey",
        Trouble::WaitsBefore,
        Left::Nothing,
    )
    .await;
}

async fn killed_after_the_key_was_reserved(engine: Engine) {
    killed(
        engine,
        "killed-reserved",
        At::Host,
        "reserveSigningKey",
        Trouble::WaitsAfter,
        Left::Nothing,
    )
    .await;
}

async fn killed_after_the_operation_was_made_and_before_anybody_hears_of_it(engine: Engine) {
    killed(
        engine,
        "killed-made",
        At::Host,
        "server.createAccount",
        Trouble::WaitsBefore,
        Left::Account,
    )
    .await;
}

// contract 0, item 7: the PDS is at work while nobody waits for it
async fn killed_before_the_directory_takes_the_operation(engine: Engine) {
    killed(
        engine,
        "killed-publishing",
        At::Directory,
        "POST /did:plc:",
        Trouble::WaitsBefore,
        Left::Account,
    )
    .await;
}

async fn killed_after_the_directory_took_the_operation(engine: Engine) {
    killed(
        engine,
        "killed-published",
        At::Directory,
        "POST /did:plc:",
        Trouble::WaitsAfter,
        Left::Account,
    )
    .await;
}

async fn killed_after_the_pds_made_the_account(engine: Engine) {
    killed(
        engine,
        "killed-created",
        At::Host,
        "server.createAccount",
        Trouble::WaitsAfter,
        Left::Account,
    )
    .await;
}

async fn killed_after_the_account_on_the_pds_was_recorded(engine: Engine) {
    killed(
        engine,
        "killed-activating",
        At::Host,
        "getRepoStatus",
        Trouble::WaitsBefore,
        Left::Account,
    )
    .await;
}

async fn killed_after_the_account_was_stored_and_before_its_session(engine: Engine) {
    killed(
        engine,
        "killed-stored",
        At::Directory,
        "GET /did:plc:",
        Trouble::WaitsBefore,
        Left::Account,
    )
    .await;
}
