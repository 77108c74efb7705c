//! A service of its own that lets in whoever logged in at an entryway.
//!
//! `cargo run -p entryway-resource --features axum,client --example protected -- https://entryway.example`
//! serves on port 3000 of this machine, as `http://localhost:3000` with the DID `did:web:localhost%3A3000`.

use std::sync::Arc;

use axum::{Router, routing::get};
use entryway_oauth::{issuer::Issuer, nonce::NonceKey, secret::ServerKey};
use entryway_resource::client::{ClientSettings, HttpClient};
use entryway_resource::{Limits, TrustedIssuer, Verified, Verifier, VerifierConfig, VerifierLayer};
use entryway_scope::Did;

#[tokio::main]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let issuer = Issuer::parse(&std::env::args().nth(1).ok_or("the URL of an issuer is needed")?)?;
    let mut secret = [0; 32];
    aws_lc_rs::rand::fill(&mut secret)?;
    let client = HttpClient::new(ClientSettings::default())?;
    let verifier = Verifier::new(VerifierConfig {
        issuers: vec![TrustedIssuer::over_http(issuer, client)],
        audience: Did::parse("did:web:localhost%3A3000")?,
        public_url: Issuer::parse("http://localhost:3000")?,
        // processes behind one name share it
        nonces: NonceKey::new(ServerKey::new(secret)),
        limits: Limits::default(),
    });
    let guard = VerifierLayer::new(Arc::new(verifier), entryway_resource::system_clock());
    let who = async |caller: Verified| format!("{} may {}\n", caller.did(), caller.scope());
    let service = Router::new().route("/who", get(who)).layer(guard);
    let listener = tokio::net::TcpListener::bind("127.0.0.1:3000").await?;
    Ok(axum::serve(listener, service).await?)
}
