//! Sets that cannot be had, and with which words a request for one is refused.

use entryway_tests::{Answer, Client, ClientSite, Engine, Publisher, TestServer, at_once, both_engines};
use serde_json::{Value, json};

use super::{Garden, INCLUDE, TEND, boundless, client, repo, set};

/// The sentence with which a request is refused.
async fn refused(server: &TestServer, client: &Client) -> String {
    let reply = client.par().send(server).await;
    assert_eq!(reply.refusal(), (400, "invalid_scope".to_owned()), "{reply:?}");
    reply.member("error_description")
}

/// Something done to a publisher and the record it publishes under a name.
type Fault = fn(&Publisher, &str);

/// Nobody says where the record is.
fn faults_on_the_way() -> Vec<(Fault, &'static str)> {
    vec![
        (
            |garden, _| garden.answer_txt(&[]),
            "there is no TXT record that starts with did=",
        ),
        (
            |garden, _| garden.answer_txt(&["v=spf1 -all"]),
            "there is no TXT record that starts with did=",
        ),
        (
            |garden, _| garden.answer_txt(&["did=did:plc:gardengardengardengarden"; 2]),
            "there is more than one TXT record that starts with did=, keep one",
        ),
        (
            |garden, _| garden.answer_txt(&["did=garden"]),
            "the TXT record must be did= and a DID",
        ),
        (
            |garden, _| garden.fail_lookups(),
            "the TXT record could not be looked up, try again",
        ),
        (
            |garden, _| garden.answer_document(Answer::status(404)),
            "the DID of the lexicon authority does not resolve: there is no DID document of it",
        ),
        (
            |garden, _| garden.answer_document(Answer::status(410)),
            "the DID was ended by its holder",
        ),
        (
            |garden, _| garden.answer_document(Answer::status(500)),
            "the DID document answered with status 500 instead of 200",
        ),
        (
            |garden, _| {
                let mut document = garden.document("https://pds.garden.test");
                document["id"] = json!("did:plc:weedsweedsweedsweedsweed");
                garden.answer_document(Answer::json(&document));
            },
            "the DID document",
        ),
        (
            |garden, _| {
                let mut document = garden.document("https://pds.garden.test");
                document["verificationMethod"] = json!([]);
                garden.answer_document(Answer::json(&document));
            },
            "the DID document of the lexicon authority has no signing key #atproto",
        ),
        (
            |garden, _| {
                let mut document = garden.document("https://pds.garden.test");
                document["service"] = json!([]);
                garden.answer_document(Answer::json(&document));
            },
            "the DID document of the lexicon authority has no service #atproto_pds",
        ),
        (
            |garden, _| {
                garden.answer_document(Answer::json(&garden.document("https://pds.garden.test/path")));
            },
            "the PDS of the lexicon authority must be given as an https URL without path and query",
        ),
    ]
}

/// What is there is not the set.
fn faults_at_the_end() -> Vec<(Fault, &'static str)> {
    vec![
        (
            |garden, _| garden.answer_document(Answer::json(&garden.document("http://127.0.0.1:1"))),
            "the record of the lexicon could not be reached",
        ),
        (
            |garden, name| garden.serve(name, Answer::status(503)),
            "the record of the lexicon answered with status 503 instead of 200",
        ),
        (
            |garden, name| garden.serve(name, Answer::json(&json!({}))),
            "the record of the lexicon must have the content-type application/vnd.ipld.car",
        ),
        (
            |garden, name| {
                let large = vec![0; 10 * 1024 * 1024];
                garden.serve(name, Answer::bytes("application/vnd.ipld.car", &large));
            },
            "the record of the lexicon is larger than",
        ),
        (
            |garden, name| garden.serve(name, Answer::bytes("application/vnd.ipld.car", b"rubbish")),
            "the proof of the lexicon record",
        ),
        (
            |garden, name| garden.withdraw(name),
            "the lexicon authority has no record of this name in com.atproto.lexicon.schema",
        ),
        (
            |garden, name| garden.publish_forged(name, &harmless(name)),
            "the proof of the lexicon record has a commit with a wrong signature",
        ),
        (
            |garden, name| garden.publish(name, &harmless("test.garden.another")),
            "the record of the lexicon must have its own name as id",
        ),
        (
            |garden, name| {
                let mut record = harmless(name);
                record["$type"] = json!("test.garden.plant");
                garden.publish(name, &record);
            },
            "the record of the lexicon must have the $type com.atproto.lexicon.schema",
        ),
        (
            |garden, name| {
                let mut record = harmless(name);
                record["defs"]["main"]["type"] = json!("query");
                garden.publish(name, &record);
            },
            ": the lexicon is not of a permission set",
        ),
        (
            |garden, name| garden.publish(name, &set(name, &json!(vec![repo(&["test.garden.plant"]); 257]))),
            ": the permission set has more than 256 permissions",
        ),
    ]
}

fn harmless(name: &str) -> Value {
    set(name, &json!([repo(&["test.garden.plant"])]))
}

