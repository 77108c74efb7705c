//! Who calls, and how the PDS learns of it.

use std::collections::BTreeSet;

use josekit::jws::HS256;
use josekit::jwt;
use serde_json::{Value, json};

use super::stage::{SECRET, Stage, secret};
use super::upstream::{TestUpstream, json_answer};
use crate::proxy::{Legacy, UpstreamCredentials};
use crate::scene::{ACCOUNT, AUDIENCE, NOW, PUBLIC_URL};

const TIMELINE: &str = "app.bsky.feed.getTimeline";
const TIMELINE_SCOPE: &str = "rpc:app.bsky.feed.getTimeline?aud=did:web:api.example%23bsky_appview";
const SESSION: &str = "com.atproto.server.getSession";

/// Header and claims of a JWT signed with the secret.
fn signed(text: &str) -> (Value, Value) {
    let verifier = HS256.verifier_from_bytes(SECRET).unwrap();
    let (claims, header) = jwt::decode_with_verifier(text, &verifier).unwrap();
    (
        Value::Object(header.claims_set().clone()),
        Value::Object(claims.claims_set().clone()),
    )
}

// R-462
#[tokio::test]
async fn passed_credentials_are_those_that_came() {
    let stage = Stage::new().await;
    let asking = stage.call("GET", &format!("{TIMELINE}?limit=5"), TIMELINE_SCOPE);
    let got = asking
        .header("cookie", "a=b")
        .header("x-entryway-identity", "forged")
        .header("forwarded", "for=192.0.2.1")
        .header("x-real-ip", "192.0.2.1")
        .header("x-forwarded-for", "192.0.2.1")
        .header("x-forwarded-host", "evil.example")
        .header("accept-language", "de")
        .header("atproto-accept-labelers", "did:web:label.example")
        .header("user-agent", "a test")
        .send()
        .await;
    let seen = got.seen();
    let headers = seen["headers"].as_object().unwrap();
    let names: BTreeSet<&str> = headers.keys().map(String::as_str).collect();
    assert_eq!(
        names,
        BTreeSet::from([
            "accept-language",
            "atproto-accept-labelers",
            "authorization",
            "dpop",
            "host",
            "user-agent",
            "x-forwarded-for",
            "x-forwarded-proto"
        ])
    );
    assert!(headers["authorization"].as_str().unwrap().starts_with("DPoP ey"));
    assert_eq!(headers["host"], "pds.example");
    assert_eq!(headers["x-forwarded-for"], "127.0.0.1");
    assert_eq!(headers["x-forwarded-proto"], "https");
}

#[tokio::test]
async fn a_session_is_signed_with_the_secret_of_the_pds() {
    let stage = Stage::signing(TestUpstream::echo().await, UpstreamCredentials::Session(secret())).await;
    let mut tokens = BTreeSet::new();
    for _ in 0..2 {
        let seen = stage.call("GET", TIMELINE, TIMELINE_SCOPE).send().await.seen();
        assert_eq!(seen["headers"]["dpop"], Value::Null);
        let authorization = seen["headers"]["authorization"].as_str().unwrap().to_owned();
        tokens.insert(authorization);
    }
    // one for both calls
    assert_eq!(tokens.len(), 1);
    let token = tokens.first().unwrap().strip_prefix("Bearer ").unwrap();
    let (header, claims) = signed(token);
    assert_eq!(header, json!({"typ": "at+jwt", "alg": "HS256"}));
    assert_eq!(
        claims,
        json!({"scope": "com.atproto.access", "sub": ACCOUNT, "aud": AUDIENCE,
            "iat": NOW.seconds(), "exp": NOW.seconds() + 120})
    );
}

#[tokio::test]
async fn an_identity_is_signed_for_one_request() {
    let stage = Stage::signing(
        TestUpstream::echo().await,
        UpstreamCredentials::Identity(secret()),
    )
    .await;
    let seen = stage
        .call("GET", &format!("{TIMELINE}?limit=5"), TIMELINE_SCOPE)
        .header("x-entryway-identity", "forged")
        .send()
        .await
        .seen();
    assert_eq!(seen["headers"]["authorization"], Value::Null);
    assert_eq!(seen["headers"]["dpop"], Value::Null);
    let (header, claims) = signed(seen["headers"]["x-entryway-identity"].as_str().unwrap());
    assert_eq!(header, json!({"typ": "JWT", "alg": "HS256"}));
    assert_eq!(
        claims,
        json!({"iss": PUBLIC_URL, "aud": AUDIENCE, "sub": ACCOUNT,
            "client_id": "https://app.example/client.json", "scope": format!("atproto {TIMELINE_SCOPE}"),
            "htm": "GET", "path": format!("/xrpc/{TIMELINE}"), "iat": NOW.seconds(),
            "exp": NOW.seconds() + 60, "jti": "06".repeat(16)})
    );
}

