//! Permissions as `tower` middleware.

use std::mem;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};

use bytes::Bytes;
use entryway_scope::Nsid;
use http::{Request, Response};
use http_body::Body;
use http_body_util::{BodyExt as _, Collected, LengthLimitError, Limited};
use tower::{BoxError, Layer, Service};

use super::json::malformed;
use super::{BodyNeed, Call, Need, OwnedAct, Permissions, check};
use crate::{Clock, Refusal, Verified, Verifier};

/// Lets calls through that the caller's scopes permit, and answers the others itself.
///
/// Belongs directly inside of [`crate::VerifierLayer`], whose [`Verified`] it asks: without one a request is refused.
/// The path must be `/xrpc/` and an NSID. A body is read only where the permission depends on it, up to
/// [`BodyNeed::BYTES_MAX`] bytes, and passed on as the same bytes, without trailers; how long a client may take to
/// send it is for the server to limit.
///
/// ```
/// use std::convert::Infallible;
/// use std::sync::Arc;
/// use bytes::Bytes;
/// # use entryway_oauth::{access_token::AccessTokenKey, issuer::Issuer, nonce::NonceKey};
/// # use entryway_oauth::secret::ServerKey;
/// # use entryway_resource::{IssuerKeys, Limits, TrustedIssuer, Verifier, VerifierConfig};
/// # use entryway_scope::Did;
/// use entryway_resource::{Permissions, PermissionsConfig, PermitLayer, VerifierLayer, system_clock};
/// use http::{Request, Response};
/// use http_body_util::Full;
/// use tower::{ServiceBuilder, ServiceExt as _, service_fn};
///
/// # tokio::runtime::Builder::new_current_thread().build()?.block_on(async {
/// # let issuer_key = AccessTokenKey::from_bytes(&[7; 32]).ok_or("a scalar")?;
/// # let verifier = Arc::new(Verifier::new(VerifierConfig {
/// #     issuers: vec![TrustedIssuer::new(
/// #         Issuer::parse("https://entryway.example")?,
/// #         IssuerKeys::pinned(vec![issuer_key.public().clone()])?,
/// #     )],
/// #     audience: Did::parse("did:web:pds.example")?,
/// #     public_url: Issuer::parse("https://pds.example")?,
/// #     nonces: NonceKey::new(ServerKey::new([1; 32])),
/// #     limits: Limits::default(),
/// # }));
/// let permissions = Arc::new(Permissions::new(PermissionsConfig::default()));
/// let service = ServiceBuilder::new()
///     .layer(VerifierLayer::new(Arc::clone(&verifier), system_clock()))
///     .layer(PermitLayer::new(permissions, verifier, system_clock()))
///     .service(service_fn(|_: Request<Full<Bytes>>| async {
///         Ok::<_, Infallible>(Response::new(Full::<Bytes>::default()))
///     }));
///
/// let request = Request::post("/xrpc/com.atproto.repo.createRecord").body(Full::default())?;
/// assert_eq!(service.oneshot(request).await?.status(), 401);
/// # Ok::<_, Box<dyn std::error::Error>>(())
/// # })?;
/// # Ok::<_, Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone)]
pub struct PermitLayer {
    permissions: Arc<Permissions>,
    verifier: Arc<Verifier>,
    clock: Clock,
}

impl PermitLayer {
    /// Asks for these permissions; refuses in the name of this verifier, by this clock.
    pub fn new(permissions: Arc<Permissions>, verifier: Arc<Verifier>, clock: Clock) -> Self {
        Self {
            permissions,
            verifier,
            clock,
        }
    }

    fn refuse<B: From<Bytes>>(&self, refusal: &Refusal) -> Response<B> {
        tracing::debug!(denial.code = refusal.code(), denial.text = %refusal, "call refused");
        self.verifier.refuse(refusal, (self.clock)()).map(B::from)
    }
}

impl<S> Layer<S> for PermitLayer {
    type Service = PermitService<S>;

    fn layer(&self, inner: S) -> Self::Service {
        PermitService {
            inner,
            gate: self.clone(),
        }
    }
}

/// What [`PermitLayer`] makes of a service.
#[derive(Clone)]
pub struct PermitService<S> {
    inner: S,
    gate: PermitLayer,
}

impl<S, ReqBody, ResBody> Service<Request<ReqBody>> for PermitService<S>
where
    S: Service<Request<ReqBody>, Response = Response<ResBody>> + Clone + Send + 'static,
    S::Future: Send,
    ReqBody: Body<Data: Send, Error: Into<BoxError>> + From<Bytes> + Send + 'static,
    ResBody: From<Bytes>,
{
    type Response = Response<ResBody>;
    type Error = S::Error;
    type Future = Pin<Box<dyn Future<Output = Result<Self::Response, Self::Error>> + Send>>;

    fn poll_ready(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), Self::Error>> {
        self.inner.poll_ready(cx)
    }

    fn call(&mut self, request: Request<ReqBody>) -> Self::Future {
        let next = self.inner.clone();
        // the one that was told to be ready, not its clone
        let mut inner = mem::replace(&mut self.inner, next);
        let gate = self.gate.clone();
        Box::pin(async move {
            match permitted(&gate.permissions, request).await {
                Ok(request) => inner.call(request).await,
                Err(refusal) => Ok(gate.refuse(&refusal)),
            }
        })
    }
}

async fn permitted<B>(permissions: &Permissions, request: Request<B>) -> Result<Request<B>, Refusal>
where
    B: Body<Error: Into<BoxError>> + From<Bytes>,
{
    let caller = request.extensions().get::<Verified>();
    let caller = caller.cloned().ok_or(Refusal::CredentialsMissing)?;
    let nsid = method_of(request.uri().path())?;
    let need = permissions.need(&Call {
        nsid: &nsid,
        method: request.method(),
        query: request.uri().query(),
        headers: request.headers(),
    })?;
    let permits = |acts: &[OwnedAct]| check(caller.scope(), acts);
    match need {
        Need::Nothing => Ok(request),
        Need::Acts(acts) => permits(&acts).map(|()| request),
        Need::Never => Err(Refusal::MethodClosed),
        Need::Body(need) => {
            let (head, body) = request.into_parts();
            let body = whole(body).await?;
            permits(&need.read(&body)?)?;
            Ok(Request::from_parts(head, body.into()))
        }
    }
}

async fn whole<B>(body: B) -> Result<Bytes, Refusal>
where
    B: Body<Error: Into<BoxError>>,
{
    let read = Limited::new(body, BodyNeed::BYTES_MAX).collect().await;
    read.map(Collected::to_bytes).map_err(|fault| {
        if fault.is::<LengthLimitError>() {
            Refusal::BodyTooLarge
        } else {
            malformed("the body must arrive whole")
        }
    })
}

fn method_of(path: &str) -> Result<Nsid, Refusal> {
    let nsid = path
        .strip_prefix("/xrpc/")
        .and_then(|nsid| Nsid::parse(nsid).ok());
    nsid.ok_or(malformed("the path must be /xrpc/ and an nsid"))
}

#[cfg(test)]
mod tests;
