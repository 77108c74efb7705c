//! A proxy in front of a host, which fails where it is told to.

use std::net::{Ipv4Addr, SocketAddr};
use std::sync::{Arc, Mutex};

use axum::Router;
use axum::body::Body;
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use entryway_scope::Did;
use http::{HeaderMap, Request, Response};
use http_body_util::BodyExt as _;
use hyper::body::Incoming;
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::TokioIo;
use serde_json::Value;
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::watch;
use tower::ServiceExt as _;

use entryway_sandbox::loopback::Loopback;

use crate::connection::Connection;

/// A proxy in front of a host. Clones are the same proxy.
#[derive(Clone, Debug)]
pub struct Front(Arc<Inner>);

#[derive(Debug)]
struct Inner {
    origin: String,
    behind: Mutex<Option<SocketAddr>>,
    beside: Mutex<Vec<(String, Router)>>,
    troubles: Mutex<Vec<Armed>>,
    asked: Mutex<Vec<Asked>>,
}

/// A request that came to a front.
#[derive(Clone, Debug)]
pub struct Asked {
    /// Its method and its path with the query, as `GET /path?query`.
    pub line: String,
    /// Its body as JSON; null where it is none.
    pub body: Value,
    /// The claims of its bearer token; null where it has none.
    pub bearer: Value,
    /// Who asked, by its `User-Agent`; empty where it has none.
    pub agent: String,
    /// The status of what the host answered; none where it was not asked.
    pub answered: Option<u16>,
}

impl Asked {
    /// Whether it names this account, of `did:plc`, in its line, its body or its token.
    pub fn is_about(&self, did: &Did) -> bool {
        let name = did.as_str().rsplit(':').next().unwrap();
        let said = [
            &self.line,
            &self.body.to_string(),
            &self.bearer["sub"].to_string(),
        ];
        said.into_iter().any(|said| said.contains(name))
    }
}

/// What goes wrong with a request.
#[derive(Clone, Debug)]
pub enum Trouble {
    /// Nothing: the next ones have the trouble.
    None,
    /// The connection ends; the host hears of nothing.
    HangsUp,
    /// There is never an answer; the host hears of nothing.
    Silent,
    /// An answer that is not the host's: a page with this status; the host hears of nothing.
    Page(u16),
    /// An XRPC error with this status; the host hears of nothing.
    Fails(u16),
    /// An XRPC refusal of this name with the status 400; the host hears of nothing.
    Refuses(&'static str),
    /// The host does its work, and the answer is an error with the status 500.
    FailsAfter,
    /// The host does its work, and the connection ends.
    LosesAnswer,
    /// It waits at the gate before the host hears of it. Whoever asked may be gone when it is opened.
    WaitsBefore(Gate),
    /// The host does its work, and its answer waits at the gate.
    WaitsAfter(Gate),
}

#[derive(Debug)]
struct Armed {
    part: String,
    /// Where it concerns requests about this account alone, whose line is the part.
    about: Option<Did>,
    trouble: Trouble,
    times: usize,
}

/// Where a request waits until a test lets it go on.
#[derive(Clone, Debug)]
pub struct Gate {
    reached: Arc<watch::Sender<usize>>,
    open: Arc<watch::Sender<bool>>,
}

impl Gate {
    /// One that is shut.
    pub fn shut() -> Self {
        Self {
            reached: Arc::new(watch::Sender::new(0)),
            open: Arc::new(watch::Sender::new(false)),
        }
    }

    /// Waits until a request waits here.
    pub async fn reached(&self) {
        // cannot fail: the sender is here
        let _ = self.reached.subscribe().wait_for(|reached| *reached > 0).await;
    }

    /// Lets everything through from now on.
    pub fn open(&self) {
        self.open.send_replace(true);
    }

    async fn pass(&self) {
        self.reached.send_modify(|reached| *reached += 1);
        let _ = self.open.subscribe().wait_for(|open| *open).await;
    }
}

impl Front {
    /// One on a port of its own, with nobody behind it yet.
    pub async fn start() -> Self {
        let listeners = Loopback::bind(0).await.unwrap();
        let front = Self(Arc::new(Inner {
            origin: listeners.origin(),
            behind: Mutex::default(),
            beside: Mutex::default(),
            troubles: Mutex::default(),
            asked: Mutex::default(),
        }));
        for listener in listeners.into_listeners() {
            tokio::spawn(front.clone().serve(listener));
        }
        front
    }

    /// Where it is: what whoever is behind it is called.
    pub fn origin(&self) -> &str {
        &self.0.origin
    }

    /// Passes on what comes to the service on this port of the machine.
    pub fn stand_before(&self, port: u16) {
        *self.0.behind.lock().unwrap() = Some((Ipv4Addr::LOCALHOST, port).into());
    }

    /// Passes requests whose line has this part in it on to this service instead: what the host lacks.
    pub fn add(&self, part: &str, router: Router) {
        self.0.beside.lock().unwrap().push((part.to_owned(), router));
    }

    /// Has the next so many requests whose line has this part in it fail so.
    pub fn fail(&self, part: &str, times: usize, trouble: Trouble) {
        self.arm(part, None, times, trouble);
    }

    /// The same with the next so many of exactly this line that are about this account.
    pub fn fail_about(&self, did: &Did, line: &str, times: usize, trouble: Trouble) {
        self.arm(line, Some(did.clone()), times, trouble);
    }

    fn arm(&self, part: &str, about: Option<Did>, times: usize, trouble: Trouble) {
        self.0.troubles.lock().unwrap().push(Armed {
            part: part.to_owned(),
            about,
            trouble,
            times,
        });
    }

