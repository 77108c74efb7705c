//! Access tokens of OAuth that are presented here, and not to a PDS (R-381, R-481, contract 2.2 and 2.4).

use entryway_core::account_change::StatusChange;
use entryway_oauth::dpop::access_token_hash;
use entryway_scope::Did;
use entryway_tests::{Client, Engine, Key, Reply, TestServer, Tokens, alice, both_engines, compact, login};
use serde_json::{Value, json};
use url::form_urlencoded;

use crate::scene::{
    CHECK_SIGNUP_QUEUE, CREATE_APP_PASSWORD, GET_SESSION, LIST_APP_PASSWORDS, REFRESH_SESSION,
    REVOKE_APP_PASSWORD, set_status,
};
use crate::xrpc::{Call, assert_refused, procedure, query, refusal};

/// An app with a session of alice's.
struct App {
    server: TestServer,
    client: Client,
    tokens: Tokens,
}

impl App {
    async fn open(engine: Engine, scope: &str) -> Self {
        let server = TestServer::start(engine).await;
        let client = declaring(scope);
        let tokens = login(&server, &client, alice()).await;
        Self {
            server,
            client,
            tokens,
        }
    }

    /// The claims of a proof for `getSession`, with a nonce that is good.
    fn claims(&self) -> Value {
        let nonces = &self.server.app().keys().nonces;
        json!({
            "jti": Key::generate().thumbprint(),
            "htm": "GET",
            "htu": format!("{}/xrpc/{GET_SESSION}", self.server.issuer()),
            "iat": self.server.now(),
            "nonce": nonces.issue(self.server.clock().now()),
            "ath": access_token_hash(&self.tokens.access_token),
        })
    }

    fn call(&self, proof: &str) -> Call {
        let authorization = format!("DPoP {}", self.tokens.access_token);
        query(GET_SESSION)
            .header("authorization", &authorization)
            .header("dpop", proof)
    }

    async fn ask(&self) -> Reply {
        let proven = proof(self.client.key(), &self.claims());
        self.call(&proven).send(&self.server).await
    }
}

/// A client whose identifier declares what it asks for.
fn declaring(scope: &str) -> Client {
    let query = form_urlencoded::Serializer::new(String::new())
        .append_pair("redirect_uri", "http://127.0.0.1/callback")
        .append_pair("scope", scope)
        .finish();
    Client::with(
        &format!("http://localhost?{query}"),
        "http://127.0.0.1:4711/callback",
        scope,
    )
}

fn proof(key: &Key, claims: &Value) -> String {
    let header = json!({"typ": "dpop+jwt", "alg": "ES256", "jwk": key.public()});
    compact(key, &header.to_string(), &claims.to_string())
}

//
async fn an_app_sees_the_address_with_permission_for_it_and_else_does_not(engine: Engine) {
    for (scope, sees) in [
        ("atproto", false),
        ("atproto transition:generic", false),
        ("atproto transition:email", true),
        ("atproto account:email", true),
        ("atproto account:email?action=manage", true),
    ] {
        let app = App::open(engine, scope).await;
        let reply = app.ask().await;
        assert_eq!(reply.code(), 200, "{scope}: {reply:?}");
        assert!(reply.header("dpop-nonce").is_some());
        let mut expected = json!({"did": alice().did, "handle": "alice.test", "active": true});
        if sees {
            expected["email"] = json!("alice@mail.example");
            expected["emailConfirmed"] = json!(false);
            expected["emailAuthFactor"] = json!(false);
        }
        assert_eq!(reply.json(), expected, "{scope}");
    }
}

