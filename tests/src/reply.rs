//! What the server answered.

use bytes::Bytes;
use http::{HeaderMap, StatusCode};
use serde_json::Value;

/// An answer, wholly read.
#[derive(Clone, Debug)]
pub struct Reply {
    /// The status.
    pub status: StatusCode,
    /// The headers.
    pub headers: HeaderMap,
    /// The body.
    pub body: Bytes,
}

impl Reply {
    /// The only value of this header; fails if there are several or it is not text.
    #[track_caller]
    pub fn header(&self, name: &str) -> Option<&str> {
        let mut values = self.headers.get_all(name).iter();
        let value = values.next()?;
        assert!(
            values.next().is_none(),
            "{name} is there more than once: {self:?}"
        );
        Some(value.to_str().unwrap())
    }

    /// The body as text.
    #[track_caller]
    pub fn text(&self) -> &str {
        std::str::from_utf8(&self.body).unwrap()
    }

    /// The body as JSON; fails if it is not declared so.
    #[track_caller]
    pub fn json(&self) -> Value {
        assert_eq!(self.header("content-type"), Some("application/json"), "{self:?}");
        serde_json::from_slice(&self.body).unwrap()
    }

    /// A member of the JSON body that is a text.
    #[track_caller]
    pub fn member(&self, name: &str) -> String {
        let json = self.json();
        json[name]
            .as_str()
            .unwrap_or_else(|| panic!("no text {name} in {json}"))
            .to_owned()
    }

    /// The nonce, of which every answer of the back channel has exactly one.
    #[track_caller]
    pub fn nonce(&self) -> &str {
        self.header("dpop-nonce")
            .unwrap_or_else(|| panic!("no nonce: {self:?}"))
    }

    /// Status and error code of a refusal of the back channel, which keeps to the generic rule (G).
    #[track_caller]
    pub fn refusal(&self) -> (u16, String) {
        let json = self.json();
        assert!(self.status.is_client_error(), "{} {json}", self.status);
        assert_eq!(self.header("cache-control"), Some("no-store"));
        assert!(!self.nonce().is_empty());
        assert!(!self.headers.contains_key("set-cookie") && !self.headers.contains_key("location"));
        let members: Vec<&String> = json.as_object().unwrap().keys().collect();
        assert_eq!(members, ["error", "error_description"], "{json}");
        let sentence = json["error_description"].as_str().unwrap();
        let plain = |byte| matches!(byte, b' '..=b'~') && byte != b'"' && byte != b'\\';
        assert!(sentence.bytes().all(plain) && sentence.len() <= 400, "{sentence}");
        (self.status.as_u16(), self.member("error"))
    }

    /// The status, for a plain comparison.
    pub fn code(&self) -> u16 {
        self.status.as_u16()
    }
}
