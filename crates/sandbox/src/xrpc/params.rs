//! The query string of a query.

use std::fmt::Display;
use std::str::FromStr;

use axum::extract::FromRequestParts;
use http::request::Parts;

use super::Failure;

/// Parameters, each with a fault that names it. Those nobody asks for are ignored, as lexicons may grow.
#[derive(Debug)]
pub(crate) struct Params(Vec<(String, String)>);

impl Params {
    /// A parameter of some form.
    pub(crate) fn optional<T>(&self, name: &str) -> Result<Option<T>, Failure>
    where
        T: FromStr<Err: Display>,
    {
        let mut values = self.0.iter().filter(|(key, _)| key == name);
        match (values.next(), values.next()) {
            (None, _) => Ok(None),
            (Some((_, text)), None) => parse(name, text).map(Some),
            (Some(_), Some(_)) => Err(Failure::invalid_request(format!("{name}: expected at most once"))),
        }
    }

    /// A parameter of some form that has to be there.
    pub(crate) fn required<T>(&self, name: &str) -> Result<T, Failure>
    where
        T: FromStr<Err: Display>,
    {
        self.optional(name)?.ok_or_else(|| missing(name))
    }
}

impl<S: Sync> FromRequestParts<S> for Params {
    type Rejection = Failure;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Failure> {
        let query = parts.uri.query().unwrap_or_default().as_bytes();
        Ok(Self(url::form_urlencoded::parse(query).into_owned().collect()))
    }
}

pub(super) fn parse<T>(name: &str, text: &str) -> Result<T, Failure>
where
    T: FromStr<Err: Display>,
{
    text.parse()
        .map_err(|fault| Failure::invalid_request(format!("{name}: {fault}")))
}

pub(super) fn missing(name: &str) -> Failure {
    Failure::invalid_request(format!("{name}: expected, and not there"))
}
