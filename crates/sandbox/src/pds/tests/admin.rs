//! What an entryway makes of accounts (contract section 2.5).

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

use super::app::authorized;
use super::*;

const UPDATE_STATUS: &str = "com.atproto.admin.updateSubjectStatus";
const UPDATE_HANDLE: &str = "com.atproto.admin.updateAccountHandle";

impl Fixture {
    /// A procedure with the password of the administrator.
    async fn administer(&self, method: &str, input: Value) -> Answer {
        let mut request = procedure(method, &input);
        request
            .headers_mut()
            .insert("authorization", basic(&format!("admin:{ADMIN_PASSWORD}")));
        self.send(request).await
    }

    async fn change_status(&self, did: &Did, change: &Value) -> Answer {
        let mut input = json!({ "subject": { "$type": "com.atproto.admin.defs#repoRef", "did": did } });
        input
            .as_object_mut()
            .unwrap()
            .extend(change.as_object().unwrap().clone());
        self.administer(UPDATE_STATUS, input).await
    }

    async fn repo_status(&self, did: &Did) -> Answer {
        self.query("com.atproto.sync.getRepoStatus", &[("did", did.as_str())])
            .await
    }

    /// The directory hears of another handle.
    fn publish_handle(&self, did: &Did, handle: &str) {
        let last = self.directory.last(did).unwrap();
        let mut data = last.data().unwrap().clone();
        data.also_known_as = vec![format!("at://{handle}")];
        let update = UnsignedOperation::update(&last, data).sign(&entryway_key());
        self.directory.submit(did, update).unwrap();
    }
}

fn basic(credentials: &str) -> http::HeaderValue {
    format!("Basic {}", STANDARD.encode(credentials)).parse().unwrap()
}

#[tokio::test]
async fn nobody_without_the_password_changes_an_account() {
    let (fixture, alice) = Fixture::with_alice().await;
    for authorization in [
        None,
        Some(basic("admin:another-password")),
        Some(basic(ADMIN_PASSWORD)),
        Some("Bearer x".parse().unwrap()),
        Some("Basic !".parse().unwrap()),
    ] {
        for (method, input) in [
            ("com.atproto.admin.deleteAccount", json!({ "did": alice })),
            (UPDATE_HANDLE, json!({ "did": alice, "handle": "other.test" })),
            (UPDATE_STATUS, json!({})),
        ] {
            let mut request = procedure(method, &input);
            if let Some(value) = &authorization {
                request.headers_mut().insert("authorization", value.clone());
            }
            let answer = fixture.send(request).await;
            assert_eq!(answer.error(), (401, "AuthenticationRequired".to_owned()));
        }
    }
    assert_eq!(fixture.repo_status(&alice).await.json()["active"], true);
}

#[tokio::test]
async fn an_account_that_is_deactivated_or_taken_down_hides_and_writes_nothing() {
    let (fixture, alice) = Fixture::with_alice().await;
    let write = async || {
        let input = json!({ "repo": alice, "collection": "test.jotter.note", "record": {} });
        let request = procedure("com.atproto.repo.createRecord", &input);
        fixture.send(authorized(request, &alice, "atproto repo:*")).await
    };
    for (change, back, status, hidden, refused) in [
        (
            json!({ "deactivated": { "applied": true } }),
            json!({ "deactivated": { "applied": false } }),
            "deactivated",
            "RepoDeactivated",
            "AccountDeactivated",
        ),
        (
            json!({ "takedown": { "applied": true, "ref": "case 1" } }),
            json!({ "takedown": { "applied": false } }),
            "takendown",
            "RepoTakendown",
            "AccountTakedown",
        ),
    ] {
        assert_eq!(fixture.change_status(&alice, &change).await.status, 200);
        assert_eq!(
            fixture.repo_status(&alice).await.json(),
            json!({ "did": alice, "active": false, "status": status })
        );
        let described = fixture
            .query("com.atproto.repo.describeRepo", &[("repo", "alice.test")])
            .await;
        assert_eq!(described.error(), (400, hidden.to_owned()));
        assert_eq!(write().await.error(), (401, refused.to_owned()));
        assert_eq!(fixture.change_status(&alice, &back).await.status, 200);
        assert_eq!(write().await.status, 200);
    }
    let nobody = Did::parse("did:plc:aaaaaaaaaaaaaaaaaaaaaaaa").unwrap();
    let answer = fixture
        .change_status(&nobody, &json!({ "deactivated": { "applied": true } }))
        .await;
    assert_eq!(answer.error(), (400, "InvalidRequest".to_owned()));
}