//
async fn a_set_that_cannot_be_had_refuses_the_request_with_the_step_that_failed(engine: Engine) {
    let Garden { publisher, server } = Garden::open(engine).await;
    let faults = [faults_on_the_way(), faults_at_the_end()].concat();
    for (number, (break_it, reason)) in faults.into_iter().enumerate() {
        let name = format!("test.garden.fault{number}");
        publisher.publish(&name, &harmless(&name));
        break_it(&publisher, &name);
        let client = client(&format!("atproto include:{name}"));
        let sentence = refused(&server, &client).await;
        let begins = format!("scope asks for the permission set {name}, which could not be resolved: ");
        assert!(
            sentence.starts_with(&begins) && sentence.contains(reason),
            "{reason:?} is not in {sentence:?}"
        );
        // nobody is asked again for half a minute, however soon it was mended
        let contacts = publisher.contacts();
        publisher.publish(&name, &harmless(&name));
        publisher.mend();
        server.clock().advance(29);
        assert_eq!(refused(&server, &client).await, sentence);
        assert_eq!(publisher.contacts(), contacts);
        server.clock().advance(1);
        assert_eq!(client.par().send(&server).await.code(), 201, "{reason}");
    }
}

// what a stranger names is not reached inside
#[tokio::test]
async fn a_pds_at_a_private_address_is_not_asked() {
    let Garden { publisher, server } = Garden::open(Engine::Sqlite).await;
    let canary = ClientSite::http().await;
    let port = canary.address().port();
    for pds in [
        format!("https://127.0.0.1:{port}"),
        format!("https://localhost:{port}"),
        format!("https://canary.localhost:{port}"),
        format!("http://0.0.0.0:{port}"),
        format!("https://[::ffff:127.0.0.1]:{port}"),
        "http://10.0.0.1".to_owned(),
        "https://10.0.0.1".to_owned(),
        "https://192.168.0.1".to_owned(),
        "https://169.254.169.254".to_owned(),
        "https://[fd00::1]".to_owned(),
        "https://metadata.internal".to_owned(),
        "file:///etc/passwd".to_owned(),
        format!("https://user:secret@127.0.0.1:{port}"),
    ] {
        publisher.answer_document(Answer::json(&publisher.document(&pds)));
        let sentence = refused(&server, &client(INCLUDE)).await;
        assert!(!sentence.contains("could not be reached"), "{pds}: {sentence}");
        server.clock().advance(30);
    }
    assert_eq!((canary.connections(), publisher.asked(TEND)), (0, 0));
    publisher.mend();
    assert_eq!(client(INCLUDE).par().send(&server).await.code(), 201);
}

// more than a scope may hold is refused before anybody is asked to allow it
async fn a_request_whose_sets_hold_too_much_is_refused(engine: Engine) {
    let Garden { publisher, server } = Garden::open(engine).await;
    publisher.publish(TEND, &set(TEND, &json!([boundless()])));
    let sentence = refused(&server, &client(INCLUDE)).await;
    assert!(
        sentence.starts_with("scope with its permission sets"),
        "{sentence}"
    );
}

// the longest name there can be, and a reason after it: still one answer that clients can read
#[tokio::test]
async fn the_longest_name_is_refused_in_one_sentence() {
    let Garden { server, .. } = Garden::open(Engine::Sqlite).await;
    let label = "a".repeat(63);
    let name = format!("test.{label}.{label}.{label}.{}.{label}", "a".repeat(56));
    assert_eq!(name.len(), 317);
    refused(&server, &client(&format!("atproto include:{name}"))).await;
}

/// What becomes of sixty-four requests at once of as many people.
async fn sixty_four(server: &TestServer) -> Vec<u16> {
    let first = client(INCLUDE);
    // so that every request comes as far as the set with its first try
    let reply = first.par().once().send(server).await;
    assert_eq!(reply.refusal(), (400, "use_dpop_nonce".to_owned()));
    let calls = (0..64).map(|_| {
        let (client, server) = (first.elsewhere(), server.clone());
        async move { client.par().send(&server).await.code() }
    });
    at_once(calls).await
}

//
async fn of_sixty_four_requests_at_once_one_asks(engine: Engine) {
    let Garden { publisher, server } = Garden::open(engine).await;
    assert_eq!(sixty_four(&server).await, [201; 64]);
    assert_eq!(publisher.asked(TEND), 1);
}

// nor is a publisher asked by each of many in turn who may not have it
async fn sixty_four_requests_at_once_share_a_refusal(engine: Engine) {
    let Garden { publisher, server } = Garden::open(engine).await;
    publisher.go_dark();
    assert_eq!(sixty_four(&server).await, [400; 64]);
    assert_eq!(publisher.asked(TEND), 1);
}

both_engines! {
    a_set_that_cannot_be_had_refuses_the_request_with_the_step_that_failed,
    a_request_whose_sets_hold_too_much_is_refused,
    of_sixty_four_requests_at_once_one_asks,
    sixty_four_requests_at_once_share_a_refusal,
}