// R-337, R-465
#[tokio::test]
async fn a_call_the_scope_does_not_permit_reaches_nobody() {
    for credentials in [
        UpstreamCredentials::Pass,
        UpstreamCredentials::Session(secret()),
        UpstreamCredentials::Identity(secret()),
    ] {
        let stage = Stage::signing(TestUpstream::echo().await, credentials).await;
        let write = json!({"repo": ACCOUNT, "collection": "app.bsky.feed.post", "record": {}});
        for (asking, error) in [
            (stage.call("GET", TIMELINE, ""), (403, "ScopeMissingError")),
            (
                stage
                    .call("GET", TIMELINE, TIMELINE_SCOPE)
                    .header("atproto-proxy", "did:web:other.example#x"),
                (403, "ScopeMissingError"),
            ),
            (
                stage
                    .call("POST", "com.atproto.repo.createRecord", "repo:app.bsky.feed.like")
                    .json(&write),
                (403, "ScopeMissingError"),
            ),
            (
                stage
                    .call("POST", "com.atproto.repo.uploadBlob", "blob:image/*")
                    .header("content-type", "video/mp4")
                    .body("x"),
                (403, "ScopeMissingError"),
            ),
            (
                stage.call(
                    "POST",
                    "com.atproto.server.createAppPassword",
                    "transition:generic",
                ),
                (403, "Forbidden"),
            ),
            (
                stage.call("POST", "com.atproto.server.createSession", "transition:generic"),
                (403, "Forbidden"),
            ),
            (
                stage.call("POST", "com.atproto.server.refreshSession", "transition:generic"),
                (403, "Forbidden"),
            ),
            (
                stage.call("POST", "com.atproto.server.createAccount", "transition:generic"),
                (403, "Forbidden"),
            ),
            (
                stage.call("POST", "com.atproto.admin.deleteAccount", "transition:generic"),
                (403, "Forbidden"),
            ),
            // some routers do not tell cases apart
            (
                stage
                    .call("POST", "com.atproto.repo.createrecord", "transition:generic")
                    .json(&write),
                (400, "InvalidRequest"),
            ),
        ] {
            let got = asking.send().await;
            assert_eq!(got.error(), (error.0, error.1.to_owned()));
            assert_eq!(got.header("access-control-allow-origin"), Some("*"));
            assert!(got.header("dpop-nonce").is_some());
        }
        assert_eq!(stage.upstream.received(), "");
    }
}

#[tokio::test]
async fn a_body_that_says_what_it_needs_is_passed_on_unchanged() {
    let stage = Stage::signing(TestUpstream::echo().await, UpstreamCredentials::Session(secret())).await;
    let body = r#"{ "repo":"did:plc:a" ,"collection":"app.bsky.feed.post","record":{"text":"ü","n":1.0} }"#;
    let got = stage
        .call(
            "POST",
            "com.atproto.repo.createRecord",
            "repo:app.bsky.feed.post?action=create",
        )
        .header("content-type", "application/json")
        .body(body)
        .send()
        .await;
    let seen = got.seen();
    assert_eq!(seen["body"], body);
    assert_eq!(seen["headers"]["content-length"], body.len().to_string());
    assert_eq!(seen["headers"]["transfer-encoding"], Value::Null);
}

// a careless PDS would send elsewhere what was judged as its own
#[tokio::test]
async fn a_method_the_pds_answers_itself_is_not_asked_of_another() {
    let stage = Stage::signing(TestUpstream::echo().await, UpstreamCredentials::Session(secret())).await;
    let got = stage
        .call("GET", SESSION, "account:email")
        .header("atproto-proxy", "did:web:api.example#x")
        .send()
        .await;
    assert_eq!(got.seen()["headers"]["atproto-proxy"], Value::Null);
}

