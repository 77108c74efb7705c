//! PAR, both grants and revocation.

use entryway_tests::{
    Call, Client, Encoding, Engine, Reply, TestServer, Tokens, alice, both_engines, login, push_and_approve,
};

use super::Outcome::{Fine, No};
use super::ways::{self, BIDI, spoilt};
use super::{
    Outcome, Parameter, REQUEST, assert_serves, assert_unchanged, forbidden, no, optional, required,
};

/// A name that no endpoint reads.
const UNKNOWN: &str = "unknown";

pub(super) const PAR: &[Parameter] = &[
    required("client_id", no(400, "invalid_client_metadata")),
    required("response_type", no(400, "unsupported_response_type")),
    required("redirect_uri", No(REQUEST)),
    required("scope", no(400, "invalid_scope")),
    // opaque to us, and given back as it came
    required("state", Fine),
    required("code_challenge", No(REQUEST)),
    required("code_challenge_method", No(REQUEST)),
    optional("response_mode", "query", No(REQUEST)),
    optional("prompt", "consent", No(REQUEST)),
    optional("login_hint", "alice.test", No(REQUEST)),
    optional("display", "page", No(REQUEST)),
    optional("dpop_jkt", "", No(REQUEST)),
    optional("ui_locales", "en", Fine),
    optional("client_assertion_type", "x", Fine),
    optional("client_assertion", "x", Fine),
    optional(UNKNOWN, "x", Fine),
    forbidden("request", (400, "request_not_supported")),
    forbidden("request_uri", REQUEST),
    forbidden("authorization_details", REQUEST),
    forbidden("client_secret", (401, "invalid_client")),
];

const EXCHANGE: &[Parameter] = &[
    required("grant_type", no(400, "unsupported_grant_type")),
    required("client_id", no(400, "invalid_client_metadata")),
    required("code", no(400, "invalid_grant")),
    required("redirect_uri", no(400, "invalid_grant")),
    required("code_verifier", No(REQUEST)),
    optional("scope", "atproto", Fine),
    optional("client_assertion", "x", Fine),
    optional(UNKNOWN, "x", Fine),
    forbidden("client_secret", (401, "invalid_client")),
];

const REFRESH: &[Parameter] = &[
    required("grant_type", no(400, "unsupported_grant_type")),
    required("client_id", no(400, "invalid_client_metadata")),
    required("refresh_token", no(400, "invalid_grant")),
    optional("scope", "atproto", no(400, "invalid_scope")),
    optional("client_assertion", "x", Fine),
    optional(UNKNOWN, "x", Fine),
    forbidden("client_secret", (401, "invalid_client")),
];

const REVOKE: &[Parameter] = &[
    required("client_id", no(400, "invalid_client_metadata")),
    // whatever is no token is as good as revoked
    required("token", Fine),
    optional("token_type_hint", "refresh_token", Fine),
    optional(UNKNOWN, "x", Fine),
    forbidden("client_secret", (401, "invalid_client")),
];

async fn a_pushed_request_with_a_spoilt_parameter_is_refused(engine: Engine) {
    let (server, client) = (TestServer::start(engine).await, Client::new());
    try_all(&server, PAR, async || client.par()).await;
}

async fn an_exchange_with_a_spoilt_parameter_is_refused(engine: Engine) {
    let (server, client) = (TestServer::start(engine).await, Client::new());
    try_all(&server, EXCHANGE, async || {
        let (pushed, landing) = push_and_approve(&server, &client, alice()).await;
        client.exchange(&pushed, landing.code())
    })
    .await;
}

async fn a_refresh_with_a_spoilt_parameter_is_refused(engine: Engine) {
    let (server, client) = (TestServer::start(engine).await, Client::new());
    try_all(&server, REFRESH, async || {
        let tokens = login(&server, &client, alice()).await;
        client.refresh(&tokens.refresh_token)
    })
    .await;
}

async fn a_revocation_with_a_spoilt_parameter_is_refused(engine: Engine) {
    let (server, client) = (TestServer::start(engine).await, Client::new());
    let tokens = login(&server, &client, alice()).await;
    try_all(&server, REVOKE, async || client.revoke("ref-of-somebody-else")).await;
    // none of them was taken for a revocation
    Tokens::of(&client.refresh(&tokens.refresh_token).send(&server).await);
}

// null stands for absence, and is there nevertheless
async fn a_member_that_is_null_once_is_still_repeated(engine: Engine) {
    let (server, client) = (TestServer::start(engine).await, Client::new());
    let before = server.database().cells().await;
    for parameter in PAR.iter().filter(|parameter| matches!(parameter.missing, No(_))) {
        for way in [
            &b"{n}:null,{n}:{v}"[..],
            b"{n}:{v},{n}:null",
            b"{n}:null,{n}:null",
        ] {
            let reply = send(&server, &client.par(), Encoding::Json, parameter, way).await;
            let what = format!("{} as {}", parameter.name, way.escape_ascii());
            assert_refused(&reply, REQUEST, &what);
        }
    }
    assert_unchanged(&before, &server.database().cells().await, "null");
}

