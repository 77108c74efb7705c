//! A PDS that delegates, as far as its entryway can see it (contract 1 and 3.1), and that can be set up wrongly.

use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::{TcpListener, TcpStream};
use std::sync::{Arc, Mutex};

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use entryway_identity::did::PublicKey;
use entryway_oauth::issuer::Issuer;
use entryway_oauth::session_token::{verify_access, verify_refresh};
use entryway_scope::Did;
use serde_json::{Value, json};

pub(crate) const PASSWORD: &str = "the PDS admin's: own";

/// What its environment says.
#[derive(Clone)]
pub(crate) struct Environment {
    pub(crate) did: String,
    pub(crate) resource: String,
    /// Nothing: no metadata at all.
    pub(crate) login: Option<String>,
    pub(crate) domains: Vec<String>,
    pub(crate) key_hex: String,
    pub(crate) entryway_did: String,
    pub(crate) rotation_key: String,
    pub(crate) password: String,
    pub(crate) reaches_us: bool,
    /// Takes whatever is shown to it.
    pub(crate) believes_everybody: bool,
    pub(crate) date: String,
    /// Whose tokens it was last set up for. A PDS does not look at that, and what verifies here does.
    issuer: String,
}

pub(crate) struct Host {
    pub(crate) url: String,
    pub(crate) environment: Arc<Mutex<Environment>>,
}

impl Host {
    /// One that knows nothing of an entryway yet.
    pub(crate) fn start() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let url = format!("http://localhost:{}", listener.local_addr().unwrap().port());
        let environment = Arc::new(Mutex::new(Environment {
            did: "did:web:pds.test".to_owned(),
            resource: url.clone(),
            login: None,
            domains: vec![".test".to_owned()],
            key_hex: String::new(),
            entryway_did: String::new(),
            rotation_key: String::new(),
            password: PASSWORD.to_owned(),
            reaches_us: true,
            believes_everybody: false,
            date: String::new(),
            issuer: "http://localhost:2583".to_owned(),
        }));
        let shared = Arc::clone(&environment);
        std::thread::spawn(move || {
            for stream in listener.incoming() {
                shared.lock().unwrap().answer(stream.unwrap());
            }
        });
        Self { url, environment }
    }

    /// Gives it what `entryway pds env` printed, as an operator does.
    pub(crate) fn set_up(&self, block: &str) {
        self.environment.lock().unwrap().set_up(block);
    }
}

impl Environment {
    fn set_up(&mut self, block: &str) {
        let value = |name: &str| {
            let line = block
                .lines()
                .find_map(|line| line.strip_prefix(name)?.strip_prefix('='));
            line.unwrap_or_else(|| panic!("{name} is not in {block}"))
                .to_owned()
        };
        self.issuer = value("PDS_ENTRYWAY_URL");
        self.login = Some(self.issuer.clone());
        self.entryway_did = value("PDS_ENTRYWAY_DID");
        self.key_hex = value("PDS_ENTRYWAY_JWT_VERIFY_KEY_K256_PUBLIC_KEY_HEX");
        self.rotation_key = value("PDS_ENTRYWAY_PLC_ROTATION_KEY");
        let domains = value("PDS_SERVICE_HANDLE_DOMAINS");
        self.domains = domains.split(',').map(str::to_owned).collect();
    }

    fn answer(&mut self, mut stream: TcpStream) {
        let mut reader = BufReader::new(stream.try_clone().unwrap());
        let mut head = String::new();
        while !head.ends_with("\r\n\r\n") && reader.read_line(&mut head).unwrap() > 0 {}
        let header = |name: &str| {
            let mut lines = head.lines().filter_map(|line| line.split_once(": "));
            lines
                .find(|(given, _)| given.eq_ignore_ascii_case(name))
                .map(|(_, value)| value)
        };
        let length = header("content-length").map_or(0, |length| length.parse().unwrap());
        let mut body = vec![0; length];
        reader.read_exact(&mut body).unwrap();
        let path = head.split(' ').nth(1).unwrap_or_default();
        if path == "/_environment" {
            self.set_up(std::str::from_utf8(&body).unwrap());
        }
        let (status, body) = self.answered(path, header("authorization").unwrap_or_default());
        let body = body.to_string();
        let date = if self.date.is_empty() {
            String::new()
        } else {
            format!("date: {}\r\n", self.date)
        };
        let headers = format!(
            "{date}content-type: application/json\r\ncontent-length: {}",
            body.len()
        );
        let _ = write!(
            stream,
            "HTTP/1.1 {status} X\r\n{headers}\r\nconnection: close\r\n\r\n{body}"
        );
    }

    fn answered(&self, path: &str, authorization: &str) -> (u16, Value) {
        let refused = |status, error: &str| (status, json!({"error": error, "message": error}));
        let path = path.split('?').next().unwrap_or_default();
        if path == "/_environment" {
            return (200, json!({}));
        }
        match path.rsplit('/').next().unwrap_or_default() {
            "com.atproto.server.describeServer" => (
                200,
                json!({"did": self.did, "availableUserDomains": self.domains}),
            ),
            "oauth-protected-resource" => match &self.login {
                Some(login) => (
                    200,
                    json!({"resource": self.resource, "authorization_servers": [login]}),
                ),
                None => refused(404, "NotFound"),
            },
            "com.atproto.server.checkAccountStatus" if self.knows(authorization) => {
                refused(400, "RepoNotFound")
            }
            "com.atproto.identity.getRecommendedDidCredentials" if self.knows(authorization) => {
                (200, json!({"rotationKeys": [self.rotation_key]}))
            }
            "com.atproto.server.refreshSession" if self.refreshes(authorization) => {
                refused(400, "InvalidRequest")
            }
            "com.atproto.admin.getSubjectStatus" => {
                let basic = format!("Basic {}", STANDARD.encode(format!("admin:{}", self.password)));
                refused(if authorization == basic { 400 } else { 401 }, "NotFound")
            }
            "com.atproto.server.createSession" if self.reaches_us => refused(401, "AuthenticationRequired"),
            "com.atproto.server.createSession" => refused(502, "InternalServerError"),
            _ => refused(400, "InvalidToken"),
        }
    }

    fn knows(&self, authorization: &str) -> bool {
        let token = authorization.strip_prefix("Bearer ").unwrap_or_default();
        let claims = self
            .key()
            .and_then(|key| verify_access(token, &[key], &self.issuer()).ok());
        self.believes_everybody || claims.is_some_and(|claims| claims.even_if_expired().aud == self.did)
    }

    fn refreshes(&self, authorization: &str) -> bool {
        let token = authorization.strip_prefix("Bearer ").unwrap_or_default();
        let did = Did::parse(&self.entryway_did).ok();
        let verified = self
            .key()
            .zip(did)
            .map(|(key, did)| verify_refresh(token, &[key], &self.issuer(), &did));
        verified.is_some_and(|verified| verified.is_ok())
    }

    fn key(&self) -> Option<entryway_oauth::jwk::PublicKey> {
        Some(PublicKey::k256_from_hex(&self.key_hex).ok()?.to_jwk())
    }

    fn issuer(&self) -> Issuer {
        Issuer::parse(&self.issuer).unwrap()
    }
}
