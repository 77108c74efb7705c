//! Changes of handle, told to the directory, to the PDS and to everybody who asks (contract 2.2, 2.5).

mod at_once;
mod bad_input;
mod directory;
mod foreign_did;
mod hosts;

use axum::body::Body;
use entryway_scope::Handle;
use entryway_tests::{Engine, Front, Host, Reply, Resident, World, both_engines};
use http::Request;
use serde_json::{Value, json};

use crate::agreement::{agreed_handle, owner, session_names};
use crate::scene::{CREATE_APP_PASSWORD, Session, sign_in};
use crate::service_tokens::token::Signer;
use crate::xrpc::procedure;

const UPDATE_HANDLE: &str = "com.atproto.identity.updateHandle";

both_engines! {
    a_handle_changes_everywhere_at_once_for_its_person_and_for_their_app,
    a_pds_changes_the_handle_of_an_account_of_its_own,
    a_former_handle_is_free,
    a_handle_elsewhere_is_taken_once_its_domain_says_so,
}

/// alice, on a host; directory and host behind fronts.
struct Scene {
    world: World,
    host: Host,
    alice: Resident,
    session: Session,
}

impl Scene {
    async fn open(engine: Engine) -> Self {
        let world = World::start_behind_fronts(engine, 1, |_| ()).await;
        let host = world.hosts[0].clone();
        let alice = world.settle(&host, "alice.test").await;
        let session = Session::begin(&world.server, &alice).await;
        Self {
            world,
            host,
            alice,
            session,
        }
    }

    async fn change(&self, handle: &str) -> Reply {
        self.world
            .ask(update(&self.session.access, &json!({ "handle": handle })))
            .await
    }

    fn directory(&self) -> &Front {
        self.world.directory_front.as_ref().unwrap()
    }

    fn front(&self) -> &Front {
        self.host.front.as_ref().unwrap()
    }

    /// The handle on which all agree.
    async fn agreed(&self) -> String {
        let handle = agreed_handle(&self.world, &self.host, &self.alice.did).await;
        let named = (handle.clone(), json!([format!("at://{handle}")]));
        assert_eq!(session_names(&self.world, &self.session).await, named);
        handle
    }

    /// How many operations the directory took for the account.
    fn operations(&self) -> usize {
        let posted = self.directory().asked(&format!("POST /{}", self.alice.did));
        posted.iter().filter(|asked| asked.answered == Some(200)).count()
    }
}

fn update(bearer: &str, input: &Value) -> Request<Body> {
    Request::post(format!("/xrpc/{UPDATE_HANDLE}"))
        .header("authorization", format!("Bearer {bearer}"))
        .header("content-type", "application/json")
        .body(input.to_string().into())
        .unwrap()
}

fn handle(text: &str) -> Handle {
    Handle::parse(text).unwrap()
}

#[track_caller]
fn done(reply: &Reply) {
    assert_eq!((reply.code(), reply.text()), (200, ""));
}

/// Status and name of a refusal.
#[track_caller]
fn refused(reply: &Reply) -> (u16, String) {
    assert!(reply.code() >= 400, "{reply:?}");
    assert!(!reply.member("message").is_empty());
    (reply.code(), reply.member("error"))
}

async fn a_handle_changes_everywhere_at_once_for_its_person_and_for_their_app(engine: Engine) {
    let scene = Scene::open(engine).await;
    // seen before, so that a document is kept that is out of date
    assert_eq!(scene.agreed().await, "alice.test");
    done(&scene.change("Alicia.test").await);
    assert_eq!(scene.agreed().await, "alicia.test");
    // contract 2.2: an app password suffices
    let made = procedure(CREATE_APP_PASSWORD).bearer(&scene.session.access);
    let password = made.json(&json!({"name": "bot"})).send(&scene.world.server).await;
    let bot = sign_in(&scene.world.server, "alicia.test", &password.member("password")).await;
    let input = json!({ "handle": "alina.test" });
    done(&scene.world.ask(update(&Session::of(&bot).access, &input)).await);
    assert_eq!(scene.agreed().await, "alina.test");
    // the same again changes nothing
    done(&scene.change("alina.test").await);
    assert_eq!(scene.operations(), 3);
    // its keys, its host and its rotation keys are what they were
    let data = crate::agreement::registered(&scene.world, &scene.alice.did);
    assert_eq!(data.pds_endpoint(), Some(scene.host.url.as_str()));
    // and who signs in is called so
    let anew = sign_in(&scene.world.server, "alina.test", &scene.alice.password).await;
    assert_eq!(anew.member("handle"), "alina.test");
    assert_eq!(anew.json()["didDoc"]["alsoKnownAs"], json!(["at://alina.test"]));
}

// contract 6, item 7
async fn a_pds_changes_the_handle_of_an_account_of_its_own(engine: Engine) {
    let world = World::start(engine, 1).await;
    let signer = Signer::of_resident(world, "carol.test").await;
    let host = &signer.world.hosts[0];
    let input = json!({ "handle": "carla.test", "did": signer.did });
    done(
        &signer
            .world
            .ask(update(&signer.token(UPDATE_HANDLE), &input))
            .await,
    );
    assert_eq!(
        agreed_handle(&signer.world, host, &signer.did).await,
        "carla.test"
    );
    let other = json!({ "handle": "cora.test", "did": "did:plc:abcdefghijklmnopqrstuvwx" });
    let reply = signer
        .world
        .ask(update(&signer.token(UPDATE_HANDLE), &other))
        .await;
    assert_eq!(refused(&reply), (400, "InvalidRequest".to_owned()));
    assert_eq!(
        agreed_handle(&signer.world, host, &signer.did).await,
        "carla.test"
    );
}

async fn a_former_handle_is_free(engine: Engine) {
    let scene = Scene::open(engine).await;
    let bob = scene.world.settle(&scene.host, "bobby.test").await;
    done(&scene.change("alicia.test").await);
    assert_eq!(owner(&scene.world, &handle("alice.test")).await, None);
    let session = Session::begin(&scene.world.server, &bob).await;
    let input = json!({ "handle": "alice.test" });
    done(&scene.world.ask(update(&session.access, &input)).await);
    assert_eq!(owner(&scene.world, &handle("alice.test")).await, Some(bob.did));
    assert_eq!(scene.agreed().await, "alicia.test");
}

async fn a_handle_elsewhere_is_taken_once_its_domain_says_so(engine: Engine) {
    let scene = Scene::open(engine).await;
    let bob = scene.world.settle(&scene.host, "bobby.test").await;
    let wished = handle("alice.elsewhere.org");
    for whose in [None, Some(&bob.did)] {
        if let Some(did) = whose {
            scene.world.names().claim(&wished, did);
        }
        let reply = scene.change(wished.as_str()).await;
        assert_eq!(reply.member("message"), "External handle did not resolve to DID");
        assert_eq!(refused(&reply), (400, "InvalidRequest".to_owned()));
        assert_eq!(
            (scene.agreed().await.as_str(), scene.operations()),
            ("alice.test", 1)
        );
    }
    let own = handle("alice.example.org");
    scene.world.names().claim(&own, &scene.alice.did);
    done(&scene.change("@Alice.Example.org").await);
    assert_eq!(scene.agreed().await, "alice.example.org");
    // and back
    done(&scene.change("alice.test").await);
    assert_eq!(scene.agreed().await, "alice.test");
}
