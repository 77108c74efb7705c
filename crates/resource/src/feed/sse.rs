//! Server-sent events (HTML standard, section 9.2.6), as far as the feed needs them: their data.

use entryway_oauth::jws::JWS_BYTES_MAX;

use super::FeedFault;

/// Takes a stream of bytes apart. Names, ids, comments and reconnection times are passed over: what a
/// statement is, it says itself.
#[derive(Debug, Default)]
pub(super) struct Messages {
    /// Bytes that were not read yet, from `read` on.
    bytes: Vec<u8>,
    read: usize,
    data: String,
    begun: bool,
    /// The last line ended with a carriage return: a line feed belongs to it.
    returned: bool,
}

impl Messages {
    /// Takes more bytes.
    pub(super) fn push(&mut self, bytes: &[u8]) {
        self.bytes.drain(..self.read);
        self.read = 0;
        self.bytes.extend_from_slice(bytes);
    }

    /// The data of the next whole message, if it is there.
    ///
    /// # Errors
    /// [`FeedFault::TooLong`] for a line or a message longer than a statement, [`FeedFault::Malformed`] for
    /// data that is not UTF-8.
    pub(super) fn next(&mut self) -> Result<Option<String>, FeedFault> {
        loop {
            if self.returned && !self.unread().is_empty() {
                self.returned = false;
                self.read += usize::from(self.unread().starts_with(b"\n"));
            }
            let unread = self.unread();
            let Some(end) = unread.iter().position(|byte| matches!(byte, b'\n' | b'\r')) else {
                return if unread.len() > LINE_BYTES_MAX {
                    Err(FeedFault::TooLong)
                } else {
                    Ok(None)
                };
            };
            if end > LINE_BYTES_MAX {
                return Err(FeedFault::TooLong);
            }
            let mut line = &unread[..end];
            if !self.begun {
                line = line.strip_prefix(BYTE_ORDER_MARK).unwrap_or(line);
            }
            let data = data(line)?.map(str::to_owned);
            let is_last = line.is_empty();
            self.returned = unread[end] == b'\r';
            self.begun = true;
            self.read += end + 1;
            if let Some(data) = data {
                self.add(&data)?;
            }
            if is_last && !self.data.is_empty() {
                return Ok(Some(std::mem::take(&mut self.data)));
            }
        }
    }

    fn add(&mut self, data: &str) -> Result<(), FeedFault> {
        if self.data.len() + data.len() >= LINE_BYTES_MAX {
            return Err(FeedFault::TooLong);
        }
        if !self.data.is_empty() {
            self.data.push('\n');
        }
        self.data.push_str(data);
        Ok(())
    }

    fn unread(&self) -> &[u8] {
        &self.bytes[self.read..]
    }
}

/// The value of a line of data.
fn data(line: &[u8]) -> Result<Option<&str>, FeedFault> {
    let Some(rest) = line.strip_prefix(b"data") else {
        return Ok(None);
    };
    let value = match rest {
        [] => rest,
        [b':', b' ', value @ ..] | [b':', value @ ..] => value,
        // another field whose name begins alike
        _ => return Ok(None),
    };
    let text = std::str::from_utf8(value).map_err(|_| FeedFault::Malformed {
        expected: "server-sent events in UTF-8",
    })?;
    Ok(Some(text))
}

const BYTE_ORDER_MARK: &[u8] = "\u{feff}".as_bytes();
/// A statement, and the name of the field before it.
const LINE_BYTES_MAX: usize = JWS_BYTES_MAX + 16;

#[cfg(test)]
mod tests;
