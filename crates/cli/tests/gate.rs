//! `entryway gate`, as an operator starts it.

#![expect(
    clippy::unwrap_used,
    reason = "all of it is test code, and panics on what must not be"
)]

use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::{TcpListener, TcpStream};
use std::path::Path;
use std::process::{Child, Command, Output, Stdio};
use std::sync::atomic::{AtomicU32, Ordering};

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use entryway_oauth::access_token::{AccessTokenClaims, AccessTokenKey};
use entryway_oauth::dpop::access_token_hash;
use entryway_oauth::jwk::PublicKey;
use entryway_resource::system_clock;
use p256::ecdsa::signature::Signer as _;
use p256::ecdsa::{Signature, SigningKey};
use serde_json::{Value, json};

const ACCOUNT: &str = "did:plc:ewvi7nxzyoun6zhxrhs64oiz";
const PUBLIC_URL: &str = "https://pds.example";

/// A PDS that answers every request with its own head, as text in JSON.
fn pds() -> String {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    std::thread::spawn(move || {
        for stream in listener.incoming() {
            let mut stream = stream.unwrap();
            let mut head = String::new();
            let mut reader = BufReader::new(stream.try_clone().unwrap());
            while !head.ends_with("\r\n\r\n") && reader.read_line(&mut head).unwrap() > 0 {}
            let body = json!({"head": head}).to_string();
            let length = body.len();
            let headers =
                format!("content-type: application/json\r\ncontent-length: {length}\r\nconnection: close");
            let _ = write!(stream, "HTTP/1.1 200 OK\r\n{headers}\r\n\r\n{body}");
        }
    });
    format!("http://{address}")
}

fn settings(pds: &str) -> String {
    let key = AccessTokenKey::from_bytes(&[7; 32]).unwrap();
    let key = key.public().canonical_json();
    format!(
        "listen = \"127.0.0.1:0\"\n\
         operator_listen = \"127.0.0.1:0\"\n\
         [[issuer]]\nurl = \"https://login.example\"\nkeys = ['{key}']\n\
         [[host]]\npublic_url = \"{PUBLIC_URL}\"\nupstream = \"{pds}\"\ndid = \"did:web:pds.example\"\n\
         credentials = \"session\"\njwt_secret_file = \"jwt.secret\"\n"
    )
}

fn command(directory: &Path, settings: &str) -> Command {
    std::fs::write(directory.join("jwt.secret"), "9f2c41d07ab355e8c6d1b09e7f3a2468\n").unwrap();
    std::fs::write(directory.join("gate.toml"), settings).unwrap();
    let mut command = Command::new(env!("CARGO_BIN_EXE_entryway"));
    command
        .args(["gate", "--config"])
        .arg(directory.join("gate.toml"));
    command
}

/// A gate that ends with the test.
struct Gate {
    child: Child,
    greeting: Value,
}

impl Gate {
    fn start(command: &mut Command) -> Self {
        let mut child = command.arg("--json").stdout(Stdio::piped()).spawn().unwrap();
        let mut line = String::new();
        BufReader::new(child.stdout.take().unwrap())
            .read_line(&mut line)
            .unwrap();
        Self {
            child,
            greeting: serde_json::from_str(&line).unwrap(),
        }
    }

    /// Status, head and body of an answer.
    fn ask(&self, at: &str, request: &str, headers: &str) -> (u16, String, String) {
        let address = self.greeting[at]
            .as_str()
            .unwrap()
            .strip_prefix("http://")
            .unwrap();
        let mut stream = TcpStream::connect(address).unwrap();
        let host = "host: pds.example\r\nconnection: close";
        write!(stream, "{request} HTTP/1.1\r\n{host}\r\n{headers}\r\n").unwrap();
        let mut answer = String::new();
        stream.read_to_string(&mut answer).unwrap();
        let (head, body) = answer.split_once("\r\n\r\n").unwrap();
        (head[9..12].parse().unwrap(), head.to_owned(), body.to_owned())
    }
}

impl Drop for Gate {
    fn drop(&mut self) {
        let _gone_already = self.child.kill();
        let _reaped = self.child.wait();
    }
}

/// A client with a key and a token.
struct Client {
    key: SigningKey,
    jwk: Value,
    token: String,
    proofs: AtomicU32,
}

impl Client {
    fn new() -> Self {
        let key = SigningKey::from_slice(&[3; 32]).unwrap();
        let point = key.verifying_key().to_sec1_point(false);
        let part = |range| URL_SAFE_NO_PAD.encode(&point.as_bytes()[range]);
        let jwk = json!({"kty": "EC", "crv": "P-256", "x": part(1..33), "y": part(33..65)});
        let jkt = PublicKey::from_json(&jwk.to_string()).unwrap().thumbprint();
        let now = system_clock()().wall.seconds();
        let claims: AccessTokenClaims = serde_json::from_value(json!({
            "iss": "https://login.example", "aud": "did:web:pds.example", "sub": ACCOUNT,
            "jti": format!("tok-{:032x}", 1), "iat": now, "exp": now + 900, "scope": "atproto",
            "client_id": "https://app.example/client.json", "cnf": {"jkt": jkt.to_string()},
            "sid": format!("ses-{:032x}", 2),
        }))
        .unwrap();
        Self {
            key,
            jwk,
            token: AccessTokenKey::from_bytes(&[7; 32]).unwrap().sign(&claims),
            proofs: AtomicU32::new(0),
        }
    }

