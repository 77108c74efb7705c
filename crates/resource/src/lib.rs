//! Verifies atproto OAuth access tokens in front of a resource: a PDS, or anything that speaks XRPC.
//!
//! A request that is let through carries a [`Verified`] in its extensions: an ES256K `at+jwt` of a
//! known issuer, for this server and this instant, presented with a fresh DPoP proof of the key it is
//! bound to. Every other request becomes a response that says what was wrong and how to go on.
//!
//! What it refuses to do: read a token from a query or a body, take a token without its proof, offer a
//! mode in which the proof is optional, or believe a `Host` header. It does not yet know of revocation
//! (a token works until it expires) or fetch keys.
//!
//! What a verified caller may do is for [`PermitLayer`] to ask, or for [`Permissions`] and [`check`] where there is no
//! `tower`: they know which scope each method of a PDS needs, and which methods no scope opens.
//!
//! Start reading at [`Verifier::verify`], the walk of one request, then [`VerifierLayer`]. In the
//! source, `credentials.rs` reads the headers, `token.rs` believes a token, `replay.rs` remembers
//! proofs and `refusal.rs` says no.
//!
//! Invariants: a [`Verified`] is made in one place only; nothing that arrives can panic; a refused
//! request leaves no trace; every cache has a bound; time is an argument. Replay marks live in this
//! process: several processes behind one name would each take a proof once.
//!
//! ```
//! use std::sync::Arc;
//! use bytes::Bytes;
//! use entryway_oauth::{access_token::AccessTokenKey, issuer::Issuer, nonce::NonceKey};
//! use entryway_oauth::secret::ServerKey;
//! use entryway_resource::{IssuerKeys, Limits, TrustedIssuer, Verified, Verifier, VerifierConfig};
//! use entryway_resource::{VerifierLayer, system_clock};
//! use entryway_scope::Did;
//! use http::{Request, Response};
//! use http_body_util::Full;
//! use tower::{ServiceBuilder, ServiceExt as _, service_fn};
//!
//! # tokio::runtime::Builder::new_current_thread().build()?.block_on(async {
//! let issuer_key = AccessTokenKey::from_bytes(&[7; 32]).ok_or("a scalar")?;
//! let verifier = Verifier::new(VerifierConfig {
//!     issuers: vec![TrustedIssuer::new(
//!         Issuer::parse("https://entryway.example")?,
//!         IssuerKeys::pinned(vec![issuer_key.public().clone()])?,
//!     )],
//!     audience: Did::parse("did:web:pds.example")?,
//!     public_url: Issuer::parse("https://pds.example")?,
//!     nonces: NonceKey::new(ServerKey::new([1; 32])),
//!     limits: Limits::default(),
//! });
//! let service = ServiceBuilder::new()
//!     .layer(VerifierLayer::new(Arc::new(verifier), system_clock()))
//!     .service(service_fn(|request: Request<()>| async move {
//!         let caller = request.extensions().get::<Verified>().map(|caller| caller.did().to_string());
//!         Ok::<_, std::convert::Infallible>(Response::new(Full::<Bytes>::from(caller.unwrap_or_default())))
//!     }));
//!
//! let answer = service.oneshot(Request::get("/xrpc/com.atproto.server.getSession").body(())?).await?;
//! assert_eq!(answer.status(), 401);
//! assert!(answer.headers()["www-authenticate"].to_str()?.starts_with("DPoP algs="));
//! assert!(answer.headers().contains_key("dpop-nonce"));
//! # Ok::<_, Box<dyn std::error::Error>>(())
//! # })?;
//! # Ok::<_, Box<dyn std::error::Error>>(())
//! ```

mod answer;
#[cfg(feature = "client")]
pub mod client;
mod credentials;
pub mod feed;
mod invalid_token;
mod keys;
mod layer;
mod moment;
mod permit;
#[cfg(feature = "gate")]
pub mod proxy;
mod refusal;
mod replay;
mod scopes;
mod source;
mod token;
mod trusted_issuer;
mod under_way;
mod verify;

pub use invalid_token::InvalidToken;
pub use keys::{InvalidKeys, IssuerKeys};
pub use layer::{ResponseFuture, VerifierLayer, VerifierService};
pub use moment::{Clock, Moment, steadied, system_clock};
pub use permit::{BodyNeed, Call, Need, OwnedAct, Permissions, PermissionsConfig};
pub use permit::{PermitLayer, PermitService, check, sees_email};
pub use refusal::Refusal;
pub use scopes::IssuerScopes;
#[cfg(feature = "client")]
pub use source::IssuerOverHttp;
pub use source::{IssuerSilent, KeySource, SCOPE_BYTES_MAX, ScopeSource};
pub use trusted_issuer::TrustedIssuer;
pub use verify::{Limits, Verified, Verifier, VerifierConfig};

#[cfg(test)]
mod scene;
