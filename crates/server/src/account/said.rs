//! What a person is told where a form of theirs is not carried out.

use std::borrow::Cow;

use askama::Template;
use axum::response::Response;
use http::StatusCode;
use http::header::RETRY_AFTER;

use entryway_core::app_password::{name_taken, too_many};
use entryway_oauth::xrpc_denial::XrpcDenial;

use crate::authorize::reply::{self, FormTarget};
use crate::failure::Failure;
use crate::pages::duration::InWords;
use crate::pages::refusal::{Field, Refusal};
use crate::xrpc;

/// The same in words.
pub(super) fn refusal(denial: &XrpcDenial) -> Refusal {
    of_app_password(denial)
        .or_else(|| of_handle(denial))
        .or_else(|| of_email(denial))
        .or_else(|| of_secret(denial))
        .unwrap_or_else(|| of_others(denial))
}

fn of_app_password(denial: &XrpcDenial) -> Option<Refusal> {
    Some(match denial {
        denial if *denial == name_taken() => at(
            Field::Name,
            "You have an app password of that name.",
            "Choose another name.",
        ),
        denial if *denial == too_many() => whole(
            "You have 100 app passwords.",
            "That is as many as there can be: revoke one first.",
        ),
        // that of its parser
        XrpcDenial::InvalidRequest { .. } => at(
            Field::Name,
            "That name will not do.",
            "It must be 1 to 64 letters, digits or other signs.",
        ),
        _ => return None,
    })
}

fn of_handle(denial: &XrpcDenial) -> Option<Refusal> {
    Some(match denial {
        XrpcDenial::InvalidHandle { expected } => {
            must(Field::Handle, "That cannot be your handle.", expected)
        }
        XrpcDenial::HandleNotAvailable => {
            at(Field::Handle, "That handle is not free.", "Choose another one.")
        }
        XrpcDenial::UnsupportedDomain => at(
            Field::Handle,
            "That handle is not given out here.",
            "Choose a name of one word, or use a domain of your own below.",
        ),
        XrpcDenial::HandleUnresolved => at(
            Field::Handle,
            "That domain does not lead to your account yet.",
            "Set the record above, wait some minutes, and try again.",
        ),
        XrpcDenial::IncompatibleDidDoc { expected } => Refusal {
            advice: Cow::Owned(format!("The DID document of your account {expected}.")),
            ..whole("That cannot be done from here.", "")
        },
        XrpcDenial::DirectoryRefused => whole(
            "The public directory refused the change.",
            "Your account is as it was.",
        ),
        _ => return None,
    })
}

fn of_email(denial: &XrpcDenial) -> Option<Refusal> {
    Some(match denial {
        XrpcDenial::EmailUnsupported { expected } => {
            must(Field::Email, "We cannot write to that address.", expected)
        }
        XrpcDenial::EmailTaken => at(
            Field::Email,
            "An account has that address already.",
            "Use another one.",
        ),
        XrpcDenial::InvalidEmail => whole(
            "Your address has changed meanwhile.",
            "Have a code sent to the new one.",
        ),
        XrpcDenial::EmailMissing => whole("Your account has no e-mail address.", "Give it one first."),
        XrpcDenial::LetterNotSent => later(
            "The letter could not be sent.",
            "Try again in a few minutes. A code that was sent before stays good.",
        ),
        _ => return None,
    })
}

fn of_secret(denial: &XrpcDenial) -> Option<Refusal> {
    Some(match denial {
        XrpcDenial::InvalidPassword { expected } => {
            must(Field::Password, "That password will not do.", expected)
        }
        XrpcDenial::DidOrPasswordWrong | XrpcDenial::CredentialsWrong => at(
            Field::Password,
            "That password did not match.",
            "Nothing was changed.",
        ),
        XrpcDenial::EmailTokenInvalid => at(
            Field::Code,
            "That code is not good.",
            "Take the one of the newest letter. Each is good once.",
        ),
        XrpcDenial::EmailTokenExpired => at(Field::Code, "That code is too old.", "Have another one sent."),
        XrpcDenial::EmailTokenRequired => at(
            Field::Code,
            "Type the code from the letter.",
            "It was sent to your present address.",
        ),
        _ => return None,
    })
}

