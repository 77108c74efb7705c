//! Leaving without anybody noticing: an instance that is about to stop says so before it does.
//!
//! Whoever spreads requests over several instances learns by `/_ready` that this one is to be left out, while it still
//! answers everything. Connections that are kept open end one by one, each with an answer that says so, so that none
//! is shut in the face of a request that is on its way.

use std::sync::atomic::{AtomicBool, Ordering};

use axum::response::Response;
use http::header::CONNECTION;
use http::{HeaderValue, StatusCode};

use crate::app::App;

/// Whether it has begun; it never ends.
#[derive(Debug, Default)]
pub(crate) struct Leaving(AtomicBool);

impl Leaving {
    pub(crate) fn begin(&self) {
        self.0.store(true, Ordering::Relaxed);
    }

    pub(crate) fn has_begun(&self) -> bool {
        self.0.load(Ordering::Relaxed)
    }
}

/// Says of each answer that none follows on its connection (RFC 9112 section 9.6).
pub(crate) fn mark_last(app: &App, response: &mut Response) {
    // a connection that becomes something else is nobody's to say that of
    if app.is_leaving() && response.status() != StatusCode::SWITCHING_PROTOCOLS {
        let headers = response.headers_mut();
        headers.insert(CONNECTION, HeaderValue::from_static("close"));
    }
}
