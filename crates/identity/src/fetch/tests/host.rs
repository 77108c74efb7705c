//! A host on loopback that sends what it is told to, byte by byte.

use std::io;
use std::net::{Ipv4Addr, SocketAddr};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use rcgen::{BasicConstraints, Certificate, CertificateParams, IsCa, Issuer, KeyPair};
use rustls::ServerConfig;
use rustls::crypto::aws_lc_rs;
use tokio::io::{AsyncRead, AsyncReadExt as _, AsyncWrite, AsyncWriteExt as _};
use tokio::net::TcpListener;
use tokio::task::JoinHandle;
use tokio_rustls::TlsAcceptor;

use super::gate::Gate;

/// A certificate authority made for one test.
pub(crate) struct Authority {
    certificate: Certificate,
    issuer: Issuer<'static, KeyPair>,
}

impl Authority {
    pub(crate) fn new() -> Self {
        let mut params = CertificateParams::new(Vec::new()).unwrap();
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        let key = KeyPair::generate().unwrap();
        let certificate = params.self_signed(&key).unwrap();
        Self {
            certificate,
            issuer: Issuer::new(params, key),
        }
    }

    pub(crate) fn pem(&self) -> Vec<u8> {
        self.certificate.pem().into_bytes()
    }

    /// TLS as the holder of this name speaks it.
    pub(super) fn acceptor(&self, params: &CertificateParams) -> TlsAcceptor {
        let key = KeyPair::generate().unwrap();
        let certificate = params.signed_by(&key, &self.issuer).unwrap();
        let config = ServerConfig::builder_with_provider(Arc::new(aws_lc_rs::default_provider()))
            .with_safe_default_protocol_versions()
            .unwrap()
            .with_no_client_auth()
            .with_single_cert(
                vec![certificate.der().clone()],
                key.serialize_der().try_into().unwrap(),
            )
            .unwrap();
        TlsAcceptor::from(Arc::new(config))
    }
}

/// What is sent once a request has come.
#[derive(Clone)]
pub(crate) struct Answer(Vec<Act>);

#[derive(Clone)]
enum Act {
    Send(Vec<u8>),
    /// Sends the bytes again and again, until nobody takes them.
    Pour(Vec<u8>),
    /// Sends them one at a time, with a pause after each.
    Drip(Vec<u8>, Duration),
    /// Waits until the test lets one answer pass.
    Await(Gate),
    /// Says nothing more and keeps the connection.
    Hang,
    /// Ends without the farewell of TLS, as a cut cable does.
    Cut,
}

impl Answer {
    pub(crate) fn text(text: &str) -> Self {
        Self::bytes(text.as_bytes())
    }

    pub(super) fn bytes(bytes: &[u8]) -> Self {
        Self(vec![Act::Send(bytes.to_vec())])
    }

    pub(super) fn silence() -> Self {
        Self(vec![Act::Hang])
    }

    /// This answer, held back until the gate lets it pass.
    pub(super) fn behind(self, gate: &Gate) -> Self {
        let mut acts = vec![Act::Await(gate.clone())];
        acts.extend(self.0);
        Self(acts)
    }

    pub(crate) fn then_bytes(self, bytes: &[u8]) -> Self {
        self.then(Act::Send(bytes.to_vec()))
    }

    pub(super) fn then_pour(self, bytes: &[u8]) -> Self {
        self.then(Act::Pour(bytes.to_vec()))
    }

    pub(super) fn then_drip(self, bytes: &[u8], pause: Duration) -> Self {
        self.then(Act::Drip(bytes.to_vec(), pause))
    }

    pub(super) fn then_hang(self) -> Self {
        self.then(Act::Hang)
    }

    pub(super) fn then_cut(self) -> Self {
        self.then(Act::Cut)
    }

    fn then(mut self, act: Act) -> Self {
        self.0.push(act);
        self
    }
}

/// A host that answers every connection once; it is gone when dropped.
pub(crate) struct Host {
    address: SocketAddr,
    heads: Arc<Mutex<Vec<String>>>,
    listening: JoinHandle<()>,
}

impl Host {
    pub(crate) async fn https(
        authority: &Authority,
        name: &str,
        script: impl Fn(&str) -> Answer + Send + Sync + 'static,
    ) -> Self {
        let params = CertificateParams::new(vec![name.to_owned()]).unwrap();
        Self::listen(Some(authority.acceptor(&params)), script).await
    }

    pub(crate) async fn http(script: impl Fn(&str) -> Answer + Send + Sync + 'static) -> Self {
        Self::listen(None, script).await
    }

    pub(super) async fn listen(
        tls: Option<TlsAcceptor>,
        script: impl Fn(&str) -> Answer + Send + Sync + 'static,
    ) -> Self {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await.unwrap();
        let address = listener.local_addr().unwrap();
        let heads = Arc::new(Mutex::default());
        let (script, come) = (Arc::new(script), Arc::clone(&heads));
        let listening = tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                let (tls, script, come) = (tls.clone(), Arc::clone(&script), Arc::clone(&come));
                tokio::spawn(async move {
                    match tls {
                        None => answer(stream, &*script, &come).await,
                        Some(tls) => {
                            if let Ok(stream) = tls.accept(stream).await {
                                answer(stream, &*script, &come).await;
                            }
                        }
                    }
                });
            }
        });
        Self {
            address,
            heads,
            listening,
        }
    }

    pub(crate) fn address(&self) -> SocketAddr {
        self.address
    }

    /// The setting that leads a name here.
    pub(crate) fn pin(&self, name: &str) -> String {
        format!("{name}={}", self.address)
    }

    /// Every request that came, as it was sent.
    pub(crate) fn heads(&self) -> Vec<String> {
        self.heads.lock().unwrap().clone()
    }
}

impl Drop for Host {
    fn drop(&mut self) {
        self.listening.abort();
    }
}

async fn answer<S>(mut stream: S, script: &(dyn Fn(&str) -> Answer + Send + Sync), heads: &Mutex<Vec<String>>)
where
    S: AsyncRead + AsyncWrite + Unpin,
{
    let mut head = Vec::new();
    while !head.ends_with(b"\r\n\r\n") {
        match stream.read_u8().await {
            Ok(byte) => head.push(byte),
            Err(_) => return,
        }
    }
    let head = String::from_utf8(head).unwrap();
    let Answer(acts) = script(&head);
    heads.lock().unwrap().push(head);
    for act in acts {
        if perform(&mut stream, act).await.is_err() {
            return;
        }
    }
    let _ = stream.shutdown().await;
}

/// Does one thing; fails when nothing is to follow.
async fn perform<S>(stream: &mut S, act: Act) -> io::Result<()>
where
    S: AsyncRead + AsyncWrite + Unpin,
{
    match act {
        Act::Send(bytes) => {
            stream.write_all(&bytes).await?;
            stream.flush().await
        }
        Act::Pour(bytes) => loop {
            stream.write_all(&bytes).await?;
        },
        Act::Drip(bytes, pause) => {
            let mut pace = tokio::time::interval(pause);
            for byte in bytes {
                pace.tick().await;
                stream.write_all(&[byte]).await?;
                stream.flush().await?;
            }
            Ok(())
        }
        Act::Await(gate) => {
            gate.pass().await;
            Ok(())
        }
        // until the other side goes away
        Act::Hang => stream.read_u8().await.map(|_| ()),
        Act::Cut => Err(io::ErrorKind::ConnectionAborted.into()),
    }
}
