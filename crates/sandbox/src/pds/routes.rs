//! Which path is which method, and what all answers have in common.

use std::sync::Arc;

use axum::Router;
use axum::extract::DefaultBodyLimit;
use axum::routing::{any, get, post, put};
use entryway_resource::VerifierLayer;
use http::header::{AUTHORIZATION, CONTENT_TYPE, HeaderName, WWW_AUTHENTICATE, X_CONTENT_TYPE_OPTIONS};
use http::{HeaderValue, Method};
use tower_http::cors::{Any, CorsLayer};
use tower_http::set_header::SetResponseHeaderLayer;

use super::{
    Pds, admin, blobs, create_account, lexicons, metadata, read, service_auth, session, sync, write,
};
use crate::xrpc;

pub(super) fn router(pds: &Pds) -> Router {
    let verifier = VerifierLayer::new(
        Arc::clone(&pds.settings().verifier),
        Arc::clone(&pds.0.verifier_clock),
    );
    let guarded = Router::new()
        .route("/xrpc/com.atproto.server.getSession", get(session::get_session))
        .route(
            "/xrpc/com.atproto.server.getServiceAuth",
            get(service_auth::get_service_auth),
        )
        .route("/xrpc/com.atproto.repo.createRecord", post(write::create))
        .route("/xrpc/com.atproto.repo.putRecord", post(write::put))
        .route("/xrpc/com.atproto.repo.deleteRecord", post(write::delete))
        .route(
            "/xrpc/com.atproto.repo.uploadBlob",
            post(blobs::upload).layer(DefaultBodyLimit::max(blobs::BLOB_BYTES_MAX)),
        )
        .route_layer(verifier)
        .with_state(pds.clone());
    let open = Router::new()
        .route(
            "/.well-known/oauth-protected-resource",
            get(metadata::protected_resource),
        )
        .route("/xrpc/_health", get(metadata::health))
        .route(
            "/xrpc/com.atproto.server.describeServer",
            get(metadata::describe_server),
        )
        .route(
            "/xrpc/com.atproto.server.reserveSigningKey",
            post(create_account::reserve_signing_key),
        )
        .route(
            "/xrpc/com.atproto.server.createAccount",
            post(create_account::create_account),
        )
        .route("/xrpc/com.atproto.repo.describeRepo", get(read::describe_repo))
        .route("/xrpc/com.atproto.repo.getRecord", get(read::get))
        .route("/xrpc/com.atproto.repo.listRecords", get(read::list))
        .route("/xrpc/com.atproto.sync.getBlob", get(blobs::get_blob))
        .route("/xrpc/com.atproto.sync.getRecord", get(sync::get_record))
        .route("/xrpc/com.atproto.sync.listRepos", get(sync::list_repos))
        .route("/xrpc/com.atproto.sync.getRepoStatus", get(sync::get_repo_status))
        .route("/xrpc/{nsid}", any(xrpc::unknown_method))
        .with_state(pds.clone());
    // by the password of the administrator, which no page knows
    let administration = Router::new()
        .route(
            "/xrpc/com.atproto.admin.updateAccountHandle",
            post(admin::update_account_handle),
        )
        .route(
            "/xrpc/com.atproto.admin.updateSubjectStatus",
            post(admin::update_subject_status),
        )
        .route(
            "/xrpc/com.atproto.admin.getSubjectStatus",
            get(admin::get_subject_status),
        )
        .route(
            "/xrpc/com.atproto.admin.deleteAccount",
            post(admin::delete_account),
        )
        .with_state(pds.clone());
    // not for the pages of other sites: outside of CORS, and nothing a form can send
    let development = Router::new()
        .route("/sandbox/lexicons", get(lexicons::list))
        .route(
            "/sandbox/lexicons/{nsid}",
            post(lexicons::publish).delete(lexicons::withdraw),
        )
        .route(
            "/sandbox/darkness",
            put(lexicons::darken).delete(lexicons::relight),
        )
        .method_not_allowed_fallback(xrpc::wrong_http_method)
        .layer(DefaultBodyLimit::max(JSON_BYTES_MAX))
        .with_state(pds.clone());
    guarded
        .merge(open)
        .merge(administration)
        .merge(pds.0.names.routes())
        .method_not_allowed_fallback(xrpc::wrong_http_method)
        .fallback(xrpc::not_found)
        .layer(DefaultBodyLimit::max(JSON_BYTES_MAX))
        .layer(SetResponseHeaderLayer::if_not_present(
            X_CONTENT_TYPE_OPTIONS,
            HeaderValue::from_static("nosniff"),
        ))
        .layer(cors())
        .merge(development)
}

/// Outermost, so that a refusal of the verifier can be read by a browser app too.
fn cors() -> CorsLayer {
    CorsLayer::new()
        .allow_origin(Any)
        .allow_methods([Method::GET, Method::POST])
        // `*` would not stand for Authorization, so the list is written out
        .allow_headers([
            AUTHORIZATION,
            DPOP,
            CONTENT_TYPE,
            ATPROTO_PROXY,
            ATPROTO_ACCEPT_LABELERS,
        ])
        .expose_headers([DPOP_NONCE, WWW_AUTHENTICATE])
}

const DPOP: HeaderName = HeaderName::from_static("dpop");
const DPOP_NONCE: HeaderName = HeaderName::from_static("dpop-nonce");
const ATPROTO_PROXY: HeaderName = HeaderName::from_static("atproto-proxy");
const ATPROTO_ACCEPT_LABELERS: HeaderName = HeaderName::from_static("atproto-accept-labelers");

/// As large as a record may be, and far above everything else.
const JSON_BYTES_MAX: usize = 1024 * 1024;
