//! What a publisher may have got wrong, step by step, and what the errors say.

use serde_json::{Value, json};

use super::{DID, World, answer, archive, document, nsid, permission_set, publishing, signer};
use crate::fetch::FetchError;
use crate::fetch::tests::host::Answer;
use crate::lexicon::LexiconUnresolved;
use crate::repo_proof::{InvalidProof, RecordPath};
use crate::resolve::{DidRecordFault, DidUnresolved};

#[tokio::test]
async fn a_domain_that_names_no_authority_is_told_so() {
    for (texts, fault) in [
        (vec![], DidRecordFault::Missing),
        (vec!["did=nobody"], DidRecordFault::NoDid),
        (
            vec!["did=did:web:a.app", "did=did:web:b.app"],
            DidRecordFault::Ambiguous,
        ),
    ] {
        let texts = texts
            .into_iter()
            .map(|text| ("_lexicon.toy.app", text.to_owned()));
        let world = World {
            txt: texts.collect(),
            ..World::new()
        };
        assert_eq!(world.fault().await, LexiconUnresolved::Authority(fault));
    }
}

#[tokio::test]
async fn an_authority_without_a_document_key_or_host_is_told_so() {
    let directory = |document: Value| {
        let body = document.to_string();
        Some(answer("200 OK", "application/json", body.as_bytes()))
    };
    let with = |name: &str, value: Value| {
        let mut document = document(&signer().public_key(), "https://pds.example.com");
        document[name] = value;
        directory(document)
    };
    let key = |id: &str, kind: &str, key: &str| {
        with(
            "verificationMethod",
            json!([{"id": id, "type": kind, "controller": DID, "publicKeyMultibase": key}]),
        )
    };
    let multibase = signer().public_key().to_multibase();
    for (what, directory, fault) in [
        (
            "no document",
            Some(answer("404 Not Found", "application/json", b"{}")),
            LexiconUnresolved::Did(DidUnresolved::Unknown),
        ),
        (
            "the document of another",
            with("id", json!("did:web:toy.app")),
            LexiconUnresolved::Did(DidUnresolved::OtherDid),
        ),
        (
            "no keys",
            with("verificationMethod", json!([])),
            LexiconUnresolved::SigningKeyMissing,
        ),
        (
            "a key of another name",
            key("#atproto_label", "Multikey", &multibase),
            LexiconUnresolved::SigningKeyMissing,
        ),
        (
            "a key of another kind",
            key("#atproto", "JsonWebKey2020", &multibase),
            LexiconUnresolved::SigningKeyMissing,
        ),
        (
            "a key that is none",
            key("#atproto", "Multikey", "zNone"),
            LexiconUnresolved::SigningKeyMissing,
        ),
        (
            "no services",
            with("service", json!([])),
            LexiconUnresolved::PdsMissing,
        ),
    ] {
        let world = World {
            directory,
            ..World::new()
        };
        assert_eq!(world.fault().await, fault, "{what}");
    }
}

#[tokio::test]
async fn a_host_is_given_as_an_origin() {
    for pds in [
        "",
        "pds.example.com",
        "ftp://pds.example.com",
        "data:pds",
        "https://pds.example.com/path",
        "https://pds.example.com/?query",
        "https://pds.example.com/#fragment",
        "https://user@pds.example.com",
        "https://:word@pds.example.com",
    ] {
        let world = World {
            pds: Some(pds.to_owned()),
            ..World::new()
        };
        assert_eq!(world.fault().await, LexiconUnresolved::PdsUrl, "{pds}");
    }
}

#[tokio::test]
async fn a_host_that_does_not_answer_as_it_should_is_told_so() {
    let status = |code: u16| {
        LexiconUnresolved::Fetch(FetchError::Status {
            status: code.try_into().unwrap(),
        })
    };
    for (answer, fault, is_temporary) in [
        (
            answer("400 Bad Request", "application/json", b"{}"),
            status(400),
            false,
        ),
        (
            answer("404 Not Found", "application/json", b"{}"),
            status(404),
            false,
        ),
        (answer("502 Bad Gateway", "text/html", b""), status(502), true),
        (
            Answer::text("nothing"),
            LexiconUnresolved::Fetch(FetchError::Broken),
            true,
        ),
        (
            answer("200 OK", "application/vnd.ipld.car", b""),
            LexiconUnresolved::Proof(InvalidProof::Section),
            false,
        ),
    ] {
        let world = World {
            answer,
            ..World::new()
        };
        assert_eq!(world.fault().await, fault);
        assert_eq!(fault.is_temporary(), is_temporary, "{fault}");
    }
}

