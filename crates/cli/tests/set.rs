//! `entryway scope set` against the sandbox, with a DNS server of the test's own.

#![expect(
    clippy::unwrap_used,
    reason = "all of it is test code, and panics on what must not be"
)]

use std::net::{SocketAddr, UdpSocket};
use std::process::Command;
use std::sync::Arc;
use std::sync::atomic::{AtomicU8, Ordering};
use std::thread;

use entryway_identity::did::SigningKey;
use entryway_oauth::access_token::AccessTokenKey;
use entryway_oauth::issuer::Issuer;
use entryway_oauth::nonce::NonceKey;
use entryway_oauth::secret::ServerKey;
use entryway_resource::{IssuerKeys, Limits, TrustedIssuer, Verifier, VerifierConfig};
use entryway_sandbox::lab::{Listeners, Ports, Sandbox, SandboxSettings};
use entryway_sandbox::pds::AdminPassword;
use entryway_scope::{Handle, Nsid};
use entryway_server::Clock;
use serde_json::{Value, json};
use tempfile::TempDir;

/// A sandbox, and a DNS that says it is the authority of what is below `jotter.test` and nothing else.
struct Scene {
    sandbox: Sandbox,
    dns: SocketAddr,
    _stored: TempDir,
}

impl Scene {
    async fn open() -> Self {
        let (stored, listeners) = (
            tempfile::tempdir().unwrap(),
            Listeners::bind(Ports::default()).await.unwrap(),
        );
        let issuer = Issuer::parse("http://localhost:2583").unwrap();
        let tokens = AccessTokenKey::from_bytes(&[7; 32]).unwrap();
        let keys = IssuerKeys::pinned(vec![tokens.public().clone()]).unwrap();
        let verifier = Verifier::new(VerifierConfig {
            issuers: vec![TrustedIssuer::new(issuer.clone(), keys)],
            audience: listeners.pds_did(),
            public_url: Issuer::parse(&listeners.pds_url()).unwrap(),
            nonces: NonceKey::new(ServerKey::new([3; 32])),
            limits: Limits::default(),
        });
        let drawn = AtomicU8::new(1);
        let settings = SandboxSettings {
            directory: stored.path().to_owned(),
            issuer: issuer.to_string(),
            rotation_key: SigningKey::from_bytes(&[1; 32]).unwrap(),
            admin_password: AdminPassword::new("an-admin-password".to_owned()),
            verifier: Arc::new(verifier),
            clock: Arc::new(|| Clock::system().now()),
            entropy: Arc::new(move |buffer| buffer.fill(drawn.fetch_add(1, Ordering::Relaxed))),
        };
        let sandbox = Sandbox::start(listeners, settings).await.unwrap();
        let did = sandbox.names().resolve(&Handle::parse("jotter.test").unwrap());
        let dns = answer_txt("_lexicon.jotter.test", format!("did={}", did.unwrap()));
        Self {
            sandbox,
            dns,
            _stored: stored,
        }
    }

    /// The DID of the publisher.
    fn did(&self) -> String {
        let publisher = Handle::parse("jotter.test").unwrap();
        self.sandbox.names().resolve(&publisher).unwrap().to_string()
    }

    async fn publish(&self, name: &str, main: Value) {
        let lexicon = json!({ "lexicon": 1, "id": name, "defs": { "main": main } });
        let name = Nsid::parse(name).unwrap();
        self.sandbox.publish_lexicon(&name, lexicon).await.unwrap();
    }

    fn set(&self, arguments: &[&str]) -> (Option<i32>, String) {
        let (plc, dns) = (self.sandbox.plc_url(), self.dns.to_string());
        let (status, stdout, stderr) = entryway(&[&["--plc", plc, "--dns", &dns], arguments].concat());
        assert_eq!(stderr, "");
        (status, stdout)
    }

    fn json(&self, set: &str) -> (Option<i32>, Value) {
        let (status, stdout) = self.set(&["--json", set]);
        assert!(
            stdout.bytes().all(|byte| matches!(byte, b' '..=b'~' | b'\n')),
            "{stdout}"
        );
        assert_eq!(stdout.lines().count(), 1, "{stdout}");
        (status, serde_json::from_str(&stdout).unwrap())
    }

    /// Step and reason of a refusal.
    fn refusal(&self, set: &str) -> (String, String) {
        let (status, report) = self.json(set);
        assert_eq!(status, Some(1), "{report}");
        for unknown in ["did", "title", "permissions", "ignored"] {
            assert_eq!(report[unknown], Value::Null);
        }
        let text = |name: &str| report["refused"][name].as_str().unwrap().to_owned();
        (text("step"), text("reason"))
    }
}

