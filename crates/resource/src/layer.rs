//! The verifier as `tower` middleware.

use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, ready};

use bytes::Bytes;
use http::header::AUTHORIZATION;
use http::{HeaderMap, Request, Response};
use pin_project_lite::pin_project;
use tower::{Layer, Service};

use crate::credentials::DPOP;
use crate::token::Lookup;
use crate::verify::Attempt;
use crate::{Clock, Refusal, Verified, Verifier};

/// Lets verified requests through and answers the others itself.
///
/// The inner service finds a [`crate::Verified`] in the request's extensions, always: there is no mode
/// in which a request without one passes. A public method stays outside of this layer.
///
/// The path must reach the layer as the client sent it: inside of a router that strips prefixes no
/// proof would match. A CORS layer belongs outside of this one, since a preflight has no credentials.
#[derive(Clone)]
pub struct VerifierLayer {
    verifier: Arc<Verifier>,
    clock: Clock,
}

impl VerifierLayer {
    /// Verifies with this verifier by this clock.
    pub fn new(verifier: Arc<Verifier>, clock: Clock) -> Self {
        Self { verifier, clock }
    }
}

impl<S> Layer<S> for VerifierLayer {
    type Service = VerifierService<S>;

    fn layer(&self, inner: S) -> Self::Service {
        VerifierService {
            inner,
            gate: self.clone(),
        }
    }
}

/// What [`VerifierLayer`] makes of a service.
#[derive(Clone)]
pub struct VerifierService<S> {
    inner: S,
    gate: VerifierLayer,
}

impl<S, ReqBody, ResBody> Service<Request<ReqBody>> for VerifierService<S>
where
    S: Service<Request<ReqBody>, Response = Response<ResBody>> + Clone,
    ReqBody: Send + 'static,
    ResBody: From<Bytes>,
{
    type Response = Response<ResBody>;
    type Error = S::Error;
    type Future = ResponseFuture<S, ReqBody, ResBody>;

    fn poll_ready(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), Self::Error>> {
        self.inner.poll_ready(cx)
    }

    fn call(&mut self, request: Request<ReqBody>) -> Self::Future {
        let gate = self.gate.clone();
        let now = (gate.clock)();
        let (method, path) = (request.method().as_str(), request.uri().path());
        let state = match gate.verifier.attempt(method, path, request.headers(), now) {
            Attempt::Decided(Ok(verified)) => State::Passed {
                inner: self.inner.call(admitted(request, verified)),
            },
            Attempt::Decided(Err(refusal)) => State::Refused {
                response: Some(gate.refuse(&refusal)),
            },
            Attempt::Asking(lookup) => {
                // the one that is ready goes with the request
                let next = self.inner.clone();
                State::Asking {
                    verification: gate.clone().verify_after(lookup, request),
                    inner: std::mem::replace(&mut self.inner, next),
                }
            }
        };
        ResponseFuture { state, gate }
    }
}

type Verification<B> = Pin<Box<dyn Future<Output = Result<Request<B>, Refusal>> + Send>>;

impl VerifierLayer {
    fn verify_after<B: Send + 'static>(self, lookup: Lookup, request: Request<B>) -> Verification<B> {
        let (parts, body) = request.into_parts();
        Box::pin(async move {
            let (method, path) = (parts.method.as_str(), parts.uri.path());
            let verified = self
                .verifier
                .verify_after(lookup, method, path, &parts.headers, &self.clock)
                .await?;
            Ok(admitted(Request::from_parts(parts, body), verified))
        })
    }

    fn refuse<B: From<Bytes>>(&self, refusal: &Refusal) -> Response<B> {
        tracing::debug!(denial.code = refusal.code(), denial.text = %refusal, "request refused");
        self.verifier.refuse(refusal, (self.clock)()).map(B::from)
    }
}

/// The request as the inner service receives it.
fn admitted<B>(mut request: Request<B>, verified: Verified) -> Request<B> {
    redact(request.headers_mut());
    request.extensions_mut().insert(verified);
    request
}

/// Keeps what was presented out of logs that print headers.
fn redact(headers: &mut HeaderMap) {
    for name in [AUTHORIZATION, DPOP] {
        if let Some(value) = headers.get_mut(name) {
            value.set_sensitive(true);
        }
    }
}

pin_project! {
    /// The answer of a [`VerifierService`].
    pub struct ResponseFuture<S, ReqBody, ResBody>
    where
        S: Service<Request<ReqBody>>,
    {
        #[pin]
        state: State<S, ReqBody, ResBody>,
        gate: VerifierLayer,
    }
}

pin_project! {
    #[project = StateProjection]
    enum State<S, ReqBody, ResBody>
    where
        S: Service<Request<ReqBody>>,
    {
        Refused { response: Option<Response<ResBody>> },
        Asking { verification: Verification<ReqBody>, inner: S },
        Passed { #[pin] inner: S::Future },
    }
}

impl<S, ReqBody, ResBody> Future for ResponseFuture<S, ReqBody, ResBody>
where
    S: Service<Request<ReqBody>, Response = Response<ResBody>>,
    ResBody: From<Bytes>,
{
    type Output = Result<S::Response, S::Error>;

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        let mut this = self.project();
        loop {
            let next = match this.state.as_mut().project() {
                StateProjection::Refused { response } => {
                    return response
                        .take()
                        .map_or(Poll::Pending, |response| Poll::Ready(Ok(response)));
                }
                StateProjection::Passed { inner } => {
                    let mut response = ready!(inner.poll(cx))?;
                    // the nonce of now, which may be later than the request
                    let now = (this.gate.clock)();
                    this.gate.verifier.dress(response.headers_mut(), now);
                    return Poll::Ready(Ok(response));
                }
                StateProjection::Asking { verification, inner } => {
                    match ready!(verification.as_mut().poll(cx)) {
                        Ok(request) => State::Passed {
                            inner: inner.call(request),
                        },
                        Err(refusal) => State::Refused {
                            response: Some(this.gate.refuse(&refusal)),
                        },
                    }
                }
            };
            this.state.set(next);
        }
    }
}

#[cfg(test)]
mod tests;
