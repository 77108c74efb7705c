//! Pushed authorization requests (R-097 to R-140).

use std::collections::BTreeSet;

use axum::body::Body;
use entryway_tests::{Client, Encoding, Endpoint, Engine, Key, TestServer, alice, both_engines};
use http::{Method, Request};

// R-097 to R-100, R-135
async fn an_admitted_request_gets_a_name_nobody_can_guess(engine: Engine) {
    let (server, client) = (TestServer::start(engine).await, Client::new());
    let mut names = BTreeSet::new();
    for encoding in [Encoding::Form, Encoding::Json].repeat(10) {
        let reply = client.par().encoded(encoding).send(&server).await;
        let json = reply.json();
        assert_eq!(
            (reply.code(), reply.header("cache-control")),
            (201, Some("no-store"))
        );
        assert!(!reply.headers.contains_key("set-cookie"));
        assert!(!reply.nonce().is_empty());
        assert_eq!(
            (json.as_object().unwrap().len(), &json["expires_in"]),
            (2, &300.into())
        );
        let uri = reply.member("request_uri");
        let random = uri
            .strip_prefix("urn:ietf:params:oauth:request_uri:req-")
            .unwrap();
        assert!(
            random.len() == 32 && random.bytes().all(|byte| byte.is_ascii_hexdigit()),
            "{uri}"
        );
        names.insert(uri);
    }
    assert_eq!(names.len(), 20);
}

// R-101
#[tokio::test]
async fn requests_are_pushed_by_post_only() {
    let server = TestServer::start(Engine::Sqlite).await;
    for endpoint in [Endpoint::Par, Endpoint::Token, Endpoint::Revoke] {
        for method in [
            Method::GET,
            Method::PUT,
            Method::DELETE,
            Method::PATCH,
            Method::TRACE,
        ] {
            let request = Request::builder()
                .method(method)
                .uri(server.path(endpoint))
                .body(Body::empty());
            let reply = server.send(request.unwrap()).await;
            assert_eq!(reply.refusal(), (405, "invalid_request".to_owned()));
            assert_eq!(reply.header("allow"), Some("POST"));
        }
    }
}

// R-102
#[tokio::test]
async fn bodies_are_forms_or_json_and_nothing_else() {
    let (server, client) = (TestServer::start(Engine::Sqlite).await, Client::new());
    for (content_type, status) in [
        ("application/x-www-form-urlencoded", 201),
        ("application/x-www-form-urlencoded;charset=UTF-8", 201),
        ("Application/X-WWW-Form-URLencoded", 201),
        ("application/json", 400),
        ("multipart/form-data; boundary=x", 415),
        ("text/plain", 415),
        ("application/xml", 415),
        ("", 415),
        ("application/x-www-form-urlencoded, text/plain", 415),
    ] {
        let reply = client
            .par()
            .header("content-type", content_type)
            .send(&server)
            .await;
        assert_eq!(reply.code(), status, "{content_type}");
    }
    let untyped = Request::post(server.path(Endpoint::Par)).body(Body::from(client.par().body()));
    assert_eq!(server.send(untyped.unwrap()).await.code(), 415);
}

