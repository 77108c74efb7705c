//! The code exchange.

use entryway_tests::{
    Browser, Client, Encoding, Endpoint, Engine, Key, TestServer, Tokens, alice, bob, both_engines, login,
    push_and_approve,
};
use serde_json::json;

const GRANT: (u16, &str) = (400, "invalid_grant");

fn refusal((status, code): (u16, &str)) -> (u16, String) {
    (status, code.to_owned())
}

// D5
async fn a_code_gives_tokens_that_an_unmodified_pds_accepts(engine: Engine) {
    let (server, client) = (TestServer::start(engine).await, Client::new());
    for (account, encoding) in [(alice(), Encoding::Form), (bob(), Encoding::Json)] {
        let (pushed, landing) = push_and_approve(&server, &client, account).await;
        let reply = client
            .exchange(&pushed, landing.code())
            .encoded(encoding)
            .send(&server)
            .await;
        assert_eq!(reply.header("cache-control"), Some("no-store"));
        assert_eq!(reply.header("pragma"), Some("no-cache"));
        assert!(!reply.headers.contains_key("set-cookie"));
        let tokens = Tokens::of(&reply);
        assert_eq!((tokens.token_type.as_str(), tokens.expires_in), ("DPoP", 900));
        assert_eq!(
            (tokens.sub.as_str(), tokens.scope.as_str()),
            (account.did, "atproto transition:generic")
        );
        let (header, mut claims) = tokens.unverified();
        assert_eq!(header, json!({ "typ": "at+jwt", "alg": "ES256K" }));
        let id = claims["jti"].as_str().unwrap().strip_prefix("tok-").unwrap();
        assert!(id.len() == 32 && id.bytes().all(|byte| byte.is_ascii_hexdigit()));
        assert!(claims["sid"].as_str().unwrap().starts_with("ses-"));
        for random in ["jti", "sid"] {
            claims[random] = json!("…");
        }
        let expected = json!({
            "iss": server.issuer(),
            "aud": account.pds,
            "sub": account.did,
            "jti": "…",
            "sid": "…",
            "iat": server.now(),
            "exp": server.now() + 900,
            "client_id": client.id(),
            "scope": "atproto transition:generic",
            "cnf": { "jkt": client.key().thumbprint() },
        });
        assert_eq!(claims, expected);
    }
}

//
async fn a_code_presented_twice_ends_what_it_gave(engine: Engine) {
    let (server, client) = (TestServer::start(engine).await, Client::new());
    let (stranger, other_key) = (Client::named("stranger"), Key::generate());
    for name in [
        "as it was",
        "with a wrong verifier",
        "without one",
        "by another key",
    ] {
        let (pushed, landing) = push_and_approve(&server, &client, alice()).await;
        let exchange = client.exchange(&pushed, landing.code());
        let tokens = Tokens::of(&exchange.clone().send(&server).await);
        let again = match name {
            "with a wrong verifier" => exchange.clone().with("code_verifier", &"x".repeat(43)),
            "without one" => exchange.clone().without("code_verifier"),
            "by another key" => exchange.clone().signed_by(&other_key),
            _ => exchange.clone(),
        };
        assert_eq!(again.send(&server).await.refusal(), refusal(GRANT), "{name}");
        let refresh = client.refresh(&tokens.refresh_token).send(&server).await;
        assert_eq!(refresh.refusal(), refusal(GRANT), "{name}");
        assert_eq!(exchange.send(&server).await.refusal(), refusal(GRANT), "{name}");
    }
    // also when it was refreshed in between, and when somebody else found the code
    let (pushed, landing) = push_and_approve(&server, &client, alice()).await;
    let tokens = Tokens::of(&client.exchange(&pushed, landing.code()).send(&server).await);
    let tokens = Tokens::of(&client.refresh(&tokens.refresh_token).send(&server).await);
    let found = stranger.exchange(&pushed, landing.code()).send(&server).await;
    assert_eq!(found.refusal(), refusal(GRANT));
    assert_eq!(
        client
            .refresh(&tokens.refresh_token)
            .send(&server)
            .await
            .refusal(),
        refusal(GRANT)
    );
}

// sessions that have nothing to do with the code live on
async fn a_replayed_code_ends_no_other_session(engine: Engine) {
    let (server, client) = (TestServer::start(engine).await, Client::new());
    let mine = login(&server, &client, alice()).await;
    let theirs = login(&server, &client, bob()).await;
    let (pushed, landing) = push_and_approve(&server, &client, alice()).await;
    let exchange = client.exchange(&pushed, landing.code());
    exchange.clone().send(&server).await;
    exchange.send(&server).await;
    for tokens in [mine, theirs] {
        assert_eq!(
            client.refresh(&tokens.refresh_token).send(&server).await.code(),
            200
        );
    }
}

