//! The walk of one request: from what arrived to an answer.

use std::net::IpAddr;
use std::sync::Arc;

use http::header::HeaderMap;
use http::{Method, Request, Response, StatusCode};
use http_body_util::{Empty, Full};
use hyper::body::{Body as _, Incoming};
use hyper::upgrade::OnUpgrade;
use tokio::time::Instant;

use super::Gate;
use super::admit::{Admitted, Asked, Caller, Presented, Refused, admit};
use super::answer::{Answer, Kind, allow_origins, boxed};
use super::body::Inbound;
use super::fault::GateFault;
use super::figures::{self, By};
use super::forwarded::Forwarded;
use super::host::Host;
use super::hosts::Found;
use super::own::{self, CALL_METHODS, READ_METHODS};
use super::target::{Path, Target};
use super::tunnel::{self, Handshake, Tunnel};
use super::upstream_answer::{check_session, streamed, unexplained, viewed};
use super::wire::Line;
use super::{paths, request_headers};
use crate::peer::{self, Origin};

/// On which connection a request came.
#[derive(Clone)]
pub(super) struct Arrival {
    pub(super) peer: IpAddr,
    pub(super) line: Arc<Line>,
}

impl Gate {
    /// Answers one request, whatever it is.
    pub(super) async fn answer(&self, mut request: Request<Incoming>, arrival: &Arrival) -> Answer {
        let start = Instant::now();
        let (method, path) = (request.method().clone(), request.uri().path().to_owned());
        let answer = if let Some(fault) = arrival.line.fault() {
            refused(&GateFault::Wire(fault))
        } else {
            let deadline = start + self.limits.exchange_wait;
            let upgrade = hyper::upgrade::on(&mut request);
            let routed = self.route(request, upgrade, arrival, deadline);
            match tokio::time::timeout_at(deadline, routed).await {
                Ok(Ok(answer)) => answer,
                Ok(Err(fault)) => refused(&fault),
                Err(_) => refused(&GateFault::UpstreamTimedOut),
            }
        };
        let by = answer.extensions().get().copied().unwrap_or(By::GATE);
        let status = answer.status();
        figures::answered(by, status, start.elapsed());
        tracing::debug!(http.method = %method, http.path = path, http.status = status.as_u16(), by = by.0, "answered");
        answer
    }

    async fn route(
        &self,
        request: Request<Incoming>,
        upgrade: OnUpgrade,
        arrival: &Arrival,
        deadline: Instant,
    ) -> Result<Answer, GateFault> {
        let (parts, body) = request.into_parts();
        let origin = peer::origin(arrival.peer, &parts.headers, &self.trusted_proxies);
        let headers = request_headers::end_to_end(parts.headers)?;
        let method = parts.method;
        let target = Target::read(parts.uri.path(), parts.uri.query())?;
        let call = match &target {
            Target::Method(call) => Some(call),
            Target::Path(_) => None,
        };
        let handshake = Handshake::read(&headers, &method, call)?;
        if matches!(&target, Target::Path(path) if path.as_str() == paths::HEALTH) {
            return readable(&method, || own::health(&(self.health)()));
        }
        let found = self.hosts.find(&headers)?;
        if own::is_read(&method) && !body.is_end_stream() {
            return Err(GateFault::BodyUnexpected);
        }
        let inbound = Inbound::new(body, arrival.line.clone(), self.limits.body_bytes_max);
        match (found, target) {
            (Found::Host(host), Target::Method(call)) => {
                if method == Method::OPTIONS {
                    return Ok(own::preflight());
                }
                if !own::is_read(&method) && method != Method::POST {
                    return Err(GateFault::MethodUnsupported {
                        allowed: CALL_METHODS,
                    });
                }
                let asked = Asked {
                    method,
                    call,
                    headers,
                    origin,
                };
                let upgrade = handshake.map(|handshake| (handshake, upgrade));
                Ok(self.call(&host, asked, inbound, upgrade, arrival, deadline).await)
            }
            (Found::Host(host), Target::Path(path)) => {
                let answer = self.page(&host, (method, path), headers, origin, inbound, deadline);
                answer.await.map(documented)
            }
            (Found::Handle(host, name), Target::Path(path)) if path.as_str() == paths::ATPROTO_DID => {
                if !own::is_read(&method) {
                    return Err(GateFault::MethodUnsupported {
                        allowed: READ_METHODS,
                    });
                }
                let is_head = method == Method::HEAD;
                let forwarded = Forwarded::handle(&host.upstream, (method, path), name, origin)?;
                let answer = host.upstream.send(forwarded).await?;
                Ok(documented(streamed(
                    answer.map(boxed),
                    Kind::Document,
                    is_head,
                    deadline,
                )))
            }
            (Found::Handle(..), _) => Err(GateFault::NotFound),
        }
    }

