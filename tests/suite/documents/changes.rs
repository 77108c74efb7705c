//! Documents that change under their sessions.

use entryway_tests::{
    Client, Document, Engine, NamedKey, Tokens, alice, both_engines, login, push_and_approve,
};

use super::{refused, site_and_server};

/// Longer than any document is fresh.
const LATER: i64 = 15 * 60;

fn refusal((status, code): (u16, &str)) -> (u16, String) {
    (status, code.to_owned())
}

/// The document that a client has at first.
fn document(client: &Client) -> Document {
    Document::public(client.id())
}

// with the grace of what is fresh
async fn a_redirect_uri_that_was_taken_out_is_refused(engine: Engine) {
    let (site, server) = site_and_server(engine).await;
    let client = site.public_client("/client.json");
    let tokens = login(&server, &client, alice()).await;
    let other = document(&client).with("redirect_uris", vec!["https://app.example/other"]);
    site.serve("/client.json", other);
    assert_eq!(client.par().send(&server).await.code(), 201);
    server.clock().advance(LATER);
    let reply = client.par().send(&server).await;
    assert_eq!(reply.refusal(), refusal((400, "invalid_request")));
    assert_eq!(
        reply.member("error_description"),
        "redirect_uri is not one the client registered"
    );
    let added = client.par().with("redirect_uri", "https://app.example/other");
    assert_eq!(added.send(&server).await.code(), 201);
    // a session needs no redirect
    Tokens::of(&client.refresh(&tokens.refresh_token).send(&server).await);
}

// what is asked anew is held against the new document; what was granted stays granted
async fn a_scope_that_was_taken_out_is_refused(engine: Engine) {
    let (site, server) = site_and_server(engine).await;
    let client = site.public_client("/client.json");
    let tokens = login(&server, &client, alice()).await;
    site.serve("/client.json", document(&client).with("scope", "atproto"));
    server.clock().advance(LATER);
    let reply = client.par().send(&server).await;
    assert_eq!(reply.refusal(), refusal((400, "invalid_scope")));
    assert_eq!(
        reply.member("error_description"),
        "scope asks for transition:generic, which the client metadata does not declare"
    );
    assert_eq!(client.asking_for("atproto").par().send(&server).await.code(), 201);
    let tokens = Tokens::of(&client.refresh(&tokens.refresh_token).send(&server).await);
    let wider = client
        .refresh(&tokens.refresh_token)
        .with("scope", "atproto transition:email");
    assert_eq!(
        wider.send(&server).await.refusal(),
        refusal((400, "invalid_scope"))
    );
}

//
async fn a_client_that_lists_no_refresh_token_gets_none(engine: Engine) {
    let (site, server) = site_and_server(engine).await;
    let key = NamedKey::generate("key-1");
    let plain = site.public_client("/public.json");
    let confidential = site.confidential_client("/confidential.json", &key);
    let without = [
        (&plain, Document::public(plain.id())),
        (&confidential, Document::confidential(confidential.id(), &[&key])),
    ];
    for (client, document) in without {
        let path = client.id().strip_prefix(site.origin()).unwrap();
        for document in [
            document.clone().with("grant_types", vec!["authorization_code"]),
            document.without("grant_types"),
        ] {
            site.serve(path, document);
            server.clock().advance(LATER);
            let (pushed, landing) = push_and_approve(&server, client, alice()).await;
            let reply = client.exchange(&pushed, landing.code()).send(&server).await;
            let tokens = Tokens::without_refresh(&reply);
            assert_eq!(tokens.expires_in, 900);
            // it still takes its one token back
            assert_eq!(
                client.revoke(&tokens.access_token).send(&server).await.code(),
                200
            );
        }
    }
}

