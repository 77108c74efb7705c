//! What an operator makes of an account, while the server that is to tell its PDS may be down.

use entryway_core::account::AccountStatus;
use entryway_core::account_change::Kind;
use entryway_core::account_change::Stage;
use entryway_oauth::time::Timestamp;
use entryway_scope::Did;

use crate::binary::{Run, entryway};
use crate::{CAROL, PASSWORD, PDS, Scene};

impl Scene {
    fn change(&self, verb: &str, more: &[&str]) -> Run {
        let arguments = ["account", verb, "carol.test", "--data-dir", self.data_dir()];
        entryway([&arguments[..], more].concat())
    }
}

fn carol() -> Did {
    Did::parse(CAROL).unwrap()
}

#[track_caller]
fn assert_done(run: &Run, status: &str, said: &str) {
    assert_eq!(run.status, Some(0), "{run:?}");
    assert_eq!(run.stdout, format!("carol.test\t{CAROL}\t{PDS}\t-{status}\n"));
    let stderr = format!(
        "entryway: the account {said}; the server that runs on this database tells {PDS} within half a minute, and \
        `entryway account unfinished` lists it until then\n"
    );
    assert_eq!(run.stderr, stderr);
}

/// As the reconciler of a server does it, once the PDS was told.
async fn finish(scene: &Scene, kind: Kind) {
    let now = Timestamp::from_seconds(i64::MAX);
    let due = scene.store.due_changes(now, 10).await.unwrap();
    let due = due.into_iter().find(|change| change.kind() == kind).unwrap();
    assert_eq!((due.stage, due.held_until), (Stage::Begun, due.created_at));
    scene.store.finish_change(&due).await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn an_account_is_taken_down_and_restored_by_name() {
    let scene = Scene::set().await;
    scene.add("carol.test", CAROL, &[]);
    let down = scene.change("take-down", &["--ref", "case 7"]);
    let said = "is taken down here and its sessions have ended";
    assert_done(&down, "\ttaken down", said);
    let takedown = scene.store.takedown(&carol()).await.unwrap().unwrap();
    assert_eq!(takedown.reference.as_deref(), Some("case 7"));
    let refused = scene.change("activate", &[]);
    assert_eq!(refused.status, Some(1));
    assert!(refused.stderr.contains("restore it instead"), "{refused:?}");
    finish(&scene, Kind::Takedown).await;
    let restored = scene.change("restore", &[]);
    assert_done(&restored, "\ttaken down", "is restored once its PDS agrees");
    finish(&scene, Kind::Takedown).await;
    let (account, _) = scene.sign_in("carol.test", PASSWORD).await.unwrap();
    assert_eq!(account.status, AccountStatus::Active);
}

#[tokio::test(flavor = "multi_thread")]
async fn an_account_is_switched_off_and_on_by_did() {
    let scene = Scene::set().await;
    scene.add("carol.test", CAROL, &[]);
    let data_dir = scene.data_dir();
    let off = entryway(["account", "deactivate", CAROL, "--data-dir", data_dir]);
    let said = "is deactivated here and its OAuth sessions have ended";
    assert_done(&off, "\tdeactivated", said);
    finish(&scene, Kind::Status).await;
    let on = entryway(["account", "activate", CAROL, "--data-dir", data_dir]);
    assert_done(&on, "\tdeactivated", "is active once its PDS agrees");
    finish(&scene, Kind::Status).await;
    let (account, _) = scene.sign_in(CAROL, PASSWORD).await.unwrap();
    assert_eq!(account.status, AccountStatus::Active);
}

#[tokio::test(flavor = "multi_thread")]
async fn an_account_is_deleted_where_that_is_meant() {
    let scene = Scene::set().await;
    scene.add("carol.test", CAROL, &[]);
    let careless = scene.change("delete", &[]);
    assert_eq!(careless.status, Some(2), "{careless:?}");
    assert!(scene.sign_in("carol.test", PASSWORD).await.is_some());
    let gone = scene.change("delete", &["--yes"]);
    assert_done(&gone, "", "is deleted here and its sessions have ended");
    assert!(scene.sign_in("carol.test", PASSWORD).await.is_none());
    assert_eq!(scene.add("carol.test", CAROL, &[]).status, Some(1));
    finish(&scene, Kind::Deletion).await;
    assert_eq!(scene.add("carol.test", CAROL, &[]).status, Some(0));
    let nobody = scene.change("restore", &["--database", "sqlite:///nowhere"]);
    assert_eq!(nobody.status, Some(2), "{nobody:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn what_names_no_account_is_refused() {
    let scene = Scene::set().await;
    let unknown = scene.change("take-down", &[]);
    assert_eq!(unknown.status, Some(1));
    assert_eq!(unknown.stderr, "entryway: there is no such account here\n");
    let address = entryway([
        "account",
        "restore",
        "carol@example.com",
        "--data-dir",
        scene.data_dir(),
    ]);
    assert_eq!(address.status, Some(2));
}
