//! The whole way from a pushed request to tokens.

use std::collections::BTreeSet;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde_json::Value;

use crate::account::TestAccount;
use crate::browser::{Browser, Landing};
use crate::client::{Client, Pushed};
use crate::reply::Reply;
use crate::service::Service;

/// What the token endpoint gave.
#[derive(Clone, Debug, PartialEq, Eq)]
#[expect(
    missing_docs,
    reason = "members are named by RFC 6749 section 5.1 and the profile"
)]
pub struct Tokens {
    pub access_token: String,
    pub refresh_token: String,
    pub token_type: String,
    pub expires_in: i64,
    pub scope: String,
    pub sub: String,
}

impl Tokens {
    /// Reads a success, which has exactly these members.
    #[track_caller]
    pub fn of(reply: &Reply) -> Self {
        Self::read(reply, &MEMBERS, |name| reply.member(name))
    }

    /// Reads the success of a client that may not refresh: the refresh token is missing, and is left empty.
    #[track_caller]
    pub fn without_refresh(reply: &Reply) -> Self {
        let members: Vec<&str> = MEMBERS
            .into_iter()
            .filter(|name| *name != "refresh_token")
            .collect();
        Self::read(reply, &members, |_| String::new())
    }

    #[track_caller]
    fn read(reply: &Reply, members: &[&str], refresh_token: impl FnOnce(&str) -> String) -> Self {
        assert_eq!(reply.code(), 200, "{reply:?}");
        let json = reply.json();
        let names: BTreeSet<&str> = json.as_object().unwrap().keys().map(String::as_str).collect();
        assert_eq!(names, members.iter().copied().collect(), "{json}");
        Self {
            access_token: reply.member("access_token"),
            refresh_token: refresh_token("refresh_token"),
            token_type: reply.member("token_type"),
            expires_in: json["expires_in"].as_i64().unwrap(),
            scope: reply.member("scope"),
            sub: reply.member("sub"),
        }
    }
}

impl Tokens {
    /// The header and the claims of the access token. Verifies nothing.
    pub fn unverified(&self) -> (Value, Value) {
        let mut parts = self.access_token.split('.').map(|part| {
            let bytes = URL_SAFE_NO_PAD.decode(part).unwrap();
            serde_json::from_slice(&bytes).unwrap_or_default()
        });
        (parts.next().unwrap(), parts.next().unwrap())
    }
}

const MEMBERS: [&str; 6] = [
    "access_token",
    "refresh_token",
    "token_type",
    "expires_in",
    "scope",
    "sub",
];

/// Pushes a request and approves it in a fresh browser.
pub async fn push_and_approve(
    server: &impl Service,
    client: &Client,
    account: &TestAccount,
) -> (Pushed, Landing) {
    let pushed = client.push(server).await;
    let landing = Browser::new().approve(server, &pushed, account).await;
    (pushed, landing)
}

/// Logs the account in to the client.
pub async fn login(server: &impl Service, client: &Client, account: &TestAccount) -> Tokens {
    let (pushed, landing) = push_and_approve(server, client, account).await;
    Tokens::of(&client.exchange(&pushed, landing.code()).send(server).await)
}
