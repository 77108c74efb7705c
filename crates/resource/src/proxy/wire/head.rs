//! The head of one request, read in the one way that every reader shares.
//!
//! Stricter than RFC 9112 asks wherever it lets a recipient repair: what is let through here, any server
//! behind reads alike (R-455, R-457, R-470).

use super::fault::WireFault;

/// Where the body of a request ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Framing {
    /// After so many bytes; none where nothing is said.
    Length(u64),
    /// After the last chunk.
    Chunked,
}

/// Header lines in one head; a browser sends some twenty.
pub(in crate::proxy) const HEADERS_MAX: usize = 96;

/// Where in these bytes the head ends, if it is all there. `from` is how many of them were looked at
/// before.
pub(super) fn end_of_head(bytes: &[u8], from: usize) -> Result<Option<usize>, WireFault> {
    for at in from..bytes.len() {
        if bytes[at] == b'\n' {
            if at == 0 || bytes[at - 1] != b'\r' {
                return Err(WireFault::LineEnd);
            }
            if bytes[..at].ends_with(b"\r\n\r") {
                return Ok(Some(at + 1));
            }
        }
    }
    Ok(None)
}

/// Reads a whole head, its empty line included.
pub(super) fn framing(head: &[u8]) -> Result<Framing, WireFault> {
    let text = head.strip_suffix(b"\r\n\r\n").ok_or(WireFault::LineEnd)?;
    // every line feed follows a carriage return, so this leaves one at the end of every line but the last
    let mut lines = text
        .split(|&byte| byte == b'\n')
        .map(|line| line.strip_suffix(b"\r").unwrap_or(line));
    check_request_line(lines.next().unwrap_or_default())?;
    let (mut length, mut chunked, mut hosts) = (None, false, 0);
    for (number, line) in lines.enumerate() {
        if number == HEADERS_MAX {
            return Err(WireFault::HeadTooLong);
        }
        let (name, value) = header(line)?;
        if name.eq_ignore_ascii_case(b"host") {
            hosts += 1;
        } else if name.eq_ignore_ascii_case(b"content-length") {
            if length.replace(number_in(value)?).is_some() {
                return Err(WireFault::Length);
            }
        } else if name.eq_ignore_ascii_case(b"transfer-encoding") {
            if chunked || !value.eq_ignore_ascii_case(b"chunked") {
                return Err(WireFault::Encoding);
            }
            chunked = true;
        } else if name.eq_ignore_ascii_case(b"expect") && !value.eq_ignore_ascii_case(b"100-continue") {
            return Err(WireFault::Expectation);
        }
    }
    if hosts != 1 {
        return Err(WireFault::Host);
    }
    match (length, chunked) {
        (Some(_), true) => Err(WireFault::LengthAndEncoding),
        (None, true) => Ok(Framing::Chunked),
        (length, false) => Ok(Framing::Length(length.unwrap_or(0))),
    }
}

fn check_request_line(line: &[u8]) -> Result<(), WireFault> {
    let mut parts = line.split(|&byte| byte == b' ');
    let (Some(method), Some(target), Some(version), None) =
        (parts.next(), parts.next(), parts.next(), parts.next())
    else {
        return Err(WireFault::RequestLine);
    };
    if !is_token(method) || !version.starts_with(b"HTTP/") {
        return Err(WireFault::RequestLine);
    }
    if version != b"HTTP/1.1" {
        return Err(WireFault::Version);
    }
    // a fragment is no part of a target, and readers differ in what they make of it and of a backslash
    let is_plain = |byte: &u8| byte.is_ascii_graphic() && !matches!(byte, b'#' | b'\\');
    if !target.starts_with(b"/") || !target.iter().all(is_plain) {
        return Err(WireFault::Target);
    }
    Ok(())
}