    /// A document every PDS has, or a page of its own.
    async fn page(
        &self,
        host: &Host,
        (method, path): (Method, Path),
        headers: HeaderMap,
        origin: Origin,
        inbound: Inbound,
        deadline: Instant,
    ) -> Result<Answer, GateFault> {
        if path.as_str() == paths::PROTECTED_RESOURCE {
            if method == Method::OPTIONS {
                return Ok(own::preflight());
            }
            return readable(&method, || own::document(host.metadata.clone()));
        }
        let is_head = method == Method::HEAD;
        let is_page =
            !paths::is_ours(path.as_str()) && host.pages.iter().any(|page| page.matches(path.as_str()));
        let (headers, kind) = if is_page {
            (request_headers::of_page(&headers), Kind::Page)
        } else if paths::is_document(path.as_str()) {
            if !own::is_read(&method) {
                return Err(GateFault::MethodUnsupported {
                    allowed: READ_METHODS,
                });
            }
            (request_headers::of_call(&headers), Kind::Document)
        } else {
            return Err(GateFault::NotFound);
        };
        let body = boxed(inbound.begun().await?);
        let forwarded = Forwarded::page(&host.upstream, (method, path), headers, origin, body)?;
        let answer = host.upstream.send(forwarded).await?;
        Ok(streamed(answer.map(boxed), kind, is_head, deadline))
    }

    /// An XRPC call. Its answer is dressed in what OAuth clients need wherever it could be one of theirs.
    async fn call(
        &self,
        host: &Host,
        asked: Asked,
        inbound: Inbound,
        upgrade: Option<(Handshake, OnUpgrade)>,
        arrival: &Arrival,
        deadline: Instant,
    ) -> Answer {
        let presented = Presented::of(&asked.headers);
        let answered = match admit(host, &asked, inbound, &self.clock).await {
            Ok(admitted) => self
                .forward(host, asked, admitted, upgrade, arrival, deadline)
                .await
                .map_err(Refused::Gate),
            Err(refusal) => Err(refusal),
        };
        let now = (self.clock)();
        let mut answer = match answered {
            Ok(answer) => answer,
            Err(Refused::Gate(fault)) => refused(&fault),
            Err(Refused::Verifier(refusal)) => {
                let mut answer = host
                    .verifier
                    .refuse(&refusal, now)
                    .map(|body| boxed(Full::new(body)));
                allow_origins(answer.headers_mut());
                answer
            }
        };
        let is_nobody = presented == Presented::Nothing && answer.status() == StatusCode::UNAUTHORIZED;
        if is_nobody {
            // the PDS knows sessions only, so how else to call is ours to say
            let challenge = host.verifier.refuse(&crate::Refusal::CredentialsMissing, now);
            for value in challenge.headers().get_all(http::header::WWW_AUTHENTICATE) {
                answer
                    .headers_mut()
                    .append(http::header::WWW_AUTHENTICATE, value.clone());
            }
        }
        if presented == Presented::OAuth || is_nobody {
            host.verifier.dress(answer.headers_mut(), now);
        }
        answer.extensions_mut().insert(By(presented.name()));
        answer
    }

    /// What was admitted goes up, and its answer comes down.
    async fn forward(
        &self,
        host: &Host,
        asked: Asked,
        admitted: Admitted,
        upgrade: Option<(Handshake, OnUpgrade)>,
        arrival: &Arrival,
        deadline: Instant,
    ) -> Result<Answer, GateFault> {
        let is_head = asked.method == Method::HEAD;
        let is_read_here = asked.is_read_here(admitted.caller());
        let is_verified = matches!(admitted.caller(), Caller::Verified(_));
        let place = match &upgrade {
            Some(_) => Some(
                self.tunnels
                    .clone()
                    .try_acquire_owned()
                    .map_err(|_| GateFault::TunnelsFull)?,
            ),
            None => None,
        };
        let handshake = upgrade.as_ref().map(|(handshake, _)| handshake);
        let forwarded = Forwarded::call(host, asked, admitted, handshake, (self.clock)())?;
        let mut answer = host.upstream.send(forwarded).await?;
        if answer.status() == StatusCode::SWITCHING_PROTOCOLS {
            let (Some((_, client)), Some(place)) = (upgrade, place) else {
                return Err(GateFault::UpstreamBroken);
            };
            let tunnel = Tunnel {
                client,
                upstream: hyper::upgrade::on(&mut answer),
                place,
                idle_max: self.limits.tunnel_idle,
                closed: self.closed.clone(),
            };
            arrival.line.become_tunnel();
            tokio::spawn(tunnel.run());
            let mut switching = Response::new(boxed(Empty::new()));
            *switching.status_mut() = StatusCode::SWITCHING_PROTOCOLS;
            *switching.headers_mut() = tunnel::accepted(answer.headers());
            return Ok(switching);
        }
        let kind = match (is_verified, host.signer.passes()) {
            (true, false) => Kind::OAuth,
            (true, true) => Kind::OAuthPassed,
            (false, _) => Kind::Call,
        };
        if is_read_here && answer.status().is_success() {
            return viewed(answer, kind, is_head).await;
        }
        let answer = if is_verified && host.signer.opens_sessions() {
            check_session(answer).await?
        } else {
            answer.map(boxed)
        };
        match unexplained(&answer) {
            Some(fault) if !is_head => Err(fault),
            _ => Ok(streamed(answer, kind, is_head, deadline)),
        }
    }
}

fn documented(mut answer: Answer) -> Answer {
    answer.extensions_mut().insert(By::DOCUMENT);
    answer
}

/// A document of our own, for those who read.
fn readable(method: &Method, document: impl FnOnce() -> Answer) -> Result<Answer, GateFault> {
    if own::is_read(method) {
        Ok(document())
    } else {
        Err(GateFault::MethodUnsupported {
            allowed: READ_METHODS,
        })
    }
}

/// The gate's own no, which a page of any origin may read.
fn refused(fault: &GateFault) -> Answer {
    let mut answer = fault.answer();
    allow_origins(answer.headers_mut());
    answer
}
