//! Hosts and authorities that mean no good.

use entryway_scope::{Did, Nsid};
use ipld_core::ipld::Ipld;
use serde_json::json;

use super::{World, answer, archive, did, nsid, permission_set, publishing, signer};
use crate::did::RejectedSignature;
use crate::fetch::{FetchError, FetchSettings};
use crate::lexicon::{LexiconUnresolved, Seen};
use crate::repo_proof::tests::repo::{Repo, Signer};
use crate::repo_proof::{ARCHIVE_BYTES_MAX, BlockFault, InvalidProof, Part, RecordPath};

//
#[tokio::test]
async fn a_record_that_another_key_signed_is_refused() {
    let mut draft = publishing(permission_set()).proof(&RecordPath::of_lexicon(&nsid()));
    draft.signer = Signer::k256(8);
    assert_eq!(
        World::serving(&draft.archive()).fault().await,
        LexiconUnresolved::Proof(InvalidProof::CommitSignature(RejectedSignature::Mismatch))
    );
}

// each account signs for itself, even where one key is used for two
#[tokio::test]
async fn a_record_of_another_account_is_refused() {
    let other = Did::parse("did:plc:abcdefghijklmnopqrstuvwx").unwrap();
    let repo = Repo::new(other, signer()).with(RecordPath::of_lexicon(&nsid()), permission_set());
    assert_eq!(
        World::serving(&archive(&repo)).fault().await,
        LexiconUnresolved::Proof(InvalidProof::CommitDid)
    );
}

#[tokio::test]
async fn a_record_that_was_changed_on_its_way_is_refused() {
    let archive = archive(&publishing(permission_set()));
    let title = b"Blog with Toy";
    let at = archive
        .windows(title.len())
        .position(|window| window == title)
        .unwrap();
    let mut changed = archive;
    changed[at] = b'b';
    assert_eq!(
        World::serving(&changed).fault().await,
        LexiconUnresolved::Proof(InvalidProof::BlockHash)
    );
}

#[tokio::test]
async fn the_proof_of_another_lexicon_is_refused() {
    let other = Nsid::parse("app.toy.everything").unwrap();
    let repo = publishing(permission_set()).with(RecordPath::of_lexicon(&other), permission_set());
    let archive = repo.proof(&RecordPath::of_lexicon(&other)).archive();
    let fault = World::serving(&archive).fault().await;
    assert!(
        matches!(fault, LexiconUnresolved::Proof(InvalidProof::Missing(_))),
        "{fault}"
    );
}

// issue 4: a rolled-back record
#[tokio::test]
async fn a_repository_that_has_gone_back_is_refused() {
    let rev = "3lhhxizu5wr2e".parse().unwrap();
    let seen = Some(Seen { did: did(), rev });
    let world = World {
        seen: seen.clone(),
        ..World::new()
    };
    assert_eq!(world.fault().await, LexiconUnresolved::RolledBack);
    // nor can it prove that there never was one
    let empty = Repo::new(did(), signer());
    let world = World {
        seen,
        ..World::serving(&archive(&empty))
    };
    assert_eq!(world.fault().await, LexiconUnresolved::RolledBack);
}

#[tokio::test]
async fn a_repository_from_the_future_is_refused() {
    // the last second of five minutes after the clock of the tests, and the first after it
    for (rev, expected) in [
        ("3lhhxtrg55z22", Ok(())),
        ("3lhhxtrg56222", Err(LexiconUnresolved::FutureRevision)),
        ("jzzzzzzzzzzzz", Err(LexiconUnresolved::FutureRevision)),
    ] {
        let repo = publishing(permission_set()).at_rev(rev);
        let resolved = World::serving(&archive(&repo)).resolve().await.resolved;
        assert_eq!(resolved.map(|_| ()), expected, "{rev}");
    }
}

// issue 4: a lexicon of 10 MB
#[tokio::test]
async fn an_archive_that_is_too_large_is_not_read() {
    let too_large = LexiconUnresolved::Fetch(FetchError::TooLarge {
        bytes_max: ARCHIVE_BYTES_MAX,
    });
    assert_eq!(
        World::serving(&vec![0; 10 * 1024 * 1024]).fault().await,
        too_large
    );
    assert_eq!(
        World::serving(&vec![0; ARCHIVE_BYTES_MAX + 1]).fault().await,
        too_large
    );
}

// issue 4: a lexicon of 100,000 permissions
#[tokio::test]
async fn a_lexicon_of_very_many_permissions_is_refused() {
    let mut record = permission_set();
    record["defs"]["main"]["permissions"] = vec![json!({"a": 1}); 100_000].into();
    assert_eq!(
        World::serving(&archive(&publishing(record))).fault().await,
        LexiconUnresolved::Proof(InvalidProof::Malformed {
            part: Part::Record,
            fault: BlockFault::TooManyValues { values_max: 20_000 },
        })
    );
}

#[tokio::test]
async fn a_record_with_a_float_is_refused() {
    let mut draft = publishing(permission_set()).proof(&RecordPath::of_lexicon(&nsid()));
    if let Some(Ipld::Map(fields)) = draft.record.as_mut().map(|record| &mut record.value) {
        fields.insert("lexicon".to_owned(), Ipld::Float(1.0));
    }
    assert_eq!(
        World::serving(&draft.archive()).fault().await,
        LexiconUnresolved::Proof(InvalidProof::Malformed {
            part: Part::Record,
            fault: BlockFault::Number,
        })
    );
}

// whoever holds a domain can name any host
#[tokio::test]
async fn hosts_that_are_not_public_are_not_asked() {
    let literal = "https://127.0.0.1".to_owned();
    let metadata = "https://169.254.169.254".to_owned();
    let local = "https://pds.internal".to_owned();
    let port = "https://pds.example.com:8443".to_owned();
    let plain = "http://pds.example.com".to_owned();
    for (pds, fault) in [
        (literal, FetchError::LiteralRefused),
        (metadata, FetchError::LiteralRefused),
        (local, FetchError::NameRefused),
        (port, FetchError::PortRefused),
        (plain, FetchError::SchemeRefused),
    ] {
        let world = World {
            pds: Some(pds.clone()),
            ..World::new()
        };
        assert_eq!(world.fault().await, LexiconUnresolved::Fetch(fault), "{pds}");
    }
    // and none of the hosts of these tests is, where development admits nothing
    let world = World {
        fetching: FetchSettings::default(),
        ..World::new()
    };
    let outcome = world.resolve().await;
    let refused = crate::resolve::DidUnresolved::Fetch(FetchError::SchemeRefused);
    assert_eq!(outcome.resolved, Err(LexiconUnresolved::Did(refused)));
    assert_eq!(outcome.asked_of_pds, Vec::<String>::new());
}

#[tokio::test]
async fn a_redirect_to_another_host_is_not_followed() {
    let world = World {
        answer: crate::fetch::tests::host::Answer::text(
            "HTTP/1.1 302 Found\r\nlocation: http://127.0.0.1:1/\r\ncontent-length: 0\r\n\r\n",
        ),
        ..World::new()
    };
    assert_eq!(
        world.fault().await,
        LexiconUnresolved::Fetch(FetchError::Redirected)
    );
}

#[tokio::test]
async fn an_answer_in_json_is_no_proof() {
    let world = World {
        answer: answer(
            "200 OK",
            "application/json",
            permission_set().to_string().as_bytes(),
        ),
        ..World::new()
    };
    let expected = &["application/vnd.ipld.car"];
    assert_eq!(
        world.fault().await,
        LexiconUnresolved::Fetch(FetchError::ContentType { expected })
    );
}