#[tokio::test]
async fn an_account_whose_document_names_another_pds_is_not_activated() {
    let (fixture, alice) = Fixture::with_alice().await;
    fixture
        .change_status(&alice, &json!({ "deactivated": { "applied": true } }))
        .await;
    let last = fixture.directory.last(&alice).unwrap();
    let away = last.data().unwrap().clone().on_pds("https://elsewhere.example");
    let moved = UnsignedOperation::update(&last, away).sign(&entryway_key());
    fixture.directory.submit(&alice, moved).unwrap();
    let answer = fixture
        .change_status(&alice, &json!({ "deactivated": { "applied": false } }))
        .await;
    assert_eq!(answer.error(), (400, "InvalidRequest".to_owned()));
    assert_eq!(fixture.repo_status(&alice).await.json()["active"], false);
}

#[tokio::test]
async fn a_handle_changes_once_the_directory_says_so() {
    let (fixture, alice) = Fixture::with_alice().await;
    let change = async |handle: &str| {
        let input = json!({ "did": alice, "handle": handle });
        fixture.administer(UPDATE_HANDLE, input).await
    };
    let early = change("alicia.test").await;
    assert_eq!(early.json()["message"], "Handle does not match DID doc");
    fixture.publish_handle(&alice, "alicia.test");
    // twice: it is idempotent
    for _ in 0..2 {
        assert_eq!(change("alicia.test").await.status, 200);
    }
    let described = fixture
        .query("com.atproto.repo.describeRepo", &[("repo", "alicia.test")])
        .await;
    assert_eq!(described.json()["did"], alice.as_str());
    let names = &fixture.names;
    let resolve = |handle| names.resolve(&Handle::parse(handle).unwrap());
    assert_eq!(
        (resolve("alice.test"), resolve("alicia.test")),
        (None, Some(alice.clone()))
    );
    for bad in ["a.test", "a-name-of-nineteen-c.test", "two.labels.test"] {
        assert_eq!(
            change(bad).await.error(),
            (400, "InvalidHandle".to_owned()),
            "{bad}"
        );
    }

    let bob = fixture.genesis("bob.test").await;
    assert_eq!(fixture.create_account("bob.test", &bob).await.status, 200);
    fixture.publish_handle(&alice, "bob.test");
    assert_eq!(
        change("bob.test").await.error(),
        (400, "HandleNotAvailable".to_owned())
    );
}

#[tokio::test]
async fn an_account_that_was_deleted_is_gone_after_a_restart_too() {
    let (fixture, alice) = Fixture::with_alice().await;
    for _ in 0..2 {
        let deleted = fixture
            .administer("com.atproto.admin.deleteAccount", json!({ "did": alice }))
            .await;
        assert_eq!(deleted.status, 200);
    }
    // its name is free for another, and its DID is as it was
    assert!(fixture.directory.last(&alice).unwrap().data().is_some());
    let again = fixture.genesis("alice.test").await;
    assert_eq!(fixture.create_account("alice.test", &again).await.status, 200);
    let fixture = fixture.restart();
    let gone = fixture.repo_status(&alice).await;
    assert_eq!(gone.error(), (400, "RepoNotFound".to_owned()));
}

#[tokio::test]
async fn a_key_that_was_reserved_waits_through_a_restart() {
    let fixture = Fixture::new().await;
    let operation = fixture.genesis("alice.test").await;
    let fixture = fixture.restart();
    assert_eq!(fixture.create_account("alice.test", &operation).await.status, 200);
    let spent = fixture.create_account("alice.test", &operation).await;
    assert_eq!(spent.json()["message"], "reserved signing key does not exist");
}
