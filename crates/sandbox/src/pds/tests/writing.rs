//! Records and blobs.

use super::app::authorized;
use super::*;

/// Alice at her desk: everything she sends is verified with these permissions.
struct Alice {
    fixture: Fixture,
    did: Did,
    scope: &'static str,
}

impl Alice {
    async fn new() -> Self {
        Self::with_scope("atproto transition:generic").await
    }

    async fn with_scope(scope: &'static str) -> Self {
        let (fixture, did) = Fixture::with_alice().await;
        Self { fixture, did, scope }
    }

    fn restart(self) -> Self {
        Self {
            fixture: self.fixture.restart(),
            ..self
        }
    }

    async fn send(&self, request: Request<Body>) -> Answer {
        self.fixture
            .send(authorized(request, &self.did, self.scope))
            .await
    }

    async fn write(&self, method: &str, input: Value) -> Answer {
        let mut all = json!({ "repo": self.did, "collection": POST });
        all.as_object_mut()
            .unwrap()
            .extend(input.as_object().unwrap().clone());
        self.send(procedure(&format!("com.atproto.repo.{method}"), &all))
            .await
    }

    async fn post(&self, text: &str) -> Value {
        let answer = self
            .write("createRecord", json!({ "record": { "text": text } }))
            .await;
        assert_eq!(answer.status, 200, "{}", answer.json());
        answer.json()
    }

    async fn list(&self, parameters: &[(&str, &str)]) -> Value {
        let own = [("repo", "alice.test"), ("collection", POST)];
        self.fixture
            .query("com.atproto.repo.listRecords", &[&own, parameters].concat())
            .await
            .json()
    }

    async fn get(&self, rkey: &str) -> Answer {
        let parameters = [("repo", self.did.as_str()), ("collection", POST), ("rkey", rkey)];
        self.fixture
            .query("com.atproto.repo.getRecord", &parameters)
            .await
    }

    async fn upload(&self, media_type: &str, bytes: impl Into<Body>) -> Answer {
        let request = Request::post("/xrpc/com.atproto.repo.uploadBlob").header("content-type", media_type);
        self.send(request.body(bytes.into()).unwrap()).await
    }
}

fn texts(list: &Value) -> Vec<&str> {
    list["records"]
        .as_array()
        .unwrap()
        .iter()
        .map(|record| record["value"]["text"].as_str().unwrap())
        .collect()
}

fn rkey(written: &Value) -> String {
    written["uri"]
        .as_str()
        .unwrap()
        .rsplit('/')
        .next()
        .unwrap()
        .to_owned()
}

#[tokio::test]
async fn a_record_is_written_read_and_deleted() {
    let alice = Alice::new().await;
    let written = alice.post("hello").await;
    let rkey = rkey(&written);
    assert_eq!(written["uri"], format!("at://{}/{POST}/{rkey}", alice.did));
    assert_eq!(rkey.len(), 13);
    let value = json!({ "$type": POST, "text": "hello" });
    let record = json!({ "uri": written["uri"], "cid": written["cid"], "value": value });
    assert_eq!(alice.get(&rkey).await.json(), record);
    assert_eq!(alice.list(&[]).await, json!({ "records": [record] }));

    let deleted = alice.write("deleteRecord", json!({ "rkey": rkey })).await;
    assert_eq!((deleted.status, deleted.json()), (200, json!({})));
    assert_eq!(alice.get(&rkey).await.error(), (400, "RecordNotFound".to_owned()));
    // idempotent
    assert_eq!(
        alice.write("deleteRecord", json!({ "rkey": rkey })).await.status,
        200
    );
}

#[tokio::test]
async fn records_are_listed_in_pages_the_newest_first() {
    let alice = Alice::new().await;
    for text in ["1", "2", "3", "4", "5"] {
        alice.post(text).await;
    }
    let page = alice.list(&[("limit", "2")]).await;
    assert_eq!(texts(&page), ["5", "4"]);
    let page = alice
        .list(&[("limit", "2"), ("cursor", page["cursor"].as_str().unwrap())])
        .await;
    assert_eq!(texts(&page), ["3", "2"]);
    let page = alice
        .list(&[("limit", "2"), ("cursor", page["cursor"].as_str().unwrap())])
        .await;
    assert_eq!((texts(&page), page.get("cursor")), (vec!["1"], None));

    let page = alice.list(&[("limit", "3"), ("reverse", "true")]).await;
    assert_eq!(texts(&page), ["1", "2", "3"]);
    let page = alice
        .list(&[("reverse", "true"), ("cursor", page["cursor"].as_str().unwrap())])
        .await;
    assert_eq!(texts(&page), ["4", "5"]);
    for limit in ["0", "101", "-1", "x", ""] {
        assert_eq!(
            alice.list(&[("limit", limit)]).await["error"],
            "InvalidRequest",
            "{limit}"
        );
    }
}