    /// Has requests whose line has this part in it wait before they are passed on, or their answers after; the
    /// gate where they do.
    pub fn hold(&self, part: &str, at: impl FnOnce(Gate) -> Trouble) -> Gate {
        let gate = Gate::shut();
        self.fail(part, 1, at(gate.clone()));
        gate
    }

    /// Lets everything be well from now on.
    pub fn be_well(&self) {
        self.0.troubles.lock().unwrap().clear();
    }

    /// What came whose line has this part in it.
    pub fn asked(&self, part: &str) -> Vec<Asked> {
        let asked = self.0.asked.lock().unwrap();
        asked
            .iter()
            .filter(|one| one.line.contains(part))
            .cloned()
            .collect()
    }

    async fn serve(self, listener: TcpListener) {
        while let Ok((stream, _)) = listener.accept().await {
            tokio::spawn(self.clone().answer_all(stream));
        }
    }

    async fn answer_all(self, stream: TcpStream) {
        let service = service_fn(move |request: Request<Incoming>| {
            // to its end, even where whoever asked goes away
            let answered = tokio::spawn(self.clone().answer(request));
            async move {
                match answered.await {
                    Ok(Some(response)) => Ok(response),
                    _ => Err("hangs up"),
                }
            }
        });
        let _ = http1::Builder::new()
            .serve_connection(TokioIo::new(stream), service)
            .await;
    }

    /// The answer; none to hang up.
    async fn answer(self, request: Request<Incoming>) -> Option<Response<Body>> {
        let (parts, body) = request.into_parts();
        let body = body.collect().await.ok()?.to_bytes();
        let one = Asked {
            line: format!("{} {}", parts.method, parts.uri),
            body: serde_json::from_slice(&body).unwrap_or_default(),
            bearer: claims(&parts.headers).unwrap_or_default(),
            agent: header(&parts.headers, "user-agent")
                .unwrap_or_default()
                .to_owned(),
            answered: None,
        };
        let trouble = self.trouble(&one);
        let number = {
            let mut asked = self.0.asked.lock().unwrap();
            asked.push(one);
            asked.len() - 1
        };
        let request = Request::from_parts(parts, Body::from(body));
        match trouble {
            None | Some(Trouble::None) => self.pass_on(number, request).await,
            Some(Trouble::HangsUp) => None,
            Some(Trouble::Silent) => std::future::pending().await,
            Some(Trouble::Page(status)) => {
                Some(said(status, "text/html", "<html><h1>It is down</h1></html>"))
            }
            Some(Trouble::Fails(status)) => Some(failure(status)),
            Some(Trouble::Refuses(name)) => {
                let body = serde_json::json!({ "error": name, "message": "it does not fit" });
                Some(said(400, "application/json", body.to_string()))
            }
            Some(Trouble::FailsAfter) => {
                self.pass_on(number, request).await?;
                Some(failure(500))
            }
            Some(Trouble::LosesAnswer) => {
                self.pass_on(number, request).await?;
                None
            }
            Some(Trouble::WaitsBefore(gate)) => {
                gate.pass().await;
                self.pass_on(number, request).await
            }
            Some(Trouble::WaitsAfter(gate)) => {
                let answer = self.pass_on(number, request).await;
                gate.pass().await;
                answer
            }
        }
    }

    fn trouble(&self, one: &Asked) -> Option<Trouble> {
        let mut troubles = self.0.troubles.lock().unwrap();
        let armed = troubles.iter_mut().find(|armed| {
            let is_meant = match &armed.about {
                Some(did) => one.line == armed.part && one.is_about(did),
                None => one.line.contains(&armed.part),
            };
            armed.times > 0 && is_meant
        })?;
        armed.times -= 1;
        Some(armed.trouble.clone())
    }

    async fn pass_on(&self, number: usize, request: Request<Body>) -> Option<Response<Body>> {
        let line = format!("{} {}", request.method(), request.uri());
        let beside = {
            let beside = self.0.beside.lock().unwrap();
            let known = beside.iter().find(|(part, _)| line.contains(part));
            known.map(|(_, router)| router.clone())
        };
        if let Some(router) = beside {
            let Ok(response) = router.oneshot(request).await;
            self.0.asked.lock().unwrap()[number].answered = Some(response.status().as_u16());
            return Some(response);
        }
        let behind = (*self.0.behind.lock().unwrap())?;
        let reply = Connection::open(behind).await?.ask(request).await?;
        self.0.asked.lock().unwrap()[number].answered = Some(reply.code());
        let mut response = Response::new(Body::from(reply.body));
        *response.status_mut() = reply.status;
        *response.headers_mut() = reply.headers;
        // the body is sent anew
        for name in ["content-length", "transfer-encoding", "connection"] {
            response.headers_mut().remove(name);
        }
        Some(response)
    }
}

fn header<'h>(headers: &'h HeaderMap, name: &str) -> Option<&'h str> {
    headers.get(name)?.to_str().ok()
}

/// Verifies nothing.
fn claims(headers: &HeaderMap) -> Option<Value> {
    let token = header(headers, "authorization")?.strip_prefix("Bearer ")?;
    let claims = URL_SAFE_NO_PAD.decode(token.split('.').nth(1)?).ok()?;
    serde_json::from_slice(&claims).ok()
}

fn failure(status: u16) -> Response<Body> {
    said(
        status,
        "application/json",
        r#"{"error":"InternalServerError","message":"Internal Server Error"}"#,
    )
}

fn said(status: u16, kind: &str, body: impl Into<Body>) -> Response<Body> {
    Response::builder()
        .status(status)
        .header("content-type", kind)
        .body(body.into())
        .unwrap()
}
