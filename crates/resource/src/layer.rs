//! The verifier as `tower` middleware.

use std::future::{Future, Ready, ready};
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, ready as poll_ready};

use bytes::Bytes;
use http::header::AUTHORIZATION;
use http::{HeaderMap, Request, Response};
use pin_project_lite::pin_project;
use tower::{Layer, Service};

use crate::credentials::DPOP;
use crate::{Clock, Verifier};

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
    S: Service<Request<ReqBody>, Response = Response<ResBody>>,
    ResBody: From<Bytes>,
{
    type Response = Response<ResBody>;
    type Error = S::Error;
    type Future = ResponseFuture<S::Future, ResBody>;

    fn poll_ready(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), Self::Error>> {
        self.inner.poll_ready(cx)
    }

    fn call(&mut self, mut request: Request<ReqBody>) -> Self::Future {
        let VerifierLayer { verifier, clock } = &self.gate;
        let now = clock();
        let (method, path) = (request.method().as_str(), request.uri().path());
        let state = match verifier.attempt(method, path, request.headers(), now) {
            Ok(verified) => {
                redact(request.headers_mut());
                request.extensions_mut().insert(verified);
                State::Passed {
                    inner: self.inner.call(request),
                    gate: self.gate.clone(),
                }
            }
            Err(refusal) => {
                tracing::debug!(denial.code = refusal.code(), denial.text = %refusal, "request refused");
                State::Refused {
                    response: ready(verifier.refuse(&refusal, now).map(ResBody::from)),
                }
            }
        };
        ResponseFuture { state }
    }
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
    pub struct ResponseFuture<F, B> {
        #[pin]
        state: State<F, B>,
    }
}

pin_project! {
    #[project = StateProjection]
    enum State<F, B> {
        Refused { response: Ready<Response<B>> },
        Passed { #[pin] inner: F, gate: VerifierLayer },
    }
}

impl<F, B, E> Future for ResponseFuture<F, B>
where
    F: Future<Output = Result<Response<B>, E>>,
{
    type Output = F::Output;

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        match self.project().state.project() {
            StateProjection::Refused { response } => Pin::new(response).poll(cx).map(Ok),
            StateProjection::Passed { inner, gate } => {
                let mut response = poll_ready!(inner.poll(cx))?;
                // the nonce of now, which may be later than the request
                gate.verifier.dress(response.headers_mut(), (gate.clock)());
                Poll::Ready(Ok(response))
            }
        }
    }
}

#[cfg(test)]
mod tests;