#[tokio::test]
async fn put_replaces_what_is_there_or_what_is_expected_to_be() {
    let alice = Alice::new().await;
    let put = async |text: &str, extra: Value| {
        let mut input = json!({ "rkey": "self", "record": { "text": text } });
        input
            .as_object_mut()
            .unwrap()
            .extend(extra.as_object().unwrap().clone());
        alice.write("putRecord", input).await
    };
    let first = put("first", json!({ "swapRecord": null })).await.json();
    assert_eq!(
        put("x", json!({ "swapRecord": null })).await.error(),
        (400, "InvalidSwap".to_owned())
    );
    assert_eq!(
        put("second", json!({ "swapRecord": first["cid"] })).await.status,
        200
    );
    assert_eq!(
        put("x", json!({ "swapRecord": first["cid"] })).await.error(),
        (400, "InvalidSwap".to_owned())
    );
    assert_eq!(put("third", json!({})).await.status, 200);
    assert_eq!(alice.get("self").await.json()["value"]["text"], "third");

    let stale = json!({ "rkey": "self", "swapRecord": first["cid"] });
    assert_eq!(
        alice.write("deleteRecord", stale).await.error(),
        (400, "InvalidSwap".to_owned())
    );
    assert_eq!(alice.get("self").await.status, 200);
}

#[tokio::test]
async fn a_record_that_is_none_is_refused() {
    let alice = Alice::new().await;
    for (input, error) in [
        (json!({}), "InvalidRequest"),
        (json!({ "record": "text" }), "InvalidRequest"),
        (json!({ "record": { "$type": "a.b.other" } }), "InvalidRequest"),
        (json!({ "record": { "n": 0.5 } }), "InvalidRequest"),
        (
            json!({ "record": {}, "collection": "not an nsid" }),
            "InvalidRequest",
        ),
        (json!({ "record": {}, "rkey": "a/b" }), "InvalidRequest"),
        (json!({ "record": {}, "validate": true }), "InvalidRequest"),
        (json!({ "record": {}, "swapCommit": "bafy" }), "InvalidSwap"),
    ] {
        assert_eq!(
            alice.write("createRecord", input.clone()).await.error(),
            (400, error.to_owned()),
            "{input}"
        );
    }
    alice
        .write("createRecord", json!({ "record": {}, "rkey": "once" }))
        .await;
    let twice = alice
        .write("createRecord", json!({ "record": {}, "rkey": "once" }))
        .await;
    assert_eq!(twice.error(), (400, "InvalidRequest".to_owned()));
    assert_eq!(alice.list(&[]).await["records"].as_array().unwrap().len(), 1);
}

#[tokio::test]
async fn nobody_writes_to_the_repository_of_another() {
    let alice = Alice::new().await;
    let operation = alice.fixture.genesis("bob.test").await;
    assert_eq!(
        alice.fixture.create_account("bob.test", &operation).await.status,
        200
    );
    for repo in [
        operation.did().as_str(),
        "bob.test",
        "nobody.test",
        "did:plc:aaaaaaaaaaaaaaaaaaaaaaaa",
    ] {
        for method in ["createRecord", "putRecord", "deleteRecord"] {
            let answer = alice
                .write(method, json!({ "repo": repo, "rkey": "x", "record": {} }))
                .await;
            assert_eq!(
                answer.error(),
                (403, "InvalidRequest".to_owned()),
                "{method} {repo}"
            );
        }
    }
    // her own, by her other name
    let own = alice
        .write("createRecord", json!({ "repo": "alice.test", "record": {} }))
        .await;
    assert_eq!(own.status, 200);
}

