//! Valid defaults for the tests of this crate: each test changes the one thing it is about.

use josekit::jwk::Jwk;
use josekit::jwk::alg::ec::EcCurve;
use josekit::jws::{ES256, JwsHeader};
use josekit::jwt::{self, JwtPayload};

use entryway_oauth::client::{Client, ClientAuthentication, KeySource};
use entryway_oauth::client_auth::ClientKey;
use entryway_oauth::client_id::ClientId;
use entryway_oauth::dpop::{self, Expectation, Proof};
use entryway_oauth::jwk::{Algorithm, Thumbprint};
use entryway_oauth::key_set::KeySet;
use entryway_oauth::nonce::NonceKey;
use entryway_oauth::pkce::CodeChallenge;
use entryway_oauth::redirect::RedirectUri;
use entryway_oauth::secret::{ServerKey, SessionId};
use entryway_oauth::time::{Seconds, Timestamp};
use entryway_scope::{Did, Handle, ScopeSet};

use crate::account::{Account, AccountStatus};
use crate::refresh_token::RefreshTokenKey;
use crate::request::{AuthorizationRequest, ResponseMode};
use crate::session::Session;

pub(crate) const NOW: Timestamp = Timestamp::from_seconds(1_700_000_000);

pub(crate) fn account() -> Account {
    Account {
        did: Did::parse("did:plc:ewvi7nxzyoun6zhxrhs64oiz").unwrap(),
        handle: Handle::parse("alice.test").unwrap(),
        email: None,
        email_confirmed_at: None,
        email_auth_factor: false,
        pds_did: "did:web:pds.test".to_owned(),
        status: AccountStatus::Active,
        credentials_changed_at: NOW - Seconds::days(30),
    }
}

pub(crate) fn other_did() -> Did {
    Did::parse("did:plc:z72i7hdynmk6r22z27h6tvur").unwrap()
}

pub(crate) fn request() -> AuthorizationRequest {
    AuthorizationRequest {
        client_id: ClientId::parse("http://localhost").unwrap(),
        redirect_uri: RedirectUri::parse("http://127.0.0.1:4000/").unwrap(),
        response_mode: ResponseMode::Query,
        state: "state-1".to_owned(),
        scope: ScopeSet::parse("atproto transition:generic").unwrap(),
        code_challenge: CodeChallenge::parse("E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM").unwrap(),
        prompt: None,
        login_hint: None,
        jkt: None,
        client_key: None,
    }
}

pub(crate) fn other_redirect_uri() -> RedirectUri {
    RedirectUri::parse("http://127.0.0.1:4001/").unwrap()
}

pub(crate) fn session() -> Session {
    Session {
        id: SessionId::from_entropy([2; 16]),
        did: account().did,
        client_id: request().client_id,
        scope: request().scope,
        jkt: other_thumbprint(),
        client_key: None,
        salt: [3; 16],
        generation: 3,
        created_at: NOW - Seconds::days(1),
        rotated_at: NOW - Seconds(600),
        expires_at: NOW + Seconds::days(13),
        ended: None,
    }
}

pub(crate) fn client() -> Client {
    Client::loopback(&request().client_id).unwrap()
}

/// A confidential client that publishes keys of these names, and those keys.
pub(crate) fn confidential_client(kids: &[&str]) -> (Client, KeySet, Vec<ClientKey>) {
    let keys = kids.iter().map(|kid| {
        let mut key = Jwk::generate_ec_key(EcCurve::P256)
            .unwrap()
            .to_public_key()
            .unwrap();
        key.set_key_id(*kid);
        key
    });
    let keys: Vec<Jwk> = keys.collect();
    let set = KeySet::from_json(&serde_json::json!({ "keys": keys }).to_string()).unwrap();
    let named = kids.iter().map(|kid| ClientKey {
        kid: (*kid).to_owned(),
        algorithm: Algorithm::ES256,
        jkt: set.key(kid, Algorithm::ES256).unwrap().thumbprint(),
    });
    let authentication = ClientAuthentication::PrivateKeyJwt {
        algorithm: Algorithm::ES256,
        keys: KeySource::Inline(set.clone()),
    };
    let client = Client {
        authentication,
        ..client()
    };
    (client, set.clone(), named.collect())
}

pub(crate) fn client_key() -> ClientKey {
    ClientKey {
        kid: "key-1".to_owned(),
        algorithm: Algorithm::ES256,
        jkt: other_thumbprint(),
    }
}

pub(crate) fn refresh_token_key() -> RefreshTokenKey {
    RefreshTokenKey::new(&ServerKey::new([1; 32]))
}

pub(crate) fn other_thumbprint() -> Thumbprint {
    Thumbprint::parse("NzbLsXh8uDCcd-6MNwXF4W_7noWXFZAfHkxZsRGC9Xs").unwrap()
}

/// A proof by a fresh key, made by another implementation and verified: there is no other way to
/// have one.
pub(crate) fn proof() -> Proof {
    let (key, nonces) = (
        Jwk::generate_ec_key(EcCurve::P256).unwrap(),
        NonceKey::new(ServerKey::new([5; 32])),
    );
    let mut header = JwsHeader::new();
    header.set_token_type("dpop+jwt");
    header.set_jwk(key.to_public_key().unwrap());
    let url = "https://entryway.example/oauth/token";
    let mut claims = JwtPayload::new();
    for (name, value) in [
        ("jti", "1".into()),
        ("htm", "POST".into()),
        ("htu", url.into()),
        ("nonce", nonces.issue(NOW).into()),
    ] {
        claims.set_claim(name, Some(value)).unwrap();
    }
    claims.set_claim("iat", Some(NOW.seconds().into())).unwrap();
    let proof = jwt::encode_with_signer(&claims, &header, &ES256.signer_from_jwk(&key).unwrap()).unwrap();
    dpop::verify(
        &proof,
        &Expectation {
            method: "POST",
            url,
            access_token: None,
            nonces: &nonces,
            now: NOW,
        },
    )
    .unwrap()
}
