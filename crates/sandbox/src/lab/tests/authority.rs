//! The sandbox as an authority, for a resolver that believes nobody.

use entryway_identity::fetch::{Development, FetchError, FetchSettings, Fetcher};
use entryway_identity::lexicon::{LexiconResolver, LexiconUnresolved, ResolvedLexicon};
use entryway_identity::resolve::{DidRecordFault, DidResolver};
use entryway_scope::{Nsid, PermissionSet};

use super::*;

fn resolver(sandbox: &Sandbox) -> LexiconResolver {
    let development = Development {
        loopback_http: true,
        ..Development::default()
    };
    let settings = FetchSettings {
        development: Some(development),
        ..FetchSettings::default()
    };
    let plc = sandbox.plc_url().parse().unwrap();
    let dids = DidResolver::new(Fetcher::new(settings).unwrap(), plc);
    LexiconResolver::new(dids, Arc::new(sandbox.names().clone()))
}

async fn resolve(sandbox: &Sandbox, name: &str) -> Result<ResolvedLexicon, LexiconUnresolved> {
    resolver(sandbox).resolve(&nsid(name), None, NOW).await
}

fn nsid(text: &str) -> Nsid {
    Nsid::parse(text).unwrap()
}

/// A permission set of a name, with another title.
fn titled(name: &str, title: &str) -> Value {
    json!({
        "lexicon": 1,
        "id": name,
        "defs": { "main": { "type": "permission-set", "title": title, "permissions": [] } },
    })
}

//
#[tokio::test]
async fn its_two_permission_sets_resolve_with_proof() {
    let stored = tempfile::tempdir().unwrap();
    let sandbox = start(stored.path()).await;
    for name in ["test.jotter.basic", "test.jotter.capture"] {
        let lexicon = resolve(&sandbox, name).await.unwrap();
        assert_eq!(Some(lexicon.did), sandbox.names().resolve(&handle("jotter.test")));
        let set = PermissionSet::read(&nsid(name), &lexicon.record).unwrap();
        assert_eq!(set.wants_audience(), name == "test.jotter.basic");
    }
}

//
#[tokio::test]
async fn a_changed_set_resolves_as_the_next_revision_and_after_a_restart_too() {
    let stored = tempfile::tempdir().unwrap();
    let sandbox = start(stored.path()).await;
    let name = "test.jotter.basic";
    let first = resolve(&sandbox, name).await.unwrap();
    let changed = titled(name, "Changed");
    let published = sandbox.publish_lexicon(&nsid(name), changed).await.unwrap();
    let seen = first.seen();
    let second = resolver(&sandbox)
        .resolve(&nsid(name), Some(&seen), NOW)
        .await
        .unwrap();
    assert_eq!(
        (second.cid.to_string(), second.rev.to_string()),
        (published.cid, published.rev)
    );
    assert!(second.rev > first.rev && second.cid != first.cid);
    assert_eq!(second.record["defs"]["main"]["title"], "Changed");
    sandbox.stop().await;

    let sandbox = start(stored.path()).await;
    let third = resolver(&sandbox)
        .resolve(&nsid(name), Some(&second.seen()), NOW)
        .await
        .unwrap();
    assert_eq!((third.cid, third.record), (second.cid, second.record));
}

//
#[tokio::test]
async fn an_authority_that_is_dark_may_answer_later_and_a_withdrawn_set_is_gone() {
    let stored = tempfile::tempdir().unwrap();
    let sandbox = start(stored.path()).await;
    let name = "test.jotter.basic";
    sandbox.darken_authorities();
    let dark = resolve(&sandbox, name).await.unwrap_err();
    let status = StatusCode::SERVICE_UNAVAILABLE;
    assert_eq!(dark, LexiconUnresolved::Fetch(FetchError::Status { status }));
    assert!(dark.is_temporary());
    sandbox.relight_authorities();
    assert!(resolve(&sandbox, name).await.is_ok());

    sandbox.withdraw_lexicon(&nsid(name)).await.unwrap();
    let absent = resolve(&sandbox, name).await.unwrap_err();
    assert_eq!(absent, LexiconUnresolved::Absent);
}

#[tokio::test]
async fn everybody_is_the_authority_of_their_own_domain_and_of_no_other() {
    let stored = tempfile::tempdir().unwrap();
    let sandbox = start(stored.path()).await;
    let name = "test.alice.basic";
    let missing = LexiconUnresolved::Authority(DidRecordFault::Missing);
    assert_eq!(resolve(&sandbox, name).await.unwrap_err(), missing);
    let refused = sandbox.publish_lexicon(&nsid(name), titled(name, "Mine")).await;
    assert!(matches!(
        refused,
        Err(LabFault::Publication(PublicationFault::NobodysDomain { authority })) if authority == "alice.test"
    ));

    let alice = sandbox.create_account(&handle("alice.test")).await.unwrap();
    let absent = resolve(&sandbox, name).await.unwrap_err();
    assert_eq!(absent, LexiconUnresolved::Absent);
    sandbox
        .publish_lexicon(&nsid(name), titled(name, "Mine"))
        .await
        .unwrap();
    assert_eq!(resolve(&sandbox, name).await.unwrap().did, alice.did);
}

#[tokio::test]
async fn what_is_no_lexicon_is_published_for_others_to_refuse() {
    let stored = tempfile::tempdir().unwrap();
    let sandbox = start(stored.path()).await;
    let name = "test.jotter.basic";
    for (lexicon, fault) in [
        (titled("test.jotter.other", "x"), LexiconUnresolved::Id),
        (
            json!({ "$type": "test.jotter.note", "lexicon": 1 }),
            LexiconUnresolved::Type,
        ),
        (json!({ "lexicon": 2, "id": name }), LexiconUnresolved::Version),
    ] {
        sandbox.publish_lexicon(&nsid(name), lexicon).await.unwrap();
        assert_eq!(resolve(&sandbox, name).await.unwrap_err(), fault);
    }
    for nothing in [json!([]), json!({ "n": 0.5 })] {
        let refused = sandbox.publish_lexicon(&nsid(name), nothing).await;
        assert!(matches!(
            refused,
            Err(LabFault::Publication(PublicationFault::Record(_)))
        ));
    }
}