// R-324 to R-341: the verifier's rules hold here too
#[tokio::test]
async fn credentials_that_do_not_hold_reach_nobody() {
    let stage = Stage::new().await;
    let (token, target) = (stage.scene.token(), format!("/xrpc/{TIMELINE}"));
    let open = || stage.open("GET", &target);
    for (asking, error) in [
        (open().header("dpop", "a proof alone"), (401, "AuthMissing")),
        (
            open().header("authorization", &format!("DPoP {token}")),
            (401, "invalid_dpop_proof"),
        ),
        (
            open().header("authorization", &format!("Bearer {token}")),
            (401, "invalid_token"),
        ),
        (
            open().header("authorization", &format!("bEARER {token}")),
            (401, "invalid_token"),
        ),
        (
            open()
                .header("authorization", "Bearer session")
                .header("dpop", "proof"),
            (401, "invalid_token"),
        ),
        (
            open()
                .header("authorization", "Bearer a")
                .header("authorization", "Bearer b"),
            (400, "invalid_request"),
        ),
        (
            open().header("authorization", "Negotiate abc"),
            (401, "invalid_token"),
        ),
        (open().header("authorization", "junk"), (400, "invalid_request")),
        (open().header("authorization", ""), (400, "invalid_request")),
        (
            stage
                .call("GET", "app.bsky.feed.getFeed", TIMELINE_SCOPE)
                .header("dpop", "another"),
            (401, "invalid_dpop_proof"),
        ),
        (
            open()
                .header("x-atproto-handle", "a.example")
                .header("x-atproto-password", "b"),
            (400, "InvalidRequest"),
        ),
    ] {
        let got = asking.send().await;
        assert_eq!(got.error(), (error.0, error.1.to_owned()));
        let challenged = got
            .header("www-authenticate")
            .is_some_and(|text| text.starts_with("DPoP "));
        assert_eq!(challenged, error.1 != "InvalidRequest", "{:?}", got.headers);
    }
    assert_eq!(stage.upstream.received(), "");
}

// R-331
#[tokio::test]
async fn a_proof_works_once() {
    let stage = Stage::new().await;
    let token = stage.scene.token_with(&json!({}), &json!({"scope": "atproto"}));
    let claims = json!({"htm": "GET", "htu": format!("{PUBLIC_URL}/xrpc/{SESSION}")});
    let proof = stage.scene.proof_with(&token, &json!({}), &claims);
    let ask = || {
        let asking = stage.open("GET", &format!("/xrpc/{SESSION}"));
        asking
            .header("authorization", &format!("DPoP {token}"))
            .header("dpop", &proof)
            .send()
    };
    assert_eq!(ask().await.status, 200);
    assert_eq!(ask().await.error(), (401, "invalid_dpop_proof".to_owned()));
}

#[tokio::test]
async fn sessions_and_passwords_are_for_the_pds_to_check() {
    let stage = Stage::new().await;
    for authorization in [
        "Bearer a.b.c",
        "bearer x",
        "Basic YWRtaW46YQ==",
        "Bearer eyJhbGciOiJub25lIn0.e30.",
    ] {
        let got = stage
            .open("GET", "/xrpc/a.b.c")
            .header("authorization", authorization)
            .send()
            .await;
        assert_eq!(got.seen()["headers"]["authorization"], authorization);
        assert_eq!(got.header("dpop-nonce"), None);
    }
    let refusing = Stage::with(TestUpstream::echo().await, |host, _| {
        host.legacy = Legacy::Refused;
    })
    .await;
    let got = refusing
        .open("GET", "/xrpc/a.b.c")
        .header("authorization", "Bearer a.b.c")
        .send()
        .await;
    assert_eq!(got.error(), (401, "AuthenticationRequired".to_owned()));
    assert_eq!(refusing.upstream.received(), "");
    assert_eq!(refusing.open("GET", "/xrpc/a.b.c").send().await.status, 200);
}

// R-324: the PDS knows sessions only, so how else to call is said here
#[tokio::test]
async fn who_calls_without_credentials_is_told_how() {
    let body = r#"{"error":"AuthMissing","message":"x"}"#;
    let upstream = TestUpstream::saying(401, &[("content-type", "application/json")], body).await;
    let stage = Stage::before(upstream).await;
    let got = stage.open("GET", "/xrpc/a.b.c").send().await;
    assert_eq!(got.error(), (401, "AuthMissing".to_owned()));
    assert!(
        got.header("www-authenticate")
            .unwrap()
            .contains("resource_metadata=")
    );
    assert!(got.header("dpop-nonce").is_some());
    let got = stage
        .open("GET", "/xrpc/a.b.c")
        .header("authorization", "Bearer a")
        .send()
        .await;
    assert_eq!(got.header("www-authenticate"), None);
}

