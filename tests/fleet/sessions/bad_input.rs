//! Bodies of `createSession` that are no such body (issue: each field missing, wrong, doubled, oversized, unknown).

use entryway_tests::{Engine, both_engines};
use http::Request;
use serde_json::{Value, json};

use crate::scene::{
    CHECK_SIGNUP_QUEUE, CREATE_APP_PASSWORD, CREATE_SESSION, DELETE_SESSION, GET_SESSION, LIST_APP_PASSWORDS,
    REFRESH_SESSION, REVOKE_APP_PASSWORD, lived_in, sign_in,
};
use crate::xrpc::{assert_refused, procedure, query};

async fn a_body_that_does_not_fit_is_refused_by_what_is_wrong_with_it(engine: Engine) {
    let (world, _, alice) = lived_in(engine).await;
    let server = &world.server;
    let body = json!({"identifier": "alice.test", "password": alice.password});
    let with = |name: &str, value: Value| {
        let mut body = body.clone();
        body[name] = value;
        body.to_string()
    };
    let twice = |member: &str| format!("{{{member},{}", &body.to_string()[1..]);
    let no_object = "the body must be one JSON object";
    let repeated = "the body must name no member twice";
    for (body, text) in [
        (String::new(), no_object),
        ("null".to_owned(), no_object),
        ("[]".to_owned(), no_object),
        ("{".to_owned(), no_object),
        (format!("{body}{body}"), no_object),
        ("{}".to_owned(), "identifier is required"),
        (json!({"password": "x"}).to_string(), "identifier is required"),
        (
            json!({"identifier": "alice.test"}).to_string(),
            "password is required",
        ),
        (with("identifier", json!(null)), "identifier is required"),
        (with("identifier", json!("")), "identifier is required"),
        (with("identifier", json!(7)), "identifier must be a string"),
        (
            with("identifier", json!(["alice.test"])),
            "identifier must be a string",
        ),
        (with("password", json!(null)), "password is required"),
        (with("password", json!("")), "password is required"),
        (with("password", json!({"$ne": ""})), "password must be a string"),
        (with("password", json!(true)), "password must be a string"),
        (
            with("authFactorToken", json!(1)),
            "authFactorToken must be a string",
        ),
        (
            with("allowTakendown", json!("true")),
            "allowTakendown must be true or false",
        ),
        (
            with("allowTakendown", json!(1)),
            "allowTakendown must be true or false",
        ),
        (twice(r#""identifier":"bob.test""#), repeated),
        (twice(r#""password":"x""#), repeated),
        (twice(r#""p\u0061ssword":"x""#), repeated),
        (twice(r#""allowTakendown":true,"allowTakendown":true"#), repeated),
        (twice(r#""unknown":1,"unknown":1"#), repeated),
    ] {
        let reply = procedure(CREATE_SESSION).raw(&body).send(server).await;
        assert_refused(&reply, 400, "InvalidRequest", text);
    }
    for fine in [
        with("unknown", json!({"a": [1, 2]})),
        with("authFactorToken", json!(null)),
        with("allowTakendown", json!(null)),
        format!(" {body}\n"),
    ] {
        let reply = procedure(CREATE_SESSION).raw(&fine).send(server).await;
        assert_eq!(reply.code(), 200, "{reply:?}");
    }
}

// R-133, R-504, R-505
async fn a_body_that_is_too_large_or_of_another_kind_is_not_read(engine: Engine) {
    let (world, _, alice) = lived_in(engine).await;
    let server = &world.server;
    let valid = json!({"identifier": "alice.test", "password": alice.password}).to_string();
    let text = "the request body is larger than 102400 bytes";
    for bytes in [102_401, 1024 * 1024] {
        let body = format!("{valid}{}", " ".repeat(bytes - valid.len()));
        let reply = procedure(CREATE_SESSION).raw(&body).send(server).await;
        assert_refused(&reply, 413, "PayloadTooLarge", text);
    }
    let body = format!("{valid}{}", " ".repeat(102_400 - valid.len()));
    assert_eq!(
        procedure(CREATE_SESSION).raw(&body).send(server).await.code(),
        200
    );
    let text = "content-type must be application/json, without content-encoding";
    for call in [
        procedure(CREATE_SESSION).text(&valid),
        procedure(CREATE_SESSION)
            .text(&valid)
            .header("content-type", "text/plain"),
        procedure(CREATE_SESSION)
            .text(&valid)
            .header("content-type", "application/x-www-form-urlencoded"),
        procedure(CREATE_SESSION)
            .text(&valid)
            .header("content-type", "application/jsonp"),
        procedure(CREATE_SESSION)
            .raw(&valid)
            .header("content-type", "text/plain"),
        procedure(CREATE_SESSION)
            .raw(&valid)
            .header("content-encoding", "gzip"),
    ] {
        assert_refused(&call.send(server).await, 400, "InvalidRequest", text);
    }
    let charset = procedure(CREATE_SESSION).text(&valid);
    let charset = charset.header("content-type", "Application/JSON; charset=utf-8");
    assert_eq!(charset.send(server).await.code(), 200);
}

#[tokio::test]
async fn a_method_is_called_in_its_own_way() {
    let (world, _, alice) = lived_in(Engine::Sqlite).await;
    for (call, allowed) in [
        (procedure(CREATE_SESSION).by("GET"), "POST"),
        (procedure(CREATE_SESSION).by("PUT"), "POST"),
        (procedure(REFRESH_SESSION).by("GET"), "POST"),
        (procedure(DELETE_SESSION).by("DELETE"), "POST"),
        (query(GET_SESSION).by("POST"), "GET, HEAD"),
        (query(CHECK_SIGNUP_QUEUE).by("POST"), "GET, HEAD"),
        (procedure(CREATE_APP_PASSWORD).by("GET"), "POST"),
        (query(LIST_APP_PASSWORDS).by("POST"), "GET, HEAD"),
        (procedure(REVOKE_APP_PASSWORD).by("DELETE"), "POST"),
    ] {
        let reply = call
            .header("x-http-method-override", "POST")
            .send(&world.server)
            .await;
        assert_eq!(reply.header("allow"), Some(allowed));
        let text = format!("this method is called by {allowed}");
        assert_refused(&reply, 405, "InvalidRequest", &text);
    }
    // R-452: and nobody is let in by them
    let reply = sign_in(&world.server, "alice.test", &alice.password).await;
    assert_eq!(reply.code(), 200);
}

// R-445: apps in a browser, with whatever headers they send
#[tokio::test]
async fn pages_of_any_origin_may_call() {
    let (world, _, alice) = lived_in(Engine::Sqlite).await;
    for nsid in [CREATE_SESSION, GET_SESSION] {
        let request = Request::options(format!("/xrpc/{nsid}"))
            .header("origin", "https://app.example")
            .header("access-control-request-method", "POST")
            .header(
                "access-control-request-headers",
                "authorization,content-type,atproto-accept-labelers",
            )
            .body(axum::body::Body::empty())
            .unwrap();
        let reply = world.server.send(request).await;
        assert_eq!(reply.code(), 200, "{reply:?}");
        assert_eq!(reply.header("access-control-allow-origin"), Some("*"));
        assert_eq!(reply.header("access-control-allow-credentials"), None);
        let headers = reply.header("access-control-allow-headers").unwrap();
        for name in ["authorization", "content-type", "atproto-accept-labelers"] {
            assert!(headers.contains(name), "{headers}");
        }
    }
    let body = json!({"identifier": "alice.test", "password": alice.password});
    let call = procedure(CREATE_SESSION)
        .json(&body)
        .header("origin", "https://app.example");
    let reply = call.send(&world.server).await;
    assert_eq!(reply.header("access-control-allow-origin"), Some("*"));
}

both_engines! {
    a_body_that_does_not_fit_is_refused_by_what_is_wrong_with_it,
    a_body_that_is_too_large_or_of_another_kind_is_not_read,
}