//
async fn a_wrong_parameter_is_refused_and_leaves_the_code_good(engine: Engine) {
    let (server, client) = (TestServer::start(engine).await, Client::new());
    let (pushed, landing) = push_and_approve(&server, &client, alice()).await;
    let good = client.exchange(&pushed, landing.code());
    let (code, long) = (landing.code(), "a".repeat(129));
    let refresh_token = login(&server, &client, bob()).await.refresh_token;
    let exchange = "urn:ietf:params:oauth:grant-type:token-exchange";
    for (parameter, value, error) in [
        ("grant_type", None, "invalid_request"),
        ("grant_type", Some(""), "invalid_request"),
        ("grant_type", Some("password"), "unsupported_grant_type"),
        ("grant_type", Some("client_credentials"), "unsupported_grant_type"),
        ("grant_type", Some("implicit"), "unsupported_grant_type"),
        ("grant_type", Some("Authorization_Code"), "unsupported_grant_type"),
        ("grant_type", Some(exchange), "unsupported_grant_type"),
        ("client_id", None, "invalid_request"),
        ("client_id", Some("bogus"), "invalid_client_metadata"),
        ("client_id", Some(Client::named("stranger").id()), "invalid_grant"),
        ("redirect_uri", None, "invalid_request"),
        ("redirect_uri", Some(""), "invalid_request"),
        (
            "redirect_uri",
            Some("http://127.0.0.1:4712/callback"),
            "invalid_grant",
        ),
        ("redirect_uri", Some("http://127.0.0.1/callback"), "invalid_grant"),
        (
            "redirect_uri",
            Some("http://127.0.0.1:4711/callback/"),
            "invalid_grant",
        ),
        ("redirect_uri", Some("https://evil.example/"), "invalid_grant"),
        ("code_verifier", None, "invalid_request"),
        ("code_verifier", Some(""), "invalid_request"),
        ("code_verifier", Some(&long[..42]), "invalid_request"),
        ("code_verifier", Some(&long), "invalid_request"),
        ("code_verifier", Some(&"a/".repeat(22)), "invalid_request"),
        ("code", None, "invalid_request"),
        ("code", Some(""), "invalid_request"),
        ("code", Some("x"), "invalid_grant"),
        ("code", Some(&format!("cod-{}", "0".repeat(64))), "invalid_grant"),
        ("code", Some(&code.to_uppercase()), "invalid_grant"),
        ("code", Some(&format!("{code}0")), "invalid_grant"),
        ("code", Some(&format!("{code}\0")), "invalid_request"),
        ("code", Some(&refresh_token), "invalid_grant"),
    ] {
        let call = match value {
            Some(value) => good.clone().with(parameter, value),
            None => good.clone().without(parameter),
        };
        let reply = call.send(&server).await;
        assert_eq!(
            reply.refusal(),
            (400, error.to_owned()),
            "{parameter}: {value:.20?}"
        );
    }
    for parameter in good.names() {
        let reply = good.clone().twice(&parameter).send(&server).await;
        assert_eq!(
            reply.refusal(),
            refusal((400, "invalid_request")),
            "{parameter} twice"
        );
    }
    assert_eq!(good.send(&server).await.code(), 200);
}

// for codes, R-322
async fn a_caller_who_proves_nothing_is_refused_and_leaves_the_code_good(engine: Engine) {
    let (server, client) = (TestServer::start(engine).await, Client::new());
    let (pushed, landing) = push_and_approve(&server, &client, alice()).await;
    let good = client.exchange(&pushed, landing.code());
    let proof = (400, "invalid_dpop_proof");
    let par = server.url(Endpoint::Par);
    for (name, call, expected) in [
        ("no proof", good.clone().without_proof(), proof),
        (
            "a proof for PAR",
            good.clone()
                .proof(move |draft| draft.claims["htu"] = par.clone().into()),
            proof,
        ),
        (
            "a bad signature",
            good.clone()
                .proof(|draft| draft.signature = Some("AA".repeat(43))),
            proof,
        ),
        (
            "no nonce",
            good.clone().once().proof(|draft| draft.without_claim("nonce")),
            (400, "use_dpop_nonce"),
        ),
        ("another key", good.clone().signed_by(&Key::generate()), GRANT),
        (
            "Basic",
            good.clone().header("authorization", "Basic eDp5"),
            (401, "invalid_client"),
        ),
        (
            "a secret",
            good.clone().with("client_secret", "x"),
            (401, "invalid_client"),
        ),
        (
            "plain text",
            good.clone().header("content-type", "text/plain"),
            (415, "invalid_request"),
        ),
        (
            "multipart",
            good.clone().header("content-type", "multipart/form-data"),
            (415, "invalid_request"),
        ),
    ] {
        let reply = call.send(&server).await;
        assert_eq!(reply.refusal(), refusal(expected), "{name}");
    }
    assert_eq!(good.send(&server).await.code(), 200);
}

