//! Why a connection is not read on.

use std::sync::OnceLock;
use std::sync::atomic::{AtomicBool, Ordering};

use http::StatusCode;

use crate::proxy::figures;

/// A request that has no one reading, or that is too much or too slow.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub(in crate::proxy) enum WireFault {
    /// A line that ends in a line feed alone, or has a carriage return inside.
    #[error("lines must end in a carriage return and a line feed")]
    LineEnd,
    /// Not `METHOD target HTTP/1.1` with one space each.
    #[error("the request line must be a method, a target and HTTP/1.1")]
    RequestLine,
    /// Another version.
    #[error("this server speaks HTTP/1.1")]
    Version,
    /// `http://host/path`, `*` or an authority, or bytes that no path or query has.
    #[error("the target must be a path and a query of visible ASCII, without fragment or backslash")]
    Target,
    /// A header line that is none, or goes on in the next line.
    #[error("a header line must be a name, a colon and a value on one line")]
    HeaderLine,
    /// None, or several of which two servers could take different ones (RFC 9112 section 3.2).
    #[error("host must be there exactly once")]
    Host,
    /// More than one length, or one that is no number.
    #[error("content-length must be there once at most, and a number")]
    Length,
    /// Anything but `chunked`.
    #[error("transfer-encoding must be there once at most, and be chunked")]
    Encoding,
    /// Two statements about where the body ends.
    #[error("content-length and transfer-encoding exclude each other")]
    LengthAndEncoding,
    /// Anything but `100-continue`.
    #[error("expect must be 100-continue")]
    Expectation,
    /// A chunk with an extension, a trailer, or a size that is none.
    #[error("chunks must have a plain size, no extensions and no trailers")]
    Chunk,
    /// A head over [`super::HEAD_BYTES_MAX`] or [`super::HEADERS_MAX`].
    #[error("the head of the request is too long")]
    HeadTooLong,
    /// The rest of a body does not come.
    #[error("the body did not arrive in time")]
    BodyTooSlow,
    /// The peer does not take its answer.
    #[error("the answer was not taken in time")]
    AnswerTooSlow,
}

impl WireFault {
    /// One word, for figures.
    pub(in crate::proxy) const fn name(self) -> &'static str {
        match self {
            Self::LineEnd => "line_end",
            Self::RequestLine => "request_line",
            Self::Version => "version",
            Self::Target => "target",
            Self::HeaderLine => "header_line",
            Self::Host => "host",
            Self::Length => "length",
            Self::Encoding => "encoding",
            Self::LengthAndEncoding => "length_and_encoding",
            Self::Expectation => "expectation",
            Self::Chunk => "chunk",
            Self::HeadTooLong => "head_too_long",
            Self::BodyTooSlow => "body_too_slow",
            Self::AnswerTooSlow => "answer_too_slow",
        }
    }

    /// The HTTP status.
    pub(in crate::proxy) const fn status(self) -> StatusCode {
        match self {
            Self::Version => StatusCode::HTTP_VERSION_NOT_SUPPORTED,
            Self::Expectation => StatusCode::EXPECTATION_FAILED,
            Self::HeadTooLong => StatusCode::REQUEST_HEADER_FIELDS_TOO_LARGE,
            Self::BodyTooSlow | Self::AnswerTooSlow => StatusCode::REQUEST_TIMEOUT,
            _ => StatusCode::BAD_REQUEST,
        }
    }
}

/// What the stream of a connection and the service behind it tell each other.
#[derive(Debug, Default)]
pub(in crate::proxy) struct Line {
    fault: OnceLock<WireFault>,
    tunnel: AtomicBool,
}

impl Line {
    /// The first thing that was wrong with what came; nothing after it is read.
    pub(in crate::proxy) fn fault(&self) -> Option<WireFault> {
        self.fault.get().copied()
    }

    pub(super) fn report(&self, fault: WireFault) {
        // the first is the one that counts
        if self.fault.set(fault).is_ok() {
            figures::wire_failed(fault);
        }
    }

    /// From now on the bytes are no HTTP.
    pub(in crate::proxy) fn become_tunnel(&self) {
        self.tunnel.store(true, Ordering::Release);
    }

    pub(super) fn is_tunnel(&self) -> bool {
        self.tunnel.load(Ordering::Acquire)
    }
}
