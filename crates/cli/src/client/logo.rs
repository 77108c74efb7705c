//! A logo before it is kept: which kind of picture it is, and how large.

use entryway_store::Logo;

/// Looks at a picture: its kind by its first bytes, its size by its header.
///
/// Does not decode it, so what comes after the header may be anything: it is served as what it was taken for
/// and as nothing else.
///
/// # Errors
/// The rest of a sentence about the picture.
pub(crate) fn read(bytes: Vec<u8>) -> Result<Logo, &'static str> {
    if bytes.len() > BYTES_MAX {
        return Err("is larger than 262144 bytes");
    }
    let media_type = media_type(&bytes).ok_or("must be a picture in PNG, JPEG or WebP")?;
    let size = imagesize::blob_size(&bytes).map_err(|_| "is a picture whose size cannot be read")?;
    let fits = |pixels| (1..=PIXELS_MAX).contains(&pixels);
    if !fits(size.width) || !fits(size.height) {
        return Err("must be at most 1024 pixels wide and high");
    }
    Ok(Logo {
        media_type: media_type.to_owned(),
        bytes,
    })
}

/// Not SVG, which is a document that runs scripts.
fn media_type(bytes: &[u8]) -> Option<&'static str> {
    if bytes.starts_with(b"\x89PNG\r\n\x1a\n") {
        Some("image/png")
    } else if bytes.starts_with(b"\xff\xd8\xff") {
        Some("image/jpeg")
    } else if bytes.starts_with(b"RIFF") && bytes.get(8..12) == Some(b"WEBP") {
        Some("image/webp")
    } else {
        None
    }
}

/// Bytes of a logo: what `Wanted::image` fetches.
pub(super) const BYTES_MAX: usize = 256 * 1024;
/// It is shown at 40 by 40; more than this costs every visitor for nothing.
const PIXELS_MAX: usize = 1024;

#[cfg(test)]
mod tests {
    use super::*;

    fn png(width: u32, height: u32) -> Vec<u8> {
        let header = [width.to_be_bytes(), height.to_be_bytes()].concat();
        [&b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR"[..], &header, b"\x08\x06\0\0\0"].concat()
    }

    fn jpeg(width: u16, height: u16) -> Vec<u8> {
        let app = b"\xff\xe0\0\x10JFIF\0\x01\x01\0\0\x01\0\x01\0\0";
        let size = [height.to_be_bytes(), width.to_be_bytes()].concat();
        [&b"\xff\xd8"[..], app, b"\xff\xc0\0\x11\x08", &size, b"\x03"].concat()
    }

    fn webp(format: &[u8], header: &[u8]) -> Vec<u8> {
        [b"RIFF\x40\0\0\0WEBP", format, b"\x20\0\0\0", header, &[0; 16]].concat()
    }

    fn taken_for(bytes: &[u8]) -> Result<String, &'static str> {
        read(bytes.to_vec()).map(|logo| logo.media_type)
    }

    #[test]
    fn a_small_picture_is_known_by_its_first_bytes() {
        let lossy = webp(b"VP8 ", b"\x10\0\0\x9d\x01\x2a\x40\0\x40\0");
        let lossless = webp(b"VP8L", b"\x2f\x3f\xc0\x0f\0");
        let extended = webp(b"VP8X", b"\0\0\0\0\x3f\0\0\x3f\0\0");
        for (bytes, media_type) in [
            (png(1, 1024), "image/png"),
            (jpeg(1024, 1), "image/jpeg"),
            (lossy, "image/webp"),
            (lossless, "image/webp"),
            (extended, "image/webp"),
        ] {
            assert_eq!(taken_for(&bytes), Ok(media_type.to_owned()));
        }
    }

    #[test]
    fn what_is_no_picture_of_these_kinds_is_refused() {
        const KIND: &str = "must be a picture in PNG, JPEG or WebP";
        for bytes in [
            &b""[..],
            b"<svg xmlns=\"http://www.w3.org/2000/svg\"/>",
            b"GIF89a\x01\0\x01\0",
            b"<!DOCTYPE html>",
            b"\x89PNG",
            b"RIFF\0\0\0\0WAVE",
        ] {
            assert_eq!(taken_for(bytes), Err(KIND), "{bytes:?}");
        }
        let too_long = [png(1, 1), vec![0; BYTES_MAX]].concat();
        assert_eq!(taken_for(&too_long), Err("is larger than 262144 bytes"));
    }

    #[test]
    fn a_picture_of_no_size_or_too_much_is_refused() {
        const SIZE: &str = "must be at most 1024 pixels wide and high";
        for bytes in [
            png(0, 1),
            png(1, 0),
            png(1025, 1),
            png(1, 1025),
            png(u32::MAX, u32::MAX),
            jpeg(1025, 1),
            jpeg(1, u16::MAX),
            webp(b"VP8X", b"\0\0\0\0\xff\xff\xff\xff\xff\xff"),
        ] {
            assert_eq!(taken_for(&bytes), Err(SIZE));
        }
    }

    #[test]
    fn a_picture_that_breaks_off_is_refused_wherever_it_does() {
        let whole = [
            png(8, 8)[..24].to_vec(),
            jpeg(8, 8)[..29].to_vec(),
            webp(b"VP8X", b"\0\0\0\0\x07\0\0\x07\0\0")[..30].to_vec(),
        ];
        for bytes in whole {
            assert!(read(bytes.clone()).is_ok());
            for length in 0..bytes.len() {
                assert!(read(bytes[..length].to_vec()).is_err(), "{length} of {bytes:?}");
            }
        }
    }
}
