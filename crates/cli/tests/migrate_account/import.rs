//! Bringing things over from hosts that give others.

use std::fs;

use serde_json::json;

use super::host::{Answer, Asked, Host};
use super::{Person, session};

/// Of the blob `hello`.
const HELLO: &str = "bafkreibm6jg3ux5qumhcn2b3flc3tyu6dmlb4xa7u5bf44yegnrjhc4yeq";

fn source(blob: &'static str) -> Host {
    Host::answering(move |asked| match asked.method() {
        "com.atproto.sync.getLatestCommit" => Answer::json(&json!({"cid": "bafy", "rev": "3k"})),
        "com.atproto.sync.getRepo" => Answer::of(200, "content-type: application/vnd.ipld.car", "an archive"),
        "com.atproto.sync.getBlob" => Answer::of(200, "content-type: text/plain", blob),
        _ => Answer::refusal(501, "MethodNotImplemented", "Method Not Implemented"),
    })
}

/// Misses these blobs, and says so for ever.
fn new(missing: &'static [&'static str]) -> Host {
    Host::answering(move |asked: &Asked| match asked.method() {
        "com.atproto.server.checkAccountStatus" => Answer::json(&json!({"activated": false})),
        "com.atproto.repo.listMissingBlobs" => {
            let blobs: Vec<_> = missing
                .iter()
                .map(|cid| json!({"cid": cid, "recordUri": "at://x"}))
                .collect();
            Answer::json(&json!({"blobs": blobs, "cursor": "the same"}))
        }
        _ => Answer::json(&json!({})),
    })
}

fn person(source: &Host, new: &Host) -> Person {
    let person = Person::with(&[("OLD_PDS", &source.url), ("NEW_PDS", &new.url)]);
    person.is_signed_in();
    person
}

fn of(host: &Host, method: &str) -> Vec<Asked> {
    host.asked()
        .into_iter()
        .filter(|asked| asked.method() == method)
        .collect()
}

#[test]
fn what_was_fetched_and_sent_is_not_again() {
    let (source, new) = (source("hello"), new(&[HELLO]));
    let person = person(&source, &new);
    for _ in 0..2 {
        let run = person.does("import", &[]);
        assert_eq!(run.status, Some(0), "{}", run.stderr);
    }
    assert_eq!(of(&source, "com.atproto.sync.getRepo").len(), 1);
    assert_eq!(of(&source, "com.atproto.sync.getBlob").len(), 1);
    let sent = of(&new, "com.atproto.repo.importRepo");
    assert_eq!((sent.len(), sent[0].body.as_str()), (1, "an archive"));
    assert_eq!(sent[0].authorization, "Bearer new-access-token");
    // the public calls have nobody's token
    assert!(
        source
            .asked()
            .iter()
            .all(|asked| asked.authorization.is_empty() || asked.method().starts_with("app."))
    );
}

// a name that leads out of the folder
#[test]
fn a_blob_is_named_by_a_cid_or_not_at_all() {
    let (source, new) = (source("hello"), new(&["../old_session"]));
    let person = person(&source, &new);
    let before = fs::read_to_string(person.file("old_session.json")).unwrap();
    let run = person.does("import", &[]);
    assert_eq!(run.status, Some(1));
    assert!(run.stderr.contains("whose name is no CID"), "{}", run.stderr);
    assert_eq!(
        fs::read_to_string(person.file("old_session.json")).unwrap(),
        before
    );
    assert!(of(&source, "com.atproto.sync.getBlob").is_empty());
}

#[test]
fn a_blob_that_is_another_one_is_not_sent() {
    let (source, new) = (source("something else"), new(&[HELLO]));
    let person = person(&source, &new);
    let run = person.does("import", &[]);
    assert_eq!(run.status, Some(0), "{}", run.stderr);
    assert!(
        run.stdout
            .contains("blobs\t0 brought over, 1 are not at the source any more"),
        "{}",
        run.stdout
    );
    assert!(of(&new, "com.atproto.repo.uploadBlob").is_empty());
    let left = json!({"not_at_the_source": [HELLO], "not_taken": []});
    assert_eq!(person.said("blobs_left.json"), left);
}

// what was written there since the move would be undone
#[test]
fn an_account_that_is_lived_in_is_not_written_over() {
    let source = source("hello");
    let new = Host::answering(|asked| match asked.method() {
        "com.atproto.server.checkAccountStatus" => {
            Answer::json(&json!({"activated": true, "indexedRecords": 3}))
        }
        "com.atproto.repo.listMissingBlobs" => Answer::json(&json!({"blobs": []})),
        _ => Answer::json(&json!({})),
    });
    let person = person(&source, &new);
    let run = person.does("import", &[]);
    assert_eq!(run.status, Some(0), "{}", run.stderr);
    assert!(of(&new, "com.atproto.repo.importRepo").is_empty());
    assert!(of(&new, "app.bsky.actor.putPreferences").is_empty());
}

// thousands of blobs take longer than an access token lives
#[test]
fn a_token_that_expires_on_the_way_is_refreshed_once() {
    let source = source("hello");
    for (lives_again, status) in [(true, Some(0)), (false, Some(1))] {
        let new = Host::answering(move |asked| {
            let is_fresh = asked.authorization == "Bearer fresh-access-token" && lives_again;
            match asked.method() {
                "com.atproto.server.checkAccountStatus" => Answer::json(&json!({"activated": false})),
                "com.atproto.server.refreshSession" => Answer::json(&session("fresh")),
                "com.atproto.repo.listMissingBlobs" => Answer::json(&json!({"blobs": [{"cid": HELLO}]})),
                "com.atproto.repo.uploadBlob" if !is_fresh => {
                    Answer::refusal(400, "ExpiredToken", "Token has expired")
                }
                _ => Answer::json(&json!({})),
            }
        });
        let person = person(&source, &new);
        let run = person.does("import", &[]);
        assert_eq!(run.status, status, "{}", run.stderr);
        assert_eq!(of(&new, "com.atproto.server.refreshSession").len(), 1);
        assert_eq!(of(&new, "com.atproto.repo.uploadBlob").len(), 2);
        assert_eq!(person.said("new_session.json"), session("fresh"));
    }
}

#[test]
fn a_page_is_no_repository() {
    let source = Host::answering(|asked| match asked.method() {
        "com.atproto.sync.getLatestCommit" => Answer::json(&json!({"cid": "bafy", "rev": "3k"})),
        _ => Answer::of(200, "content-type: text/html", "<h1>Welcome</h1>"),
    });
    let new = new(&[]);
    let person = person(&source, &new);
    let run = person.does("import", &[]);
    assert_eq!(run.status, Some(1));
    assert!(
        run.stderr.contains("gave text/html in the place of a repository"),
        "{}",
        run.stderr
    );
    assert!(of(&new, "com.atproto.repo.importRepo").is_empty());
    assert!(!person.file("repo.car").exists());
}
