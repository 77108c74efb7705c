//! The end of an account, by its person (contract 2.2, 2.5).

mod bad_input;
mod hosts;

use axum::body::Body;
use entryway_core::email_token::EmailTokenPurpose;
use entryway_scope::Did;
use entryway_tests::{Client, Engine, FeedClient, Host, Reply, Resident, World, both_engines, login};
use http::Request;
use serde_json::{Value, json};

use crate::agreement::{owner, registered};
use crate::scene::{CREATE_APP_PASSWORD, GET_SESSION, Session, refresh, sign_in};
use crate::xrpc::{assert_refused, procedure, query};

const DELETE_ACCOUNT: &str = "com.atproto.server.deleteAccount";

both_engines! {
    a_deleted_account_is_gone_here_and_on_its_host_and_its_names_are_free,
    whatever_acts_for_an_account_ends_with_it_and_the_feed_tells,
}

/// alice, on a host behind a front.
struct Scene {
    world: World,
    host: Host,
    alice: Resident,
}

impl Scene {
    async fn open(engine: Engine) -> Self {
        let world = World::start_behind_fronts(engine, 1, |_| ()).await;
        let host = world.hosts[0].clone();
        let alice = world.settle(&host, "alice.test").await;
        Self { world, host, alice }
    }

    async fn code(&self) -> String {
        let purpose = EmailTokenPurpose::DeleteAccount;
        let code = self.world.code(&self.alice.did, purpose).await;
        code.expose().to_owned()
    }

    /// What deletes the account with this code.
    fn input(&self, code: &str) -> Value {
        json!({ "did": self.alice.did, "password": self.alice.password, "token": code })
    }

    async fn delete(&self, input: &Value) -> Reply {
        let request = Request::post(format!("/xrpc/{DELETE_ACCOUNT}"))
            .header("content-type", "application/json")
            .body(Body::from(input.to_string()));
        self.world.ask(request.unwrap()).await
    }

    async fn is_here(&self) -> bool {
        let store = self.world.server.app().store();
        store.account(&self.alice.did).await.unwrap().is_some()
    }

    fn is_there(&self) -> bool {
        let mut there = self.host.pds.accounts().into_iter();
        there.any(|(did, _)| did == self.alice.did)
    }

    async fn changes_under_way(&self) -> usize {
        let store = self.world.server.app().store();
        store.changes_of(&self.alice.did).await.unwrap().len()
    }
}

/// Somebody signs up with the names of alice.
async fn signs_up(world: &World) -> Reply {
    let input = json!({
        "handle": "alice.test", "email": "alice@mail.example", "password": "somebody else's password",
    });
    procedure("com.atproto.server.createAccount")
        .json(&input)
        .send(&world.server)
        .await
}

async fn a_deleted_account_is_gone_here_and_on_its_host_and_its_names_are_free(engine: Engine) {
    let scene = Scene::open(engine).await;
    let code = scene.code().await;
    let reply = scene.delete(&scene.input(&code)).await;
    assert_eq!((reply.code(), reply.text()), (200, ""));
    assert!(!scene.is_here().await && !scene.is_there());
    assert_eq!(scene.changes_under_way().await, 0);
    assert_eq!(owner(&scene.world, &scene.alice.handle).await, None);
    // the DID is its person's, who may have a key to it
    let data = registered(&scene.world, &scene.alice.did);
    assert_eq!(data.also_known_as, ["at://alice.test"]);
    // and it is as if there had never been one
    let again = scene.delete(&scene.input(&code)).await;
    assert_refused(&again, 401, "AuthenticationRequired", "Invalid did or password");
    let new = signs_up(&scene.world).await;
    assert_eq!(new.code(), 200, "{new:?}");
    assert_ne!(new.member("did"), scene.alice.did.as_str());
    let session = sign_in(&scene.world.server, "alice.test", &scene.alice.password).await;
    assert_eq!(session.code(), 401);
}

//
async fn whatever_acts_for_an_account_ends_with_it_and_the_feed_tells(engine: Engine) {
    let reader = FeedClient::named("a host");
    let world = World::start_with(engine, 1, |config| config.feed_readers = vec![reader.reader()]).await;
    let host = world.hosts[0].clone();
    let alice = world.settle(&host, "alice.test").await;
    let (server, session) = (&world.server, Session::begin(&world.server, &alice).await);
    let made = procedure(CREATE_APP_PASSWORD).bearer(&session.access);
    let password = made
        .json(&json!({"name": "bot"}))
        .send(server)
        .await
        .member("password");
    let bot = Session::of(&sign_in(server, "alice.test", &password).await);
    let client = Client::new();
    let tokens = login(server, &client, &alice.in_browser()).await;
    let before = reader.page(server, "after=0&wait=0").await;
    let scene = Scene { world, host, alice };
    let server = &scene.world.server;
    let code = scene.code().await;
    assert_eq!(scene.delete(&scene.input(&code)).await.code(), 200);
    for session in [&session, &bot] {
        let seen = query(GET_SESSION).bearer(&session.access).send(server).await;
        assert_eq!(seen.code(), 400, "{seen:?}");
        assert_eq!(refresh(server, &session.refresh).await.code(), 400);
    }
    assert_eq!(sign_in(server, "alice.test", &password).await.code(), 401);
    let refused = client.refresh(&tokens.refresh_token).send(server).await;
    assert_eq!(
        (refused.code(), refused.member("error").as_str()),
        (400, "invalid_grant")
    );
    let told = reader.page(server, "after=0&wait=0").await;
    assert_eq!(told.events.len(), before.events.len() + 1);
}
