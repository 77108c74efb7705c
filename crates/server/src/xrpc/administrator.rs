//! Administrators: `Basic` as `admin`, with a token of which only the hash is configured (A3, A4).

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use http::HeaderMap;
use http::header::AUTHORIZATION;
use http::request::Parts;

use entryway_core::account::Account;
use entryway_core::password::PresentedPassword;
use entryway_oauth::secret::{Digest, constant_time_eq};
use entryway_oauth::xrpc_denial::XrpcDenial;

use super::Failure;
use super::caller;
use crate::app::App;

/// Lets an administrator pass.
///
/// Without a token that could be right, and with a wrong one, it takes as long. Wrong ones are counted by address.
///
/// # Errors
/// [`XrpcDenial::AdminRequired`] for everybody else; [`XrpcDenial::RateLimitExceeded`].
pub(super) async fn admit(app: &App, parts: &Parts) -> Result<(), Failure> {
    admit_for(app, parts, None).await
}

/// Lets an administrator pass who may change this account: one of ours, or that of the PDS on which it lives, whose
/// calls the PDS passes on as they are (contract 6, item 23).
///
/// # Errors
/// As [`admit`].
pub(super) async fn admit_for(app: &App, parts: &Parts, account: Option<&Account>) -> Result<(), Failure> {
    let token = presented(&parts.headers).ok_or(XrpcDenial::AdminRequired)?;
    let address = caller::address(app, parts).await?;
    let attempt = app.limits().begin(LIMITED_AS, address, app.now()).await?;
    let of_host = is_of_host(app, &token, account).await?;
    if !(is_ours(app, &token).await? | of_host) {
        return Err(XrpcDenial::AdminRequired.into());
    }
    attempt.take_back(app.now()).await;
    Ok(())
}

/// Whether somebody comes as an administrator, rightly or not.
pub(super) fn is_claimed(headers: &HeaderMap) -> bool {
    presented(headers).is_some()
}

async fn is_ours(app: &App, token: &PresentedPassword) -> Result<bool, Failure> {
    let known = &app.config().admin_tokens;
    let mut is_right = false;
    for hash in known {
        is_right |= app.passwords().verify(token, Some(hash)).await?;
    }
    if known.is_empty() {
        app.passwords().verify(token, None).await?;
    }
    Ok(is_right)
}

async fn is_of_host(
    app: &App,
    token: &PresentedPassword,
    account: Option<&Account>,
) -> Result<bool, Failure> {
    let Some(account) = account else {
        return Ok(false);
    };
    let Some(host) = app.fleet().host_of(account).await? else {
        return Ok(false);
    };
    let password = app.fleet().password(&host)?;
    let [presented, known] = [token.expose().as_bytes(), password.expose()].map(Digest::of);
    Ok(constant_time_eq(presented.as_bytes(), known.as_bytes()))
}

/// The token of the only `Authorization` header.
fn presented(headers: &HeaderMap) -> Option<PresentedPassword> {
    let mut values = headers.get_all(AUTHORIZATION).iter();
    let (value, None) = (values.next()?, values.next()) else {
        return None;
    };
    let (scheme, credentials) = value.to_str().ok()?.split_once(' ')?;
    if !scheme.eq_ignore_ascii_case("basic") {
        return None;
    }
    let credentials = String::from_utf8(STANDARD.decode(credentials).ok()?).ok()?;
    let (name, token) = credentials.split_once(':')?;
    PresentedPassword::parse(token).ok().filter(|_| name == "admin")
}

/// No handle, DID or address that a person could have.
const LIMITED_AS: &str = "admin";

#[cfg(test)]
mod tests {
    use super::*;
    use http::HeaderValue;

    fn token(values: &[&str]) -> Option<String> {
        let mut headers = HeaderMap::new();
        for value in values {
            headers.append(AUTHORIZATION, HeaderValue::from_str(value).unwrap());
        }
        presented(&headers).map(|token| token.expose().to_owned())
    }

    #[test]
    fn the_credential_of_an_administrator_is_one_basic_header_with_its_name() {
        let basic = |credentials: &str| format!("Basic {}", STANDARD.encode(credentials));
        let right = basic("admin:a:b");
        assert_eq!(token(&[&right]).as_deref(), Some("a:b"));
        assert_eq!(token(&[&right.replace("Basic", "BASIC")]).as_deref(), Some("a:b"));
        for wrong in [
            basic("root:a"),
            basic("admin"),
            basic("admin:"),
            basic("Admin:a"),
            basic(&format!("admin:{}", "a".repeat(513))),
            "Basic".to_owned(),
            "Basic %%%".to_owned(),
            "Basic  YWRtaW46YQ==".to_owned(),
            "Bearer YWRtaW46YQ==".to_owned(),
            String::new(),
        ] {
            assert_eq!(token(&[&wrong]), None, "{wrong}");
        }
        assert_eq!(token(&[]), None);
        assert_eq!(token(&[&right, &right]), None);
    }
}
