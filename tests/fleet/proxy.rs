//! Methods that are not ours, passed on to the PDS of the caller (contract 6.4, 6.5).

mod faults;
mod refusals;
mod streams;
mod stub;

use axum::body::Body;
use entryway_tests::{Engine, Resident, Session, World, both_engines};
use http::Request;

use stub::Stub;

both_engines!(
    a_call_goes_to_the_callers_own_pds_and_its_answer_comes_back,
    what_a_caller_writes_about_itself_is_not_passed_on,
    the_address_a_stranger_writes_is_not_believed,
    a_redirect_is_an_answer_and_is_not_followed,
    a_token_for_a_pds_the_account_has_left_is_to_be_refreshed,
);

/// A service with one host that a test has made, an account that lives there, and its session.
pub(crate) struct Scene {
    pub(crate) world: World,
    pub(crate) alice: Resident,
    pub(crate) session: Session,
}

impl Scene {
    pub(crate) async fn at(engine: Engine, url: &str) -> Self {
        let world = World::start(engine, 0).await;
        let host = world.register_stranger(url).await;
        let alice = world.lodge(&host, "alice.test").await;
        let session = world.sign_in(&alice).await;
        Self {
            world,
            alice,
            session,
        }
    }

    /// A query by the account.
    pub(crate) fn query(&self, target: &str) -> http::request::Builder {
        let bearer = format!("Bearer {}", self.session.access);
        Request::get(format!("/xrpc/{target}")).header("authorization", bearer)
    }
}

pub(crate) fn bodiless(request: http::request::Builder) -> Request<Body> {
    request.body(Body::empty()).unwrap()
}

async fn a_call_goes_to_the_callers_own_pds_and_its_answer_comes_back(engine: Engine) {
    let (one, two) = (Stub::start().await, Stub::start().await);
    let scene = Scene::at(engine, one.url()).await;
    let world = &scene.world;
    let elsewhere = world.register_stranger(two.url()).await;
    let bob = world.sign_in(&world.lodge(&elsewhere, "bobby.test").await).await;

    let target = "app.bsky.feed.getFeed?feed=at%3A%2F%2Fx&limit=3&limit=4";
    let reply = world
        .ask(bodiless(
            scene.query(target).header("atproto-proxy", "did:web:x#y"),
        ))
        .await;
    assert_eq!((reply.code(), reply.text()), (200, "{\"answered\":true}"));
    assert_eq!(reply.header("content-type"), Some("application/json"));
    assert_eq!(reply.header("atproto-repo-rev"), Some("3k"));
    assert_eq!(reply.header("ratelimit-limit"), Some("3000"));
    assert_eq!(reply.header("access-control-allow-origin"), Some("*"));
    for theirs in ["set-cookie", "x-powered-by", "server", "via"] {
        assert_eq!(reply.header(theirs), None);
    }
    let asked = one.only_call();
    assert_eq!(asked.line, format!("GET /xrpc/{target}"));
    let bearer = format!("Bearer {}", scene.session.access);
    assert_eq!(asked.header("authorization"), Some(bearer.as_str()));
    assert_eq!(asked.header("host"), one.url().strip_prefix("http://"));
    assert_eq!(asked.header("atproto-proxy"), Some("did:web:x#y"));
    assert_eq!(asked.header("x-forwarded-for"), Some("127.0.0.1"));
    assert_eq!(two.calls().len(), 0);

    let body = "{\"collection\":\"a.b.c\"}";
    let request = Request::post("/xrpc/com.atproto.repo.createRecord")
        .header("authorization", format!("bearer {}", bob.access))
        .header("content-type", "application/json; charset=utf-8");
    let reply = world.ask(request.body(Body::from(body)).unwrap()).await;
    assert_eq!(reply.code(), 200);
    let asked = two.only_call();
    assert_eq!(
        (asked.line.as_str(), asked.body.as_slice()),
        ("POST /xrpc/com.atproto.repo.createRecord", body.as_bytes())
    );
    assert_eq!(
        asked.header("content-type"),
        Some("application/json; charset=utf-8")
    );
    assert_eq!(
        asked.header("content-length"),
        Some(body.len().to_string().as_str())
    );
    assert_eq!(one.calls().len(), 1);

    // a page of any origin may call, with whatever headers its app has
    let preflight = Request::options("/xrpc/app.bsky.feed.getFeed")
        .header("origin", "https://app.example")
        .header("access-control-request-method", "GET")
        .header("access-control-request-headers", "authorization,atproto-proxy");
    let reply = world.ask(bodiless(preflight)).await;
    assert_eq!(reply.header("access-control-allow-origin"), Some("*"));
    assert_eq!(
        reply.header("access-control-allow-headers"),
        Some("authorization,atproto-proxy")
    );
    assert_eq!(one.calls().len(), 1, "a preflight is ours to answer");
}