//
async fn a_wrong_verifier_burns_the_code(engine: Engine) {
    let (server, client) = (TestServer::start(engine).await, Client::new());
    let (foreign, _) = push_and_approve(&server, &client, bob()).await;
    for kind in ["random", "challenge", "of another flow"] {
        let (pushed, landing) = push_and_approve(&server, &client, alice()).await;
        let verifier = match kind {
            "challenge" => pushed.pkce.challenge.clone(),
            "random" => "a".repeat(43),
            _ => foreign.pkce.verifier.clone(),
        };
        let right = client.exchange(&pushed, landing.code());
        let wrong = right.clone().with("code_verifier", &verifier).send(&server).await;
        assert_eq!(wrong.refusal(), refusal(GRANT), "{kind}");
        assert_eq!(right.send(&server).await.refusal(), refusal(GRANT), "{kind}");
    }
}

// a stranger without the code's key or client burns nothing by guessing
async fn only_its_own_client_and_key_can_burn_a_code(engine: Engine) {
    let (server, client) = (TestServer::start(engine).await, Client::new());
    let (pushed, landing) = push_and_approve(&server, &client, alice()).await;
    let good = client.exchange(&pushed, landing.code());
    let wrong = good.clone().with("code_verifier", &"a".repeat(43));
    let guesses = [
        wrong.clone().signed_by(&Key::generate()),
        wrong.clone().with("client_id", Client::named("stranger").id()),
        wrong.without_proof(),
    ];
    for guess in guesses {
        assert_eq!(guess.send(&server).await.code(), 400);
    }
    assert_eq!(good.send(&server).await.code(), 200);
}

//
async fn a_code_is_good_for_a_minute(engine: Engine) {
    let (server, client) = (TestServer::start(engine).await, Client::new());
    for (seconds, status) in [(59, 200), (60, 400), (61, 400)] {
        let (pushed, landing) = push_and_approve(&server, &client, alice()).await;
        server.clock().advance(seconds);
        let reply = client.exchange(&pushed, landing.code()).send(&server).await;
        assert_eq!(reply.code(), status, "{seconds}");
    }
}

//
#[tokio::test]
async fn tokens_are_never_given_for_a_query() {
    let (server, client) = (TestServer::start(Engine::Sqlite).await, Client::new());
    let (pushed, landing) = push_and_approve(&server, &client, alice()).await;
    let good = client.exchange(&pushed, landing.code());
    let query = String::from_utf8(good.body()).unwrap();
    let reply = server
        .get(&format!("{}?{query}", server.path(Endpoint::Token)))
        .await;
    assert_eq!(reply.refusal(), refusal((405, "invalid_request")));
    assert_eq!(good.send(&server).await.code(), 200);
}

//
#[tokio::test]
async fn a_scope_sent_with_the_code_changes_nothing() {
    let (server, client) = (TestServer::start(Engine::Sqlite).await, Client::new());
    let (pushed, landing) = push_and_approve(&server, &client, alice()).await;
    let wider = client
        .exchange(&pushed, landing.code())
        .with("scope", "atproto transition:email");
    assert_eq!(
        Tokens::of(&wider.send(&server).await).scope,
        "atproto transition:generic"
    );
}

//
async fn an_account_that_was_switched_off_gets_no_tokens(engine: Engine) {
    let (server, client) = (TestServer::start(engine).await, Client::new());
    for status in ["deactivated", "taken_down"] {
        let (pushed, landing) = push_and_approve(&server, &client, alice()).await;
        server
            .database()
            .execute(&format!("update account set status = '{status}'"))
            .await;
        let reply = client.exchange(&pushed, landing.code()).send(&server).await;
        assert_eq!(reply.refusal(), refusal(GRANT), "{status}");
        server
            .database()
            .execute("update account set status = 'active'")
            .await;
    }
}

//
#[tokio::test]
async fn the_back_channel_neither_sets_nor_reads_cookies() {
    let (server, client) = (TestServer::start(Engine::Sqlite).await, Client::new());
    let pushed = client.push(&server).await;
    let mut browser = Browser::new();
    let landing = browser.approve(&server, &pushed, bob()).await;
    let (name, value) = browser.cookies().iter().next().unwrap();
    let cookie = format!("{name}={value}");
    let reply = client
        .exchange(&pushed, landing.code())
        .header("cookie", &cookie)
        .send(&server)
        .await;
    assert!(!reply.headers.contains_key("set-cookie"));
    let tokens = Tokens::of(&reply);
    for call in [
        client.par(),
        client.refresh(&tokens.refresh_token),
        client.revoke(&tokens.access_token),
    ] {
        let reply = call.header("cookie", &cookie).send(&server).await;
        assert!(reply.status.is_success() && !reply.headers.contains_key("set-cookie"));
    }
}

both_engines! {
    a_code_gives_tokens_that_an_unmodified_pds_accepts,
    a_code_presented_twice_ends_what_it_gave,
    a_replayed_code_ends_no_other_session,
    a_wrong_parameter_is_refused_and_leaves_the_code_good,
    a_caller_who_proves_nothing_is_refused_and_leaves_the_code_good,
    a_wrong_verifier_burns_the_code,
    only_its_own_client_and_key_can_burn_a_code,
    a_code_is_good_for_a_minute,
    an_account_that_was_switched_off_gets_no_tokens,
}