// contract section 5.4
#[tokio::test]
async fn each_method_asks_for_its_own_permission() {
    let record = json!({ "rkey": "x", "record": {} });
    for (scope, create, put, delete) in [
        ("atproto", 403, 403, 403),
        ("atproto repo:app.bsky.feed.like", 403, 403, 403),
        ("atproto repo:app.bsky.feed.post?action=create", 200, 403, 403),
        ("atproto repo:app.bsky.feed.post?action=update", 403, 403, 403),
        (
            "atproto repo:app.bsky.feed.post?action=create&action=update",
            200,
            200,
            403,
        ),
        ("atproto repo:*?action=delete", 403, 403, 200),
        ("atproto repo:app.bsky.feed.post", 200, 200, 200),
        ("atproto transition:generic", 200, 200, 200),
    ] {
        let alice = Alice::with_scope(scope).await;
        for (method, expected) in [
            ("createRecord", create),
            ("putRecord", put),
            ("deleteRecord", delete),
        ] {
            let answer = alice.write(method, record.clone()).await;
            assert_eq!(answer.status, expected, "{scope} {method}");
            if expected == 403 {
                assert_eq!(answer.error().1, "ScopeMissingError");
                let challenge = answer.headers["www-authenticate"].to_str().unwrap();
                assert!(challenge.contains("error=\"insufficient_scope\""), "{challenge}");
            }
        }
    }
    let alice = Alice::with_scope("atproto blob:image/*").await;
    assert_eq!(alice.upload("image/png", "x").await.status, 200);
    let refused = alice.upload("video/mp4", "x").await;
    assert_eq!(refused.error(), (403, "ScopeMissingError".to_owned()));
    assert_eq!(
        refused.json()["message"],
        "Missing required scope \"blob:video/mp4\""
    );
}

#[tokio::test]
async fn a_blob_comes_back_as_it_went_and_runs_nowhere() {
    let alice = Alice::new().await;
    let uploaded = alice.upload("Image/PNG; q=1", "picture").await.json()["blob"].clone();
    let cid = entryway_identity::cid::of_raw(b"picture").to_string();
    let expected = json!({ "$type": "blob", "ref": { "$link": cid }, "mimeType": "image/png", "size": 7 });
    assert_eq!(uploaded, expected);

    let answer = alice
        .fixture
        .query(
            "com.atproto.sync.getBlob",
            &[("did", alice.did.as_str()), ("cid", &cid)],
        )
        .await;
    assert_eq!((answer.status, answer.body.as_slice()), (200, &b"picture"[..]));
    assert_eq!(answer.headers["content-type"], "image/png");
    assert_eq!(
        answer.headers["content-security-policy"],
        "default-src 'none'; sandbox"
    );
    assert_eq!(answer.headers["x-content-type-options"], "nosniff");

    let other = entryway_identity::cid::of_raw(b"other").to_string();
    let missing = alice
        .fixture
        .query(
            "com.atproto.sync.getBlob",
            &[("did", alice.did.as_str()), ("cid", &other)],
        )
        .await;
    assert_eq!(missing.error(), (400, "BlobNotFound".to_owned()));
}

#[tokio::test]
async fn an_upload_that_is_none_is_refused() {
    let alice = Alice::new().await;
    for media_type in [
        "",
        "image",
        "image/",
        "/png",
        "image/png/x",
        "im age/png",
        "image/\u{e9}",
    ] {
        assert_eq!(
            alice.upload(media_type, "x").await.error(),
            (400, "InvalidRequest".to_owned()),
            "{media_type}"
        );
    }
    assert_eq!(
        alice.upload("image/png", "").await.error(),
        (400, "InvalidRequest".to_owned())
    );
    let largest = vec![0; blobs::BLOB_BYTES_MAX];
    let too_large = vec![0; blobs::BLOB_BYTES_MAX + 1];
    assert_eq!(alice.upload("image/png", largest).await.status, 200);
    assert_eq!(
        alice.upload("image/png", too_large).await.error(),
        (413, "PayloadTooLarge".to_owned())
    );
}

#[tokio::test]
async fn data_survives_a_restart() {
    let alice = Alice::new().await;
    let kept = alice.post("kept").await;
    let gone = alice.post("gone").await;
    alice.write("deleteRecord", json!({ "rkey": rkey(&gone) })).await;
    let blob = alice.upload("image/png", "picture").await.json()["blob"]["ref"]["$link"]
        .as_str()
        .unwrap()
        .to_owned();

    let alice = alice.restart();
    assert_eq!(texts(&alice.list(&[]).await), ["kept"]);
    assert_eq!(alice.get(&rkey(&kept)).await.json()["cid"], kept["cid"]);
    let answer = alice
        .fixture
        .query(
            "com.atproto.sync.getBlob",
            &[("did", alice.did.as_str()), ("cid", &blob)],
        )
        .await;
    assert_eq!(answer.body, b"picture");
    assert_eq!(
        alice.fixture.names.resolve(&Handle::parse("alice.test").unwrap()),
        Some(alice.did.clone())
    );
    // the clock stands still in these tests: the key is new all the same
    alice.post("after").await;
    assert_eq!(alice.list(&[]).await["records"].as_array().unwrap().len(), 2);
}

const POST: &str = "app.bsky.feed.post";
