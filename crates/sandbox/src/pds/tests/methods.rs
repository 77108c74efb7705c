//! What the PDS says of itself, and what all methods have in common.

use super::app::authorized;
use super::*;

//
#[tokio::test]
async fn the_metadata_names_itself_and_its_one_authorization_server() {
    let fixture = Fixture::new().await;
    let request =
        Request::get("/.well-known/oauth-protected-resource").header("origin", "http://app.example");
    let answer = fixture.send(request.body(Body::empty()).unwrap()).await;
    assert_eq!(answer.status, 200);
    assert_eq!(answer.headers["content-type"], "application/json");
    assert_eq!(answer.headers["access-control-allow-origin"], "*");
    assert_eq!(
        answer.json(),
        json!({
            "resource": ORIGIN,
            "authorization_servers": ["http://localhost:2583"],
            "scopes_supported": ["atproto", "transition:generic", "transition:email", "transition:chat.bsky"],
            "bearer_methods_supported": ["header"],
            "dpop_bound_access_tokens_required": true,
        })
    );
}

#[tokio::test]
async fn the_server_describes_itself() {
    let fixture = Fixture::new().await;
    let described = fixture
        .query("com.atproto.server.describeServer", &[])
        .await
        .json();
    assert_eq!(described["did"], "did:web:localhost%3A2584");
    assert_eq!(described["availableUserDomains"], json!([".test"]));
    assert!(fixture.query("_health", &[]).await.json()["version"].is_string());
}

#[tokio::test]
async fn a_session_shows_the_address_only_with_permission() {
    let (fixture, did) = Fixture::with_alice().await;
    let session = async |scope: &str| {
        let request = Request::get("/xrpc/com.atproto.server.getSession")
            .body(Body::empty())
            .unwrap();
        fixture.send(authorized(request, &did, scope)).await.json()
    };
    let without = session("atproto transition:generic").await;
    assert_eq!(
        (&without["did"], &without["handle"], &without["active"]),
        (&json!(did), &json!("alice.test"), &json!(true))
    );
    assert_eq!(without.get("email"), None);
    for scope in [
        "atproto transition:email",
        "atproto account:email",
        "atproto account:email?action=manage",
    ] {
        assert_eq!(session(scope).await["email"], "alice@mail.test", "{scope}");
    }
}

// what the verifier says comes through as it is
#[tokio::test]
async fn methods_that_need_a_caller_are_behind_the_verifier() {
    let (fixture, did) = Fixture::with_alice().await;
    let input = json!({ "repo": did, "collection": "a.b.c", "rkey": "x", "record": {} });
    let upload = Request::post("/xrpc/com.atproto.repo.uploadBlob").header("content-type", "image/png");
    let session = Request::get("/xrpc/com.atproto.server.getSession");
    let service_auth = Request::get("/xrpc/com.atproto.server.getServiceAuth?aud=did:web:a.test");
    for request in [
        procedure("com.atproto.repo.createRecord", &input),
        procedure("com.atproto.repo.putRecord", &input),
        procedure("com.atproto.repo.deleteRecord", &input),
        upload.body("x".into()).unwrap(),
        session.body(Body::empty()).unwrap(),
        service_auth.body(Body::empty()).unwrap(),
    ] {
        let path = request.uri().path().to_owned();
        let answer = fixture.send(request).await;
        assert_eq!(answer.error(), (401, "AuthMissing".to_owned()), "{path}");
        assert!(
            answer.headers["www-authenticate"]
                .to_str()
                .unwrap()
                .starts_with("DPoP ")
        );
        assert!(answer.headers.contains_key("dpop-nonce"));
    }
}

#[tokio::test]
async fn a_method_nobody_here_has_is_not_implemented() {
    let fixture = Fixture::new().await;
    for method in ["app.bsky.actor.getProfile", "com.atproto.sync.getRepo"] {
        assert_eq!(
            fixture.query(method, &[]).await.error(),
            (501, "MethodNotImplemented".to_owned())
        );
        assert_eq!(
            fixture.procedure(method, json!({})).await.error(),
            (501, "MethodNotImplemented".to_owned())
        );
    }
    for method in ["nothing", "a.b", "%00", "%ff", "a.b.c%2fd"] {
        assert_eq!(
            fixture.query(method, &[]).await.error(),
            (400, "InvalidRequest".to_owned()),
            "{method}"
        );
    }
}

#[tokio::test]
async fn paths_and_http_methods_that_are_none_are_refused_in_json() {
    let fixture = Fixture::new().await;
    for path in [
        "/",
        "/oauth/token",
        "/xrpc",
        "/xrpc/",
        "//evil.example/",
        "/xrpc/a.b.c/d",
        "/.well-known/x",
    ] {
        let answer = fixture
            .send(Request::get(path).body(Body::empty()).unwrap())
            .await;
        assert_eq!(answer.error(), (404, "NotFound".to_owned()), "{path}");
    }
    for (method, path) in [
        ("GET", "/xrpc/com.atproto.repo.createRecord"),
        ("POST", "/xrpc/com.atproto.repo.getRecord"),
        ("DELETE", "/xrpc/com.atproto.repo.deleteRecord"),
        ("TRACE", "/xrpc/com.atproto.server.describeServer"),
    ] {
        let request = Request::builder()
            .method(method)
            .uri(path)
            .body(Body::empty())
            .unwrap();
        assert_eq!(
            fixture.send(request).await.error(),
            (405, "InvalidRequest".to_owned()),
            "{method} {path}"
        );
    }
}

