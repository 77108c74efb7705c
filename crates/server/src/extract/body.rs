//! A body becomes [`Parameters`]: of known type, bounded in size and time.

use std::time::Duration;

use axum::body::Body;
use bytes::Bytes;
use http::header::{CONTENT_ENCODING, CONTENT_LENGTH, CONTENT_TYPE};
use http::request::Parts;
use http::{HeaderMap, Request};
use http_body_util::{BodyExt as _, LengthLimitError, Limited};

use entryway_oauth::denial::Denial;
use entryway_oauth::form::{BODY_BYTES_MAX, Parameters};

/// How long a body may take to arrive.
const BODY_WAIT_MAX: Duration = Duration::from_secs(10);

/// What the endpoint reads.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Accepts {
    /// Forms and JSON: the back channel (E19).
    FormOrJson,
    /// Forms only: pages.
    Form,
}

/// Reads the parameters of a POST from its body alone.
pub(crate) async fn parameters(
    request: Request<Body>,
    accepts: Accepts,
) -> Result<(Parts, Parameters), Denial> {
    let (parts, body) = request.into_parts();
    //
    if parts.uri.query().is_some_and(|query| !query.is_empty()) {
        return Err(Denial::QueryNotAllowed);
    }
    if parts.headers.contains_key(CONTENT_ENCODING) {
        return Err(Denial::ContentEncodingUnsupported);
    }
    let is_json = match media_type(&parts.headers).as_deref() {
        Some("application/x-www-form-urlencoded") => false,
        Some("application/json") if accepts == Accepts::FormOrJson => true,
        _ => return Err(Denial::ContentTypeUnsupported),
    };
    let body = collect(&parts.headers, body).await?;
    let parameters = if is_json {
        Parameters::from_json(&body)?
    } else {
        Parameters::from_form(&body)?
    };
    Ok((parts, parameters))
}

/// The whole body, within the limits of every endpoint.
pub(crate) async fn collect(headers: &HeaderMap, body: Body) -> Result<Bytes, Denial> {
    let too_large = Denial::BodyTooLarge {
        limit_bytes: BODY_BYTES_MAX,
    };
    match headers
        .get(CONTENT_LENGTH)
        .map(|value| value.to_str().ok().and_then(|text| text.parse::<usize>().ok()))
    {
        // more digits than a length can have, which a proxy may read as another length
        Some(None) => {
            return Err(Denial::BodyMalformed {
                expected: "content-length must be a number of bytes",
            });
        }
        Some(Some(announced)) if announced > BODY_BYTES_MAX => return Err(too_large),
        _ => {}
    }
    let limited = Limited::new(body, BODY_BYTES_MAX);
    match tokio::time::timeout(BODY_WAIT_MAX, limited.collect()).await {
        Err(_) => Err(Denial::BodyTooSlow),
        Ok(Err(error)) if error.is::<LengthLimitError>() => Err(too_large),
        Ok(Err(_)) => Err(Denial::BodyMalformed {
            expected: "it ended early",
        }),
        Ok(Ok(body)) => Ok(body.to_bytes()),
    }
}

/// The media type without parameters; nothing when the header is absent, repeated or not text.
pub(crate) fn media_type(headers: &HeaderMap) -> Option<String> {
    let mut values = headers.get_all(CONTENT_TYPE).iter();
    let (Some(value), None) = (values.next(), values.next()) else {
        return None;
    };
    let essence = value.to_str().ok()?.split(';').next()?.trim();
    Some(essence.to_ascii_lowercase())
}

#[cfg(test)]
mod tests {
    use super::*;

    async fn read(request: http::request::Builder, body: &'static str) -> Result<Parameters, Denial> {
        let request = request.body(Body::from(body)).unwrap();
        parameters(request, Accepts::FormOrJson)
            .await
            .map(|(_, parameters)| parameters)
    }

    fn form() -> http::request::Builder {
        Request::post("/oauth/par").header(CONTENT_TYPE, "application/x-www-form-urlencoded; charset=utf-8")
    }

    #[tokio::test]
    async fn forms_and_json_are_read_and_nothing_else() {
        assert!(read(form(), "a=b").await.is_ok());
        let json = Request::post("/").header(CONTENT_TYPE, "Application/JSON");
        assert!(read(json, "{\"a\":\"b\"}").await.is_ok());
        for other in [
            "text/plain",
            "multipart/form-data; boundary=x",
            "application/jsonp",
            "",
        ] {
            let request = Request::post("/").header(CONTENT_TYPE, other);
            assert_eq!(
                read(request, "a=b").await,
                Err(Denial::ContentTypeUnsupported),
                "{other}"
            );
        }
        assert_eq!(
            read(Request::post("/"), "a=b").await,
            Err(Denial::ContentTypeUnsupported)
        );
        let json = Request::post("/")
            .header(CONTENT_TYPE, "application/json")
            .body(Body::from("{}"))
            .unwrap();
        assert_eq!(
            parameters(json, Accepts::Form).await.err(),
            Some(Denial::ContentTypeUnsupported)
        );
    }

    //
    #[tokio::test]
    async fn queries_and_compressed_bodies_are_refused() {
        assert_eq!(
            read(form().uri("/oauth/par?a=b"), "").await,
            Err(Denial::QueryNotAllowed)
        );
        assert_eq!(
            read(form().header(CONTENT_ENCODING, "gzip"), "a=b").await,
            Err(Denial::ContentEncodingUnsupported)
        );
    }

    //
    #[tokio::test]
    async fn a_body_over_the_limit_is_refused_announced_or_not() {
        let too_large = Err(Denial::BodyTooLarge {
            limit_bytes: BODY_BYTES_MAX,
        });
        assert_eq!(
            read(form().header(CONTENT_LENGTH, "8388608"), "a=b").await,
            too_large
        );
        let long: &'static str = "a".repeat(BODY_BYTES_MAX + 1).leak();
        assert_eq!(read(form(), long).await, too_large);
    }
}