/// What stands against it elsewhere, or passes.
fn of_others(denial: &XrpcDenial) -> Refusal {
    match denial {
        XrpcDenial::AccountTakedown => whole(
            "Your account was taken down.",
            "Ask the people who run this service for the reason.",
        ),
        XrpcDenial::PdsRefused => whole(
            "The server that holds your account refused.",
            "Tell the people who run this service.",
        ),
        XrpcDenial::PdsUnknown | XrpcDenial::AccountNotFound => whole(
            "Your account is on no server that is known here.",
            "Tell the people who run this service.",
        ),
        XrpcDenial::PdsUnavailable | XrpcDenial::PdsTooSlow | XrpcDenial::DirectoryUnavailable => later(
            "A server that is needed did not answer.",
            "Wait a few minutes and look again: it goes on by itself, and at once when you send the same form.",
        ),
        XrpcDenial::ChangeUnderWay { retry_after_seconds } => Refusal {
            advice: wait(*retry_after_seconds, "and send the form again"),
            ..later("Another change of your account is being made.", "")
        },
        XrpcDenial::RateLimitExceeded { retry_after_seconds } => Refusal {
            advice: wait(*retry_after_seconds, "and try again"),
            ..whole("Too many tries.", "")
        },
        _ => later(
            "That could not be done just now.",
            "Nothing was changed. Try again in a few minutes.",
        ),
    }
}

/// Of one field.
fn at(field: Field, strong: &'static str, advice: &'static str) -> Refusal {
    Refusal {
        field: Some(field),
        ..whole(strong, advice)
    }
}

/// Of one field, which must be what the denial expects.
fn must(field: Field, strong: &'static str, expected: &str) -> Refusal {
    Refusal {
        advice: Cow::Owned(format!("It {expected}.")),
        ..at(field, strong, "")
    }
}

/// Of no one field.
fn whole(strong: &'static str, advice: &'static str) -> Refusal {
    Refusal {
        field: None,
        strong,
        advice: Cow::Borrowed(advice),
        is_for_now: false,
    }
}

/// Of nothing that was typed, and not for long.
fn later(strong: &'static str, advice: &'static str) -> Refusal {
    Refusal {
        is_for_now: true,
        ..whole(strong, advice)
    }
}

fn wait(seconds: u32, and_then: &str) -> Cow<'static, str> {
    Cow::Owned(format!("Wait {} {and_then}.", InWords(seconds.into())))
}

/// What the person is told of, apart from what is our own fault.
pub(super) fn denied<T>(result: Result<T, xrpc::Failure>) -> Result<Result<T, XrpcDenial>, Failure> {
    match result {
        Ok(done) => Ok(Ok(done)),
        Err(xrpc::Failure::Denial(denial)) => {
            tracing::info!(denial.code = denial.name(), denial.reason = %denial, "form refused");
            Ok(Err(denial))
        }
        Err(xrpc::Failure::Fault(fault)) => Err(fault.into()),
    }
}

/// A page of an account, or the same again with why its form was refused.
pub(super) fn page(view: &impl Template, denial: Option<&XrpcDenial>) -> Result<Response, Failure> {
    let mut response = reply::page(view, denial.map_or(StatusCode::OK, status), FormTarget::Here)?;
    if let Some(seconds) = denial.and_then(XrpcDenial::retry_after_seconds) {
        response.headers_mut().insert(RETRY_AFTER, seconds.into());
    }
    Ok(response)
}

/// The status of the page that says so: that of the denial, but where others are down. What stands between may put a
/// page of its own in the place of one with a status of gateways.
fn status(denial: &XrpcDenial) -> StatusCode {
    match StatusCode::from_u16(denial.status()) {
        Ok(status) if status.is_server_error() => StatusCode::SERVICE_UNAVAILABLE,
        // 401 asks for credentials that no page takes
        Ok(StatusCode::UNAUTHORIZED) | Err(_) => StatusCode::BAD_REQUEST,
        Ok(status) => status,
    }
}