/// Sends the call with each parameter spoilt in each way, as a form and as JSON.
pub(super) async fn try_all(server: &TestServer, parameters: &[Parameter], valid: impl AsyncFn() -> Call) {
    // a refusal leaves what the call is about as good as it was, and its assertion too, so one does for all of them
    let standing = valid().await;
    for encoding in [Encoding::Form, Encoding::Json] {
        let wrong = match encoding {
            Encoding::Form => [ways::FORM, ways::RAW].concat(),
            Encoding::Json => ways::JSON.to_vec(),
        };
        for parameter in parameters {
            let before = server.database().cells().await;
            for (way, bytes) in &wrong {
                let reply = send(server, &standing, encoding, parameter, bytes).await;
                let what = format!("{} as {encoding:?}: {way}", parameter.name);
                assert_refused(&reply, REQUEST, &what);
            }
            let after = server.database().cells().await;
            assert_unchanged(&before, &after, parameter.name);
            for (way, bytes, outcome) in harmless(encoding, parameter) {
                let what = format!("{} as {encoding:?}: {way}", parameter.name);
                match outcome {
                    Fine => {
                        let reply = send(server, &valid().await, encoding, parameter, &bytes).await;
                        assert!(reply.status.is_success(), "{what}: {} {reply:?}", reply.status);
                    }
                    No(refused) => {
                        let before = server.database().cells().await;
                        let reply = send(server, &standing, encoding, parameter, &bytes).await;
                        assert_refused(&reply, refused, &what);
                        assert_unchanged(&before, &server.database().cells().await, &what);
                    }
                }
            }
        }
    }
    let reply = standing.send(server).await;
    assert!(reply.status.is_success(), "the call itself: {reply:?}");
    assert_serves(server).await;
}

/// Ways that depend on the parameter.
fn harmless(encoding: Encoding, parameter: &Parameter) -> Vec<(&'static str, Vec<u8>, Outcome)> {
    let &Parameter {
        missing, empty, bidi, ..
    } = parameter;
    match encoding {
        Encoding::Form => vec![
            ("missing", b"&".to_vec(), missing),
            ("empty", b"{n}=".to_vec(), empty),
            ("without an equals sign", b"{n}".to_vec(), empty),
            ("bidi", b"{n}={v}%e2%80%ae".to_vec(), bidi),
        ],
        Encoding::Json => {
            // what is not ours may be of any type
            let of_other_type = if parameter.name == UNKNOWN {
                Fine
            } else {
                No(REQUEST)
            };
            let types = ways::TYPES
                .iter()
                .map(|(way, bytes)| (*way, bytes.to_vec(), of_other_type));
            let texts = [
                ("missing", b"\"something else\":\"x\"".to_vec(), missing),
                ("null", b"{n}:null".to_vec(), missing),
                ("empty", b"{n}:\"\"".to_vec(), empty),
                ("bidi", b"{n}:\"{v}\"".to_vec(), bidi),
            ];
            texts.into_iter().chain(types).collect()
        }
    }
}

async fn send(
    server: &TestServer,
    valid: &Call,
    encoding: Encoding,
    parameter: &Parameter,
    way: &[u8],
) -> Reply {
    let call = valid.clone().encoded(encoding);
    let mut parameters: Vec<(String, String)> = call
        .names()
        .into_iter()
        .map(|name| (name.clone(), call.value(&name).to_owned()))
        .collect();
    if !parameters.iter().any(|(name, _)| name == parameter.name) {
        parameters.push((parameter.name.to_owned(), parameter.usual.to_owned()));
    }
    // JSON has no way to write a text and something behind it
    let way = if way == b"{n}:\"{v}\"" {
        let (_, value) = parameters
            .iter_mut()
            .find(|(name, _)| name == parameter.name)
            .unwrap();
        value.push_str(BIDI);
        b"{n}:{v}"
    } else {
        way
    };
    call.send_body(server, spoilt(&parameters, encoding, parameter.name, way))
        .await
}

#[track_caller]
fn assert_refused(reply: &Reply, (status, code): (u16, &str), what: &str) {
    assert!(reply.status.is_client_error(), "{what}: {reply:?}");
    assert_eq!(
        reply.refusal(),
        (status, code.to_owned()),
        "{what}: {}",
        reply.text()
    );
    assert!(
        reply.body.len() < 1000 && !reply.text().contains("aaaaaaaa"),
        "{what}: it echoes"
    );
}

both_engines! {
    a_pushed_request_with_a_spoilt_parameter_is_refused,
    an_exchange_with_a_spoilt_parameter_is_refused,
    a_refresh_with_a_spoilt_parameter_is_refused,
    a_revocation_with_a_spoilt_parameter_is_refused,
    a_member_that_is_null_once_is_still_repeated,
}
