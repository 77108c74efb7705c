//! `com.atproto.server.describeServer`: who this service is, and what it takes to sign up (contract 2.4).

use axum::Json;
use axum::extract::State;
use axum::response::IntoResponse;
use serde::Serialize;

use entryway_core::invite::Invitation;
use entryway_scope::Did;

use crate::app::App;

/// Where it is called.
pub(super) const PATH: &str = "/xrpc/com.atproto.server.describeServer";

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Described<'a> {
    did: &'a Did,
    available_user_domains: Vec<&'a str>,
    invite_code_required: bool,
    phone_verification_required: bool,
    links: Links<'a>,
    contact: Contact<'a>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Links<'a> {
    #[serde(skip_serializing_if = "Option::is_none")]
    privacy_policy: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    terms_of_service: Option<&'a str>,
}

#[derive(Serialize)]
struct Contact<'a> {
    #[serde(skip_serializing_if = "Option::is_none")]
    email: Option<&'a str>,
}

/// Open to everybody. Which PDS hosts there are is not told.
pub(super) async fn get(State(app): State<App>) -> impl IntoResponse {
    let config = app.config();
    let about = &config.about;
    Json(Described {
        did: &config.service_did,
        available_user_domains: config.handles.domains.iter().collect(),
        invite_code_required: config.invitation == Invitation::Required,
        phone_verification_required: false,
        links: Links {
            privacy_policy: about.privacy_policy.as_deref(),
            terms_of_service: about.terms_of_service.as_deref(),
        },
        contact: Contact {
            email: about.contact_email.as_deref(),
        },
    })
    .into_response()
}
