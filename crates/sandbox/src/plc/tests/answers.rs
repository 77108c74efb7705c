//! How the directory answers, whatever it is asked.

use super::*;

#[tokio::test]
async fn a_registered_did_resolves_in_every_form() {
    let fixture = Fixture::new();
    let (did, genesis) = fixture.alice().await;

    let document = fixture.get(&format!("/{did}")).await;
    assert_eq!(document.headers["content-type"], "application/did+ld+json");
    assert_eq!(
        document.json(),
        serde_json::to_value(alice_data().document(&did)).unwrap()
    );

    let operation = serde_json::to_value(&genesis).unwrap();
    assert_eq!(fixture.get(&format!("/{did}/log/last")).await.json(), operation);
    assert_eq!(
        fixture.get(&format!("/{did}/log")).await.json(),
        json!([operation])
    );
    assert_eq!(
        fixture.get(&format!("/{did}/log/audit")).await.json(),
        json!([{
            "did": did,
            "cid": genesis.cid().to_string(),
            "operation": operation,
            "nullified": false,
            "createdAt": "2026-06-21T00:00:00Z",
        }])
    );
    let data = fixture.get(&format!("/{did}/data")).await.json();
    assert_eq!(
        (&data["did"], &data["alsoKnownAs"]),
        (&json!(did), &json!(["at://alice.test"]))
    );
}

#[tokio::test]
async fn a_did_nobody_registered_is_404_with_a_message() {
    let fixture = Fixture::new();
    let did = genesis().did();
    for path in [
        format!("/{did}"),
        format!("/{did}/data"),
        format!("/{did}/log"),
        format!("/{did}/log/last"),
    ] {
        let answer = fixture.get(&path).await;
        assert_eq!(
            (answer.status, answer.message()),
            (404, format!("DID not registered: {did}")),
            "{path}"
        );
    }
    for path in [
        "/did:plc:short",
        "/did:web:a.example",
        "/%ff",
        "/favicon.ico",
        "/a/b/c/d",
        "//evil.example/x",
    ] {
        assert_eq!(fixture.get(path).await.status, 404, "{path}");
    }
}

#[tokio::test]
async fn every_answer_may_be_read_by_a_browser_app() {
    let fixture = Fixture::new();
    let (did, _) = fixture.alice().await;
    for path in ["/".to_owned(), format!("/{did}"), "/nothing/here".to_owned()] {
        assert_eq!(
            fixture.get(&path).await.headers["access-control-allow-origin"],
            "*",
            "{path}"
        );
    }
    let preflight = Request::options(format!("/{did}"))
        .header("origin", "http://app.example")
        .header("access-control-request-method", "POST")
        .header("access-control-request-headers", "content-type")
        .body(Body::empty())
        .unwrap();
    let preflight = fixture.directory.router().oneshot(preflight).await.unwrap();
    assert_eq!(preflight.status(), 200);
    assert_eq!(preflight.headers()["access-control-allow-origin"], "*");
    assert_eq!(
        preflight.headers()["access-control-allow-headers"],
        "content-type,accept"
    );
}

#[tokio::test]
async fn hostile_bodies_never_give_5xx() {
    let fixture = Fixture::new();
    let (did, genesis) = fixture.alice().await;
    let genesis = serde_json::to_value(genesis).unwrap();
    let with = |field: &str, value: Value| {
        let mut changed = genesis.clone();
        changed[field] = value;
        changed.to_string().into_bytes()
    };
    let bodies = [
        vec![],
        b"null".to_vec(),
        b"[]".to_vec(),
        b"\"".to_vec(),
        b"{".to_vec(),
        vec![0; 64],
        vec![0xff; 64],
        b"[".repeat(50_000),
        vec![b' '; 64 * 1024],
        vec![b'x'; 8 * 1024 * 1024],
        with("sig", json!("")),
        with("sig", json!("A".repeat(64 * 1024))),
        with("prev", json!("\0")),
        with("prev", json!("x".repeat(3000))),
        with("type", json!("create")),
        with(
            "rotationKeys",
            json!(["did:key:z", "\u{0}", "did:key:zQ3sh\u{7f}"]),
        ),
        with("rotationKeys", json!(vec!["did:key:zQ3sh"; 1000])),
        with("services", json!({"": {"type": "", "endpoint": ""}})),
        with("verificationMethods", json!({"atproto": 1e308})),
    ];
    for body in bodies {
        for path in [format!("/{did}"), "/did:plc:aaaaaaaaaaaaaaaaaaaaaaaa".to_owned()] {
            let shown = String::from_utf8_lossy(&body[..body.len().min(80)]).into_owned();
            let answer = fixture.send("POST", &path, body.clone()).await;
            assert!(
                (400..500).contains(&answer.status),
                "{} for {shown}",
                answer.status
            );
            assert!(!answer.message().is_empty());
        }
    }
    for method in ["PUT", "DELETE", "PATCH", "TRACE"] {
        assert_eq!(
            fixture.send(method, &format!("/{did}"), "").await.status,
            405,
            "{method}"
        );
    }
    assert_eq!(fixture.directory.log(&did).len(), 1);
}
