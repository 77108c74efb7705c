//! What an operator writes to the holder of an account.

use entryway_oauth::xrpc_denial::XrpcDenial;

/// A letter in an operator's own words: `com.atproto.admin.sendEmail`.
///
/// Its content may be HTML, and is an operator's: it is bounded, and not looked into.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Message {
    /// What it is about, in one line, if that was said.
    pub subject: Option<String>,
    /// What it says.
    pub content: String,
}

impl Message {
    /// Reads what was given.
    ///
    /// # Errors
    /// [`XrpcDenial::ParameterInvalid`] by field.
    pub fn parse(subject: Option<&str>, content: &str) -> Result<Self, XrpcDenial> {
        let subject = subject.map(str::trim).filter(|subject| !subject.is_empty());
        // a line more would be another header of the letter
        let is_line = |text: &str| {
            text.chars().count() <= SUBJECT_CHARACTERS_MAX && !text.chars().any(char::is_control)
        };
        if subject.is_some_and(|subject| !is_line(subject)) {
            return Err(XrpcDenial::ParameterInvalid {
                name: "subject",
                expected: "must be one line of at most 200 characters",
            });
        }
        if content.trim().is_empty() || content.len() > CONTENT_BYTES_MAX {
            return Err(XrpcDenial::ParameterInvalid {
                name: "content",
                expected: "must be a text of at most 65536 bytes",
            });
        }
        Ok(Self {
            subject: subject.map(str::to_owned),
            content: content.to_owned(),
        })
    }
}

/// RFC 5322 section 2.1.1 asks for lines that a reader sees whole.
const SUBJECT_CHARACTERS_MAX: usize = 200;
/// More than anybody reads; what a body may have is more still.
const CONTENT_BYTES_MAX: usize = 65_536;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_message_has_one_line_for_a_subject_and_something_to_say() {
        let read =
            |subject, content: &str| Message::parse(subject, content).map_err(|denial| denial.to_string());
        let (subject, content) = (
            "subject must be one line of at most 200 characters",
            "content must be a text of at most 65536 bytes",
        );
        let longest = "\u{e4}".repeat(200);
        for fine in [
            None,
            Some("About your account"),
            Some(longest.as_str()),
            Some("  "),
        ] {
            assert!(read(fine, "<p>Hello</p>").is_ok(), "{fine:?}");
        }
        assert_eq!(read(Some(" "), "x").map(|message| message.subject), Ok(None));
        let long = format!("{longest}x");
        for bad in ["a\r\nBcc: mallory@example.com", "a\nb", "a\u{0}b", long.as_str()] {
            assert_eq!(read(Some(bad), "x"), Err(subject.to_owned()), "{bad:.20}");
        }
        assert!(read(None, &"x".repeat(65_536)).is_ok());
        for bad in ["", " \n", &"x".repeat(65_537)] {
            assert_eq!(read(None, bad), Err(content.to_owned()), "{bad:.20}");
        }
    }
}