fn entryway(arguments: &[&str]) -> (Option<i32>, String, String) {
    let output = Command::new(env!("CARGO_BIN_EXE_entryway"))
        .args(["scope", "set"])
        .args(arguments)
        .env_remove("ENTRYWAY_LOG")
        .output()
        .unwrap();
    let text = |bytes| String::from_utf8(bytes).unwrap();
    (output.status.code(), text(output.stdout), text(output.stderr))
}

/// A DNS server that knows one TXT record; it ends with the process (RFC 1035 section 4).
fn answer_txt(name: &'static str, text: String) -> SocketAddr {
    let socket = UdpSocket::bind("127.0.0.1:0").unwrap();
    let address = socket.local_addr().unwrap();
    thread::spawn(move || {
        let mut labels: Vec<u8> = name.split('.').flat_map(counted).collect();
        labels.push(0);
        let mut buffer = [0; 1500];
        while let Ok((length, from)) = socket.recv_from(&mut buffer) {
            let asked = &buffer[12..length];
            let end = asked.iter().position(|byte| *byte == 0).unwrap() + 1;
            let is_known = asked[..end].eq_ignore_ascii_case(&labels);
            let mut answer = buffer[..2].to_vec();
            // a final answer, or that there is no such name
            answer.extend([0x85, if is_known { 0x80 } else { 0x83 }]);
            answer.extend([0, 1, 0, u8::from(is_known), 0, 0, 0, 0]);
            answer.extend(&asked[..end + 4]);
            if is_known {
                let data = counted(&text);
                // the same name, TXT, IN, a minute
                answer.extend([0xc0, 12, 0, 16, 0, 1, 0, 0, 0, 60, 0]);
                answer.extend(counted_bytes(&data));
            }
            socket.send_to(&answer, from).unwrap();
        }
    });
    address
}

fn counted(text: &str) -> Vec<u8> {
    counted_bytes(text.as_bytes())
}

fn counted_bytes(bytes: &[u8]) -> Vec<u8> {
    [&[u8::try_from(bytes.len()).unwrap()], bytes].concat()
}

// issue 4: from where, when, what it grants
#[tokio::test(flavor = "multi_thread")]
async fn a_set_is_resolved_now_and_told_in_plain_words() {
    let scene = Scene::open().await;
    let (status, said) = scene.json("test.jotter.basic");
    assert_eq!(status, Some(0));
    for (member, expected) in [
        ("name", json!("test.jotter.basic")),
        ("dns", json!("_lexicon.jotter.test")),
        ("did", json!(scene.did())),
        ("pds", json!(scene.sandbox.pds_url())),
        ("title", json!("Keep your notes")),
        ("wants_audience", json!(true)),
        ("ignored", json!([])),
        ("refused", Value::Null),
    ] {
        assert_eq!(said[member], expected, "{member}");
    }
    assert_eq!(said["revision"].as_str().unwrap().len(), 13);
    assert!(said["cid"].as_str().unwrap().starts_with("bafyrei"));
    assert!(said["resolved_at"].as_str().unwrap().ends_with('Z'));
    let permissions = said["permissions"].as_array().unwrap();
    assert_eq!(permissions.len(), 1, "{permissions:?}");
    assert_eq!(
        permissions[0]["scope"],
        "repo?collection=test.jotter.note&collection=test.jotter.pin"
    );
    let (status, text) = scene.set(&["test.jotter.basic"]);
    assert_eq!(status, Some(0));
    let lines: Vec<&str> = text.lines().collect();
    assert_eq!(
        lines[..4],
        [
            "test.jotter.basic",
            "  DNS       _lexicon.jotter.test",
            &format!("  DID       {}", scene.did()),
            &format!("  PDS       {}", scene.sandbox.pds_url()),
        ]
    );
    let origin = [
        "  revision ",
        "  record   ",
        "  resolved ",
        "  title     Keep your notes",
        "  detail   ",
    ];
    for (line, beginning) in lines[4..].iter().zip(origin) {
        assert!(line.starts_with(beginning), "{line}");
    }
    assert_eq!(
        lines[9..],
        [
            "",
            "It grants",
            &format!("  {}", permissions[0]["sentence"].as_str().unwrap()),
            "    repo?collection=test.jotter.note&collection=test.jotter.pin",
            "  More to who names a service: include:test.jotter.basic?aud=did:web:example.com%23service",
        ]
    );
}

