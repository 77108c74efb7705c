//! The directory over HTTP.

use axum::extract::rejection::PathRejection;
use axum::extract::{DefaultBodyLimit, Path, Request, State};
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use axum::{Json, Router};
use entryway_identity::plc::{MalformedOperation, Operation, PlcData};
use entryway_scope::Did;
use http::{HeaderValue, Method, StatusCode, header};
use serde_json::{Map, Value, json};
use tower_http::cors::{Any, CorsLayer};
use tower_http::set_header::SetResponseHeaderLayer;

use super::{Directory, Entry, Submission};
use crate::ambient::rfc_3339;
use crate::journal::{JournalFault, settle};
use crate::xrpc;

pub(super) fn router(directory: Directory) -> Router {
    Router::new()
        .route("/", get(front_page).post(not_found))
        .route("/_health", get(health))
        .route("/{did}", get(document).post(submit))
        .route("/{did}/data", get(data))
        .route("/{did}/log", get(log))
        .route("/{did}/log/audit", get(audit_log))
        .route("/{did}/log/last", get(last))
        .method_not_allowed_fallback(wrong_method)
        .fallback(not_found)
        .layer(DefaultBodyLimit::max(BODY_BYTES_MAX))
        .layer(SetResponseHeaderLayer::overriding(
            header::X_CONTENT_TYPE_OPTIONS,
            HeaderValue::from_static("nosniff"),
        ))
        // a browser app resolves DIDs in the page
        .layer(
            CorsLayer::new()
                .allow_origin(Any)
                .allow_methods([Method::GET, Method::POST])
                .allow_headers([header::CONTENT_TYPE, header::ACCEPT]),
        )
        .with_state(directory)
}

/// `{"message": …}`, as the public directory has it.
struct Failure(StatusCode, String);

impl IntoResponse for Failure {
    fn into_response(self) -> Response {
        (self.0, Json(json!({ "message": self.1 }))).into_response()
    }
}

impl From<JournalFault> for Failure {
    fn from(fault: JournalFault) -> Self {
        tracing::error!(
            error = &fault as &dyn std::error::Error,
            "the directory could not store"
        );
        Self(
            StatusCode::INTERNAL_SERVER_ERROR,
            "the directory could not store this, its log says why".to_owned(),
        )
    }
}

async fn front_page() -> &'static str {
    "A PLC directory for this machine only. It keeps the did:plc identities of a development sandbox.\n\
     \n\
     GET  /{did}            the DID document\n\
     GET  /{did}/data       what the newest operation says\n\
     GET  /{did}/log        all operations\n\
     GET  /{did}/log/last   the newest operation\n\
     GET  /{did}/log/audit  all operations with their CIDs and dates\n\
     POST /{did}            a signed operation\n"
}

async fn health() -> Json<Value> {
    Json(json!({ "version": env!("CARGO_PKG_VERSION") }))
}

/// C26: 200 with an empty body, on the path of the DID and nowhere else.
async fn submit(State(directory): State<Directory>, did: DidPath, request: Request) -> Result<(), Failure> {
    let did = plc_did(did)?;
    let operation = operation(request).await?;
    match settle(move || directory.submit(&did, operation)).await? {
        Submission::Accepted => Ok(()),
        Submission::Refused(refusal) => Err(Failure(StatusCode::BAD_REQUEST, refusal.to_string())),
    }
}

async fn document(State(directory): State<Directory>, did: DidPath) -> Result<Response, Failure> {
    let (did, newest) = newest(&directory, did)?;
    let document = newest_data(&did, &newest)?.document(&did);
    let body = Json(document).into_response().into_body();
    Ok(([(header::CONTENT_TYPE, "application/did+ld+json")], body).into_response())
}

async fn data(State(directory): State<Directory>, did: DidPath) -> Result<Json<Value>, Failure> {
    let (did, newest) = newest(&directory, did)?;
    let data = newest_data(&did, &newest)?;
    Ok(Json(json!({
        "did": did,
        "verificationMethods": data.verification_methods,
        "rotationKeys": data.rotation_keys,
        "alsoKnownAs": data.also_known_as,
        "services": data.services,
    })))
}

async fn log(State(directory): State<Directory>, did: DidPath) -> Result<Json<Vec<Operation>>, Failure> {
    let entries = entries(&directory, did)?;
    Ok(Json(entries.into_iter().map(|entry| entry.operation).collect()))
}

async fn audit_log(State(directory): State<Directory>, did: DidPath) -> Result<Json<Vec<Value>>, Failure> {
    let audited = |entry: Entry| {
        json!({
            "did": entry.did,
            "cid": entry.operation.cid().to_string(),
            "operation": entry.operation,
            "nullified": false,
            "createdAt": rfc_3339(entry.created_at),
        })
    };
    Ok(Json(entries(&directory, did)?.into_iter().map(audited).collect()))
}

async fn last(State(directory): State<Directory>, did: DidPath) -> Result<Json<Operation>, Failure> {
    newest(&directory, did).map(|(_, newest)| Json(newest))
}

async fn not_found() -> Failure {
    Failure(StatusCode::NOT_FOUND, NOT_HERE.to_owned())
}

async fn wrong_method() -> Failure {
    Failure(
        StatusCode::METHOD_NOT_ALLOWED,
        "expected GET, or POST to the path of a DID".to_owned(),
    )
}

type DidPath = Result<Path<String>, PathRejection>;

fn plc_did(did: DidPath) -> Result<Did, Failure> {
    let did = did.ok().and_then(|Path(did)| Did::parse(&did).ok());
    did.filter(|did| did.as_str().starts_with("did:plc:"))
        .ok_or_else(|| not_registered("expected a did:plc in the path"))
}

fn newest(directory: &Directory, did: DidPath) -> Result<(Did, Operation), Failure> {
    let did = plc_did(did)?;
    let newest = directory.last(&did).ok_or_else(|| not_registered(did.as_str()))?;
    Ok((did, newest))
}

fn newest_data<'a>(did: &Did, newest: &'a Operation) -> Result<&'a PlcData, Failure> {
    newest
        .data()
        .ok_or_else(|| Failure(StatusCode::GONE, format!("DID not available: {did}")))
}

fn entries(directory: &Directory, did: DidPath) -> Result<Vec<Entry>, Failure> {
    let did = plc_did(did)?;
    let entries = directory.log(&did);
    if entries.is_empty() {
        Err(not_registered(did.as_str()))
    } else {
        Ok(entries)
    }
}

fn not_registered(which: &str) -> Failure {
    Failure(StatusCode::NOT_FOUND, format!("DID not registered: {which}"))
}

async fn operation(request: Request) -> Result<Operation, Failure> {
    let refused = |status, message: &str| Err(Failure(status, message.to_owned()));
    if !xrpc::is_json(&request) {
        return refused(
            StatusCode::BAD_REQUEST,
            "expected an operation of the type application/json",
        );
    }
    let body = match xrpc::body(request, &()).await {
        Ok(body) => body,
        Err(failure) => return refused(failure.status(), "expected an operation of at most 4000 bytes"),
    };
    match serde_json::from_slice::<Map<String, Value>>(&body) {
        Ok(object) => object
            .try_into()
            .map_err(|fault: MalformedOperation| Failure(StatusCode::BAD_REQUEST, fault.to_string())),
        Err(_) => refused(StatusCode::BAD_REQUEST, "expected an operation as a JSON object"),
    }
}

const NOT_HERE: &str = "there is nothing at this path";

/// Far above the largest operation, as at the public directory.
const BODY_BYTES_MAX: usize = 100 * 1024;
