//! The sandbox on real ports.

mod authority;

use std::path::Path;
use std::sync::atomic::{AtomicU8, Ordering};

use entryway_oauth::access_token::AccessTokenKey;
use entryway_oauth::issuer::Issuer;
use entryway_oauth::nonce::NonceKey;
use entryway_oauth::secret::ServerKey;
use entryway_oauth::time::Timestamp;
use entryway_resource::{IssuerKeys, Limits, TrustedIssuer, VerifierConfig};

use super::*;
use crate::mailbox::Mail;
use crate::pds::PublicationFault;

fn settings(stored: &Path, listeners: &Listeners) -> SandboxSettings {
    let issuer = Issuer::parse("http://localhost:2583").unwrap();
    let tokens = AccessTokenKey::from_bytes(&[7; 32]).unwrap();
    let verifier = Verifier::new(VerifierConfig {
        issuers: vec![TrustedIssuer::new(
            issuer.clone(),
            IssuerKeys::pinned(vec![tokens.public().clone()]).unwrap(),
        )],
        audience: listeners.pds_did(),
        public_url: Issuer::parse(&listeners.pds_url()).unwrap(),
        nonces: NonceKey::new(ServerKey::new([3; 32])),
        limits: Limits::default(),
    });
    let drawn = AtomicU8::new(1);
    SandboxSettings {
        directory: stored.to_owned(),
        issuer: "http://localhost:2583".to_owned(),
        rotation_key: SigningKey::from_bytes(&[1; 32]).unwrap(),
        admin_password: AdminPassword::new("an-admin-password".to_owned()),
        verifier: Arc::new(verifier),
        clock: Arc::new(|| NOW),
        entropy: Arc::new(move |buffer| buffer.fill(drawn.fetch_add(1, Ordering::Relaxed))),
    }
}

async fn start(stored: &Path) -> Sandbox {
    let listeners = Listeners::bind(Ports::default()).await.unwrap();
    let settings = settings(stored, &listeners);
    Sandbox::start(listeners, settings).await.unwrap()
}

async fn get(url: &str) -> (u16, Value) {
    let answer = outbound::client().unwrap().get(url).send().await.unwrap();
    (
        answer.status().as_u16(),
        outbound::json(answer).await.unwrap_or_default(),
    )
}

fn port(url: &str) -> u16 {
    url.rsplit(':').next().unwrap().parse().unwrap()
}

/// All accounts but the one that publishes lexicons.
fn people(sandbox: &Sandbox) -> Vec<AccountCreated> {
    let mut accounts = sandbox.accounts();
    accounts.retain(|account| account.handle.as_str() != "jotter.test");
    accounts
}

fn handle(text: &str) -> Handle {
    Handle::parse(text).unwrap()
}

#[tokio::test]
async fn every_service_answers_at_the_url_it_gives() {
    let stored = tempfile::tempdir().unwrap();
    let sandbox = start(stored.path()).await;
    assert_eq!(get(&format!("{}/_health", sandbox.plc_url())).await.0, 200);
    assert_eq!(get(&format!("{}/xrpc/_health", sandbox.pds_url())).await.0, 200);
    assert_eq!(
        get(&format!("{}/messages", sandbox.mailbox_url())).await,
        (200, json!({ "messages": [] }))
    );
    let (_, metadata) = get(&format!(
        "{}/.well-known/oauth-protected-resource",
        sandbox.pds_url()
    ))
    .await;
    assert_eq!(metadata["resource"], sandbox.pds_url());
    sandbox.stop().await;
}

#[tokio::test]
async fn a_service_answers_on_both_loopback_addresses() {
    if std::net::TcpListener::bind("[::1]:0").is_err() {
        println!("skipped: this machine has no IPv6 loopback");
        return;
    }
    let stored = tempfile::tempdir().unwrap();
    let sandbox = start(stored.path()).await;
    for host in ["127.0.0.1", "[::1]"] {
        let url = sandbox.plc_url().replace("localhost", host);
        assert_eq!(get(&format!("{url}/_health")).await.0, 200, "{host}");
    }
}