//
#[tokio::test(flavor = "multi_thread")]
async fn a_whole_value_is_resolved_with_its_audience() {
    let scene = Scene::open().await;
    let (_, said) = scene.json("include:test.jotter.basic?aud=did:web:api.jotter.test%23search");
    assert_eq!(
        said["permissions"][1]["scope"],
        "rpc?lxm=test.jotter.findNotes&lxm=test.jotter.suggestTags&aud=did:web:api.jotter.test%23search"
    );
}

//
#[tokio::test(flavor = "multi_thread")]
async fn what_is_ignored_is_told_with_its_reason_and_nothing_acts_on_a_terminal() {
    let scene = Scene::open().await;
    let title = "K\u{e9}ep\u{1b}[31m \u{202e}notes\u{9b}\n";
    let repo =
        |collection: &str| json!({ "type": "permission", "resource": "repo", "collection": [collection] });
    let permissions = json!([
        repo("app.bsky.feed.post"),
        { "type": "permission", "resource": "blob", "accept": ["*/*"] },
        repo("*"),
    ]);
    let main =
        json!({ "type": "permission-set", "title": title, "detail": title, "permissions": permissions });
    scene.publish("test.jotter.greedy", main).await;
    let (status, said) = scene.json("test.jotter.greedy");
    assert_eq!((status, &said["permissions"]), (Some(0), &json!([])));
    assert_eq!(
        said["ignored"],
        json!([
            { "position": 1, "reason": "a set may only name what is in its own group of NSIDs or below" },
            { "position": 2, "reason": "a set may hold permissions of repo and rpc only" },
            { "position": 3, "reason": "a set may not name everything with *" },
        ])
    );
    let (_, text) = scene.set(&["test.jotter.greedy"]);
    let is_quiet = |point: char| point == '\n' || (!point.is_control() && point != '\u{202e}');
    assert!(text.chars().all(is_quiet), "{text:?}");
    assert!(
        text.ends_with(
            "\nIt grants nothing.\n\nIgnored\n  \
             permission 1: a set may only name what is in its own group of NSIDs or below\n  \
             permission 2: a set may hold permissions of repo and rpc only\n  \
             permission 3: a set may not name everything with *\n"
        ),
        "{text}"
    );
}

//
#[tokio::test(flavor = "multi_thread")]
async fn a_refusal_names_its_step() {
    let scene = Scene::open().await;
    let steps = |set: &str, step: &str, part: &str| {
        let (said, reason) = scene.refusal(set);
        assert!(said == step && reason.contains(part), "{set}: {said}: {reason}");
    };
    steps(
        "com.example.none",
        "dns",
        "there is no TXT record that starts with did=",
    );
    steps("test.jotter.none", "record", "has no record of this name");
    steps(
        "test.jotter.note",
        "set",
        "the lexicon is not of a permission set",
    );
    scene.sandbox.darken_authorities();
    steps(
        "test.jotter.basic",
        "pds",
        "answered with status 503 instead of 200",
    );
    let (status, text) = scene.set(&["test.jotter.basic"]);
    assert_eq!(status, Some(1));
    assert_eq!(
        text,
        "test.jotter.basic\n  DNS       _lexicon.jotter.test\n  refused   at the step pds: \
         the record of the lexicon answered with status 503 instead of 200\n"
    );
    let dns = scene.dns.to_string();
    let (status, text, _) = entryway(&["--plc", "http://127.0.0.1:1", "--dns", &dns, "test.jotter.basic"]);
    assert_eq!(status, Some(1));
    assert!(
        text.contains("at the step did: the DID of the lexicon authority does not resolve"),
        "{text}"
    );
}

#[test]
fn what_is_no_name_is_a_usage_error() {
    for arguments in [
        &["jotter"][..],
        &["repo:app.bsky.feed.post"],
        &["include:"],
        &["a.b.c\u{1b}[31m"],
        &["include:a.b.c include:a.b.d"],
        &["--plc", "plc", "a.b.c"],
        &["--dns", "dns.example", "a.b.c"],
        &[],
    ] {
        let (status, stdout, stderr) = entryway(arguments);
        assert_eq!((status, stdout.as_str()), (Some(2), ""), "{arguments:?}");
        assert!(!stderr.contains('\u{1b}'), "{stderr:?}");
    }
}
