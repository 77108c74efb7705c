//! `entryway dev` behind a front.

#![expect(
    clippy::unwrap_used,
    reason = "all of it is test code, and panics on what must not be"
)]

use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::TcpStream;
use std::os::unix::fs::PermissionsExt as _;
use std::process::{Child, Command, Stdio};

use serde_json::{Value, json};

/// A server that ends with the test.
struct Dev {
    child: Child,
    greeting: Value,
}

impl Dev {
    fn start(arguments: &[&str]) -> Self {
        let mut child = Command::new(env!("CARGO_BIN_EXE_entryway"))
            .args(["dev", "--port", "0", "--json"])
            .args(arguments)
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        let mut line = String::new();
        BufReader::new(child.stdout.take().unwrap())
            .read_line(&mut line)
            .unwrap();
        Self {
            child,
            greeting: serde_json::from_str(&line).unwrap(),
        }
    }

    /// Ends it, and tells what it said on standard error.
    fn end(mut self) -> String {
        self.child.kill().unwrap();
        let mut said = String::new();
        self.child
            .stderr
            .take()
            .unwrap()
            .read_to_string(&mut said)
            .unwrap();
        said
    }
}

impl Drop for Dev {
    fn drop(&mut self) {
        let _gone_already = self.child.kill();
        let _reaped = self.child.wait();
    }
}

/// The JSON at a path of a service that listens at `http://localhost:PORT`.
fn get(origin: &str, path: &str) -> Value {
    get_with(origin, path, "")
}

/// The same, asked with these headers.
fn get_with(origin: &str, path: &str, headers: &str) -> Value {
    let mut stream = TcpStream::connect(origin.strip_prefix("http://").unwrap()).unwrap();
    write!(stream, "GET {path} HTTP/1.0\r\nhost: front.test\r\n{headers}\r\n").unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).unwrap();
    serde_json::from_str(answer.split_once("\r\n\r\n").unwrap().1).unwrap()
}

/// Posts JSON to a method, and gives the JSON of the answer.
fn call(origin: &str, method: &str, input: &Value) -> Value {
    let mut stream = TcpStream::connect(origin.strip_prefix("http://").unwrap()).unwrap();
    let input = input.to_string();
    let length = input.len();
    write!(
        stream,
        "POST /xrpc/{method} HTTP/1.0\r\nhost: localhost\r\ncontent-type: application/json\r\n\
         content-length: {length}\r\n\r\n{input}"
    )
    .unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).unwrap();
    serde_json::from_str(answer.split_once("\r\n\r\n").unwrap().1).unwrap()
}

#[test]
fn who_signs_up_lives_on_the_sandboxs_pds_and_comes_along_to_another_port() {
    let directory = tempfile::tempdir().unwrap();
    let data_dir = directory.path().to_str().unwrap();
    let dev = Dev::start(&["--data-dir", data_dir]);
    let at = |dev: &Dev, service: &str| dev.greeting[service].as_str().unwrap().to_owned();
    let described = get(&at(&dev, "issuer"), "/xrpc/com.atproto.server.describeServer");
    assert_eq!(
        (
            &described["availableUserDomains"],
            &described["inviteCodeRequired"]
        ),
        (&json!([".test"]), &json!(false))
    );
    let input =
        json!({ "handle": "carol.test", "email": "carol@mail.example", "password": "a-long-password" });
    let made = call(&at(&dev, "issuer"), "com.atproto.server.createAccount", &input);
    assert_eq!(made["handle"], "carol.test", "{made}");
    let did = made["did"].as_str().unwrap().to_owned();
    let document = get(&at(&dev, "plc"), &format!("/{did}"));
    assert_eq!(document["service"][0]["serviceEndpoint"], dev.greeting["pds"]);
    let whose = "/xrpc/com.atproto.identity.resolveHandle?handle=carol.test";
    assert_eq!(get(&at(&dev, "issuer"), whose)["did"], did);
    // whose lexicons those are that the sandbox publishes
    let taken = json!({ "handle": "jotter.test", "email": "j@mail.example", "password": "a-long-password" });
    let refused = call(&at(&dev, "issuer"), "com.atproto.server.createAccount", &taken);
    assert_eq!(refused["error"], "HandleNotAvailable", "{refused}");
    assert_eq!(dev.end(), "");

    let dev = Dev::start(&["--data-dir", data_dir]);
    for (name, password) in [
        ("carol.test", "a-long-password"),
        (
            "alice.test",
            dev.greeting["accounts"][0]["password"].as_str().unwrap(),
        ),
    ] {
        let input = json!({ "identifier": name, "password": password });
        let session = call(&at(&dev, "issuer"), "com.atproto.server.createSession", &input);
        let endpoint = &session["didDoc"]["service"][0]["serviceEndpoint"];
        assert_eq!(*endpoint, dev.greeting["pds"], "{name} {session}");
    }
    assert_eq!(dev.end(), "");
}