async fn a_proof_that_does_not_fit_is_refused(engine: Engine) {
    let app = App::open(engine, "atproto").await;
    let key = app.client.key();
    let changed = |name: &str, value: Value| {
        let mut claims = app.claims();
        claims[name] = value;
        proof(key, &claims)
    };
    let without = |name: &str| {
        let mut claims = app.claims();
        claims.as_object_mut().unwrap().remove(name);
        proof(key, &claims)
    };
    for (presented, name) in [
        (changed("htm", json!("POST")), "invalid_dpop_proof"),
        (
            changed(
                "htu",
                json!("https://pds.example/xrpc/com.atproto.server.getSession"),
            ),
            "invalid_dpop_proof",
        ),
        (
            changed("ath", json!(access_token_hash("another"))),
            "invalid_dpop_proof",
        ),
        (without("ath"), "invalid_dpop_proof"),
        (
            changed("iat", json!(app.server.now() - 400)),
            "invalid_dpop_proof",
        ),
        (without("nonce"), "use_dpop_nonce"),
        (changed("nonce", json!("x")), "use_dpop_nonce"),
        (proof(&Key::generate(), &app.claims()), "invalid_token"),
        ("x".to_owned(), "invalid_dpop_proof"),
    ] {
        let reply = app.call(&presented).send(&app.server).await;
        let (status, error, _) = refusal(&reply);
        assert_eq!((status, error.as_str()), (401, name), "{reply:?}");
        let challenge = reply.header("www-authenticate").unwrap();
        assert!(
            challenge.starts_with("DPoP algs=") && challenge.contains(name),
            "{challenge}"
        );
        assert!(reply.header("dpop-nonce").is_some());
    }
    let bare = query(GET_SESSION).header("authorization", &format!("DPoP {}", app.tokens.access_token));
    let (status, error, _) = refusal(&bare.send(&app.server).await);
    assert_eq!((status, error.as_str()), (401, "invalid_dpop_proof"));
    // attack: the same proof again, here and at another instance
    let proven = proof(key, &app.claims());
    assert_eq!(app.call(&proven).send(&app.server).await.code(), 200);
    for server in [&app.server, &app.server.another_instance().await] {
        let (status, error, _) = refusal(&app.call(&proven).send(server).await);
        assert_eq!((status, error.as_str()), (401, "invalid_dpop_proof"));
    }
}

//
async fn a_token_that_is_over_or_of_another_kind_is_refused(engine: Engine) {
    let mut app = App::open(engine, "atproto").await;
    let reply = query(GET_SESSION)
        .bearer(&app.tokens.access_token)
        .send(&app.server)
        .await;
    assert_refused(&reply, 400, "InvalidToken", "Malformed token");
    let reply = procedure(REFRESH_SESSION)
        .bearer(&app.tokens.access_token)
        .send(&app.server)
        .await;
    assert_refused(&reply, 400, "InvalidToken", "Token could not be verified");
    // the account moves, and moves back
    let (store, did) = (app.server.app().store().clone(), Did::parse(alice().did).unwrap());
    store
        .rehome_account(&did, "did:web:elsewhere.test")
        .await
        .unwrap();
    let text = "the access token is for the PDS that the account has left";
    assert_refused(&app.ask().await, 401, "invalid_token", text);
    store.rehome_account(&did, alice().pds).await.unwrap();
    assert_eq!(app.ask().await.code(), 200);
    app.server.clock().advance(899);
    assert_eq!(app.ask().await.code(), 200);
    app.server.clock().advance(1);
    assert_refused(
        &app.ask().await,
        401,
        "invalid_token",
        "the access token has expired",
    );
    app.tokens = login(&app.server, &app.client, alice()).await;
    set_status(&app.server, &did, StatusChange::Deactivated).await;
    assert_refused(
        &app.ask().await,
        401,
        "invalid_token",
        "the access token is of a session that has ended",
    );
    app.tokens.access_token = "x".to_owned();
    assert_refused(
        &app.ask().await,
        401,
        "invalid_token",
        "the access token is not one of this service",
    );
}

// contract 2.2
async fn no_app_reaches_the_security_of_an_account(engine: Engine) {
    let app = App::open(engine, "atproto account:email?action=manage identity:*").await;
    let authorization = format!("DPoP {}", app.tokens.access_token);
    let text = "OAuth credentials are not supported for this endpoint";
    for call in [
        procedure(CREATE_APP_PASSWORD).json(&json!({"name": "bot"})),
        query(LIST_APP_PASSWORDS),
        procedure(REVOKE_APP_PASSWORD).json(&json!({"name": "bot"})),
        query(CHECK_SIGNUP_QUEUE),
    ] {
        let reply = call
            .header("authorization", &authorization)
            .send(&app.server)
            .await;
        assert_refused(&reply, 403, "Forbidden", text);
    }
}

both_engines! {
    an_app_sees_the_address_with_permission_for_it_and_else_does_not,
    a_proof_that_does_not_fit_is_refused,
    a_token_that_is_over_or_of_another_kind_is_refused,
    no_app_reaches_the_security_of_an_account,
}
