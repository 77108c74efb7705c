//! `entryway account unfinished`.

use entryway_core::account::Identifier;
use entryway_core::account_change::{AccountChange, Change, StatusChange};
use entryway_oauth::time::Timestamp;

use crate::binary::{Run, entryway, success};
use crate::{CAROL, Scene};

// C28: what stands still is not found out by a complaint
#[tokio::test(flavor = "multi_thread")]
async fn what_was_begun_and_not_finished_is_listed_until_it_is() {
    let scene = Scene::set().await;
    let unfinished = || entryway(["account", "unfinished", "--data-dir", scene.data_dir()]);
    let nothing = Run {
        stderr: "entryway: nothing is unfinished\n".to_owned(),
        ..success("")
    };
    assert_eq!(unfinished(), nothing);

    scene.add("carol.test", CAROL, &[]);
    let carol = Identifier::parse("carol.test").unwrap();
    let (account, _) = scene.store.account_for_sign_in(&carol).await.unwrap().unwrap();
    let change = Change::Status(StatusChange::Deactivated);
    let begun = AccountChange::begin(&account, change, Timestamp::from_seconds(0));
    scene.store.begin_change(&begun).await.unwrap();
    let line = format!("status\t{CAROL}\tbegun\tsince 1970-01-01T00:00:00Z\tnext 1970-01-01T00:01:30Z\n");
    assert_eq!(unfinished(), success(&line));

    scene.store.drop_change(&begun).await.unwrap();
    assert_eq!(unfinished(), nothing);
}