// attack: headers that a PDS behind us believes
async fn what_a_caller_writes_about_itself_is_not_passed_on(engine: Engine) {
    let stub = Stub::start().await;
    let scene = Scene::at(engine, stub.url()).await;
    let mut request = scene.query("app.example.get");
    let written = [
        "cookie",
        "forwarded",
        "proxy-authorization",
        "te",
        "via",
        "x-atproto-password",
        "x-entryway-identity",
        "x-forwarded-host",
        "x-http-method-override",
        "x-ratelimit-bypass",
        "x-real-ip",
        "x-anything",
    ];
    for name in written {
        request = request.header(name, "written");
    }
    let request = request
        .header("accept-language", "de")
        .header("x-bsky-topics", "a")
        .header("connection", "keep-alive, x-bsky-topics");
    assert_eq!(scene.world.ask(bodiless(request)).await.code(), 200);
    let asked = stub.only_call();
    assert_eq!(asked.header("accept-language"), Some("de"));
    // what is for this connection alone
    assert_eq!(asked.header("x-bsky-topics"), None);
    for name in written {
        assert_eq!(asked.header(name), None, "{name}");
    }
}

// R-472, attack: a forged address
async fn the_address_a_stranger_writes_is_not_believed(engine: Engine) {
    let stub = Stub::start().await;
    let scene = Scene::at(engine, stub.url()).await;
    for (peer, written, passed) in [
        ("203.0.113.9", None, "203.0.113.9"),
        ("203.0.113.9", Some("192.0.2.1"), "203.0.113.9"),
        ("203.0.113.9", Some("192.0.2.1, 127.0.0.1"), "203.0.113.9"),
        // the host is on this machine, and may say who called it
        ("127.0.0.1", Some("192.0.2.1"), "192.0.2.1"),
        ("127.0.0.1", Some("198.51.100.1, 192.0.2.1"), "192.0.2.1"),
    ] {
        let mut request = scene.query("app.example.get");
        if let Some(written) = written {
            request = request.header("x-forwarded-for", written);
        }
        let reply = scene.world.server.seen_from(peer).send(bodiless(request)).await;
        assert_eq!(reply.code(), 200);
        let calls = stub.calls();
        assert_eq!(
            calls.last().unwrap().header("x-forwarded-for"),
            Some(passed),
            "{peer} {written:?}"
        );
    }
}

async fn a_redirect_is_an_answer_and_is_not_followed(engine: Engine) {
    let (stub, other) = (Stub::start().await, Stub::start().await);
    let location = format!("{}/blob", other.url());
    stub.answer(302, &[("location", &location)], b"");
    let scene = Scene::at(engine, stub.url()).await;
    let reply = scene
        .world
        .ask(bodiless(scene.query("com.atproto.sync.getBlob")))
        .await;
    assert_eq!(
        (reply.code(), reply.header("location")),
        (302, Some(location.as_str()))
    );
    assert_eq!(other.calls().len(), 0);
}

// contract 6.4, 6.14
async fn a_token_for_a_pds_the_account_has_left_is_to_be_refreshed(engine: Engine) {
    let (one, two) = (Stub::start().await, Stub::start().await);
    let scene = Scene::at(engine, one.url()).await;
    // the PDS knows before we do
    let gone = b"{\"error\":\"AccountNotFound\",\"message\":\"Account not found\"}";
    one.answer(403, &[("content-type", "application/json; charset=utf-8")], gone);
    let reply = scene.world.ask(bodiless(scene.query("app.example.get"))).await;
    assert_eq!(
        (reply.code(), reply.member("error").as_str()),
        (400, "ExpiredToken")
    );
    // other refusals are the PDS's own, word for word
    for (status, error) in [
        (400, "AccountNotFound"),
        (403, "Forbidden"),
        (401, "AccountTakedown"),
    ] {
        let body = format!("{{\"error\":\"{error}\",\"message\":\"No\"}}");
        one.answer(status, &[("content-type", "application/json")], body.as_bytes());
        let reply = scene.world.ask(bodiless(scene.query("app.example.get"))).await;
        assert_eq!((reply.code(), reply.text()), (status, body.as_str()));
    }
    // we know before the token is over
    let elsewhere = scene.world.register_stranger(two.url()).await;
    let store = scene.world.server.app().store();
    store
        .rehome_account(&scene.alice.did, elsewhere.as_str())
        .await
        .unwrap();
    let reply = scene.world.ask(bodiless(scene.query("app.example.get"))).await;
    assert_eq!(
        (reply.code(), reply.member("error").as_str()),
        (400, "ExpiredToken")
    );
    assert_eq!((one.calls().len(), two.calls().len()), (4, 0));
}
