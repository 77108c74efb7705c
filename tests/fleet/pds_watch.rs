//! What is done to accounts on a PDS without us (contract 2.5, 6.15).

use entryway_core::account::{Account, AccountStatus, PasswordHash};
use entryway_core::account_change::{AccountChange, Change, StatusChange};
use entryway_scope::{Did, Handle};
use entryway_server::pds::PdsClient;
use entryway_server::watch_once;
use entryway_store::{Creation, NewAccount, TakedownOrigin};
use entryway_tests::{Engine, Host, Resident, Trouble, World, at_once, both_engines};

use crate::agreement::{reconciled, standing};
use crate::scene::{DOWN, Session, lived_in, refresh, sign_in};

both_engines!(
    a_takedown_on_a_host_is_followed_and_so_is_its_end,
    what_is_deactivated_or_deleted_on_a_host_acts_no_more_here,
    a_takedown_of_ours_stays_whatever_its_host_says,
    a_host_that_is_down_changes_nothing,
    a_host_that_lost_many_accounts_changes_nothing,
    of_many_that_watch_at_once_one_follows,
);

/// As a moderator of the host does it.
async fn done_there(world: &World, host: &Host, of: &Resident, change: StatusChange) {
    let pds = PdsClient::new(world.server.app().outside().http.clone(), host.url.clone());
    let admin = pds.as_admin(host.password.as_bytes());
    admin.update_subject_status(&of.did, &change).await.unwrap();
}

async fn watched(world: &World) -> usize {
    watch_once(world.server.app()).await.unwrap()
}

async fn a_takedown_on_a_host_is_followed_and_so_is_its_end(engine: Engine) {
    let (world, host, alice) = lived_in(engine).await;
    let bob = world.settle(&host, "bob.test").await;
    let (server, store) = (&world.server, world.server.app().store());
    let (session, bobs) = (
        Session::begin(server, &alice).await,
        Session::begin(server, &bob).await,
    );
    assert_eq!(watched(&world).await, 0);
    done_there(&world, &host, &alice, DOWN).await;
    assert_eq!(watched(&world).await, 1);
    assert_eq!(
        standing(&world, &host, &alice.did).await,
        (AccountStatus::TakenDown, false, true)
    );
    let takedown = store.takedown(&alice.did).await.unwrap().unwrap();
    assert_eq!(takedown.origin, TakedownOrigin::Pds);
    // what acts for it ended, and for nobody else
    assert_ne!(refresh(server, &session.refresh).await.code(), 200);
    assert_eq!(sign_in(server, "alice.test", &alice.password).await.code(), 401);
    assert_eq!(refresh(server, &bobs.refresh).await.code(), 200);
    assert_eq!(watched(&world).await, 0);

    done_there(&world, &host, &alice, StatusChange::Restored).await;
    assert_eq!(watched(&world).await, 1);
    assert_eq!(
        standing(&world, &host, &alice.did).await,
        (AccountStatus::Active, false, false)
    );
    Session::begin(server, &alice).await;
}

async fn what_is_deactivated_or_deleted_on_a_host_acts_no_more_here(engine: Engine) {
    let (world, host, alice) = lived_in(engine).await;
    let bob = world.settle(&host, "bob.test").await;
    done_there(&world, &host, &alice, StatusChange::Deactivated).await;
    assert_eq!(watched(&world).await, 1);
    assert_eq!(
        standing(&world, &host, &alice.did).await,
        (AccountStatus::Deactivated, true, false)
    );
    let pds = PdsClient::new(world.server.app().outside().http.clone(), host.url.clone());
    let admin = pds.as_admin(host.password.as_bytes());
    admin.delete_account(&bob.did).await.unwrap();
    assert_eq!(watched(&world).await, 1);
    let store = world.server.app().store();
    let takedown = store.takedown(&bob.did).await.unwrap().unwrap();
    assert_eq!(takedown.reference.as_deref(), Some("gone from its PDS"));
    assert_eq!(watched(&world).await, 0);
}

