//! A resource that knows no more of the server than its URL (R-346, R-403, contract section 3.2).

use entryway_oauth::issuer::Issuer;
use entryway_oauth::nonce::NonceKey;
use entryway_oauth::secret::{Digest, ServerKey, SessionId};
use entryway_resource::client::{ClientSettings, HttpClient};
use entryway_resource::{
    Clock, Limits, Moment, Refusal, TrustedIssuer, Verified, Verifier, VerifierConfig, steadied,
};
use entryway_scope::Did;
use entryway_server::Doors;
use entryway_tests::{Client, Engine, TestServer, Tokens, alice, both_engines, compact, login};
use http::HeaderMap;
use serde_json::json;
use tokio::net::TcpListener;

const RESOURCE: &str = "https://pds.test";
const PATH: &str = "/xrpc/com.atproto.server.getSession";

/// A server on a port of this machine, and a resource beside it.
struct Lab {
    server: TestServer,
    verifier: Verifier,
    clock: Clock,
}

impl Lab {
    /// Tokens say permissions of up to so many bytes themselves.
    async fn open(engine: Engine, token_scope_bytes_max: usize) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let port = listener.local_addr().unwrap().port();
        let issuer = Issuer::parse(&format!("http://localhost:{port}")).unwrap();
        let server = TestServer::start_with(engine, |config| {
            config.issuer = issuer.clone();
            config.policy.token_scope_bytes_max = token_scope_bytes_max;
        })
        .await;
        let app = server.app().clone();
        tokio::spawn(async move {
            let forever = std::future::pending();
            entryway_server::serve(listener, entryway_server::router(&app), Doors::of(&app), forever).await;
        });
        let client = HttpClient::new(ClientSettings::default()).unwrap();
        let verifier = Verifier::new(VerifierConfig {
            issuers: vec![TrustedIssuer::over_http(issuer, client)],
            audience: Did::parse(alice().pds).unwrap(),
            public_url: Issuer::parse(RESOURCE).unwrap(),
            nonces: nonces(),
            limits: Limits::default(),
        });
        let wall = server.clock().clone();
        Self {
            verifier,
            clock: steadied(move || wall.now()),
            server,
        }
    }

    async fn call(&self, client: &Client, tokens: &Tokens) -> Result<Verified, Refusal> {
        let Moment { wall, .. } = (self.clock)();
        let header = json!({"typ": "dpop+jwt", "alg": "ES256", "jwk": client.key().public()});
        let claims = json!({
            "jti": Digest::of(tokens.access_token.as_bytes()).to_string(), "htm": "GET",
            "htu": format!("{RESOURCE}{PATH}"), "iat": wall, "nonce": nonces().issue(wall),
            "ath": entryway_oauth::dpop::access_token_hash(&tokens.access_token),
        });
        let proof = compact(client.key(), &header.to_string(), &claims.to_string());
        let mut headers = HeaderMap::new();
        let authorization = format!("DPoP {}", tokens.access_token);
        headers.insert("authorization", authorization.parse().unwrap());
        headers.insert("dpop", proof.parse().unwrap());
        self.verifier.verify("GET", PATH, &headers, &self.clock).await
    }
}

fn nonces() -> NonceKey {
    NonceKey::new(ServerKey::new([5; 32]))
}

//
async fn a_resource_believes_the_tokens_of_a_server_it_knows_by_url_only(engine: Engine) {
    for token_scope_bytes_max in [4096, 0] {
        let lab = Lab::open(engine, token_scope_bytes_max).await;
        let client = Client::new();
        let tokens = login(&lab.server, &client, alice()).await;
        let claims = tokens.unverified().1;
        let refers = claims["scope"].as_str().unwrap().starts_with("ref:");
        assert_eq!(refers, token_scope_bytes_max == 0);
        let caller = lab.call(&client, &tokens).await.unwrap();
        assert_eq!(caller.did().as_str(), tokens.sub);
        assert_eq!(caller.scope().to_string(), tokens.scope);
        assert_eq!(caller.client_id(), Some(client.id()));
        assert_eq!(
            caller.session(),
            SessionId::parse(claims["sid"].as_str().unwrap())
        );
        assert_eq!(caller.jkt().to_string(), client.key().thumbprint());
    }
}

both_engines! {
    a_resource_believes_the_tokens_of_a_server_it_knows_by_url_only,
}
