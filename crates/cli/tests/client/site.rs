//! The web site of an app on this machine, over plain http or with a certificate of its own authority.

use std::collections::HashMap;
use std::io::{BufRead as _, BufReader, Read, Write};
use std::net::{Ipv4Addr, TcpListener};
use std::path::Path;
use std::sync::{Arc, Mutex};
use std::thread;

use rcgen::{BasicConstraints, CertificateParams, IsCa, Issuer, KeyPair};
use rustls::pki_types::PrivateKeyDer;
use rustls::{ServerConfig, ServerConnection, StreamOwned};

/// What is served at one path.
#[derive(Clone)]
pub(crate) struct Page {
    status: &'static str,
    head: String,
    body: Vec<u8>,
}

impl Page {
    pub(crate) fn new(status: &'static str, head: &str, body: impl Into<Vec<u8>>) -> Self {
        Self {
            status,
            head: head.to_owned(),
            body: body.into(),
        }
    }

    pub(crate) fn json(body: impl Into<Vec<u8>>) -> Self {
        Self::new("200 OK", "content-type: application/json", body)
    }

    fn answer(&self) -> Vec<u8> {
        let head = format!(
            "HTTP/1.1 {}\r\n{}\r\ncontent-length: {}\r\nconnection: close\r\n\r\n",
            self.status,
            self.head,
            self.body.len()
        );
        [head.as_bytes(), &self.body].concat()
    }
}

/// A listening site; it ends with the process.
pub(crate) struct Site {
    port: u16,
    pages: Arc<Mutex<HashMap<String, Page>>>,
}

impl Site {
    /// One over plain http.
    pub(crate) fn plain() -> Self {
        Self::listen(None)
    }

    /// One with a certificate for the name, whose authority is written to the file.
    pub(crate) fn with_certificate(name: &str, authority_file: &Path) -> Self {
        let authority_key = KeyPair::generate().unwrap();
        let mut authority = CertificateParams::new(Vec::new()).unwrap();
        authority.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        let root = authority.self_signed(&authority_key).unwrap();
        std::fs::write(authority_file, root.pem()).unwrap();
        let key = KeyPair::generate().unwrap();
        let certificate = CertificateParams::new(vec![name.to_owned()])
            .unwrap()
            .signed_by(&key, &Issuer::new(authority, authority_key))
            .unwrap();
        let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
        let config = ServerConfig::builder_with_provider(provider)
            .with_safe_default_protocol_versions()
            .unwrap()
            .with_no_client_auth()
            .with_single_cert(
                vec![certificate.der().clone()],
                PrivateKeyDer::try_from(key.serialize_der()).unwrap(),
            )
            .unwrap();
        Self::listen(Some(Arc::new(config)))
    }

    fn listen(tls: Option<Arc<ServerConfig>>) -> Self {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
        let port = listener.local_addr().unwrap().port();
        let pages = Arc::<Mutex<HashMap<String, Page>>>::default();
        let served = Arc::clone(&pages);
        thread::spawn(move || {
            for stream in listener.incoming() {
                let (stream, served, tls) = (stream.unwrap(), Arc::clone(&served), tls.clone());
                thread::spawn(move || match tls {
                    None => answer(stream, &served),
                    Some(config) => {
                        let connection = ServerConnection::new(config).unwrap();
                        answer(StreamOwned::new(connection, stream), &served);
                    }
                });
            }
        });
        Self { port, pages }
    }

    pub(crate) fn port(&self) -> u16 {
        self.port
    }

    /// The URL of a path, over plain http.
    pub(crate) fn url(&self, path: &str) -> String {
        format!("http://127.0.0.1:{}{path}", self.port)
    }

    pub(crate) fn serve(&self, path: &str, page: Page) {
        self.pages.lock().unwrap().insert(path.to_owned(), page);
    }
}

/// Answers one request; a visitor who is gone, or does not like the certificate, is no fault.
fn answer(mut stream: impl Read + Write, served: &Mutex<HashMap<String, Page>>) {
    let mut reader = BufReader::new(&mut stream);
    let mut lines = Vec::new();
    loop {
        let mut line = String::new();
        match reader.read_line(&mut line) {
            Ok(0) | Err(_) => return,
            Ok(_) if line == "\r\n" => break,
            Ok(_) => lines.push(line),
        }
    }
    let path = lines.first().and_then(|line| line.split(' ').nth(1));
    let page = path.and_then(|path| served.lock().unwrap().get(path).cloned());
    let page = page.unwrap_or_else(|| Page::new("404 Not Found", "content-type: text/plain", "none"));
    let _ = stream.write_all(&page.answer()).and_then(|()| stream.flush());
}
