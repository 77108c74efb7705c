//! What stands before several instances: each request goes to the next one that says it is ready.

use std::net::SocketAddr;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use axum::body::Body;
use http::{Request, Response, StatusCode};
use http_body_util::BodyExt as _;
use hyper::body::Incoming;
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::TokioIo;
use tokio::net::{TcpListener, TcpStream};

use entryway_sandbox::loopback::Loopback;

use crate::connection::Connection;

/// A proxy on a port of its own. Never asks twice: a request that an instance failed is a failed request. Clones are
/// the same proxy.
#[derive(Clone, Debug)]
pub struct Balancer(Arc<Inner>);

#[derive(Debug)]
struct Inner {
    port: u16,
    behind: Vec<Behind>,
    turn: AtomicUsize,
    failed: Mutex<Vec<String>>,
}

/// An instance as the proxy sees it.
#[derive(Debug)]
struct Behind {
    address: SocketAddr,
    is_ready: AtomicBool,
    /// Connections that were kept open and that nobody uses just now.
    kept: Mutex<Vec<Connection>>,
    answered: AtomicUsize,
}

/// Between two questions whether an instance is ready.
const LOOK_EVERY: Duration = Duration::from_millis(100);

impl Balancer {
    /// One before the instances at these addresses, which need not be there yet.
    pub async fn start(instances: impl IntoIterator<Item = SocketAddr>) -> Self {
        let listeners = Loopback::bind(0).await.unwrap();
        let behind = instances.into_iter().map(|address| Behind {
            address,
            is_ready: AtomicBool::new(false),
            kept: Mutex::default(),
            answered: AtomicUsize::new(0),
        });
        let balancer = Self(Arc::new(Inner {
            port: listeners.port(),
            behind: behind.collect(),
            turn: AtomicUsize::new(0),
            failed: Mutex::default(),
        }));
        for number in 0..balancer.0.behind.len() {
            tokio::spawn(balancer.clone().look_again_and_again(number));
        }
        for listener in listeners.into_listeners() {
            tokio::spawn(balancer.clone().serve(listener));
        }
        balancer
    }

    /// Where it is.
    pub fn port(&self) -> u16 {
        self.0.port
    }

    /// Which of them get requests.
    pub fn ready(&self) -> Vec<bool> {
        let behind = self.0.behind.iter();
        behind.map(|one| one.is_ready.load(Ordering::SeqCst)).collect()
    }

    /// How many requests each of them has answered.
    pub fn answered(&self) -> Vec<usize> {
        let behind = self.0.behind.iter();
        behind.map(|one| one.answered.load(Ordering::SeqCst)).collect()
    }

    /// The requests that nobody answered.
    pub fn failed(&self) -> Vec<String> {
        self.0.failed.lock().unwrap().clone()
    }

    async fn look_again_and_again(self, number: usize) {
        let one = &self.0.behind[number];
        loop {
            let is_ready = match Connection::open(one.address).await {
                Some(mut connection) => {
                    let asked = Request::get("/_ready").body(Body::empty()).unwrap();
                    let reply = connection.ask(asked).await;
                    reply.is_some_and(|reply| reply.code() == 200)
                }
                None => false,
            };
            one.is_ready.store(is_ready, Ordering::SeqCst);
            tokio::time::sleep(LOOK_EVERY).await;
        }
    }

    async fn serve(self, listener: TcpListener) {
        while let Ok((stream, _)) = listener.accept().await {
            tokio::spawn(self.clone().answer_all(stream));
        }
    }

    async fn answer_all(self, stream: TcpStream) {
        let service = service_fn(move |request: Request<Incoming>| {
            let balancer = self.clone();
            async move { Ok::<_, hyper::Error>(balancer.answer(request).await) }
        });
        let _ = http1::Builder::new()
            .serve_connection(TokioIo::new(stream), service)
            .await;
    }

    async fn answer(&self, request: Request<Incoming>) -> Response<Body> {
        let (parts, body) = request.into_parts();
        let line = format!("{} {}", parts.method, parts.uri.path());
        if let Ok(body) = body.collect().await
            && let Some(response) = self
                .pass_on(Request::from_parts(parts, Body::from(body.to_bytes())))
                .await
        {
            return response;
        }
        self.0.failed.lock().unwrap().push(line);
        let mut response = Response::new(Body::empty());
        *response.status_mut() = StatusCode::BAD_GATEWAY;
        response
    }

    async fn pass_on(&self, request: Request<Body>) -> Option<Response<Body>> {
        let one = self.next()?;
        let kept = one.kept.lock().unwrap().pop().filter(Connection::is_open);
        let mut connection = match kept {
            Some(connection) => connection,
            None => Connection::open(one.address).await?,
        };
        let reply = connection.ask(request).await?;
        one.answered.fetch_add(1, Ordering::SeqCst);
        if reply.header("connection") != Some("close") {
            one.kept.lock().unwrap().push(connection);
        }
        let mut response = Response::new(Body::from(reply.body));
        *response.status_mut() = reply.status;
        *response.headers_mut() = reply.headers;
        // of this connection, not of that one
        for name in ["content-length", "transfer-encoding", "connection"] {
            response.headers_mut().remove(name);
        }
        Some(response)
    }

    fn next(&self) -> Option<&Behind> {
        let behind = &self.0.behind;
        let turn = self.0.turn.fetch_add(1, Ordering::SeqCst);
        let mut order = (0..behind.len()).map(|step| &behind[(turn + step) % behind.len()]);
        order.find(|one| one.is_ready.load(Ordering::SeqCst))
    }
}