#[tokio::test]
async fn an_account_is_made_once_and_resolves_everywhere() {
    let stored = tempfile::tempdir().unwrap();
    let sandbox = start(stored.path()).await;
    let alice = sandbox.create_account(&handle("alice.test")).await.unwrap();
    assert_eq!(
        sandbox.create_account(&handle("Alice.test")).await.unwrap(),
        alice
    );
    assert_eq!(people(&sandbox), std::slice::from_ref(&alice));
    assert_eq!(sandbox.names().resolve(&alice.handle), Some(alice.did.clone()));

    let (_, document) = get(&format!("{}/{}", sandbox.plc_url(), alice.did)).await;
    assert_eq!(document["alsoKnownAs"], json!(["at://alice.test"]));
    assert_eq!(document["service"][0]["serviceEndpoint"], sandbox.pds_url());
    let (_, repo) = get(&format!(
        "{}/xrpc/com.atproto.repo.describeRepo?repo=alice.test",
        sandbox.pds_url()
    ))
    .await;
    assert_eq!((&repo["did"], &repo["didDoc"]), (&json!(alice.did), &document));
}

#[tokio::test]
async fn of_many_calls_at_once_all_get_the_same_account() {
    let stored = tempfile::tempdir().unwrap();
    let sandbox = Arc::new(start(stored.path()).await);
    let tasks = (0..16).map(|_| {
        let sandbox = Arc::clone(&sandbox);
        tokio::spawn(async move { sandbox.create_account(&handle("alice.test")).await.unwrap() })
    });
    for task in tasks.collect::<Vec<_>>() {
        assert_eq!([task.await.unwrap()], *people(&sandbox));
    }
}

#[tokio::test]
async fn only_names_of_the_sandbox_can_be_had() {
    let stored = tempfile::tempdir().unwrap();
    let sandbox = start(stored.path()).await;
    for name in ["alice.example", "alice.test.example"] {
        assert!(
            matches!(
                sandbox.create_account(&handle(name)).await,
                Err(LabFault::ForeignHandle)
            ),
            "{name}"
        );
    }
}

#[tokio::test]
async fn after_a_restart_on_other_ports_the_accounts_are_there_and_say_so() {
    let stored = tempfile::tempdir().unwrap();
    let sandbox = start(stored.path()).await;
    let alice = sandbox.create_account(&handle("alice.test")).await.unwrap();
    let mail = Mail {
        from: "entryway@mail.test".to_owned(),
        to: "alice@mail.test".to_owned(),
        subject: "Hello".to_owned(),
        text: "kept".to_owned(),
        at: Timestamp::from_seconds(1),
    };
    sandbox.mailbox().deliver(mail.clone()).unwrap();
    let old_pds = sandbox.pds_url().to_owned();
    sandbox.stop().await;

    // while the old port is held the system cannot choose it again
    let _held = Loopback::bind(port(&old_pds)).await.unwrap();
    let sandbox = start(stored.path()).await;
    assert_ne!(sandbox.pds_url(), old_pds);
    assert_eq!(people(&sandbox), std::slice::from_ref(&alice));
    assert_eq!(sandbox.create_account(&alice.handle).await.unwrap(), alice);
    assert_eq!(sandbox.mailbox().messages(), [mail]);
    let (_, document) = get(&format!("{}/{}", sandbox.plc_url(), alice.did)).await;
    assert_eq!(document["service"][0]["serviceEndpoint"], sandbox.pds_url());
    let (_, log) = get(&format!("{}/{}/log", sandbox.plc_url(), alice.did)).await;
    assert_eq!(log.as_array().unwrap().len(), 2);
}