// R-343, client-expectations: browser clients read nonce and challenge in the page
#[tokio::test]
async fn a_browser_app_may_call_and_read_every_answer() {
    let (fixture, did) = Fixture::with_alice().await;
    let preflight = Request::options("/xrpc/com.atproto.repo.createRecord")
        .header("origin", "http://app.example")
        .header("access-control-request-method", "POST")
        .header(
            "access-control-request-headers",
            "authorization,dpop,content-type,atproto-proxy",
        );
    let answer = fixture.send(preflight.body(Body::empty()).unwrap()).await;
    assert_eq!(answer.status, 200);
    assert_eq!(answer.headers["access-control-allow-origin"], "*");
    assert_eq!(
        answer.headers["access-control-allow-headers"],
        "authorization,dpop,content-type,atproto-proxy,atproto-accept-labelers"
    );
    //
    assert_eq!(answer.headers.get("access-control-allow-credentials"), None);

    let with_origin = |mut request: Request<Body>| {
        request
            .headers_mut()
            .insert("origin", "http://app.example".parse().unwrap());
        request
    };
    let refused = fixture
        .send(with_origin(procedure(
            "com.atproto.repo.createRecord",
            &json!({ "repo": did }),
        )))
        .await;
    assert_eq!(refused.status, 401);
    assert_eq!(refused.headers["access-control-allow-origin"], "*");
    let exposed: Vec<_> = refused
        .headers
        .get_all("access-control-expose-headers")
        .iter()
        .collect();
    assert_eq!(exposed, ["dpop-nonce,www-authenticate"]);
}

#[tokio::test]
async fn hostile_input_never_gives_5xx() {
    let (fixture, did) = Fixture::with_alice().await;
    let procedures = [
        "xrpc/com.atproto.server.reserveSigningKey",
        "xrpc/com.atproto.server.createAccount",
        "xrpc/com.atproto.repo.createRecord",
        "xrpc/com.atproto.repo.putRecord",
        "xrpc/com.atproto.repo.deleteRecord",
        "sandbox/lexicons/test.bob.basic",
    ];
    let deep = format!("{{\"record\":{}1{}}}", "[".repeat(100_000), "]".repeat(100_000));
    let object = |repo: Value, collection: Value, rkey: Value, record: Value| {
        json!({ "repo": repo, "collection": collection, "rkey": rkey, "record": record, "plcOp": record, "did": repo })
            .to_string()
            .into_bytes()
    };
    let bodies = [
        vec![],
        b"null".to_vec(),
        b"[]".to_vec(),
        b"{".to_vec(),
        vec![0; 64],
        vec![0xff; 64],
        vec![b' '; 64 * 1024],
        vec![b'x'; 8 * 1024 * 1024],
        deep.into_bytes(),
        object(json!(""), json!(""), json!(""), json!("")),
        object(json!(did), json!("a.b.c\0"), json!("../.."), json!({})),
        object(
            json!(did),
            json!("a.b.c"),
            json!("x".repeat(64 * 1024)),
            json!({}),
        ),
        object(json!(did), json!("a.b.c"), json!("."), json!({ "x": 1.5 })),
        object(json!([did]), json!({}), json!(1), json!([])),
        object(
            json!("\u{202e}"),
            json!("a.b.c"),
            json!("\r\n"),
            json!({ "$type": "\0" }),
        ),
    ];
    for method in procedures {
        for body in &bodies {
            for kind in ["application/json", "application/x-www-form-urlencoded", ""] {
                let request = Request::post(format!("/{method}")).header("content-type", kind);
                let request = request.body(body.clone().into()).unwrap();
                let answer = fixture
                    .send(authorized(request, &did, "atproto transition:generic"))
                    .await;
                // a reservation needs nothing, so it may go through
                if !(method.ends_with("reserveSigningKey") && answer.status == 200) {
                    assert!(
                        (400..500).contains(&answer.error().0),
                        "{method}: {}",
                        answer.status
                    );
                }
            }
        }
    }
    let values = [
        "",
        "\0",
        "x",
        "did:plc:",
        "../..",
        "%",
        "alice.test\n",
        &"x".repeat(4096),
    ];
    for method in [
        "com.atproto.repo.getRecord",
        "com.atproto.repo.listRecords",
        "com.atproto.repo.describeRepo",
        "com.atproto.sync.getBlob",
        "com.atproto.sync.getRecord",
        "com.atproto.identity.resolveHandle",
    ] {
        for value in values {
            let names = [
                "repo",
                "did",
                "collection",
                "rkey",
                "cid",
                "cursor",
                "limit",
                "reverse",
                "handle",
            ];
            let answer = fixture.query(method, &names.map(|name| (name, value))).await;
            assert_eq!(answer.error().0, 400, "{method} {value:.20}");
        }
        let query = "repo=alice.test&repo=alice.test&did=a&did=b&handle=a.b&handle=a.b";
        let request = Request::get(format!("/xrpc/{method}?{query}"))
            .body(Body::empty())
            .unwrap();
        assert_eq!(fixture.send(request).await.error().0, 400, "{method}");
    }
}
