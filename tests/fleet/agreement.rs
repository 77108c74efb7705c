//! Whether directory, PDS and service say the same of an account.

use entryway_core::account::AccountStatus;
use entryway_core::handle::Place;
use entryway_identity::plc::PlcData;
use entryway_scope::{Did, Handle};
use entryway_server::pds::PdsClient;
use entryway_server::reconcile_once;
use entryway_tests::{Host, World};
use serde_json::Value;

use crate::scene::{GET_SESSION, Session};
use crate::xrpc::query;

/// What the directory says of a DID that lives.
pub(crate) fn registered(world: &World, did: &Did) -> PlcData {
    let last = world.directory.last(did).expect("the directory has it");
    last.data().expect("it lives").clone()
}

/// The name that this account has in the directory, on its host, and here; the same everywhere, and nothing is under
/// way.
pub(crate) async fn agreed_handle(world: &World, host: &Host, did: &Did) -> String {
    let store = world.server.app().store();
    let here = store
        .account(did)
        .await
        .unwrap()
        .expect("it is an account")
        .handle;
    assert_eq!(registered(world, did).also_known_as, [format!("at://{here}")]);
    let on_host = host.pds.accounts();
    let there = on_host.iter().find(|(account, _)| account == did);
    assert_eq!(there.map(|(_, handle)| handle), Some(&here));
    assert_eq!(owner(world, &here).await.as_ref(), Some(did));
    assert_eq!(store.changes_of(did).await.unwrap(), Vec::new());
    here.to_string()
}

/// Whom a handle leads to, by the service: asked as an app does, and as its own host.
pub(crate) async fn owner(world: &World, handle: &Handle) -> Option<Did> {
    let asked = query(&format!("com.atproto.identity.resolveHandle?handle={handle}"));
    let reply = asked.send(&world.server).await;
    let resolved = (reply.code() == 200).then(|| Did::parse(&reply.member("did")).unwrap());
    let request = http::Request::get("/.well-known/atproto-did").header("host", handle.as_str());
    let document = world
        .server
        .send(request.body(axum::body::Body::empty()).unwrap());
    let document = document.await;
    if matches!(world.server.config().handles.place(handle), Place::Ours { .. }) {
        let said = (document.code() == 200).then(|| Did::parse(document.text()).unwrap());
        assert_eq!(said, resolved, "{handle}");
    }
    resolved
}

/// `getSession`: its `handle`, and the names in its `didDoc`.
pub(crate) async fn session_names(world: &World, session: &Session) -> (String, Value) {
    let seen = query(GET_SESSION)
        .bearer(&session.access)
        .send(&world.server)
        .await;
    assert_eq!(seen.code(), 200, "{seen:?}");
    (
        seen.member("handle"),
        seen.json()["didDoc"]["alsoKnownAs"].clone(),
    )
}

/// The status of an account here, and on its host: whether it rests, and whether it was taken down.
pub(crate) async fn standing(world: &World, host: &Host, did: &Did) -> (AccountStatus, bool, bool) {
    let account = world.server.app().store().account(did).await.unwrap();
    let pds = PdsClient::new(world.server.app().outside().http.clone(), host.url.clone());
    let there = pds.as_admin(host.password.as_bytes()).subject_status(did).await;
    let there = there.unwrap().expect("it lives there");
    let here = account.expect("it is an account").status;
    (here, there.is_deactivated, there.is_taken_down)
}

/// Lets so much time pass that everything that is due is taken up, until nothing is left half-made.
pub(crate) async fn reconciled(world: &World) {
    for _ in 0..60 {
        world.server.clock().advance(3600);
        while reconcile_once(world.server.app()).await.unwrap() > 0 {}
    }
    let now = world.server.clock().now();
    let left = world.server.app().store().due_changes(now, 100).await.unwrap();
    assert_eq!(left, Vec::new());
}