// R-103, R-104, R-107, R-108, R-111, R-113 to R-119, R-128, R-130 to R-132, R-137, R-138, R-433, R-434, R-441, R-025
#[tokio::test]
async fn each_parameter_has_its_rule_and_its_refusal() {
    let (server, client) = (TestServer::start(Engine::Sqlite).await, Client::new());
    let other_key = Key::generate().thumbprint();
    let long = |length: usize| "s".repeat(length);
    for (parameter, value, code) in [
        (
            "request_uri",
            Some("urn:ietf:params:oauth:request_uri:x"),
            "invalid_request",
        ),
        ("request_uri", Some(""), "invalid_request"),
        ("client_id", None, "invalid_request"),
        ("client_id", Some(""), "invalid_request"),
        ("client_id", Some("ftp://app.example/"), "invalid_client_metadata"),
        (
            "client_id",
            Some("http://localhost:80"),
            "invalid_client_metadata",
        ),
        (
            "client_id",
            Some("http://localhost?scope=atproto&scope=atproto"),
            "invalid_client_metadata",
        ),
        ("response_type", None, "invalid_request"),
        ("response_type", Some("token"), "unsupported_response_type"),
        ("response_type", Some("code token"), "unsupported_response_type"),
        ("response_type", Some("id_token"), "unsupported_response_type"),
        ("response_type", Some("CODE"), "unsupported_response_type"),
        ("redirect_uri", None, "invalid_request"),
        ("redirect_uri", Some(""), "invalid_request"),
        ("state", None, "invalid_request"),
        ("state", Some(""), "invalid_request"),
        ("state", Some(long(2049).as_str()), "invalid_request"),
        ("scope", None, "invalid_request"),
        ("scope", Some(""), "invalid_request"),
        ("scope", Some("transition:generic"), "invalid_scope"),
        ("scope", Some("atproto repo:app.bsky.feed.post"), "invalid_scope"),
        ("scope", Some("atproto openid"), "invalid_scope"),
        ("scope", Some("ATPROTO"), "invalid_scope"),
        ("scope", Some("atproto  transition:generic"), "invalid_scope"),
        ("scope", Some(" atproto"), "invalid_scope"),
        ("scope", Some("atproto "), "invalid_scope"),
        ("scope", Some("atproto \""), "invalid_scope"),
        ("scope", Some("atproto \\"), "invalid_scope"),
        (
            "scope",
            Some("atproto transition:g\u{e9}n\u{e9}rique"),
            "invalid_scope",
        ),
        ("code_challenge", None, "invalid_request"),
        ("code_challenge", Some(""), "invalid_request"),
        ("code_challenge", Some(&long(42)), "invalid_request"),
        ("code_challenge", Some(&long(44)), "invalid_request"),
        (
            "code_challenge",
            Some(&format!("{}=", long(42))),
            "invalid_request",
        ),
        (
            "code_challenge",
            Some(&format!("+/{}", long(41))),
            "invalid_request",
        ),
        ("code_challenge_method", None, "invalid_request"),
        ("code_challenge_method", Some("plain"), "invalid_request"),
        ("code_challenge_method", Some("s256"), "invalid_request"),
        ("code_challenge_method", Some("S512"), "invalid_request"),
        ("login_hint", Some("<script>"), "invalid_request"),
        ("login_hint", Some("alice test"), "invalid_request"),
        ("login_hint", Some("a@b.example"), "invalid_request"),
        ("login_hint", Some("did:key:z6MkhaXgBZD"), "invalid_request"),
        ("login_hint", Some("did:web:a.example:path"), "invalid_request"),
        ("login_hint", Some("did:web:127.0.0.1"), "invalid_request"),
        ("prompt", Some("create_account"), "invalid_request"),
        ("prompt", Some("login consent"), "invalid_request"),
        ("display", Some("wap"), "invalid_request"),
        ("response_mode", Some("web_message"), "invalid_request"),
        ("response_mode", Some("query.jwt"), "invalid_request"),
        (
            "request",
            Some("eyJhbGciOiJub25lIn0.e30."),
            "request_not_supported",
        ),
        ("authorization_details", Some("[]"), "invalid_request"),
        ("dpop_jkt", Some("x"), "invalid_request"),
        ("dpop_jkt", Some(&other_key), "invalid_request"),
    ] {
        let call = match value {
            Some(value) => client.par().with(parameter, value),
            None => client.par().without(parameter),
        };
        let reply = call.send(&server).await;
        assert_eq!(
            reply.refusal(),
            (400, code.to_owned()),
            "{parameter}: {value:.60?}"
        );
    }
}

// R-127, R-230
#[tokio::test]
async fn a_secret_is_no_way_to_authenticate() {
    let (server, client) = (TestServer::start(Engine::Sqlite).await, Client::new());
    for call in [
        client.par().with("client_secret", "x"),
        client.par().header("authorization", "Basic eDp5"),
        client.par().header("authorization", "Bearer x"),
    ] {
        let reply = call.send(&server).await;
        assert_eq!(reply.refusal(), (401, "invalid_client".to_owned()));
        assert!(reply.header("www-authenticate").is_some());
    }
}

