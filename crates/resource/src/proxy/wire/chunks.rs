//! The frames of a chunked body, watched as they pass.

use super::fault::WireFault;

/// Where in a chunked body we are.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Chunks {
    /// In the size of a chunk, after so many digits of it.
    Size { size: u64, digits: u8 },
    /// Before the line feed after a size.
    SizeEnd { size: u64 },
    /// In the data of a chunk.
    Data { left: u64 },
    /// Before the carriage return, then the line feed, after the data of a chunk.
    DataEnd { cr_seen: bool },
    /// The same after the last size: there are no trailers.
    LastEnd { cr_seen: bool },
    /// Past the end.
    Done,
}

/// Hexadecimal digits of a size; sixteen are all that a number has.
const DIGITS_MAX: u8 = 16;

impl Chunks {
    pub(super) const START: Self = Self::Size { size: 0, digits: 0 };

    /// Goes over the next bytes, as far as the body reaches, and says how many of them are its own.
    pub(super) fn pass(&mut self, bytes: &[u8]) -> Result<usize, WireFault> {
        let mut at = 0;
        while at < bytes.len() && *self != Self::Done {
            if let Self::Data { left } = *self {
                let here = u64::try_from(bytes.len() - at).unwrap_or(u64::MAX).min(left);
                // no more than the length of a slice
                at += usize::try_from(here).unwrap_or(bytes.len() - at);
                *self = match left - here {
                    0 => Self::DataEnd { cr_seen: false },
                    left => Self::Data { left },
                };
            } else {
                *self = self.after(bytes[at])?;
                at += 1;
            }
        }
        Ok(at)
    }

    fn after(self, byte: u8) -> Result<Self, WireFault> {
        Ok(match (self, byte) {
            (Self::Size { size, digits }, _) if byte.is_ascii_hexdigit() && digits < DIGITS_MAX => {
                let digit = char::from(byte).to_digit(16).unwrap_or(0);
                Self::Size {
                    size: size << 4 | u64::from(digit),
                    digits: digits + 1,
                }
            }
            (Self::Size { size, digits: 1.. }, b'\r') => Self::SizeEnd { size },
            (Self::SizeEnd { size: 0 }, b'\n') => Self::LastEnd { cr_seen: false },
            (Self::SizeEnd { size }, b'\n') => Self::Data { left: size },
            (Self::DataEnd { cr_seen: false }, b'\r') => Self::DataEnd { cr_seen: true },
            (Self::DataEnd { cr_seen: true }, b'\n') => Self::START,
            (Self::LastEnd { cr_seen: false }, b'\r') => Self::LastEnd { cr_seen: true },
            (Self::LastEnd { cr_seen: true }, b'\n') => Self::Done,
            _ => return Err(WireFault::Chunk),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// How many bytes belong to the body, given in pieces of this length.
    fn passed(bytes: &[u8], piece: usize) -> Result<(usize, Chunks), WireFault> {
        let (mut chunks, mut passed) = (Chunks::START, 0);
        for piece in bytes.chunks(piece) {
            passed += chunks.pass(piece)?;
        }
        Ok((passed, chunks))
    }

    #[test]
    fn a_chunked_body_ends_after_its_last_chunk_however_it_arrives() {
        let body = b"3\r\nabc\r\n00A\r\n0123456789\r\n0\r\n\r\n";
        for piece in 1..=body.len() {
            assert_eq!(passed(body, piece), Ok((body.len(), Chunks::Done)), "{piece}");
        }
        let followed = [&body[..], b"GET / HTTP/1.1\r\n"].concat();
        assert_eq!(passed(&followed, 1000), Ok((body.len(), Chunks::Done)));
        assert_eq!(passed(b"2\r\na", 1), Ok((4, Chunks::Data { left: 1 })));
    }

    //
    #[test]
    fn chunks_that_two_servers_could_read_in_two_ways_are_refused() {
        for body in [
            "\r\n",
            "z\r\n",
            " 1\r\na\r\n",
            "1 \r\na\r\n",
            "0x1\r\na\r\n",
            "-1\r\na\r\n",
            "1\na\n",
            "1;a=b\r\nc\r\n",
            "0;a=b\r\n\r\n",
            "1\r\nab\r\n",
            "1\r\na\n",
            "1\r\na\rb",
            "0\r\nX: y\r\n\r\n",
            "0\r\n\n",
            "fffffffffffffffff\r\n",
        ] {
            assert_eq!(passed(body.as_bytes(), 1), Err(WireFault::Chunk), "{body:?}");
            assert_eq!(passed(body.as_bytes(), 1000), Err(WireFault::Chunk), "{body:?}");
        }
    }
}
