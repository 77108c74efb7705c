//! What the headers say of a body.

use http::HeaderMap;
use http::header::{CONTENT_ENCODING, CONTENT_TYPE};

use super::json::malformed;
use crate::Refusal;

/// The media type of the body, in lower case and without its parameters (RFC 9110 section 8.3).
///
/// Does not look at the body: a file may be of another type than its sender says.
pub(super) fn media_type(headers: &HeaderMap) -> Result<String, Refusal> {
    parts(headers).map(|(essence, _)| essence)
}

/// That the body is JSON for every reader: UTF-8, and not packed.
pub(super) fn is_plain_json(headers: &HeaderMap) -> Result<(), Refusal> {
    let (essence, parameters) = parts(headers)?;
    // another charset would be another text to whoever honours it
    if essence != "application/json" || !parameters.is_none_or(is_utf8) {
        return Err(malformed("content-type must be application/json in utf-8"));
    }
    let mut encodings = headers.get_all(CONTENT_ENCODING).iter();
    match (encodings.next(), encodings.next()) {
        (None, _) => Ok(()),
        (Some(encoding), None) if encoding.as_bytes().eq_ignore_ascii_case(b"identity") => Ok(()),
        _ => Err(malformed("content-encoding must be absent: this body is read")),
    }
}

/// The type and what follows its semicolon.
fn parts(headers: &HeaderMap) -> Result<(String, Option<&str>), Refusal> {
    let mut values = headers.get_all(CONTENT_TYPE).iter();
    let only = match (values.next(), values.next()) {
        (Some(value), None) => value.to_str().ok(),
        _ => None,
    };
    let value = only.ok_or(malformed("exactly one content-type is required"))?;
    let (essence, parameters) = match value.split_once(';') {
        Some((essence, parameters)) => (essence, Some(parameters)),
        None => (value, None),
    };
    let essence = essence.trim_matches([' ', '\t']).to_ascii_lowercase();
    let is_type = essence.len() <= TYPE_BYTES_MAX
        && essence
            .split_once('/')
            .is_some_and(|(kind, subtype)| is_token(kind) && is_token(subtype));
    if is_type {
        Ok((essence, parameters))
    } else {
        Err(malformed("content-type must be one type and one subtype"))
    }
}

fn is_utf8(parameters: &str) -> bool {
    let parameter = parameters.trim_matches([' ', '\t']);
    ["charset=utf-8", "charset=\"utf-8\""]
        .iter()
        .any(|known| parameter.eq_ignore_ascii_case(known))
}

/// RFC 9110 section 5.6.2.
fn is_token(text: &str) -> bool {
    !text.is_empty()
        && text
            .bytes()
            .all(|byte| byte.is_ascii_alphanumeric() || b"!#$%&'*+-.^_`|~".contains(&byte))
}

/// RFC 6838 section 4.2: 127 characters each, and the slash.
const TYPE_BYTES_MAX: usize = 255;