    fn headers(&self, path: &str, nonce: &str) -> String {
        let encode = |json: &Value| URL_SAFE_NO_PAD.encode(json.to_string());
        let number = self.proofs.fetch_add(1, Ordering::Relaxed);
        let signed = format!(
            "{}.{}",
            encode(&json!({"typ": "dpop+jwt", "alg": "ES256", "jwk": self.jwk})),
            encode(
                &json!({"jti": format!("proof-{number}"), "htm": "GET", "htu": format!("{PUBLIC_URL}{path}"),
                "iat": system_clock()().wall.seconds(), "nonce": nonce, "ath": access_token_hash(&self.token)})
            )
        );
        let signature: Signature = self.key.sign(signed.as_bytes());
        let proof = format!("{signed}.{}", URL_SAFE_NO_PAD.encode(signature.to_bytes()));
        format!("authorization: DPoP {}\r\ndpop: {proof}\r\n", self.token)
    }
}

fn header<'a>(head: &'a str, name: &str) -> &'a str {
    let line = head.lines().find_map(|line| line.strip_prefix(name));
    line.unwrap().trim_start_matches(": ")
}

#[test]
fn a_call_passes_as_a_session_of_a_pds_that_knows_no_oauth() {
    let directory = tempfile::tempdir().unwrap();
    let gate = Gate::start(&mut command(directory.path(), &settings(&pds())));
    assert_eq!(gate.greeting["hosts"], json!([PUBLIC_URL]));
    let path = "/xrpc/com.atproto.server.checkAccountStatus";
    let (client, ask) = (Client::new(), format!("GET {path}"));
    let (status, head, _) = gate.ask("gate", &ask, &client.headers(path, "none of yours"));
    assert_eq!(status, 401);
    let nonce = header(&head, "dpop-nonce").to_owned();
    let (status, _, body) = gate.ask("gate", &ask, &client.headers(path, &nonce));
    assert_eq!(status, 200, "{body}");
    let seen: Value = serde_json::from_str(&body).unwrap();
    let seen = seen["head"].as_str().unwrap().to_ascii_lowercase();
    assert!(
        seen.contains("authorization: bearer ey") && !seen.contains("dpop"),
        "{seen}"
    );

    assert_eq!(gate.ask("gate", "GET /_gate/health", "").0, 200);
    assert_eq!(gate.ask("gate", "GET /_gate/metrics", "").0, 404);
    let (status, _, figures) = gate.ask("operator", "GET /_gate/metrics", "");
    assert_eq!(status, 200);
    for line in [
        r#"entryway_gate_requests_total{by="oauth",status="200"} 1"#,
        r#"entryway_gate_requests_total{by="oauth",status="401"} 1"#,
        r#"entryway_gate_issuer_keys_known{issuer="https://login.example"} 1"#,
        r#"entryway_gate_request_seconds_bucket{by="oauth",le="+Inf"} 2"#,
    ] {
        assert!(figures.contains(line), "{line} is not in {figures}");
    }
    for secret in [client.token.as_str(), "9f2c41d07ab355e8c6d1b09e7f3a2468"] {
        assert!(!figures.contains(secret));
    }
}

#[test]
fn a_gate_that_is_asked_to_stop_stops_well() {
    let directory = tempfile::tempdir().unwrap();
    let mut gate = Gate::start(&mut command(directory.path(), &settings(&pds())));
    let waiting = gate.greeting["gate"]
        .as_str()
        .unwrap()
        .strip_prefix("http://")
        .unwrap();
    let _idle = TcpStream::connect(waiting).unwrap();
    let asked = Command::new("kill")
        .args(["-TERM", &gate.child.id().to_string()])
        .status();
    assert!(asked.unwrap().success());
    assert!(gate.child.wait().unwrap().success());
}

fn told(output: &Output) -> String {
    String::from_utf8(output.stderr.clone()).unwrap()
}

#[test]
fn settings_are_checked_without_being_used() {
    let directory = tempfile::tempdir().unwrap();
    let checked = command(directory.path(), &settings("http://127.0.0.1:1"))
        .arg("--check")
        .output()
        .unwrap();
    assert!(checked.status.success(), "{}", told(&checked));
    assert!(
        String::from_utf8(checked.stdout)
            .unwrap()
            .ends_with("gate.toml is good\n")
    );
}

// every mistake at once, those of the environment too
#[test]
fn a_bad_start_says_all_that_is_wrong_with_it() {
    let directory = tempfile::tempdir().unwrap();
    let bad = settings("http://10.0.0.1:1").replace("did:web:pds.example", "pds.example");
    let failed = command(directory.path(), &bad)
        .env("ENTRYWAY_GATE_LISTEN", "everywhere")
        .env("ENTRYWAY_GATE_LISTNE", "127.0.0.1:0")
        .env("ENTRYWAY_GATE_HOST_0_JWT_SECRET", "short")
        .output()
        .unwrap();
    assert_eq!(failed.status.code(), Some(1));
    let told = told(&failed);
    for part in [
        "gate.toml: 5 settings missing or wrong\n",
        "  ENTRYWAY_GATE_LISTEN: must be an address and a port",
        "  ENTRYWAY_GATE_LISTNE: is no setting here\n",
        "  ENTRYWAY_GATE_HOST_0_JWT_SECRET: a secret of at least 32 bytes",
        "  host[0].upstream: must be https",
        "  host[0].did: must be the DID",
    ] {
        assert!(told.contains(part), "{part} is not in {told}");
    }
    assert!(
        !told.contains("everywhere") && !told.contains("short\n"),
        "{told}"
    );
}
