//! What the front channel sends: pages with their policy, redirects, and the answer to the app.

use askama::Template;
use axum::response::{Html, IntoResponse, Response};
use http::header::{CONTENT_SECURITY_POLICY, LOCATION};
use http::{HeaderValue, StatusCode};
use url::Url;

use entryway_core::response::Answer;
use entryway_oauth::denial::Denial;
use entryway_oauth::redirect::RedirectUri;

use crate::app::App;
use crate::failure::{Failure, Fault, Incident, add_denial_headers};
use crate::pages::duration::InWords;
use crate::pages::error::{DenialNote, ErrorView};
use crate::pages::form_post::FormPostView;
use crate::pages::untrusted::Untrusted;

use super::views;

/// Where a page's forms may lead, which the browser checks even along redirects.
#[derive(Clone, Copy)]
pub(crate) enum FormTarget<'a> {
    /// This service only.
    Here,
    /// The app's redirect URI too, since the decision leads there.
    App(&'a RedirectUri),
    /// The app's redirect URI, and a script of ours may press the button.
    AppByScript(&'a RedirectUri),
}

/// A page with its content security policy.
pub(crate) fn page(
    view: &impl Template,
    status: StatusCode,
    target: FormTarget<'_>,
) -> Result<Response, Failure> {
    let html = view
        .render()
        .map_err(|error| Fault::because("rendering a page", error))?;
    let mut response = (status, Html(html)).into_response();
    let policy = HeaderValue::from_str(&content_security_policy(target))
        .map_err(|error| Fault::because("writing a content security policy", error))?;
    response.headers_mut().insert(CONTENT_SECURITY_POLICY, policy);
    Ok(response)
}

/// `303 See Other`.
pub(crate) fn see_other(location: &str) -> Response {
    // every location is our own path or a validated redirect URI with encoded parameters: ASCII
    let location = HeaderValue::from_str(location).unwrap_or(HeaderValue::from_static("/"));
    (StatusCode::SEE_OTHER, [(LOCATION, location)]).into_response()
}

/// The answer to the app.
pub(crate) fn answer(app: &App, answer: &Answer<'_>) -> Result<Response, Failure> {
    match answer {
        Answer::Redirect(location) => Ok(see_other(location)),
        Answer::Form { action, fields } => {
            let host = action.host();
            let view = FormPostView {
                page: views::page_context(app),
                return_host: Untrusted(&host),
                redirect_uri: action.as_str(),
                parameters: fields
                    .iter()
                    .map(|(name, value)| (*name, value.as_str()))
                    .collect(),
            };
            page(&view, StatusCode::OK, FormTarget::AppByScript(action))
        }
    }
}

/// The error page. It never leads to an address of the request.
pub(crate) fn failure(app: &App, failure: Failure) -> Response {
    let shown = match failure {
        Failure::Denial(denial) => {
            tracing::info!(denial.code = denial.code(), denial.reason = %denial, "page refused");
            denial_page(app, &denial)
        }
        Failure::Fault(fault) if fault.is_shortage() => {
            tracing::warn!(fault = format!("{fault:#}"), "shortage");
            return overloaded(app);
        }
        Failure::Fault(fault) => fault_page(app, &Incident::log(&fault)),
    };
    // the error page itself failed: nothing is left to say but the status
    shown.unwrap_or_else(|_| StatusCode::INTERNAL_SERVER_ERROR.into_response())
}

/// The page for whom there is no place.
pub(crate) fn overloaded(app: &App) -> Response {
    let shown = denial_page(app, &Denial::Overloaded);
    shown.unwrap_or_else(|_| StatusCode::SERVICE_UNAVAILABLE.into_response())
}

fn denial_page(app: &App, denial: &Denial) -> Result<Response, Failure> {
    let description = denial.to_string();
    let view = ErrorView {
        page: views::page_context(app),
        // most requests that are unknown have run out of time: the words for that help more
        status: if *denial == Denial::RequestUnknown {
            410
        } else {
            denial.status()
        },
        denial: Some(DenialNote {
            code: Untrusted(denial.code()),
            description: Untrusted(&description),
        }),
        incident_id: None,
        retry_after: denial
            .retry_after_seconds()
            .map(|seconds| InWords(seconds.into())),
    };
    let status = StatusCode::from_u16(denial.status()).unwrap_or(StatusCode::BAD_REQUEST);
    let mut response = page(&view, status, FormTarget::Here)?;
    add_denial_headers(denial, &mut response);
    Ok(response)
}

fn fault_page(app: &App, incident: &Incident) -> Result<Response, Failure> {
    let incident = incident.to_string();
    let view = ErrorView {
        page: views::page_context(app),
        status: 500,
        denial: None,
        incident_id: Some(Untrusted(&incident)),
        retry_after: None,
    };
    page(&view, StatusCode::INTERNAL_SERVER_ERROR, FormTarget::Here)
}

/// The page for a path that leads nowhere.
pub(crate) fn not_found(app: &App) -> Response {
    let view = ErrorView {
        page: views::page_context(app),
        status: 404,
        denial: None,
        incident_id: None,
        retry_after: None,
    };
    let shown = page(&view, StatusCode::NOT_FOUND, FormTarget::Here);
    shown.unwrap_or_else(|_| StatusCode::NOT_FOUND.into_response())
}

fn content_security_policy(target: FormTarget<'_>) -> String {
    let (script, forms) = match target {
        FormTarget::Here => ("'none'", String::new()),
        FormTarget::App(uri) => ("'none'", source(uri)),
        FormTarget::AppByScript(uri) => ("'self'", source(uri)),
    };
    format!(
        "default-src 'none'; style-src 'self'; img-src 'self'; script-src {script}; base-uri 'none'; \
         frame-ancestors 'none'; form-action 'self' {forms}"
    )
}

/// Where the answer may lead, as source expressions.
///
/// A browser holds the whole chain of redirects after a form against these, and apps redirect on from
/// their callback: from 127.0.0.1 to localhost, from their API to their site. So schemes are all that
/// can be named without stranding people on a page whose request is already answered.
fn source(uri: &RedirectUri) -> String {
    match Url::parse(uri.as_str()) {
        Ok(url) if url.scheme() == "https" => "https:".to_owned(),
        Ok(url) if url.scheme() == "http" => "http: https:".to_owned(),
        Ok(url) => format!("{}: https:", url.scheme()),
        Err(_) => String::new(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    //
    #[test]
    fn a_policy_names_the_schemes_an_answer_may_travel_by() {
        for (uri, expected) in [
            ("http://127.0.0.1:4000/cb?x=1", "http: https:"),
            ("http://[::1]:4000/cb", "http: https:"),
            ("https://app.example/cb", "https:"),
            ("com.example.app:/cb", "com.example.app: https:"),
        ] {
            assert_eq!(source(&RedirectUri::parse(uri).unwrap()), expected, "{uri}");
        }
        let policy = content_security_policy(FormTarget::Here);
        assert!(policy.contains("script-src 'none'") && !policy.contains("unsafe"));
    }
}