/// The name and the value of a line, the value without the white space around it.
fn header(line: &[u8]) -> Result<(&[u8], &[u8]), WireFault> {
    let colon = line.iter().position(|&byte| byte == b':');
    let (name, value) = line.split_at(colon.ok_or(WireFault::HeaderLine)?);
    // no white space before the colon, and none at the start: that would be a folded line
    if !is_token(name) {
        return Err(WireFault::HeaderLine);
    }
    let value = value[1..].trim_ascii();
    let is_value = |byte: &u8| matches!(byte, b'\t' | b' '..=b'~' | 0x80..);
    if !value.iter().all(is_value) {
        return Err(WireFault::HeaderLine);
    }
    Ok((name, value))
}

/// RFC 9110 section 5.6.2.
fn is_token(text: &[u8]) -> bool {
    let is_mark = |byte: u8| b"!#$%&'*+-.^_`|~".contains(&byte);
    !text.is_empty()
        && text
            .iter()
            .all(|&byte| byte.is_ascii_alphanumeric() || is_mark(byte))
}

/// Decimal digits and nothing else: no sign, no list, no hexadecimal.
fn number_in(value: &[u8]) -> Result<u64, WireFault> {
    let is_number = !value.is_empty() && value.iter().all(u8::is_ascii_digit);
    let text = std::str::from_utf8(value).ok().filter(|_| is_number);
    text.and_then(|text| text.parse().ok()).ok_or(WireFault::Length)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn with_headers(lines: &[&str]) -> Result<Framing, WireFault> {
        let lines = lines.join("\r\n");
        framing(format!("POST /xrpc/a.b.c HTTP/1.1\r\nHost: a\r\n{lines}\r\n\r\n").as_bytes())
    }

    #[test]
    fn a_body_ends_where_its_head_says() {
        for (lines, framing) in [
            (&["Accept: a"][..], Framing::Length(0)),
            (&["Content-Length: 0"], Framing::Length(0)),
            (&["content-LENGTH:  17 "], Framing::Length(17)),
            (
                &["Content-Length: 18446744073709551615"],
                Framing::Length(u64::MAX),
            ),
            (&["Transfer-Encoding: chunked"], Framing::Chunked),
            (
                &["Transfer-Encoding:CHUNKED", "Expect: 100-Continue"],
                Framing::Chunked,
            ),
        ] {
            assert_eq!(with_headers(lines), Ok(framing), "{lines:?}");
        }
    }

    // R-455, R-470
    #[test]
    fn what_two_servers_could_read_in_two_ways_is_refused() {
        use WireFault::{Encoding, Expectation, HeaderLine, Host, Length, LengthAndEncoding};
        for (lines, fault) in [
            (
                &["Content-Length: 5", "Transfer-Encoding: chunked"][..],
                LengthAndEncoding,
            ),
            (
                &["Transfer-Encoding: chunked", "Content-Length: 5"],
                LengthAndEncoding,
            ),
            (&["Content-Length: 5", "Content-Length: 5"], Length),
            (&["Content-Length: 5", "content-length: 6"], Length),
            (&["Content-Length: 5, 5"], Length),
            (&["Content-Length: +5"], Length),
            (&["Content-Length: -1"], Length),
            (&["Content-Length: 0x5"], Length),
            (&["Content-Length: 5 5"], Length),
            (&["Content-Length:"], Length),
            (&["Content-Length: 18446744073709551616"], Length),
            (&["Transfer-Encoding: xchunked"], Encoding),
            (&["Transfer-Encoding: gzip, chunked"], Encoding),
            (&["Transfer-Encoding: chunked, identity"], Encoding),
            (
                &["Transfer-Encoding: chunked", "Transfer-Encoding: chunked"],
                Encoding,
            ),
            (&["Transfer-Encoding: \u{b}chunked"], HeaderLine),
            (&["Transfer-Encoding : chunked"], HeaderLine),
            (&["Transfer Encoding: chunked"], HeaderLine),
            (&["X: y", " Transfer-Encoding: chunked"], HeaderLine),
            (&["X: y", "\tz"], HeaderLine),
            (&["X: a\0b"], HeaderLine),
            (&["X: a\rTransfer-Encoding: chunked"], HeaderLine),
            (&["X: \u{7f}"], HeaderLine),
            (&[": y"], HeaderLine),
            (&["no colon"], HeaderLine),
            (&["Expect: a miracle"], Expectation),
            (&["Host: a"], Host),
        ] {
            assert_eq!(with_headers(lines), Err(fault), "{lines:?}");
        }
    }

    // R-457
    #[test]
    fn the_target_is_a_path_on_this_server() {
        use WireFault::{RequestLine, Target, Version};
        let line = |line: &str| framing(format!("{line}\r\nHost: a\r\n\r\n").as_bytes());
        assert!(line("GET /xrpc/a.b.c?d=%20 HTTP/1.1").is_ok());
        for (text, fault) in [
            ("GET http://pds.example/xrpc/a.b.c HTTP/1.1", Target),
            ("GET xrpc/a.b.c HTTP/1.1", Target),
            ("OPTIONS * HTTP/1.1", Target),
            ("CONNECT pds.example:443 HTTP/1.1", Target),
            ("GET /xrpc/a.b.c#d HTTP/1.1", Target),
            ("GET /xrpc\\a.b.c HTTP/1.1", Target),
            ("GET /xrpc/\0a.b.c HTTP/1.1", Target),
            ("GET /xrpc/\u{7f}a.b.c HTTP/1.1", Target),
            ("GET /xrpc/\u{e9}.b.c HTTP/1.1", Target),
            ("GET /xrpc/a.b.c", RequestLine),
            ("GET /xrpc/a.b.c HTTP/1.1 HTTP/1.1", RequestLine),
            ("GET  /xrpc/a.b.c HTTP/1.1", RequestLine),
            ("GET\t/xrpc/a.b.c\tHTTP/1.1", RequestLine),
            ("G@T /xrpc/a.b.c HTTP/1.1", RequestLine),
            (" GET /xrpc/a.b.c HTTP/1.1", RequestLine),
            ("GET /xrpc/a.b.c http/1.1", RequestLine),
            ("GET /xrpc/a.b.c HTTP/1.0", Version),
            ("GET /xrpc/a.b.c HTTP/9.9", Version),
            ("PRI * HTTP/2.0", Version),
            ("", RequestLine),
        ] {
            assert_eq!(line(text), Err(fault), "{text:?}");
        }
        let nameless = framing(b"GET / HTTP/1.1\r\nX: y\r\n\r\n");
        assert_eq!(nameless, Err(WireFault::Host));
    }

    // R-456
    #[test]
    fn a_head_has_so_many_lines_and_no_more() {
        let lines = |count| vec!["X: y"; count];
        assert!(with_headers(&lines(HEADERS_MAX - 1)).is_ok());
        assert_eq!(with_headers(&lines(HEADERS_MAX)), Err(WireFault::HeadTooLong));
    }

    #[test]
    fn a_head_ends_at_its_empty_line_however_it_arrives() {
        let bytes = b"GET / HTTP/1.1\r\nHost: a\r\n\r\nrest";
        let end = bytes.len() - "rest".len();
        for split in 0..bytes.len() {
            let first = end_of_head(&bytes[..split], 0).unwrap();
            assert_eq!(first, (split >= end).then_some(end), "{split}");
            if first.is_none() {
                assert_eq!(end_of_head(bytes, split), Ok(Some(end)), "{split}");
            }
        }
        for bare in [
            &b"GET / HTTP/1.1\nHost: a\n\n"[..],
            b"\n",
            b"GET / HTTP/1.1\r\nX: y\n",
        ] {
            assert_eq!(end_of_head(bare, 0), Err(WireFault::LineEnd));
        }
    }

    proptest! {
        #[test]
        fn no_bytes_panic(bytes in proptest::collection::vec(any::<u8>(), 0..200)) {
            let _ = end_of_head(&bytes, 0);
            let _ = framing(&bytes);
        }
    }
}
