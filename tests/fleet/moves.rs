//! An account moves from one host of the fleet to another, and what acts for it goes on (demand 12, contract 6.14).

mod belongings;
mod interrupted;
mod killed;

use entryway_core::account::AccountStatus;
use entryway_core::account_change::{AccountChange, Change, Former, StatusChange};
use entryway_identity::plc::UnsignedOperation;
use entryway_sandbox::plc::Submission;
use entryway_scope::Did;
use entryway_server::pds::{PdsClient, RepoStatus};
use entryway_server::reconcile_once;
use entryway_store::ChangeBegin;
use entryway_tests::{Client, Engine, Front, Host, Resident, Tokens, Trouble, World, both_engines, login};

use crate::agreement::{reconciled, registered};
use crate::scene::{GET_SESSION, Session, refresh, set_status};
use crate::xrpc::query;
use belongings::{Belongings, Shelf};

both_engines!(
    an_account_moves_with_all_it_has_and_what_acts_for_it_goes_on,
    what_it_leaves_can_be_deleted,
    an_account_that_rests_moves_and_rests,
    an_account_comes_back_to_a_host_that_still_has_its_former_self,
    an_account_that_cannot_move_stays,
);

/// Where a request of a move goes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum At {
    Here,
    There,
    Directory,
}

/// Two hosts, and alice on the first with two files.
pub(crate) struct Scene {
    world: World,
    alice: Resident,
    has: [Belongings; 2],
    before: entryway_identity::plc::PlcData,
}

impl Scene {
    async fn open(engine: Engine) -> Self {
        let world = World::start_behind_fronts(engine, 2, |_| ()).await;
        let alice = world.settle(&world.hosts[0], "alice.test").await;
        let has = [0, 1].map(|at| Shelf::beside(&world.hosts[at]).of(&alice.did));
        has[0].fill();
        let before = registered(&world, &alice.did);
        Self {
            world,
            alice,
            has,
            before,
        }
    }

    fn host(&self, at: usize) -> &Host {
        &self.world.hosts[at]
    }

    fn front(&self, at: usize) -> &Front {
        self.host(at).front.as_ref().unwrap()
    }

    /// As `entryway account move` writes it down.
    async fn ask(&self, to: usize, former: Former) -> ChangeBegin {
        let (store, now) = (self.world.server.app().store(), self.world.server.clock().now());
        let account = store.account(&self.alice.did).await.unwrap().unwrap();
        let to = self.host(to).did.to_string();
        let asked = AccountChange {
            held_until: now,
            retry_at: now,
            ..AccountChange::begin(&account, Change::Move { to, former }, now)
        };
        store.begin_change(&asked).await.unwrap()
    }

    async fn begin(&self, to: usize, former: Former) {
        let begun = self.ask(to, former).await;
        assert!(matches!(begun, ChangeBegin::Begun(_)), "{begun:?}");
    }

    async fn reconcile(&self) {
        reconcile_once(self.world.server.app()).await.unwrap();
    }

    async fn status(&self, at: usize) -> RepoStatus {
        let http = self.world.server.app().outside().http.clone();
        let pds = PdsClient::new(http, self.host(at).url.clone());
        pds.repo_status(&self.alice.did).await.unwrap()
    }

    async fn home(&self) -> (String, AccountStatus) {
        let account = self.world.server.app().store().account(&self.alice.did).await;
        let account = account.unwrap().unwrap();
        (account.pds_did, account.status)
    }

    /// Nothing is under way, and service, directory and hosts have it there.
    async fn assert_lives_on(&self, at: usize) {
        let store = self.world.server.app().store();
        assert_eq!(store.changes_of(&self.alice.did).await.unwrap(), []);
        let host = self.host(at);
        assert_eq!(self.home().await, (host.did.to_string(), AccountStatus::Active));
        let data = registered(&self.world, &self.alice.did);
        assert_eq!(data.pds_endpoint(), Some(host.url.as_str()));
        assert_eq!(data.also_known_as, self.before.also_known_as);
        assert_eq!(data.rotation_keys, self.before.rotation_keys);
        assert_eq!(self.status(at).await, RepoStatus::Active);
        assert_ne!(self.status(1 - at).await, RepoStatus::Active);
    }

    async fn assert_moved(&self) {
        self.assert_lives_on(1).await;
        assert_eq!(self.has[1].all(), self.has[0].all());
        assert!(self.has[1].is_complete());
    }

    /// As if nothing had happened.
    async fn assert_stayed(&self) {
        self.assert_lives_on(0).await;
        let data = registered(&self.world, &self.alice.did);
        assert_eq!(data, self.before);
        assert_eq!(self.status(1).await, RepoStatus::Absent);
    }
}