// R-106, R-115, R-123, R-128, R-132, R-137, R-433
#[tokio::test]
async fn what_the_profile_leaves_open_is_admitted() {
    let (server, client) = (TestServer::start(Engine::Sqlite).await, Client::new());
    let thumbprint = client.key().thumbprint();
    let cases = [
        client.par().with("foo", "bar"),
        client.par().with("foo", ""),
        client
            .par()
            .with("claims", "{}")
            .with("nonce", "n")
            .with("id_token_hint", "x"),
        client.par().with("ui_locales", "de"),
        client
            .par()
            .with("prompt", "")
            .with("login_hint", "")
            .with("response_mode", ""),
        client.par().with("prompt", "none"),
        client.par().with("prompt", "login"),
        client.par().with("prompt", "consent"),
        client.par().with("prompt", "select_account"),
        client.par().with("display", "page"),
        client.par().with("response_mode", "query"),
        client.par().with("dpop_jkt", &thumbprint),
        client.par().with("dpop_jkt", &thumbprint).without_proof(),
        client.par().with("login_hint", "alice.test"),
        client.par().with("login_hint", "ALICE.test"),
        client.par().with("login_hint", alice().did),
        client.par().with("login_hint", "nobody.here.example"),
        client.par().with("login_hint", "did:web:pds.example"),
        client.par().with("state", &"s".repeat(1024)),
        client.par().with("scope", "atproto"),
        client.par().with("scope", "transition:email atproto"),
        client
            .par()
            .with("client_assertion", "x")
            .with("client_assertion_type", "y"),
    ];
    for call in cases {
        let asked = format!("{call:?}");
        let reply = call.send(&server).await;
        assert_eq!(reply.code(), 201, "{asked}: {reply:?}");
    }
}

// R-105
#[tokio::test]
async fn no_parameter_may_come_twice() {
    let (server, client) = (TestServer::start(Engine::Sqlite).await, Client::new());
    let full = || {
        client
            .par()
            .with("prompt", "login")
            .with("login_hint", "alice.test")
            .with("foo", "bar")
    };
    for name in full().names() {
        for encoding in [Encoding::Form, Encoding::Json] {
            let same = full().encoded(encoding).twice(&name).send(&server).await;
            let other = full().encoded(encoding).also(&name, "x").send(&server).await;
            for reply in [same, other] {
                assert_eq!(reply.refusal(), (400, "invalid_request".to_owned()), "{name}");
                let named = if name == "foo" {
                    "a parameter"
                } else {
                    name.as_str()
                };
                assert_eq!(
                    reply.member("error_description"),
                    format!("{named} is given more than once")
                );
            }
        }
    }
}

// R-505: a small body that unfolds into a large one is never unfolded
#[tokio::test]
async fn compressed_bodies_are_refused() {
    let (server, client) = (TestServer::start(Engine::Sqlite).await, Client::new());
    for coding in ["gzip", "br", "identity", "gzip, gzip"] {
        let reply = client
            .par()
            .header("content-encoding", coding)
            .send(&server)
            .await;
        assert_eq!(reply.refusal(), (415, "invalid_request".to_owned()), "{coding}");
    }
}

// R-133, R-504
#[tokio::test]
async fn bodies_are_bounded() {
    let (server, client) = (TestServer::start(Engine::Sqlite).await, Client::new());
    for bytes in [100 * 1024 + 1, 2 * 1024 * 1024] {
        let reply = client.par().send_body(&server, vec![b'a'; bytes]).await;
        assert_eq!(reply.refusal(), (413, "invalid_request".to_owned()), "{bytes}");
    }
}

// R-136, R-227
#[tokio::test]
async fn parameters_in_the_query_are_refused() {
    let (server, client) = (TestServer::start(Engine::Sqlite).await, Client::new());
    let call = client.par();
    let query = String::from_utf8(call.body()).unwrap();
    for endpoint in [Endpoint::Par, Endpoint::Token, Endpoint::Revoke] {
        let request = Request::post(format!("{}?{query}", server.path(endpoint)))
            .header("content-type", "application/x-www-form-urlencoded");
        let reply = server.send(request.body(Body::empty()).unwrap()).await;
        assert_eq!(reply.refusal(), (400, "invalid_request".to_owned()));
    }
}

// R-435
#[tokio::test]
async fn a_hint_does_not_tell_who_has_an_account() {
    let (server, client) = (TestServer::start(Engine::Sqlite).await, Client::new());
    let mut answers = BTreeSet::new();
    for hint in ["alice.test", "nobody.test"] {
        let reply = client.par().with("login_hint", hint).send(&server).await;
        let mut headers: Vec<String> = reply.headers.keys().map(ToString::to_string).collect();
        headers.sort();
        answers.insert((reply.code(), reply.body.len(), headers));
    }
    assert_eq!(answers.len(), 1);
}

both_engines! {
    an_admitted_request_gets_a_name_nobody_can_guess,
}
