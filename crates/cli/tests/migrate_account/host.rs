//! A host of this machine that answers what a test says, and tells what it was asked.

use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::{TcpListener, TcpStream};
use std::sync::{Arc, Mutex};

use serde_json::{Value, json};

/// What came.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Asked {
    /// `POST com.atproto.server.createSession`, with the query where there is one.
    pub(crate) line: String,
    /// The value of `authorization`.
    pub(crate) authorization: String,
    pub(crate) body: String,
}

impl Asked {
    /// The method that is asked for.
    pub(crate) fn method(&self) -> &str {
        let path = self.line.split(' ').nth(1).unwrap_or_default();
        path.split('?').next().unwrap_or_default()
    }

    /// The body as JSON.
    pub(crate) fn json(&self) -> Value {
        serde_json::from_str(&self.body).unwrap()
    }
}

/// What goes back.
pub(crate) struct Answer {
    status: u16,
    header: String,
    body: Vec<u8>,
}

impl Answer {
    pub(crate) fn json(body: &Value) -> Self {
        Self::of(200, "content-type: application/json", body.to_string())
    }

    pub(crate) fn refusal(status: u16, error: &str, message: &str) -> Self {
        let body = json!({ "error": error, "message": message });
        Self::of(status, "content-type: application/json", body.to_string())
    }

    pub(crate) fn of(status: u16, header: impl Into<String>, body: impl Into<Vec<u8>>) -> Self {
        Self {
            status,
            header: header.into(),
            body: body.into(),
        }
    }
}

pub(crate) struct Host {
    pub(crate) url: String,
    asked: Arc<Mutex<Vec<Asked>>>,
}

impl Host {
    /// One that answers so.
    pub(crate) fn answering(answer: impl Fn(&Asked) -> Answer + Send + 'static) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let url = format!("http://localhost:{}", listener.local_addr().unwrap().port());
        let asked = Arc::<Mutex<Vec<Asked>>>::default();
        let shared = Arc::clone(&asked);
        std::thread::spawn(move || {
            for stream in listener.incoming() {
                let mut stream = stream.unwrap();
                let asking = read(&stream);
                shared.lock().unwrap().push(asking.clone());
                let Answer { status, header, body } = answer(&asking);
                let length = body.len();
                let head = format!(
                    "HTTP/1.1 {status} X\r\n{header}\r\ncontent-length: {length}\r\nconnection: close\r\n\r\n"
                );
                // whoever has read enough hangs up
                let _its_end = stream
                    .write_all(head.as_bytes())
                    .and_then(|()| stream.write_all(&body));
            }
        });
        Self { url, asked }
    }

    /// Everything it was asked.
    pub(crate) fn asked(&self) -> Vec<Asked> {
        self.asked.lock().unwrap().clone()
    }
}

fn read(stream: &TcpStream) -> Asked {
    let mut reader = BufReader::new(stream);
    let mut head = String::new();
    while !head.ends_with("\r\n\r\n") && reader.read_line(&mut head).unwrap() > 0 {}
    let header = |name: &str| {
        let mut lines = head.lines().filter_map(|line| line.split_once(": "));
        let found = lines.find(|(given, _)| given.eq_ignore_ascii_case(name));
        found.map_or_else(String::new, |(_, value)| value.to_owned())
    };
    let length = header("content-length").parse().unwrap_or_default();
    let mut body = vec![0; length];
    reader.read_exact(&mut body).unwrap();
    let line = head.lines().next().unwrap_or_default();
    Asked {
        line: line.trim_end_matches(" HTTP/1.1").replace("/xrpc/", ""),
        authorization: header("authorization"),
        body: String::from_utf8_lossy(&body).into_owned(),
    }
}
