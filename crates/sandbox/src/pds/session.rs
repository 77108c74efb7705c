//! `com.atproto.server.getSession`: who is logged in.

use axum::Json;
use axum::extract::State;
use serde_json::{Value, json};

use super::{Caller, Pds, no_such_repo};
use crate::mailbox;
use crate::xrpc::Failure;

/// The account behind the token; its address only for apps that may see it (contract section 2.2).
///
/// A PDS behind an entryway asks the entryway. This one has no account data but the handle to ask for, and
/// every sandbox account has the address that [`mailbox::address_of`] gives it.
pub(super) async fn get_session(State(pds): State<Pds>, caller: Caller) -> Result<Json<Value>, Failure> {
    let state = pds.state();
    let account = state.accounts.by_did(caller.did()).ok_or_else(no_such_repo)?;
    let mut session = json!({
        "did": caller.did(),
        "handle": account.handle,
        "didDoc": account.document(caller.did(), &pds.settings().origin),
        "active": true,
    });
    if caller.sees_email() {
        session["email"] = json!(mailbox::address_of(&account.handle));
        session["emailConfirmed"] = json!(true);
        session["emailAuthFactor"] = json!(false);
    }
    Ok(Json(session))
}