async fn a_takedown_of_ours_stays_whatever_its_host_says(engine: Engine) {
    let world = World::start_behind_fronts(engine, 1, |_| ()).await;
    let host = world.hosts[0].clone();
    let alice = world.settle(&host, "alice.test").await;
    let store = world.server.app().store();
    let account = store.account(&alice.did).await.unwrap().unwrap();
    let change = Change::Status(DOWN);
    let now = world.server.clock().now();
    let asked = AccountChange::begin(&account, change, now);
    store.begin_change(&asked).await.unwrap();
    // its host was not told yet
    assert_eq!(watched(&world).await, 0);
    reconciled(&world).await;
    let down = (AccountStatus::TakenDown, false, true);
    assert_eq!(standing(&world, &host, &alice.did).await, down);
    done_there(&world, &host, &alice, StatusChange::Restored).await;
    assert_eq!(watched(&world).await, 0);
    let ours = (AccountStatus::TakenDown, false, false);
    assert_eq!(standing(&world, &host, &alice.did).await, ours);
}

async fn a_host_that_is_down_changes_nothing(engine: Engine) {
    let world = World::start_behind_fronts(engine, 2, |_| ()).await;
    let (first, second) = (world.hosts[0].clone(), world.hosts[1].clone());
    let alice = world.settle(&first, "alice.test").await;
    let bob = world.settle(&second, "bob.test").await;
    done_there(&world, &first, &alice, DOWN).await;
    done_there(&world, &second, &bob, DOWN).await;
    let front = first.front.as_ref().unwrap();
    for method in ["listRepos", "getSubjectStatus"] {
        front.fail(method, 1, Trouble::Fails(500));
        let followed = watched(&world).await;
        assert_eq!(
            followed,
            usize::from(method == "listRepos"),
            "the other host is heard"
        );
        let half = (AccountStatus::Active, false, true);
        assert_eq!(standing(&world, &first, &alice.did).await, half);
    }
    assert_eq!(watched(&world).await, 1);
}

// a lost disk is no moderation
async fn a_host_that_lost_many_accounts_changes_nothing(engine: Engine) {
    let (world, host, alice) = lived_in(engine).await;
    let store = world.server.app().store();
    let like = store.account(&alice.did).await.unwrap().unwrap();
    let password_hash = PasswordHash::new("$argon2id$x".to_owned());
    let lost = |number: u32| Account {
        did: Did::parse(&format!("did:web:lost{number}.test")).unwrap(),
        handle: Handle::parse(&format!("lost{number}.test")).unwrap(),
        email: None,
        ..like.clone()
    };
    for number in 0..21 {
        let new = NewAccount {
            account: &lost(number),
            password_hash: &password_hash,
        };
        let created = store.create_account(new, world.server.clock().now()).await;
        assert_eq!(created.unwrap(), Creation::Created);
    }
    done_there(&world, &host, &alice, DOWN).await;
    // what else is done there is followed all the same
    assert_eq!(watched(&world).await, 1);
    for number in 0..21 {
        let still = store.account(&lost(number).did).await.unwrap().unwrap();
        assert_eq!(still.status, AccountStatus::Active);
    }
    // of twenty it may be true
    store
        .begin_deletion(&lost(20).did, None, world.server.clock().now())
        .await
        .unwrap();
    assert_eq!(watched(&world).await, 20);
}

async fn of_many_that_watch_at_once_one_follows(engine: Engine) {
    let (world, host, alice) = lived_in(engine).await;
    done_there(&world, &host, &alice, DOWN).await;
    let app = world.server.app();
    let instances = std::iter::repeat_n(app.clone(), 16);
    let followed = at_once(instances.map(|app| async move { watch_once(&app).await.unwrap() })).await;
    assert_eq!(followed.iter().sum::<usize>(), 1);
    assert_eq!(
        standing(&world, &host, &alice.did).await,
        (AccountStatus::TakenDown, false, true)
    );
}
