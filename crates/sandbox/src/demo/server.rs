//! The authorization server's metadata (RFC 8414), and what an atproto app may insist on in it.

use oauth2::{AuthUrl, RevocationUrl, TokenUrl};
use serde::Deserialize;
use url::Url;

use super::discovery::same;
use super::outbound::may_be_asked;
use super::problem::Problem;

/// Where and how to ask one authorization server.
#[derive(Debug, Clone, Deserialize)]
pub(super) struct AuthorizationServer {
    /// The server's identifier; every answer of a sign-in must name it.
    pub(super) issuer: String,
    /// Where the browser goes.
    pub(super) authorization_endpoint: AuthUrl,
    /// Where codes and refresh tokens are exchanged.
    pub(super) token_endpoint: TokenUrl,
    /// Where the request is pushed before the browser goes anywhere (RFC 9126).
    pub(super) pushed_authorization_request_endpoint: Url,
    /// Where tokens are given back (RFC 7009).
    pub(super) revocation_endpoint: Option<RevocationUrl>,
    #[serde(default)]
    scopes_supported: Vec<String>,
    #[serde(default)]
    response_types_supported: Vec<String>,
    #[serde(default)]
    grant_types_supported: Vec<String>,
    #[serde(default)]
    code_challenge_methods_supported: Vec<String>,
    #[serde(default)]
    token_endpoint_auth_methods_supported: Vec<String>,
    #[serde(default)]
    dpop_signing_alg_values_supported: Vec<String>,
    #[serde(default)]
    authorization_response_iss_parameter_supported: bool,
}

impl AuthorizationServer {
    /// Refuses a server that is not the one asked for, or that lacks what atproto's profile of OAuth promises.
    ///
    /// Not checked: members this app makes no use of.
    pub(super) fn check(&self, issuer: &str) -> Result<(), Problem> {
        same("the authorization server's issuer", issuer, &self.issuer)?;
        let endpoints = [
            ("authorization_endpoint", Some(self.authorization_endpoint.url())),
            ("token_endpoint", Some(self.token_endpoint.url())),
            (
                "pushed_authorization_request_endpoint",
                Some(&self.pushed_authorization_request_endpoint),
            ),
            (
                "revocation_endpoint",
                self.revocation_endpoint.as_ref().map(RevocationUrl::url),
            ),
        ];
        for (what, endpoint) in endpoints {
            if let Some(found) = endpoint.filter(|url| !may_be_asked(url)) {
                return Err(Problem::Mismatch {
                    what,
                    expected: "an https URL, or http on this machine".to_owned(),
                    found: found.to_string(),
                });
            }
        }
        listed("scopes_supported", &self.scopes_supported, "atproto")?;
        listed("response_types_supported", &self.response_types_supported, "code")?;
        listed(
            "grant_types_supported",
            &self.grant_types_supported,
            "authorization_code",
        )?;
        listed(
            "grant_types_supported",
            &self.grant_types_supported,
            "refresh_token",
        )?;
        listed(
            "code_challenge_methods_supported",
            &self.code_challenge_methods_supported,
            "S256",
        )?;
        listed(
            "token_endpoint_auth_methods_supported",
            &self.token_endpoint_auth_methods_supported,
            "none",
        )?;
        listed(
            "dpop_signing_alg_values_supported",
            &self.dpop_signing_alg_values_supported,
            "ES256",
        )?;
        if self.authorization_response_iss_parameter_supported {
            Ok(())
        } else {
            Err(Problem::Mismatch {
                what: "authorization_response_iss_parameter_supported",
                expected: "true".to_owned(),
                found: "false, or nothing".to_owned(),
            })
        }
    }
}

fn listed(what: &'static str, list: &[String], wanted: &str) -> Result<(), Problem> {
    if list.iter().any(|item| item == wanted) {
        Ok(())
    } else {
        Err(Problem::Mismatch {
            what,
            expected: format!("a list with {wanted}"),
            found: list.join(", "),
        })
    }
}

#[cfg(test)]
pub(super) mod tests {
    use serde_json::{Value, json};

    use super::*;

    /// The metadata of a well-behaved server at `issuer`.
    pub(in super::super) fn metadata(issuer: &str) -> Value {
        json!({
            "issuer": issuer,
            "authorization_endpoint": format!("{issuer}/oauth/authorize"),
            "token_endpoint": format!("{issuer}/oauth/token"),
            "pushed_authorization_request_endpoint": format!("{issuer}/oauth/par"),
            "revocation_endpoint": format!("{issuer}/oauth/revoke"),
            "scopes_supported": ["atproto", "transition:generic"],
            "response_types_supported": ["code"],
            "grant_types_supported": ["authorization_code", "refresh_token"],
            "code_challenge_methods_supported": ["S256"],
            "token_endpoint_auth_methods_supported": ["none", "private_key_jwt"],
            "dpop_signing_alg_values_supported": ["ES256"],
            "authorization_response_iss_parameter_supported": true,
        })
    }

    fn checked(change: impl FnOnce(&mut Value)) -> Result<(), &'static str> {
        let mut document = metadata("http://localhost:1");
        change(&mut document);
        let server: AuthorizationServer = serde_json::from_value(document).unwrap();
        server
            .check("http://localhost:1")
            .map_err(|problem| match problem {
                Problem::Mismatch { what, .. } => what,
                other => panic!("{other:?}"),
            })
    }

    #[test]
    fn a_server_must_name_itself_and_promise_the_profile() {
        assert_eq!(checked(|_| ()), Ok(()));
        assert_eq!(
            checked(|document| document["issuer"] = json!("http://localhost:1/")),
            Err("the authorization server's issuer")
        );
        assert_eq!(
            checked(|document| document["token_endpoint"] = json!("http://elsewhere.example/token")),
            Err("token_endpoint")
        );
        for what in [
            "scopes_supported",
            "response_types_supported",
            "grant_types_supported",
            "code_challenge_methods_supported",
            "token_endpoint_auth_methods_supported",
            "dpop_signing_alg_values_supported",
        ] {
            assert_eq!(checked(|document| document[what] = json!([])), Err(what));
        }
        let iss = "authorization_response_iss_parameter_supported";
        assert_eq!(checked(|document| document[iss] = json!(false)), Err(iss));
    }
}
