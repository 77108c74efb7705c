//! `com.atproto.server.describeServer` (contract 2.4).

use axum::body::Body;
use entryway_core::handle::HandleDomains;
use entryway_core::invite::Invitation;
use entryway_tests::{Engine, World, both_engines};
use http::Request;
use serde_json::{Value, json};

both_engines!(
    the_service_says_who_it_is_and_what_it_takes_to_sign_up,
    only_a_query_is_answered,
);

const PATH: &str = "/xrpc/com.atproto.server.describeServer";

async fn described(world: &World) -> Value {
    let reply = world.ask(Request::get(PATH).body(Body::empty()).unwrap()).await;
    assert_eq!(reply.code(), 200);
    assert_eq!(reply.header("access-control-allow-origin"), Some("*"));
    reply.json()
}

async fn the_service_says_who_it_is_and_what_it_takes_to_sign_up(engine: Engine) {
    let world = World::start(engine, 1).await;
    let did = world.server.config().service_did.clone();
    let expected = json!({
        "did": did, "availableUserDomains": [".test"], "inviteCodeRequired": false,
        "phoneVerificationRequired": false, "links": {}, "contact": {},
    });
    assert_eq!(described(&world).await, expected);

    let world = World::start_with(engine, 0, |config| {
        config.handles.domains = HandleDomains::parse(&[".test", ".example.com"]).unwrap();
        config.invitation = Invitation::Required;
        config.about.contact_email = Some("help@example.com".to_owned());
        config.about.privacy_policy = Some("https://example.com/privacy".to_owned());
        config.about.terms_of_service = Some("https://example.com/terms".to_owned());
    })
    .await;
    let described = described(&world).await;
    assert_eq!(
        described["availableUserDomains"],
        json!([".test", ".example.com"])
    );
    assert_eq!(described["inviteCodeRequired"], true);
    let links = json!({ "privacyPolicy": "https://example.com/privacy", "termsOfService": "https://example.com/terms" });
    assert_eq!(described["links"], links);
    assert_eq!(described["contact"], json!({ "email": "help@example.com" }));
}

async fn only_a_query_is_answered(engine: Engine) {
    let world = World::start(engine, 0).await;
    let reply = world.ask(Request::post(PATH).body(Body::empty()).unwrap()).await;
    assert_eq!((reply.code(), reply.header("allow")), (405, Some("GET, HEAD")));
}