// R-381
#[tokio::test]
async fn the_email_address_is_for_those_who_may_see_it() {
    let whole = json!({"did": ACCOUNT, "handle": "a.example", "email": "a@b.example",
        "emailConfirmed": true, "emailAuthFactor": false, "active": true});
    let answer = whole.clone();
    let upstream = TestUpstream::answering(move |request| {
        assert!(
            !request.headers().contains_key("accept-encoding")
                || request.headers().contains_key("x-bsky-whole")
        );
        let mut answer = json_answer(&answer);
        answer.headers_mut().insert("etag", "\"whole\"".parse().unwrap());
        Box::pin(async move { answer })
    })
    .await;
    let partial = json!({"did": ACCOUNT, "handle": "a.example", "active": true});
    for credentials in [
        UpstreamCredentials::Pass,
        UpstreamCredentials::Session(secret()),
        UpstreamCredentials::Identity(secret()),
    ] {
        let stage = Stage::signing(upstream.clone(), credentials).await;
        for (scope, seen) in [
            ("", &partial),
            ("transition:generic", &partial),
            ("account:status", &partial),
            ("account:email", &whole),
            ("transition:email", &whole),
        ] {
            let asking = stage
                .call("GET", SESSION, scope)
                .header("accept-encoding", "gzip");
            let asking = if seen == &whole {
                asking.header("x-bsky-whole", "1")
            } else {
                asking
            };
            let got = asking.header("if-none-match", "\"whole\"").send().await;
            assert_eq!(&got.json(), seen, "{scope}");
            assert_eq!(got.header("etag").is_some(), seen == &whole);
            assert_eq!(
                got.header("content-length"),
                Some(got.body.len().to_string().as_str())
            );
        }
        // who has a session of the PDS sees all of it
        let got = stage
            .open("GET", &format!("/xrpc/{SESSION}"))
            .header("authorization", "Bearer a")
            .send()
            .await;
        assert_eq!(got.json(), whole);
    }
}

#[tokio::test]
async fn a_session_that_the_pds_does_not_believe_is_no_fault_of_the_caller() {
    let refusal = r#"{"error":"InvalidToken","message":"Token could not be verified"}"#;
    let json = [("content-type", "application/json; charset=utf-8")];
    let upstream = TestUpstream::saying(400, &json, refusal).await;
    let stage = Stage::signing(upstream, UpstreamCredentials::Session(secret())).await;
    let got = stage.call("GET", TIMELINE, TIMELINE_SCOPE).send().await;
    assert_eq!(got.error(), (502, "UpstreamFailure".to_owned()));
    // a wrong token out of an e-mail is told apart
    let refusal = r#"{"error":"InvalidToken","message":"Token is invalid"}"#;
    let upstream = TestUpstream::saying(400, &json, refusal).await;
    let stage = Stage::signing(upstream, UpstreamCredentials::Session(secret())).await;
    let got = stage.call("GET", TIMELINE, TIMELINE_SCOPE).send().await;
    assert_eq!((got.status.as_u16(), &got.body[..]), (400, refusal.as_bytes()));
}

// R-343, R-344, R-447, R-468
#[tokio::test]
async fn an_answer_to_oauth_carries_our_nonce_and_nothing_of_theirs() {
    let theirs = [
        ("dpop-nonce", "theirs"),
        ("www-authenticate", "Bearer theirs"),
        ("set-cookie", "theirs"),
        ("server", "theirs"),
        ("access-control-allow-origin", "https://theirs.example"),
        ("access-control-expose-headers", "theirs"),
        ("content-security-policy", "theirs"),
        ("cache-control", "public, max-age=60"),
        ("atproto-repo-rev", "kept"),
        ("content-type", "application/json"),
    ];
    for (credentials, challenge) in [
        (UpstreamCredentials::Session(secret()), None),
        (UpstreamCredentials::Identity(secret()), None),
        (UpstreamCredentials::Pass, Some("Bearer theirs")),
    ] {
        let upstream = TestUpstream::saying(401, &theirs, "{\"error\":\"x\"}").await;
        let stage = Stage::signing(upstream, credentials).await;
        let got = stage.call("GET", TIMELINE, TIMELINE_SCOPE).send().await;
        assert_eq!(got.header("www-authenticate"), challenge);
        let ours = crate::scene::nonces().issue(NOW);
        assert_eq!(got.header("dpop-nonce"), Some(ours.as_str()));
        assert_eq!(got.header("access-control-allow-origin"), Some("*"));
        assert_eq!(got.header("atproto-repo-rev"), Some("kept"));
        assert_eq!(got.header("set-cookie"), None);
        assert_eq!(got.header("server"), None);
        assert_eq!(
            got.header("content-security-policy"),
            Some("default-src 'none'; sandbox")
        );
        let all = |name: &str| {
            let lines = got.headers.get_all(name).iter();
            lines
                .map(|line| line.to_str().unwrap())
                .collect::<Vec<_>>()
                .join(", ")
        };
        assert!(
            all("cache-control").contains("private"),
            "{}",
            all("cache-control")
        );
        assert!(all("vary").contains("Authorization"));
        let exposed = all("access-control-expose-headers");
        assert!(
            exposed.contains("DPoP-Nonce") && exposed.contains("Atproto-Repo-Rev"),
            "{exposed}"
        );
        assert!(!exposed.contains("theirs"));
    }
}
