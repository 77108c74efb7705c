//! Which handle is whose, for the names of one machine.
//!
//! Names such as `alice.test` have no DNS. The table stands in for it, and is shared by everybody who has to
//! know: the PDS, whose accounts fill it, and the entryway, which asks it or merges [`Names::routes`] into
//! its own. Whoever has a handle holds the domain, so the table has its TXT records too.

use std::collections::BTreeMap;
use std::sync::{Arc, PoisonError, RwLock};

use async_trait::async_trait;
use axum::extract::State;
use axum::routing::get;
use axum::{Json, Router};
use entryway_identity::resolve::{TxtLookup, TxtLookupFailed};
use entryway_scope::{Did, Handle};
use http::header::HOST;
use http::{HeaderMap, StatusCode};
use serde_json::{Value, json};

use crate::xrpc::{Failure, Params};

/// The table; clones are the same table.
///
/// It is kept in memory only: the accounts behind the names are stored by the PDS, which fills it at its
/// start.
#[derive(Clone, Debug, Default)]
pub struct Names(Arc<RwLock<BTreeMap<Handle, Did>>>);

impl Names {
    /// Whose handle it is.
    pub fn resolve(&self, handle: &Handle) -> Option<Did> {
        self.0
            .read()
            .unwrap_or_else(PoisonError::into_inner)
            .get(handle)
            .cloned()
    }

    /// Gives a handle to a DID, unless it is another's.
    pub fn claim(&self, handle: &Handle, did: &Did) -> Claim {
        let mut names = self.0.write().unwrap_or_else(PoisonError::into_inner);
        let owner = names.entry(handle.clone()).or_insert_with(|| did.clone());
        if owner == did { Claim::Held } else { Claim::Taken }
    }

    /// Takes a handle back from a DID, if it is theirs.
    pub(crate) fn release(&self, handle: &Handle, did: &Did) {
        let mut names = self.0.write().unwrap_or_else(PoisonError::into_inner);
        if names.get(handle) == Some(did) {
            names.remove(handle);
        }
    }

    /// Resolution as the network does it: `com.atproto.identity.resolveHandle`, and
    /// `/.well-known/atproto-did` for the handle that is the `Host`. Whoever merges them adds CORS.
    pub fn routes(&self) -> Router {
        Router::new()
            .route("/xrpc/com.atproto.identity.resolveHandle", get(resolve_handle))
            .route("/.well-known/atproto-did", get(well_known))
            .with_state(self.clone())
    }
}

/// A handle's own record `_atproto`, and `_lexicon`, which makes its account the authority of its domain's
/// lexicons.
#[async_trait]
impl TxtLookup for Names {
    async fn txt(&self, name: &str) -> Result<Vec<String>, TxtLookupFailed> {
        let domain = DID_RECORDS.iter().find_map(|label| name.strip_prefix(label));
        let holder = domain
            .and_then(|domain| Handle::parse(domain).ok())
            .and_then(|handle| self.resolve(&handle));
        Ok(holder.map(|did| format!("did={did}")).into_iter().collect())
    }
}

/// Labels under which a domain says its DID.
const DID_RECORDS: [&str; 2] = ["_atproto.", "_lexicon."];

/// What became of a claim to a handle.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Claim {
    /// It is theirs, now or already.
    Held,
    /// It is another's.
    Taken,
}

async fn resolve_handle(State(names): State<Names>, params: Params) -> Result<Json<Value>, Failure> {
    let handle = params.required("handle")?;
    // clients compare this text to tell an unknown handle from a broken resolver
    let did = names
        .resolve(&handle)
        .ok_or_else(|| Failure::invalid_request("Unable to resolve handle"))?;
    Ok(Json(json!({ "did": did })))
}

