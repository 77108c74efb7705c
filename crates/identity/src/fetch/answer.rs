//! What is accepted of an answer, and how much of it.

use bytes::BytesMut;
use http::{HeaderMap, Response, StatusCode, header};
use http_body_util::BodyExt as _;
use hyper::body::{Body as _, Incoming};

use super::error::{Failed, FetchError};
use super::wanted::{CacheControl, Fetched, Wanted};

/// Checks the head, then reads the body as far as it is wanted.
pub(super) async fn read(response: Response<Incoming>, wanted: &Wanted) -> Result<Fetched, Failed> {
    let (head, body) = response.into_parts();
    check_status(head.status)?;
    check_coding(&head.headers)?;
    let content_type = content_type(&head.headers, wanted.content_types)?;
    Ok(Fetched {
        body: whole(body, wanted.body_bytes_max).await?.freeze(),
        content_type,
        cache: CacheControl::of(&head.headers),
    })
}

/// Only 200 is success: nothing else is the document itself.
fn check_status(status: StatusCode) -> Result<(), FetchError> {
    match status {
        StatusCode::OK => Ok(()),
        StatusCode::NOT_MODIFIED => Err(FetchError::Status { status }),
        _ if status.is_redirection() => Err(FetchError::Redirected),
        _ => Err(FetchError::Status { status }),
    }
}

/// Refuses every coding, since none was asked for: there is nothing here that decompresses.
fn check_coding(headers: &HeaderMap) -> Result<(), FetchError> {
    let plain = |name, coding: &str| {
        headers
            .get_all(name)
            .iter()
            .flat_map(|value| value.as_bytes().split(|byte| *byte == b','))
            .map(<[u8]>::trim_ascii)
            .all(|said| said.is_empty() || said.eq_ignore_ascii_case(coding.as_bytes()))
    };
    if plain(header::CONTENT_ENCODING, "identity") && plain(header::TRANSFER_ENCODING, "chunked") {
        Ok(())
    } else {
        Err(FetchError::Compressed)
    }
}

/// The wanted type an answer has; it says its type exactly once.
fn content_type(headers: &HeaderMap, wanted: &'static [&'static str]) -> Result<&'static str, FetchError> {
    let mut said = headers.get_all(header::CONTENT_TYPE).iter();
    let (Some(value), None) = (said.next(), said.next()) else {
        return Err(FetchError::ContentType { expected: wanted });
    };
    let essence = value.as_bytes().split(|byte| *byte == b';').next();
    let essence = essence.unwrap_or_default().trim_ascii();
    wanted
        .iter()
        .find(|one| essence.eq_ignore_ascii_case(one.as_bytes()))
        .copied()
        .ok_or(FetchError::ContentType { expected: wanted })
}

/// The body, counted as it comes. A `Content-Length` is believed only where it saves reading too much; one
/// that lies ends in a body cut short by its own word, or in a broken answer.
async fn whole(mut body: Incoming, bytes_max: usize) -> Result<BytesMut, Failed> {
    let too_large = FetchError::TooLarge { bytes_max };
    if usize::try_from(body.size_hint().lower()).map_or(true, |least| least > bytes_max) {
        return Err(too_large.into());
    }
    let mut whole = BytesMut::new();
    while let Some(frame) = body.frame().await {
        let frame = frame.map_err(|cause| Failed::with(FetchError::Broken, cause))?;
        // trailers say nothing that is wanted
        let Ok(data) = frame.into_data() else { continue };
        if data.len() > bytes_max - whole.len() {
            return Err(too_large.into());
        }
        whole.extend_from_slice(&data);
    }
    Ok(whole)
}
