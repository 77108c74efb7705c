//! Lexicons, published and hidden over HTTP by whoever develops on this machine.

use entryway_identity::repo_proof::Found;

use super::*;

impl Fixture {
    async fn development(&self, method: &str, path: &str, body: Option<Value>) -> Answer {
        let request = Request::builder()
            .method(method)
            .uri(format!("/sandbox/{path}"))
            .header("origin", "http://other.example");
        let request = match body {
            Some(body) => request
                .header("content-type", "application/json")
                .body(body.to_string().into()),
            None => request.body(Body::empty()),
        };
        self.send(request.unwrap()).await
    }

    async fn publish(&self, name: &str, lexicon: Value) -> Answer {
        self.development("POST", &format!("lexicons/{name}"), Some(lexicon))
            .await
    }
}

#[tokio::test]
async fn a_lexicon_is_published_changed_and_withdrawn_at_the_holder_of_its_domain() {
    let (fixture, alice) = Fixture::with_alice().await;
    let first = fixture
        .publish("test.alice.basic", json!({ "lexicon": 1 }))
        .await
        .json();
    assert_eq!(
        first["uri"],
        format!("at://{alice}/com.atproto.lexicon.schema/test.alice.basic")
    );
    let proof = fixture.proof(&alice, SCHEMA, "test.alice.basic").await;
    let Found::Record(record) = proof.found else {
        panic!("{proof:?}")
    };
    assert_eq!(json!(record.fields), json!({ "$type": SCHEMA, "lexicon": 1 }));
    assert_eq!(
        (record.cid.to_string(), proof.rev.to_string()),
        (text(&first["cid"]), text(&first["rev"]))
    );

    let second = fixture
        .publish("test.alice.basic", json!({ "lexicon": 2 }))
        .await
        .json();
    assert!(text(&second["rev"]) > text(&first["rev"]));
    assert_ne!(second["cid"], first["cid"]);
    assert_eq!(
        fixture.development("GET", "lexicons", None).await.json(),
        json!({ "dark": false, "lexicons": [{
            "uri": second["uri"],
            "cid": second["cid"],
            "value": { "$type": SCHEMA, "lexicon": 2 },
        }] })
    );

    for _ in 0..2 {
        let withdrawn = fixture
            .development("DELETE", "lexicons/test.alice.basic", None)
            .await;
        assert_eq!(withdrawn.status, 200);
        let proof = fixture.proof(&alice, SCHEMA, "test.alice.basic").await;
        assert_eq!(proof.found, Found::Absent);
    }
}

#[tokio::test]
async fn a_name_of_nobodys_domain_and_what_is_no_record_are_refused() {
    let (fixture, _) = Fixture::with_alice().await;
    let cases = [
        ("test.bob.basic", json!({}), "and nobody has bob.test"),
        (
            "test.alice.deep.basic",
            json!({}),
            "and nobody has deep.alice.test",
        ),
        ("test.alice", json!({}), "an NSID"),
        ("test.alice.basic", json!([]), "one JSON object"),
        ("test.alice.basic", json!({ "n": 1.5 }), "whole numbers"),
    ];
    for (name, lexicon, reason) in cases {
        let answer = fixture.publish(name, lexicon).await;
        assert_eq!(
            answer.error(),
            (400, "InvalidRequest".to_owned()),
            "{name} {reason}"
        );
        let message = answer.json()["message"].as_str().unwrap().to_owned();
        assert!(message.contains(reason), "{message}");
    }
}

//
#[tokio::test]
async fn in_the_dark_no_lexicon_can_be_had_and_all_else_can() {
    let (fixture, alice) = Fixture::with_alice().await;
    fixture.publish("test.alice.basic", json!({ "lexicon": 1 })).await;
    let parameters = |collection| {
        [
            ("did", alice.as_str()),
            ("collection", collection),
            ("rkey", "test.alice.basic"),
        ]
    };
    let ask = async |collection| {
        let answer = fixture
            .query("com.atproto.sync.getRecord", &parameters(collection))
            .await;
        answer.status
    };
    assert_eq!(ask(SCHEMA).await, 200);
    let dark = fixture.development("PUT", "darkness", None).await.json();
    assert_eq!(dark, json!({ "dark": true }));
    assert_eq!((ask(SCHEMA).await, ask("test.alice.note").await), (503, 200));
    fixture.development("DELETE", "darkness", None).await;
    assert_eq!(ask(SCHEMA).await, 200);
}

// a page of another site may call methods of a PDS, but not these
#[tokio::test]
async fn the_pages_of_other_sites_cannot_publish() {
    let (fixture, _) = Fixture::with_alice().await;
    let published = fixture.publish("test.alice.basic", json!({})).await;
    assert_eq!(published.headers.get("access-control-allow-origin"), None);
    let preflight = Request::options("/sandbox/lexicons/test.alice.basic")
        .header("origin", "http://other.example")
        .header("access-control-request-method", "POST")
        .header("access-control-request-headers", "content-type");
    let answer = fixture.send(preflight.body(Body::empty()).unwrap()).await;
    assert_eq!(answer.status, 405);
    assert_eq!(answer.headers.get("access-control-allow-origin"), None);
    // what a form of another site can send without asking
    let form = Request::post("/sandbox/lexicons/test.alice.basic").header("content-type", "text/plain");
    let answer = fixture.send(form.body("{}".into()).unwrap()).await;
    assert_eq!(answer.error(), (400, "InvalidRequest".to_owned()));
}

fn text(value: &Value) -> String {
    value.as_str().unwrap().to_owned()
}

const SCHEMA: &str = "com.atproto.lexicon.schema";
