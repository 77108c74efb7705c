//! A DID that only its person can change: its document has the handle before we do.

use std::sync::{Arc, Mutex};

use axum::routing::get;
use axum::{Json, Router};
use entryway_scope::Did;
use entryway_tests::{Trouble, both_engines};

use super::*;

both_engines! {
    a_document_that_we_cannot_change_has_the_handle_first,
}

/// A `did:web` on this machine, and the handle that its document has.
async fn own_did(named: &Arc<Mutex<String>>) -> Did {
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let did = format!("did:web:localhost%3A{}", listener.local_addr().unwrap().port());
    let (id, named) = (did.clone(), Arc::clone(named));
    let document = get(async move || {
        let name = format!("at://{}", named.lock().unwrap());
        Json(json!({ "id": id, "alsoKnownAs": [name] }))
    });
    let router = Router::new().route("/.well-known/did.json", document);
    tokio::spawn(async move { axum::serve(listener, router).await });
    Did::parse(&did).unwrap()
}

async fn a_document_that_we_cannot_change_has_the_handle_first(engine: Engine) {
    let world = World::start_behind_fronts(engine, 1, |_| ()).await;
    let host = world.hosts[0].clone();
    let named = Arc::new(Mutex::new("alice.test".to_owned()));
    let did = own_did(&named).await;
    let alice = world.lodge_as(&did, &host.did, "alice.test").await;
    let session = Session::begin(&world.server, &alice).await;
    let change = async || {
        let input = json!({ "handle": "alicia.test" });
        world.ask(update(&session.access, &input)).await
    };
    let reply = change().await;
    assert_eq!(
        reply.member("message"),
        "the DID document must have the new handle first in alsoKnownAs, only its owner can put it there"
    );
    assert_eq!(refused(&reply), (400, "IncompatibleDidDoc".to_owned()));
    assert_eq!(owner(&world, &handle("alicia.test")).await, None);
    assert_eq!(session_names(&world, &session).await.0, "alice.test");

    "alicia.test".clone_into(&mut named.lock().unwrap());
    // of a PDS that resolves such a DID, any success is one
    let front = host.front.as_ref().unwrap();
    front.fail("updateAccountHandle", 1, Trouble::Page(200));
    done(&change().await);
    assert_eq!(front.asked("updateAccountHandle").len(), 1);
    let expected = ("alicia.test".to_owned(), json!(["at://alicia.test"]));
    assert_eq!(session_names(&world, &session).await, expected);
    assert_eq!(owner(&world, &handle("alicia.test")).await, Some(did));
    assert_eq!(owner(&world, &handle("alice.test")).await, None);
    // the directory was neither asked nor told
    let directory = world.directory_front.as_ref().unwrap();
    assert_eq!(directory.asked("did:web").len(), 0);
}