// while it is not listed; the session is not ended for it
async fn a_client_that_no_longer_lists_refresh_token_does_not_refresh(engine: Engine) {
    let (site, server) = site_and_server(engine).await;
    let client = site.public_client("/client.json");
    let tokens = login(&server, &client, alice()).await;
    site.serve(
        "/client.json",
        document(&client).with("grant_types", vec!["authorization_code"]),
    );
    let tokens = Tokens::of(&client.refresh(&tokens.refresh_token).send(&server).await);
    server.clock().advance(LATER);
    let reply = client.refresh(&tokens.refresh_token).send(&server).await;
    assert_eq!(reply.refusal(), refusal((400, "unauthorized_client")));
    assert_eq!(
        reply.member("error_description"),
        "the client metadata does not list refresh_token in grant_types"
    );
    site.serve("/client.json", document(&client));
    server.clock().advance(LATER);
    Tokens::of(&client.refresh(&tokens.refresh_token).send(&server).await);
}

// whoever becomes confidential goes on once it authenticates
async fn a_public_client_that_becomes_confidential_must_authenticate(engine: Engine) {
    let (site, server) = site_and_server(engine).await;
    let key = NamedKey::generate("key-1");
    let client = site.public_client("/client.json");
    let tokens = login(&server, &client, alice()).await;
    site.serve("/client.json", Document::confidential(client.id(), &[&key]));
    server.clock().advance(LATER);
    let refreshed = client.refresh(&tokens.refresh_token).send(&server).await;
    for reply in [refreshed, client.par().send(&server).await] {
        assert_eq!(reply.refusal(), refusal((400, "invalid_client")));
        assert_eq!(
            reply.member("error_description"),
            "client_assertion is required: the client metadata says private_key_jwt"
        );
    }
    let client = client.asserting_with(&key);
    Tokens::of(&client.refresh(&tokens.refresh_token).send(&server).await);
}

// whoever was confidential and has no key any more has lost the key of its sessions
async fn a_confidential_client_that_becomes_public_loses_its_sessions(engine: Engine) {
    let (site, server) = site_and_server(engine).await;
    let key = NamedKey::generate("key-1");
    let client = site.confidential_client("/client.json", &key);
    let tokens = login(&server, &client, alice()).await;
    site.serve("/client.json", document(&client));
    server.clock().advance(LATER);
    let reply = client.refresh(&tokens.refresh_token).send(&server).await;
    assert_eq!(reply.refusal(), refusal((400, "invalid_grant")));
    site.serve("/client.json", Document::confidential(client.id(), &[&key]));
    server.clock().advance(LATER);
    let reply = client.refresh(&tokens.refresh_token).send(&server).await;
    assert_eq!(reply.refusal(), refusal((400, "invalid_grant")));
}

// a document with a fault holds its sessions up, and ends none
async fn a_document_that_was_spoilt_ends_no_session(engine: Engine) {
    let (site, server) = site_and_server(engine).await;
    let client = site.public_client("/client.json");
    let mut tokens = login(&server, &client, alice()).await;
    for spoilt in [
        document(&client).without("scope"),
        document(&client).with("client_id", "https://app.example/moved.json"),
        document(&client).with("redirect_uris", Vec::<String>::new()),
        document(&client).with("token_endpoint_auth_method", "private_key_jwt"),
    ] {
        site.serve("/client.json", spoilt);
        server.clock().advance(LATER);
        refused(&server, client.refresh(&tokens.refresh_token)).await;
        site.serve("/client.json", document(&client));
        tokens = Tokens::of(&client.refresh(&tokens.refresh_token).send(&server).await);
    }
}

both_engines! {
    a_redirect_uri_that_was_taken_out_is_refused,
    a_scope_that_was_taken_out_is_refused,
    a_client_that_lists_no_refresh_token_gets_none,
    a_client_that_no_longer_lists_refresh_token_does_not_refresh,
    a_public_client_that_becomes_confidential_must_authenticate,
    a_confidential_client_that_becomes_public_loses_its_sessions,
    a_document_that_was_spoilt_ends_no_session,
}
