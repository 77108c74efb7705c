//! Whose a handle is: the document that each handle's own host name answers with.
//!
//! A PDS that delegates to us answers for no handle (contract 1), so the hosts below every domain of handles lead
//! here.

use axum::extract::State;
use axum::response::{IntoResponse, Response};
use http::header::{ACCESS_CONTROL_ALLOW_ORIGIN, CACHE_CONTROL, CONTENT_SECURITY_POLICY, CONTENT_TYPE, HOST};
use http::request::Parts;
use http::{HeaderMap, StatusCode};

use entryway_core::account::AccountStatus;
use entryway_core::handle::Place;
use entryway_scope::{Did, Handle};

use crate::app::App;
use crate::failure::{Failure, Fault};

/// Where the document is (<https://atproto.com/specs/handle>, "HTTPS well-known Method").
pub(crate) const PATH: &str = "/.well-known/atproto-did";

/// The DID of whose host name this is: nothing but the DID, as text.
pub(crate) async fn get(State(app): State<App>, parts: Parts) -> Response {
    let Some(handle) = asked(&parts).filter(|handle| is_ours(&app, handle)) else {
        return nobody();
    };
    match owner(&app, &handle).await {
        Ok(Some(did)) => documented(StatusCode::OK, did.to_string()),
        Ok(None) => nobody(),
        Err(fault) => Failure::Fault(fault).into_json(),
    }
}

/// The account a handle leads to; none for one that was taken down.
///
/// # Errors
/// A [`Fault`] of the store.
pub(crate) async fn owner(app: &App, handle: &Handle) -> Result<Option<Did>, Fault> {
    let owner = app.store().handle_owner(handle).await?;
    let owner = owner.filter(|owner| owner.status != AccountStatus::TakenDown);
    Ok(owner.map(|owner| owner.did))
}

fn is_ours(app: &App, handle: &Handle) -> bool {
    matches!(app.config().handles.place(handle), Place::Ours { .. })
}

/// The host name that was asked: of the one `Host` header, or of the URL where that has one, and then the two
/// agree. A port is of no account, a dot at the end is none of a handle.
fn asked(parts: &Parts) -> Option<Handle> {
    let named = only_host(&parts.headers)?;
    match parts.uri.authority() {
        Some(authority) if !authority.as_str().eq_ignore_ascii_case(named) => return None,
        _ => {}
    }
    let name = match named.split_once(':') {
        Some((name, port)) => {
            let is_port = (1..=5).contains(&port.len()) && port.bytes().all(|byte| byte.is_ascii_digit());
            is_port.then_some(name)?
        }
        None => named,
    };
    Handle::parse(name).ok()
}

fn only_host(headers: &HeaderMap) -> Option<&str> {
    let mut values = headers.get_all(HOST).iter();
    let value = values.next()?.to_str().ok()?;
    values.next().is_none().then_some(value)
}

fn nobody() -> Response {
    documented(StatusCode::NOT_FOUND, "no account has this handle".to_owned())
}

fn documented(status: StatusCode, text: String) -> Response {
    let headers = [
        (CONTENT_TYPE, "text/plain"),
        (ACCESS_CONTROL_ALLOW_ORIGIN, "*"),
        (CACHE_CONTROL, "no-cache"),
        (CONTENT_SECURITY_POLICY, "default-src 'none'; sandbox"),
    ];
    (status, headers, text).into_response()
}

#[cfg(test)]
mod tests {
    use super::*;
    use http::Request;

    fn handle(hosts: &[&str], uri: &str) -> Option<String> {
        let mut request = Request::get(uri);
        for host in hosts {
            request = request.header(HOST, host.as_bytes());
        }
        let (parts, ()) = request.body(()).unwrap().into_parts();
        asked(&parts).map(|handle| handle.to_string())
    }

    #[test]
    fn the_host_that_was_asked_is_one_name_with_one_reading() {
        let alice = Some("alice.example.com".to_owned());
        for fine in ["alice.example.com", "Alice.Example.COM", "alice.example.com:443"] {
            assert_eq!(handle(&[fine], PATH), alice, "{fine}");
        }
        let absolute = "http://alice.example.com/.well-known/atproto-did";
        assert_eq!(handle(&["alice.example.com"], absolute), alice);
        // attacks: names that another reader of the request would take for other ones
        for bad in [
            &[][..],
            &[""],
            &["alice.example.com", "alice.example.com"],
            &["alice.example.com", "bob.example.com"],
            &["alice.example.com, bob.example.com"],
            &["alice.example.com."],
            &[" alice.example.com"],
            &["alice.example.com "],
            &["alice.example.com:"],
            &["alice.example.com:80:80"],
            &["alice.example.com:123456"],
            &["alice.example.com:http"],
            &["alice.example.com/x"],
            &["me@alice.example.com"],
            &["alice_x.example.com"],
            &["alice%2eexample.com"],
            &["\u{e4}.example.com"],
            &["192.0.2.1"],
            &["[::1]"],
            &["localhost"],
        ] {
            assert_eq!(handle(bad, PATH), None, "{bad:?}");
        }
        assert_eq!(
            handle(&["bob.example.com"], absolute),
            None,
            "host and URL differ"
        );
    }
}