fn audience(tokens: &Tokens) -> String {
    let (_, claims) = tokens.unverified();
    claims["aud"].as_str().unwrap().to_owned()
}

async fn an_account_moves_with_all_it_has_and_what_acts_for_it_goes_on(engine: Engine) {
    let scene = Scene::open(engine).await;
    let server = &scene.world.server;
    let session = Session::begin(server, &scene.alice).await;
    let account = scene.alice.in_browser();
    let client = Client::new();
    let tokens = login(server, &client, &account).await;
    assert_eq!(audience(&tokens), scene.host(0).did.as_str());

    scene.begin(1, Former::Rests).await;
    scene.reconcile().await;
    scene.assert_moved().await;
    assert_eq!(scene.status(0).await, RepoStatus::Deactivated);

    // the grant lives, and its next token is for where the account is now
    let renewed = Tokens::of(&client.refresh(&tokens.refresh_token).send(server).await);
    assert_eq!(audience(&renewed), scene.host(1).did.as_str());
    // contract 6.14: a client that is told so refreshes
    let stale = query(GET_SESSION).bearer(&session.access).send(server).await;
    assert_eq!(
        (stale.code(), stale.member("error").as_str()),
        (400, "ExpiredToken")
    );
    let later = Session::of(&refresh(server, &session.refresh).await);
    let seen = query(GET_SESSION).bearer(&later.access).send(server).await;
    assert_eq!(
        seen.json()["didDoc"]["service"][0]["serviceEndpoint"],
        scene.host(1).url.as_str()
    );
    assert!(matches!(scene.ask(1, Former::Rests).await, ChangeBegin::Current));
}

async fn what_it_leaves_can_be_deleted(engine: Engine) {
    let scene = Scene::open(engine).await;
    scene.begin(1, Former::Deleted).await;
    scene.reconcile().await;
    scene.assert_moved().await;
    assert_eq!(scene.status(0).await, RepoStatus::Absent);
}

async fn an_account_that_rests_moves_and_rests(engine: Engine) {
    let scene = Scene::open(engine).await;
    set_status(&scene.world.server, &scene.alice.did, StatusChange::Deactivated).await;
    scene.begin(1, Former::Rests).await;
    scene.reconcile().await;
    let there = scene.host(1).did.to_string();
    assert_eq!(scene.home().await, (there, AccountStatus::Deactivated));
    assert_eq!(scene.status(1).await, RepoStatus::Deactivated);
    assert_eq!(scene.has[1].all(), scene.has[0].all());
}

async fn an_account_comes_back_to_a_host_that_still_has_its_former_self(engine: Engine) {
    let scene = Scene::open(engine).await;
    scene.begin(1, Former::Rests).await;
    scene.reconcile().await;
    scene.assert_moved().await;
    scene.begin(0, Former::Deleted).await;
    scene.reconcile().await;
    scene.assert_lives_on(0).await;
    assert_eq!(scene.status(1).await, RepoStatus::Absent);
}

// contract 6, item 8
async fn an_account_that_cannot_move_stays(engine: Engine) {
    let scene = Scene::open(engine).await;
    let store = scene.world.server.app().store();
    let nowhere = Did::parse("did:web:nowhere.test").unwrap();
    let now = scene.world.server.clock().now();
    let account = store.account(&scene.alice.did).await.unwrap().unwrap();
    let (to, former) = (nowhere.to_string(), Former::Rests);
    let asked = AccountChange::begin(&account, Change::Move { to, former }, now);
    assert!(matches!(
        store.begin_change(&asked).await.unwrap(),
        ChangeBegin::HostUnknown
    ));
    // its person took our key out of the DID
    let last = scene.world.directory.last(&scene.alice.did).unwrap();
    let mut data = last.data().unwrap().clone();
    data.rotation_keys = vec![crate::service_tokens::token::draw().public_key().to_did_key()];
    let operation =
        UnsignedOperation::update(&last, data).sign(&scene.world.server.app().keys().plc_rotation);
    let taken = scene.world.directory.submit(&scene.alice.did, operation).unwrap();
    assert_eq!(taken, Submission::Accepted);
    scene.begin(1, Former::Rests).await;
    scene.reconcile().await;
    assert_eq!(store.changes_of(&scene.alice.did).await.unwrap(), []);
    assert_eq!(
        scene.home().await,
        (scene.host(0).did.to_string(), AccountStatus::Active)
    );
    assert_eq!(scene.status(0).await, RepoStatus::Active);
    assert_eq!(scene.status(1).await, RepoStatus::Absent);
}
