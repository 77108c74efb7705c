//! What a person is told where a form of theirs is not carried out.

use std::borrow::Cow;

use axum::response::Response;
use http::StatusCode;
use http::header::RETRY_AFTER;

use entryway_core::app_password::{name_taken, too_many};
use entryway_oauth::xrpc_denial::XrpcDenial;

use crate::pages::duration::InWords;
use crate::pages::refusal::{Field, Refusal};

/// The same in words.
pub(super) fn refusal(denial: &XrpcDenial) -> Refusal {
    let of = |field: Option<Field>, strong: &'static str, advice: &'static str| Refusal {
        field,
        strong,
        advice: Cow::Borrowed(advice),
        is_for_now: false,
    };
    match denial {
        denial if *denial == name_taken() => of(
            Some(Field::Name),
            "You have an app password of that name.",
            "Choose another name.",
        ),
        denial if *denial == too_many() => of(
            None,
            "You have 100 app passwords.",
            "That is as many as there can be: revoke one first.",
        ),
        // that of its parser
        XrpcDenial::InvalidRequest { .. } => of(
            Some(Field::Name),
            "That name will not do.",
            "It must be 1 to 64 letters, digits or other signs.",
        ),
        XrpcDenial::RateLimitExceeded { retry_after_seconds } => Refusal {
            advice: wait(*retry_after_seconds, "and try again"),
            ..of(None, "Too many tries.", "")
        },
        _ => Refusal {
            is_for_now: true,
            ..of(
                None,
                "That could not be done just now.",
                "Nothing was changed. Try again in a few minutes.",
            )
        },
    }
}

fn wait(seconds: u32, and_then: &str) -> Cow<'static, str> {
    Cow::Owned(format!("Wait {} {and_then}.", InWords(seconds.into())))
}

/// The status of the page that says so: that of the denial, but where others are down. What stands between may put a
/// page of its own in the place of one with a status of gateways.
pub(crate) fn status(denial: &XrpcDenial) -> StatusCode {
    match StatusCode::from_u16(denial.status()) {
        Ok(status) if status.is_server_error() => StatusCode::SERVICE_UNAVAILABLE,
        // 401 asks for credentials that no page takes
        Ok(StatusCode::UNAUTHORIZED) | Err(_) => StatusCode::BAD_REQUEST,
        Ok(status) => status,
    }
}

/// Says when it may be tried again, where the denial does.
pub(crate) fn add_wait(denial: &XrpcDenial, response: &mut Response) {
    if let Some(seconds) = denial.retry_after_seconds() {
        response.headers_mut().insert(RETRY_AFTER, seconds.into());
    }
}