/// <https://atproto.com/specs/handle>: the body is the DID and nothing else.
async fn well_known(State(names): State<Names>, headers: HeaderMap) -> (StatusCode, String) {
    let host = headers
        .get(HOST)
        .and_then(|host| host.to_str().ok())
        .unwrap_or_default();
    let name = host.split_once(':').map_or(host, |(name, _port)| name);
    match Handle::parse(name).ok().and_then(|handle| names.resolve(&handle)) {
        Some(did) => (StatusCode::OK, did.to_string()),
        None => (StatusCode::NOT_FOUND, "user not found".to_owned()),
    }
}

#[cfg(test)]
mod tests {
    use axum::body::{Body, to_bytes};
    use http::Request;
    use tower::ServiceExt as _;

    use super::*;

    fn names() -> Names {
        let names = Names::default();
        assert_eq!(names.claim(&handle("alice.test"), &did(ALICE)), Claim::Held);
        names
    }

    fn handle(text: &str) -> Handle {
        Handle::parse(text).unwrap()
    }

    fn did(text: &str) -> Did {
        Did::parse(text).unwrap()
    }

    async fn get(uri: &str, host: &str) -> (u16, String) {
        let request = Request::get(uri)
            .header("host", host)
            .body(Body::empty())
            .unwrap();
        let response = names().routes().oneshot(request).await.unwrap();
        let status = response.status().as_u16();
        let body = to_bytes(response.into_body(), 1 << 16).await.unwrap();
        (status, String::from_utf8(body.to_vec()).unwrap())
    }

    #[test]
    fn a_handle_has_one_owner() {
        let names = names();
        assert_eq!(names.claim(&handle("Alice.test"), &did(ALICE)), Claim::Held);
        assert_eq!(names.claim(&handle("alice.test"), &did(BOB)), Claim::Taken);
        assert_eq!(names.resolve(&handle("alice.test")), Some(did(ALICE)));
        assert_eq!(names.resolve(&handle("bob.test")), None);
    }

    #[tokio::test]
    async fn a_handle_resolves_by_query_and_by_host() {
        let by_query = get(
            "/xrpc/com.atproto.identity.resolveHandle?handle=Alice.test",
            "localhost:2584",
        )
        .await;
        assert_eq!(by_query, (200, format!(r#"{{"did":"{ALICE}"}}"#)));
        for host in ["alice.test", "ALICE.test:2583"] {
            assert_eq!(
                get("/.well-known/atproto-did", host).await,
                (200, ALICE.to_owned())
            );
        }
    }

    // R-398
    #[tokio::test]
    async fn the_holder_of_a_handle_has_the_txt_records_of_its_domain() {
        let names = names();
        for (name, expected) in [
            ("_lexicon.alice.test", vec![format!("did={ALICE}")]),
            ("_atproto.alice.test", vec![format!("did={ALICE}")]),
            ("alice.test", vec![]),
            ("_other.alice.test", vec![]),
            ("_lexicon.deep.alice.test", vec![]),
            ("_lexicon.test", vec![]),
            ("_lexicon.bob.test", vec![]),
            ("", vec![]),
        ] {
            assert_eq!(names.txt(name).await.unwrap(), expected, "{name}");
        }
    }

    #[tokio::test]
    async fn what_is_nobodys_handle_does_not_resolve() {
        for host in ["localhost:2583", "bob.test", "", "[::1]:1", "a b"] {
            assert_eq!(get("/.well-known/atproto-did", host).await.0, 404, "{host}");
        }
        for query in [
            "",
            "?handle=",
            "?handle=bob.test",
            "?handle=%00",
            "?handle=%ff",
            "?handle=a.b&handle=c.d",
        ] {
            let uri = format!("/xrpc/com.atproto.identity.resolveHandle{query}");
            assert_eq!(get(&uri, "localhost").await.0, 400, "{query}");
        }
    }

    const ALICE: &str = "did:plc:aaaaaaaaaaaaaaaaaaaaaaaa";
    const BOB: &str = "did:plc:bbbbbbbbbbbbbbbbbbbbbbbb";
}
