//! Sessions of `createSession` (R-475 to, contract sections 2.4 and 3.1).

use entryway_tests::{Engine, Host, Reply, Resident, TestServer, World, both_engines};
use serde_json::{Value, json};

use crate::xrpc::{assert_refused, procedure, query, unverified};

const CREATE: &str = "com.atproto.server.createSession";
const REFRESH: &str = "com.atproto.server.refreshSession";
const DELETE: &str = "com.atproto.server.deleteSession";
const GET: &str = "com.atproto.server.getSession";

async fn sign_in(server: &TestServer, identifier: &str, password: &str) -> Reply {
    let body = json!({"identifier": identifier, "password": password});
    procedure(CREATE).json(&body).send(server).await
}

async fn lived_in(engine: Engine) -> (World, Host, Resident) {
    let world = World::start(engine, 1).await;
    let host = world.hosts[0].clone();
    let alice = world.settle(&host, "alice.test").await;
    (world, host, alice)
}

// contract 3.1
async fn a_session_opens_by_any_name_of_its_account(engine: Engine) {
    let (world, host, alice) = lived_in(engine).await;
    let server = &world.server;
    for name in [
        "alice.test",
        "Alice.TEST",
        "@alice.test",
        " alice.test ",
        alice.did.as_str(),
        "alice@mail.example",
        "Alice@Mail.EXAMPLE",
    ] {
        let reply = sign_in(server, name, &alice.password).await;
        assert_eq!(reply.code(), 200, "{name}: {reply:?}");
        let mut session = reply.json();
        let members = session.as_object_mut().unwrap();
        let (access, refresh) = (members.remove("accessJwt"), members.remove("refreshJwt"));
        let document = members.remove("didDoc").unwrap();
        assert_eq!(document["id"], alice.did.as_str());
        assert_eq!(document["service"][0]["serviceEndpoint"], host.url.as_str());
        let expected = json!({
            "did": alice.did, "handle": "alice.test", "email": "alice@mail.example", "emailConfirmed": true,
            "emailAuthFactor": false, "active": true,
        });
        assert_eq!(session, expected, "{name}");
        let (header, claims) = unverified(access.unwrap().as_str().unwrap());
        assert_eq!(header, json!({"typ": "at+jwt", "alg": "ES256K"}));
        assert_eq!(claims["aud"], host.did.as_str());
        assert_eq!(claims["sub"], alice.did.as_str());
        assert_eq!(claims["scope"], "com.atproto.access");
        assert_eq!(claims["exp"], server.now() + 900);
        let (header, claims) = unverified(refresh.unwrap().as_str().unwrap());
        assert_eq!(header, json!({"typ": "refresh+jwt", "alg": "ES256K"}));
        assert_eq!(claims["aud"], server.config().service_did.as_str());
        assert_eq!(claims["scope"], "com.atproto.refresh");
        assert_eq!(claims["exp"], server.now() + 90 * 86_400);
    }
    let reply = sign_in(server, "alice.test", &alice.password).await;
    let token = reply.member("accessJwt");
    let seen = query(GET).bearer(&token).send(server).await;
    assert_eq!(seen.code(), 200, "{seen:?}");
    let refreshed = procedure(REFRESH)
        .bearer(&reply.member("refreshJwt"))
        .send(server)
        .await;
    assert_eq!(refreshed.code(), 200, "{refreshed:?}");
    let seen_json: Value = seen.json();
    assert_eq!(seen_json["did"], alice.did.as_str());
    assert_refused(
        &sign_in(server, "alice.test", "not the password").await,
        401,
        "AuthenticationRequired",
        "Invalid identifier or password",
    );
}

#[tokio::test]
async fn a_method_is_called_in_its_own_way() {
    let (world, ..) = lived_in(Engine::Sqlite).await;
    for (call, allowed) in [
        (procedure(CREATE).by("GET"), "POST"),
        (procedure(CREATE).by("PUT"), "POST"),
        (procedure(REFRESH).by("GET"), "POST"),
        (procedure(DELETE).by("DELETE"), "POST"),
        (query(GET).by("POST"), "GET, HEAD"),
        (query("com.atproto.temp.checkSignupQueue").by("POST"), "GET, HEAD"),
        (
            procedure("com.atproto.server.createAppPassword").by("GET"),
            "POST",
        ),
        (
            query("com.atproto.server.listAppPasswords").by("POST"),
            "GET, HEAD",
        ),
        (
            procedure("com.atproto.server.revokeAppPassword").by("DELETE"),
            "POST",
        ),
    ] {
        let reply = call
            .header("x-http-method-override", "POST")
            .send(&world.server)
            .await;
        assert_eq!(reply.header("allow"), Some(allowed));
        let text = format!("this method is called by {allowed}");
        assert_refused(&reply, 405, "InvalidRequest", &text);
    }
}

both_engines! {
    a_session_opens_by_any_name_of_its_account,
}
