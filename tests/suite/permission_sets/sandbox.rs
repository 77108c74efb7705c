//! The sandbox as the publisher: its directory, its PDS and its table of names, over HTTP.

use std::sync::Arc;

use aws_lc_rs::rand;
use entryway_identity::did::SigningKey;
use entryway_oauth::issuer::Issuer;
use entryway_resource::{IssuerKeys, Limits, TrustedIssuer, Verifier, VerifierConfig};
use entryway_sandbox::lab::{Listeners, Ports, Sandbox, SandboxSettings};
use entryway_sandbox::pds::AdminPassword;
use entryway_scope::Nsid;
use entryway_tests::{Engine, LexiconAuthorities, TestServer, alice, both_engines, login};
use serde_json::json;
use tempfile::TempDir;

use super::{DAY, claim, client, refresh, repo, set};

const BASIC: &str = "test.jotter.basic";

/// A server, and a sandbox that goes by its clock.
async fn with_sandbox(engine: Engine) -> (TestServer, Sandbox, TempDir) {
    let listeners = Listeners::bind(Ports::default()).await.unwrap();
    let lexicons = LexiconAuthorities {
        plc: listeners.plc_url().parse().unwrap(),
        dns: Arc::new(listeners.names().clone()),
    };
    let server = TestServer::start_resolving(engine, lexicons, |_| ()).await;
    let (keys, clock) = (server.app().keys(), server.clock().clone());
    let verifier = Verifier::new(VerifierConfig {
        issuers: vec![TrustedIssuer::new(
            server.app().issuer().clone(),
            IssuerKeys::pinned(keys.public()).unwrap(),
        )],
        audience: listeners.pds_did(),
        public_url: Issuer::parse(&listeners.pds_url()).unwrap(),
        nonces: keys.resource_nonces.clone(),
        limits: Limits::default(),
    });
    let stored = tempfile::tempdir().unwrap();
    let settings = SandboxSettings {
        directory: stored.path().to_owned(),
        issuer: server.issuer().to_owned(),
        rotation_key: SigningKey::from_bytes(&[1; 32]).unwrap(),
        admin_password: AdminPassword::new("an-admin-password".to_owned()),
        verifier: Arc::new(verifier),
        clock: Arc::new(move || clock.now()),
        entropy: Arc::new(|bytes| rand::fill(bytes).unwrap()),
    };
    let sandbox = Sandbox::start(listeners, settings).await.unwrap();
    (server, sandbox, stored)
}

// R-398, R-400, R-401, issue 4: "a set changed at its authority reaches a running session at its next refresh; an
// authority gone dark breaks nothing that runs"
async fn a_set_of_the_sandbox_is_granted_changes_and_outlives_its_authority(engine: Engine) {
    let (server, sandbox, _stored) = with_sandbox(engine).await;
    let asked = "atproto include:test.jotter.basic?aud=did:web:api.jotter.test%23search";
    let client = client(asked);
    let mut tokens = login(&server, &client, alice()).await;
    assert_eq!(tokens.scope, asked);
    assert_eq!(
        claim(&tokens),
        "repo?collection=test.jotter.note&collection=test.jotter.pin \
         rpc?lxm=test.jotter.findNotes&lxm=test.jotter.suggestTags&aud=did:web:api.jotter.test%23search \
         atproto"
    );
    server.clock().advance(DAY);
    let changed = set(
        BASIC,
        &json!([
            repo(&["test.jotter.note", "app.bsky.feed.post"]),
            repo(&["test.jotter.pin"])
        ]),
    );
    let name = Nsid::parse(BASIC).unwrap();
    sandbox.publish_lexicon(&name, changed).await.unwrap();
    let left = "repo:test.jotter.pin atproto";
    assert_eq!(refresh(&server, &client, &mut tokens).await, left);
    sandbox.darken_authorities();
    server.clock().advance(DAY);
    assert_eq!(refresh(&server, &client, &mut tokens).await, left);
    assert_eq!(client.par().send(&server).await.code(), 201);
    let unseen = super::client("atproto include:test.jotter.capture");
    let refused = unseen.par().send(&server).await;
    assert_eq!(refused.refusal(), (400, "invalid_scope".to_owned()));
    sandbox.relight_authorities();
    sandbox.withdraw_lexicon(&name).await.unwrap();
    server.clock().advance(DAY);
    assert_eq!(refresh(&server, &client, &mut tokens).await, left);
    assert_eq!(unseen.par().send(&server).await.code(), 201);
    sandbox.stop().await;
}

both_engines! {
    a_set_of_the_sandbox_is_granted_changes_and_outlives_its_authority,
}
