//! Verifies atproto OAuth access tokens in front of a resource: a PDS, or anything that speaks XRPC.
//!
//! A request that is let through carries a [`Verified`] in its extensions: an `at+jwt` of a known issuer,
//! signed with ES256K or ES256, for this server and this instant, presented with a fresh DPoP proof of the
//! key it is bound to, of a session that was not revoked. Every other request becomes a response that says
//! what was wrong and how to go on, as stock clients know it from the reference PDS.
//!
//! ```
//! use std::sync::Arc;
//! use axum::{Extension, Router, body::Body, routing::get};
//! use entryway_oauth::{access_token::AccessTokenKey, issuer::Issuer, nonce::NonceKey, secret::ServerKey};
//! use entryway_resource::{IssuerKeys, Limits, TrustedIssuer, Verified, Verifier, VerifierConfig};
//! use entryway_resource::{VerifierLayer, system_clock};
//! use entryway_scope::Did;
//! use tower::ServiceExt as _;
//!
//! # tokio::runtime::Builder::new_current_thread().build()?.block_on(async {
//! # let issuer_key = AccessTokenKey::from_bytes(&[7; 32]).ok_or("a scalar")?.public().clone();
//! let issuer = Issuer::parse("https://entryway.example")?;
//! let verifier = Verifier::new(VerifierConfig {
//!     issuers: vec![TrustedIssuer::new(issuer, IssuerKeys::pinned(vec![issuer_key])?)],
//!     audience: Did::parse("did:web:pds.example")?,
//!     public_url: Issuer::parse("https://pds.example")?,
//!     nonces: NonceKey::new(ServerKey::new([1; 32])),
//!     limits: Limits::default(),
//! });
//! let who = async |Extension(caller): Extension<Verified>| caller.did().to_string();
//! let service = Router::new()
//!     .route("/xrpc/com.example.who", get(who))
//!     .layer(VerifierLayer::new(Arc::new(verifier), system_clock()));
//!
//! let request = http::Request::get("/xrpc/com.example.who").body(Body::empty())?;
//! let answer = service.oneshot(request).await?;
//! assert_eq!(answer.status(), 401);
//! assert!(answer.headers()["www-authenticate"].to_str()?.starts_with("DPoP algs="));
//! assert!(answer.headers().contains_key("dpop-nonce"));
//! # Ok::<_, Box<dyn std::error::Error>>(())
//! # })?;
//! # Ok::<_, Box<dyn std::error::Error>>(())
//! ```
//!
//! With an issuer's published keys, and a handler that takes the caller as its argument, the same is
//! `examples/protected.rs`.
//!
//! What it refuses to do: read a token from a query or a body, take a token without its proof, offer a
//! mode in which the proof is optional, believe a `Host` header, or follow a URL that a token names.
//!
//! What it does not check: whether the account is active (R-350), and what else may be true of a caller
//! that its token does not say. What a verified caller may do is for [`PermitLayer`] to ask, or for
//! [`Permissions`] and [`check`] where there is no `tower`: they know which scope each method of a PDS
//! needs, and which methods no scope opens. Revocation is felt where somebody follows the issuer's
//! [`feed`]; elsewhere a token works until it expires.
//!
//! | feature | adds |
//! | --- | --- |
//! | (none) | everything that needs no network: the verifier, its layer, permissions |
//! | `axum` | [`Verified`] as an argument of a handler |
//! | `client` | HTTP/1.1 to hosts that an operator named: an issuer's keys and scopes, its feed |
//! | `gate` | all of it as a reverse proxy, for a PDS of any make |
//!
//! Start reading at [`Verifier::verify`], the walk of one request, then [`VerifierLayer`]. In the source,
//! `credentials.rs` reads the headers, `token.rs` believes a token, `keys.rs` and `scopes.rs` know what its
//! issuer says, `replay.rs` remembers proofs and `refusal.rs` says no.
//!
//! Invariants: a [`Verified`] is made in one place only; nothing that arrives can panic; a refused request
//! leaves no trace; every cache has a bound; time and the network are arguments. A clock that is set, by
//! however much and either way, lets no proof pass twice. What is not to be known at the moment is our
//! fault and said with 503: no outage signs anybody out. Replay marks live in this process: several
//! processes behind one name would each take a proof once, and so would one that was restarted, for as
//! long as its nonces live.

mod answer;
mod causes;
#[cfg(feature = "client")]
pub mod client;
mod credentials;
#[cfg(feature = "axum")]
mod extract;
pub mod feed;
mod invalid_token;
mod keys;
mod layer;
mod moment;
#[cfg(feature = "client")]
pub mod peer;
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

#[cfg(feature = "axum")]
pub use extract::VerifierMissing;
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
