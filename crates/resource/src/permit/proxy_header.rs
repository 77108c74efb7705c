//! The `atproto-proxy` header.

use entryway_scope::ServiceId;
use http::{HeaderMap, HeaderName};

use super::json::malformed;
use crate::Refusal;

/// The service the caller names, if it names one.
///
/// A malformed header is refused even where a PDS would not look at it: no honest caller sends one.
pub(super) fn named_service(headers: &HeaderMap) -> Result<Option<ServiceId>, Refusal> {
    let mut values = headers.get_all(ATPROTO_PROXY).iter();
    let service = match (values.next(), values.next()) {
        (None, _) => return Ok(None),
        (Some(value), None) => value.to_str().ok().and_then(|text| ServiceId::parse(text).ok()),
        _ => None,
    };
    let service = service.ok_or(malformed(
        "atproto-proxy must be one did, one hash and the name of a service",
    ));
    service.map(Some)
}

const ATPROTO_PROXY: HeaderName = HeaderName::from_static("atproto-proxy");