#[test]
fn behind_a_front_every_document_has_the_public_origins() {
    let directory = tempfile::tempdir().unwrap();
    let data_dir = directory.path().to_str().unwrap();
    let dev = Dev::start(&[
        "--data-dir",
        data_dir,
        "--origin",
        "https://login.test:8443",
        "--pds-origin",
        "https://pds.test:8443",
        "--resolve",
        "app.test=127.0.0.1:8443",
        "--resolve",
        "other.test=::1",
    ]);
    let greeting = &dev.greeting;
    assert_eq!(
        (&greeting["issuer"], &greeting["pds"]),
        (&json!("https://login.test:8443"), &json!("https://pds.test:8443"))
    );
    let at = |service: &str| greeting["behind"][service].as_str().unwrap().to_owned();
    let metadata = get(&at("issuer"), "/.well-known/oauth-authorization-server");
    assert_eq!(metadata["issuer"], "https://login.test:8443");
    assert_eq!(metadata["token_endpoint"], "https://login.test:8443/oauth/token");
    let resource = get(&at("pds"), "/.well-known/oauth-protected-resource");
    assert_eq!(resource["resource"], "https://pds.test:8443");
    assert_eq!(
        resource["authorization_servers"],
        json!(["https://login.test:8443"])
    );
    let server = get(&at("pds"), "/xrpc/com.atproto.server.describeServer");
    assert_eq!(server["did"], "did:web:pds.test");
    let did = greeting["accounts"][0]["did"].as_str().unwrap().to_owned();
    let document = get(greeting["plc"].as_str().unwrap(), &format!("/{did}"));
    assert_eq!(document["service"][0]["serviceEndpoint"], "https://pds.test:8443");
    assert_eq!(
        dev.end(),
        "entryway dev: app.test is taken to be at 127.0.0.1:8443\n\
         entryway dev: other.test is taken to be at ::1\n"
    );

    // the same directory without a front: the accounts come along
    let dev = Dev::start(&["--data-dir", data_dir]);
    let greeting = &dev.greeting;
    assert_eq!(greeting.get("behind"), None);
    assert_eq!(greeting["accounts"][0]["did"], did);
    let document = get(greeting["plc"].as_str().unwrap(), &format!("/{did}"));
    assert_eq!(document["service"][0]["serviceEndpoint"], greeting["pds"]);
    let resource = get(
        greeting["pds"].as_str().unwrap(),
        "/.well-known/oauth-protected-resource",
    );
    assert_eq!(resource["authorization_servers"], json!([greeting["issuer"]]));
    assert_eq!(dev.end(), "");
}

#[test]
fn the_sandbox_publishes_lexicons_whose_authority_is_one_of_its_accounts() {
    let dev = Dev::start(&[]);
    let pds = dev.greeting["pds"].as_str().unwrap();
    let published = get(pds, "/sandbox/lexicons");
    let names: Vec<_> = published["lexicons"]
        .as_array()
        .unwrap()
        .iter()
        .map(|lexicon| lexicon["value"]["id"].as_str().unwrap())
        .collect();
    assert_eq!(
        names,
        [
            "test.jotter.basic",
            "test.jotter.capture",
            "test.jotter.note",
            "test.jotter.pin"
        ]
    );
    let authority = get(pds, "/xrpc/com.atproto.identity.resolveHandle?handle=jotter.test");
    let authority = authority["did"].as_str().unwrap();
    let first = published["lexicons"][0]["uri"].as_str().unwrap();
    assert!(first.starts_with(&format!("at://{authority}/")), "{first}");
    assert_eq!(dev.end(), "");
}

#[test]
fn whoever_follows_revocations_finds_the_token_in_a_file_of_its_own() {
    let directory = tempfile::tempdir().unwrap();
    let data_dir = directory.path().to_str().unwrap();
    let mut tokens = Vec::new();
    for arguments in [&["--data-dir", data_dir][..], &["--data-dir", data_dir], &[]] {
        let dev = Dev::start(arguments);
        let greeting = &dev.greeting;
        let issuer = greeting["issuer"].as_str().unwrap();
        assert_eq!(greeting["feed"], format!("{issuer}/oauth/revocations"));
        let metadata = get(issuer, "/.well-known/oauth-authorization-server");
        assert_eq!(metadata["revocation_feed_endpoint"], greeting["feed"]);
        let file = greeting["feed_token_file"].as_str().unwrap();
        let mode = std::fs::metadata(file).unwrap().permissions().mode();
        assert_eq!(mode & 0o777, 0o600);
        let token = std::fs::read_to_string(file).unwrap();
        let page = get_with(
            issuer,
            "/oauth/revocations",
            &format!("authorization: Bearer {token}\r\n"),
        );
        assert_eq!(page["statements"].as_array().unwrap().len(), 1);
        let refused = get(issuer, "/oauth/revocations");
        assert_eq!(refused["error"], "invalid_token");
        tokens.push(token);
        assert_eq!(dev.end(), "");
    }
    assert_eq!(tokens[0], tokens[1], "the same for one directory");
    assert_ne!(tokens[0], tokens[2]);
}
