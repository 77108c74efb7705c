//! PDS hosts that are down, slow or broken: a clear error of XRPC, and the service goes on.

use std::sync::Arc;

use axum::Router;
use axum::body::Body;
use axum::extract::State;
use axum::response::{IntoResponse as _, Response};
use entryway_sandbox::outbound;
use entryway_tests::{Answer, ClientSite, Engine, both_engines};
use http::{Request, StatusCode};
use tokio::sync::OnceCell;

use super::stub::served;
use super::{Scene, bodiless};

both_engines!(
    a_pds_that_breaks_is_not_the_callers_fault,
    a_pds_that_is_down_or_silent_is_said_to_be,
    a_pds_that_sends_everything_back_makes_no_loop,
);

const TARGET: &str = "app.example.get";
const PATH: &str = "/xrpc/app.example.get";

async fn a_pds_that_breaks_is_not_the_callers_fault(engine: Engine) {
    let site = ClientSite::http().await;
    let scene = Scene::at(engine, site.origin()).await;
    let page = Answer::bytes("text/html", b"<h1>Bad Gateway</h1>");
    let long = "a".repeat(200 * 1024);
    for (what, answer, status, error) in [
        ("a page", page.clone().with_status(500), 502, "UpstreamFailure"),
        (
            "a page of a proxy",
            page.clone().with_status(502),
            502,
            "UpstreamFailure",
        ),
        ("no page", page.clone().with_status(404), 404, "UpstreamFailure"),
        ("nothing", Answer::status(431), 431, "UpstreamFailure"),
        ("an early end", Answer::raw(b""), 502, "UpstreamFailure"),
        (
            "half a head",
            Answer::raw(b"HTTP/1.1 200 OK\r\nconte"),
            502,
            "UpstreamFailure",
        ),
        (
            "no HTTP",
            Answer::raw(b"220 mail.example ESMTP\r\n"),
            502,
            "UpstreamFailure",
        ),
        (
            "no head to an end",
            Answer::json(&true.into()).header("x-long", &long),
            502,
            "UpstreamFailure",
        ),
        (
            "a connection",
            Answer::raw(b"HTTP/1.1 101 Switching Protocols\r\nconnection: upgrade\r\nupgrade: x\r\n\r\n"),
            502,
            "UpstreamFailure",
        ),
    ] {
        site.serve(PATH, answer);
        let reply = scene.world.ask(bodiless(scene.query(TARGET))).await;
        assert_eq!(
            (reply.code(), reply.member("error").as_str()),
            (status, error),
            "{what}"
        );
    }
    // its own words are its own
    let busy = Answer::text("{\"error\":\"NotEnoughResources\",\"message\":\"busy\"}").with_status(503);
    site.serve(PATH, busy.header("retry-after", "7"));
    let reply = scene.world.ask(bodiless(scene.query(TARGET))).await;
    assert_eq!(
        (reply.code(), reply.member("error").as_str()),
        (503, "NotEnoughResources")
    );
    assert_eq!(reply.header("retry-after"), Some("7"));
}

async fn a_pds_that_is_down_or_silent_is_said_to_be(engine: Engine) {
    let site = ClientSite::http().await;
    let scene = Scene::at(engine, site.origin()).await;
    site.serve(PATH, Answer::never());
    let reply = scene.world.ask(bodiless(scene.query(TARGET))).await;
    assert_eq!(
        (reply.code(), reply.member("error").as_str()),
        (504, "UpstreamTimeout")
    );

    let nobody = scene.world.register_stranger("http://127.0.0.1:1").await;
    let store = scene.world.server.app().store();
    store
        .rehome_account(&scene.alice.did, nobody.as_str())
        .await
        .unwrap();
    let session = scene.world.sign_in(&scene.alice).await;
    let request = Request::get(PATH).header("authorization", format!("Bearer {}", session.access));
    let reply = scene.world.ask(bodiless(request)).await;
    assert_eq!(
        (reply.code(), reply.member("error").as_str()),
        (502, "UpstreamFailure")
    );
}

/// The service to send everything back to, and how.
type Back = Arc<(OnceCell<String>, reqwest::Client)>;

async fn sent_back(State(service): State<Back>, request: Request<Body>) -> Response {
    let url = format!("{}{}", service.0.get().unwrap(), request.uri());
    let authorization = request.headers()["authorization"].clone();
    let Ok(answer) = service
        .1
        .get(url)
        .header("authorization", authorization)
        .send()
        .await
    else {
        return StatusCode::BAD_GATEWAY.into_response();
    };
    let status = answer.status();
    let json = [("content-type", "application/json")];
    (status, json, answer.bytes().await.unwrap_or_default()).into_response()
}

// attack: a PDS that calls us for what we pass on to it
async fn a_pds_that_sends_everything_back_makes_no_loop(engine: Engine) {
    let service = Back::new((OnceCell::new(), outbound::client().unwrap()));
    let router = Router::new().fallback(sent_back).with_state(service.clone());
    let (url, _stop, _tasks) = served(&router).await;
    let scene = Scene::at(engine, &url).await;
    service.0.set(scene.world.server.issuer().to_owned()).unwrap();
    for _ in 0..2 {
        let reply = scene.world.ask(bodiless(scene.query(TARGET))).await;
        assert_eq!(
            (reply.code(), reply.member("error").as_str()),
            (429, "RateLimitExceeded")
        );
    }
    scene.world.server.assert_well().await;
}