#[tokio::test]
async fn a_lexicon_that_is_not_published_is_proven_not_to_be() {
    let mut draft = publishing(permission_set()).proof(&RecordPath::of_lexicon(&nsid()));
    draft.record = None;
    // only left out, it is merely missing
    assert_eq!(
        World::serving(&draft.archive()).fault().await,
        LexiconUnresolved::Proof(InvalidProof::Missing(crate::repo_proof::Part::Record))
    );
    let repo = crate::repo_proof::tests::repo::Repo::new(super::did(), signer());
    assert_eq!(
        World::serving(&archive(&repo)).fault().await,
        LexiconUnresolved::Absent
    );
}

//
#[tokio::test]
async fn a_record_that_is_no_lexicon_of_the_name_is_refused() {
    for (field, value, fault) in [
        ("$type", json!("app.toy.blogging"), LexiconUnresolved::Type),
        ("$type", json!(null), LexiconUnresolved::Type),
        ("lexicon", json!(2), LexiconUnresolved::Version),
        ("lexicon", json!("1"), LexiconUnresolved::Version),
        ("lexicon", json!(null), LexiconUnresolved::Version),
        ("id", json!("app.toy.Blogging"), LexiconUnresolved::Id),
        ("id", json!("app.toy.blogging#main"), LexiconUnresolved::Id),
        ("id", json!(null), LexiconUnresolved::Id),
    ] {
        let mut record = permission_set();
        record[field] = value.clone();
        let world = World::serving(&archive(&publishing(record)));
        assert_eq!(world.fault().await, fault, "{field}: {value}");
    }
}

#[test]
fn every_error_is_a_sentence_that_names_its_step() {
    use LexiconUnresolved as L;
    let all = [
        L::Authority(DidRecordFault::LookupFailed),
        L::Authority(DidRecordFault::Missing),
        L::Authority(DidRecordFault::Ambiguous),
        L::Authority(DidRecordFault::NoDid),
        L::Did(DidUnresolved::Unknown),
        L::Did(DidUnresolved::Ended),
        L::Did(DidUnresolved::Host),
        L::Did(DidUnresolved::Fetch(FetchError::Unreachable)),
        L::Did(DidUnresolved::Malformed),
        L::Did(DidUnresolved::OtherDid),
        L::SigningKeyMissing,
        L::PdsMissing,
        L::PdsUrl,
        L::Fetch(FetchError::Busy),
        L::Proof(InvalidProof::BlockHash),
        L::FutureRevision,
        L::RolledBack,
        L::Absent,
        L::Type,
        L::Version,
        L::Id,
    ];
    let temporary = all.iter().filter(|error| error.is_temporary());
    let sentences: Vec<_> = all.iter().map(ToString::to_string).collect();
    for sentence in &sentences {
        let allowed = |byte: u8| matches!(byte, b' '..=b'~') && !matches!(byte, b'"' | b'\\');
        assert!(sentence.bytes().all(allowed), "{sentence}");
        assert!(
            sentence.starts_with("the ") && !sentence.ends_with('.'),
            "{sentence}"
        );
    }
    assert_eq!(
        temporary.map(ToString::to_string).collect::<Vec<_>>(),
        [
            "the domain of the lexicon names no authority in its _lexicon name: \
                the TXT record could not be looked up, try again",
            "the DID of the lexicon authority does not resolve: the DID document could not be reached, \
                its host must answer with a certificate valid for its name",
            "the record of the lexicon could not be fetched now, too much is being fetched; try again",
        ]
    );
    assert_eq!(
        sentences[14],
        "the proof of the lexicon record has a block whose hash is not the one of its CID"
    );
}
