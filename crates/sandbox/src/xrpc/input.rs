//! The JSON body of a procedure.

use std::fmt::Display;
use std::str::FromStr;

use axum::body::Bytes;
use axum::extract::rejection::BytesRejection;
use axum::extract::{FromRequest, Request};
use http::StatusCode;
use http::header::CONTENT_TYPE;
use serde_json::{Map, Value};

use super::Failure;

/// A JSON object whose fields are taken out one by one, each with a fault that names it.
///
/// Fields nobody takes are ignored, as lexicons may grow. The size of the body is bounded by the router.
#[derive(Debug)]
pub(crate) struct Input(Map<String, Value>);

impl Input {
    /// The whole object.
    pub(crate) fn into_object(self) -> Map<String, Value> {
        self.0
    }

    /// A field as it is; null is as good as absent.
    pub(crate) fn value(&mut self, name: &str) -> Option<Value> {
        self.0.remove(name).filter(|value| !value.is_null())
    }

    /// A field that may be null, and means something different then.
    pub(crate) fn nullable(&mut self, name: &str) -> Option<Value> {
        self.0.remove(name)
    }

    /// A text of some form.
    pub(crate) fn optional<T>(&mut self, name: &str) -> Result<Option<T>, Failure>
    where
        T: FromStr<Err: Display>,
    {
        match self.value(name) {
            None => Ok(None),
            Some(Value::String(text)) => super::params::parse(name, &text).map(Some),
            Some(_) => Err(Failure::invalid_request(format!("{name}: expected a string"))),
        }
    }

    /// A text of some form that has to be there.
    pub(crate) fn required<T>(&mut self, name: &str) -> Result<T, Failure>
    where
        T: FromStr<Err: Display>,
    {
        self.optional(name)?.ok_or_else(|| super::params::missing(name))
    }

    /// An object that has to be there.
    pub(crate) fn object(&mut self, name: &str) -> Result<Map<String, Value>, Failure> {
        match self.value(name) {
            Some(Value::Object(object)) => Ok(object),
            Some(_) => Err(Failure::invalid_request(format!("{name}: expected an object"))),
            None => Err(super::params::missing(name)),
        }
    }
}

impl<S: Send + Sync> FromRequest<S> for Input {
    type Rejection = Failure;

    async fn from_request(request: Request, state: &S) -> Result<Self, Failure> {
        if !is_json(&request) {
            return Err(Failure::invalid_request(
                "expected a body of the type application/json",
            ));
        }
        match serde_json::from_slice(&body(request, state).await?) {
            Ok(Value::Object(object)) => Ok(Self(object)),
            _ => Err(Failure::invalid_request(
                "expected a body that is one JSON object",
            )),
        }
    }
}

/// The whole body, within the limit of the route.
pub(crate) async fn body<S: Send + Sync>(request: Request, state: &S) -> Result<Bytes, Failure> {
    Bytes::from_request(request, state)
        .await
        .map_err(|rejection| match rejection {
            BytesRejection::FailedToBufferBody(fault) if fault.status() == StatusCode::PAYLOAD_TOO_LARGE => {
                let message = "the body is larger than this method takes";
                Failure::new(StatusCode::PAYLOAD_TOO_LARGE, "PayloadTooLarge", message)
            }
            _ => Failure::invalid_request("the body did not arrive whole"),
        })
}

/// Whether the body says it is JSON.
pub(crate) fn is_json(request: &Request) -> bool {
    let kind = request
        .headers()
        .get(CONTENT_TYPE)
        .and_then(|kind| kind.to_str().ok())
        .unwrap_or_default();
    let essence = kind.split(';').next().unwrap_or_default().trim();
    essence.eq_ignore_ascii_case("application/json")
}
