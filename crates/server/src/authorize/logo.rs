//! `GET …/authorize/logo`: the logo of an app the operator knows.

use axum::extract::State;
use axum::response::{IntoResponse as _, Response};
use http::HeaderValue;
use http::header::{CACHE_CONTROL, CONTENT_SECURITY_POLICY, CONTENT_TYPE};
use http::request::Parts;
use url::form_urlencoded;

use entryway_oauth::client_id::ClientId;
use entryway_oauth::form::Parameters;
use entryway_oauth::metadata::Endpoints;

use crate::app::App;
use crate::failure::{Failure, Fault};

use super::reply;

/// Where a logo is served.
pub(crate) fn path(endpoints: &Endpoints, client_id: &str) -> String {
    let query = form_urlencoded::Serializer::new(String::new())
        .append_pair("client_id", client_id)
        .finish();
    format!("{}/logo?{query}", endpoints.authorize)
}

pub(crate) async fn get(State(app): State<App>, parts: Parts) -> Response {
    match show(&app, &parts).await {
        Ok(response) => response,
        Err(failure) => reply::failure(&app, failure),
    }
}

/// The bytes were looked at when the operator trusted the client; whatever they are, a browser takes them
/// for an image or nothing.
async fn show(app: &App, parts: &Parts) -> Result<Response, Failure> {
    let parameters = Parameters::from_form(parts.uri.query().unwrap_or_default().as_bytes())?;
    let client_id = ClientId::parse(parameters.required("client_id")?)?;
    let Some(logo) = app.store().client_logo(&client_id).await? else {
        return Ok(reply::not_found(app));
    };
    let media_type = HeaderValue::from_str(&logo.media_type)
        .map_err(|error| Fault::because("reading the type of a logo", error))?;
    let headers = [
        (CONTENT_TYPE, media_type),
        (CACHE_CONTROL, HeaderValue::from_static("public, max-age=3600")),
        (
            CONTENT_SECURITY_POLICY,
            HeaderValue::from_static("default-src 'none'; sandbox"),
        ),
    ];
    Ok((headers, logo.bytes).into_response())
}