#[tokio::test]
async fn behind_a_front_the_accounts_are_at_its_name_and_without_one_at_their_port_again() {
    let stored = tempfile::tempdir().unwrap();
    let front = || PdsName::parse("https://pds.test").unwrap();
    let listeners = Listeners::bind(Ports::default()).await.unwrap().behind(front());
    assert_eq!(listeners.pds_did().as_str(), "did:web:pds.test");
    let settings = settings(stored.path(), &listeners);
    let sandbox = Sandbox::start(listeners, settings).await.unwrap();
    let alice = sandbox.create_account(&handle("alice.test")).await.unwrap();
    assert_eq!(sandbox.pds_url(), "https://pds.test");
    let resource = format!("{}/.well-known/oauth-protected-resource", sandbox.pds_here());
    assert_eq!(get(&resource).await.1["resource"], "https://pds.test");
    let described = format!("{}/xrpc/com.atproto.server.describeServer", sandbox.pds_here());
    assert_eq!(get(&described).await.1["did"], "did:web:pds.test");
    let document = format!("{}/{}", sandbox.plc_url(), alice.did);
    assert_eq!(
        get(&document).await.1["service"][0]["serviceEndpoint"],
        "https://pds.test"
    );
    sandbox.stop().await;

    let sandbox = start(stored.path()).await;
    let document = format!("{}/{}", sandbox.plc_url(), alice.did);
    assert_eq!(
        get(&document).await.1["service"][0]["serviceEndpoint"],
        sandbox.pds_here()
    );
}

#[tokio::test]
async fn a_restart_on_the_same_ports_changes_nothing() {
    let stored = tempfile::tempdir().unwrap();
    let sandbox = start(stored.path()).await;
    let alice = sandbox.create_account(&handle("alice.test")).await.unwrap();
    let ports = Ports {
        plc: port(sandbox.plc_url()),
        pds: port(sandbox.pds_url()),
        mailbox: port(sandbox.mailbox_url()),
    };
    sandbox.stop().await;
    // stopping has closed the ports
    let listeners = Listeners::bind(ports).await.unwrap();
    let settings = settings(stored.path(), &listeners);
    let sandbox = Sandbox::start(listeners, settings).await.unwrap();
    let (_, log) = get(&format!("{}/{}/log", sandbox.plc_url(), alice.did)).await;
    assert_eq!(log.as_array().unwrap().len(), 1);
}

#[tokio::test]
async fn another_rotation_key_is_told_from_a_broken_directory() {
    let stored = tempfile::tempdir().unwrap();
    let sandbox = start(stored.path()).await;
    let alice = sandbox.create_account(&handle("alice.test")).await.unwrap();
    let sandbox_publisher = sandbox.names().resolve(&handle("jotter.test")).unwrap();
    // bound while the old port is held, so another one
    let listeners = Listeners::bind(Ports::default()).await.unwrap();
    sandbox.stop().await;
    let other_key = SigningKey::from_bytes(&[9; 32]).unwrap();
    let settings = SandboxSettings {
        rotation_key: other_key,
        ..settings(stored.path(), &listeners)
    };
    let fault = Sandbox::start(listeners, settings).await.err();
    let ours = [&alice.did, &sandbox_publisher];
    assert!(matches!(fault, Some(LabFault::NotMoved { did, .. }) if ours.contains(&&did)));
}

#[tokio::test]
async fn sandboxes_run_side_by_side_but_not_on_one_directory() {
    let (one, two) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    let (first, second) = (start(one.path()).await, start(two.path()).await);
    let alice = handle("alice.test");
    assert_eq!(first.create_account(&alice).await.unwrap().handle, alice);
    assert_eq!(second.names().resolve(&alice), None);

    let listeners = Listeners::bind(Ports::default()).await.unwrap();
    let settings = settings(one.path(), &listeners);
    let fault = Sandbox::start(listeners, settings).await.err();
    assert!(matches!(
        fault,
        Some(LabFault::Journal(JournalFault::InUse { .. }))
    ));
}

#[tokio::test]
async fn a_port_that_is_taken_stops_the_start() {
    let stored = tempfile::tempdir().unwrap();
    let sandbox = start(stored.path()).await;
    let pds = port(sandbox.pds_url());
    let fault = Listeners::bind(Ports {
        pds,
        ..Ports::default()
    })
    .await
    .err();
    assert!(matches!(fault, Some(PortFault::Busy { port }) if port == pds));
}

const NOW: Timestamp = Timestamp::from_seconds(1_782_000_000);
