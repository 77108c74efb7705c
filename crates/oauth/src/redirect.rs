//! Redirect URIs: registered ones, asked-for ones, and whether they are the same.
//!
//! Comparison is of strings. The single exception is the port of a loopback address, which a native
//! app learns only when it listens (RFC 8252 section 7.3). Nothing is normalised, so there is no
//! difference between parsers to exploit (R-110).

use std::fmt;
use std::ops::Range;

use serde::{Deserialize, Serialize};
use url::{Host, Url};

use crate::denial::Denial;

/// A redirect URI in the canonical form of the URL standard.
///
/// A text that a browser would read differently from how it is written (other case, default port,
/// dot segments, backslashes, tabs) is refused rather than normalised.
#[derive(Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct RedirectUri(String);

/// Bytes of a redirect URI.
const BYTES_MAX: usize = 2048;

impl RedirectUri {
    /// Reads a redirect URI of `http`, `https` or a private-use scheme.
    ///
    /// Does not check that a client may use it: see [`crate::client::Client`].
    pub fn parse(text: &str) -> Result<Self, Denial> {
        let invalid = |expected| Denial::ParameterInvalid {
            name: "redirect_uri",
            expected,
        };
        if text.len() > BYTES_MAX {
            return Err(invalid("is longer than 2048 bytes"));
        }
        let url = Url::parse(text).map_err(|_| invalid("must be an absolute URL"))?;
        // `http://127.0.0.1` is written without its slash by some clients and means the same
        if url.as_str() != text && url.as_str().strip_suffix('/') != Some(text) {
            return Err(invalid("must be written in canonical form"));
        }
        if url.fragment().is_some() || !url.username().is_empty() || url.password().is_some() {
            return Err(invalid("must have neither fragment nor user"));
        }
        Ok(Self(text.to_owned()))
    }

    /// Reads one that must be `http` on a loopback address, as virtual clients have (R-088).
    pub fn parse_loopback(text: &str) -> Result<Self, Denial> {
        let uri = Self::parse(text).map_err(|_| Denial::ClientIdInvalid {
            expected: "has a redirect_uri that is not a canonical URL",
        })?;
        if uri.loopback_port().is_none() {
            return Err(Denial::ClientIdInvalid {
                expected: "may only have redirect_uri values at http://127.0.0.1 or http://[::1]",
            });
        }
        Ok(uri)
    }

    /// The text, exactly as the client wrote it.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// Whether a request for `asked` is answered by this registered URI (R-089, R-109).
    ///
    /// ```
    /// use entryway_oauth::redirect::RedirectUri;
    /// let registered = RedirectUri::parse("http://127.0.0.1/cb").unwrap();
    /// assert!(registered.covers(&RedirectUri::parse("http://127.0.0.1:4000/cb").unwrap()));
    /// assert!(!registered.covers(&RedirectUri::parse("http://[::1]:4000/cb").unwrap()));
    /// ```
    pub fn covers(&self, asked: &Self) -> bool {
        if self.0 == asked.0 {
            return true;
        }
        match (self.loopback_port(), asked.loopback_port()) {
            (Some(ours), Some(theirs)) => {
                let without = |text: &str, port: &Range<usize>| {
                    let path = &text[port.end..];
                    (
                        text[..port.start].to_owned(),
                        if path.is_empty() {
                            "/".to_owned()
                        } else {
                            path.to_owned()
                        },
                    )
                };
                without(&self.0, &ours) == without(&asked.0, &theirs)
            }
            _ => false,
        }
    }

    /// The scheme and host it returns to, as a person may read it; the host is in ASCII (A-labels).
    pub fn host(&self) -> String {
        Url::parse(&self.0)
            .ok()
            .and_then(|url| url.host_str().map(str::to_owned))
            .unwrap_or_default()
    }

    /// Where `:port` stands in the text if this is http on a loopback address; empty without a port.
    fn loopback_port(&self) -> Option<Range<usize>> {
        let url = Url::parse(&self.0).ok()?;
        let loopback = match url.host()? {
            Host::Ipv4(address) => address.octets() == [127, 0, 0, 1],
            Host::Ipv6(address) => address.is_loopback(),
            Host::Domain(_) => false,
        };
        if url.scheme() != "http" || !loopback {
            return None;
        }
        let start = "http://".len() + url.host_str()?.len();
        let end = url
            .port()
            .map_or(start, |port| start + 1 + port.to_string().len());
        self.0.get(start..end).map(|_| start..end)
    }
}

impl fmt::Display for RedirectUri {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl fmt::Debug for RedirectUri {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl From<RedirectUri> for String {
    fn from(uri: RedirectUri) -> Self {
        uri.0
    }
}

impl TryFrom<String> for RedirectUri {
    type Error = Denial;

    fn try_from(text: String) -> Result<Self, Denial> {
        Self::parse(&text)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn uri(text: &str) -> RedirectUri {
        RedirectUri::parse(text).unwrap()
    }

    // R-089
    #[test]
    fn only_the_port_of_a_loopback_address_is_free() {
        let registered = uri("http://127.0.0.1/callback?x=1");
        for (asked, covered) in [
            ("http://127.0.0.1/callback?x=1", true),
            ("http://127.0.0.1:1/callback?x=1", true),
            ("http://127.0.0.1:65535/callback?x=1", true),
            ("http://127.0.0.1:1/callback", false),
            ("http://127.0.0.1:1/callback?x=2", false),
            ("http://127.0.0.1:1/Callback?x=1", false),
            ("http://127.0.0.1:1/callback/?x=1", false),
            ("http://[::1]:1/callback?x=1", false),
            ("https://127.0.0.1:1/callback?x=1", false),
        ] {
            assert_eq!(registered.covers(&uri(asked)), covered, "{asked}");
        }
        assert!(uri("http://127.0.0.1").covers(&uri("http://127.0.0.1:9000/")));
        assert!(uri("http://127.0.0.1:3000/cb").covers(&uri("http://127.0.0.1:9000/cb")));
        assert!(!uri("https://app.example/cb").covers(&uri("https://app.example:8443/cb")));
    }

    // R-110
    #[test]
    fn texts_that_parsers_disagree_about_are_refused() {
        for bad in [
            "",
            "/cb",
            "http://127.0.0.1/a/../b",
            "http://127.0.0.1/%2e%2e/b",
            "http:\\\\127.0.0.1\\cb",
            "http:/127.0.0.1/",
            "HTTP://127.0.0.1/",
            "http://127.0.0.1:80/",
            "http://127.1/",
            "http://2130706433/",
            "http://127.0.0.1/\tcb",
            "http://u@127.0.0.1/",
            "http://127.0.0.1/#f",
            "http://127.0.0.1\\@evil.example/",
            " http://127.0.0.1/",
            "http://127。0。0。1/",
            "https://[::1",
            "https://a.example:443/cb",
        ] {
            assert!(RedirectUri::parse(bad).is_err(), "{bad}");
        }
    }

    // R-088
    #[test]
    fn a_virtual_client_returns_to_loopback_addresses_only() {
        for bad in [
            "https://127.0.0.1/",
            "http://localhost/cb",
            "http://127.0.0.1.evil.example/",
            "http://127.0.0.2/",
            "http://[::2]/",
        ] {
            assert!(RedirectUri::parse_loopback(bad).is_err(), "{bad}");
        }
        assert!(RedirectUri::parse_loopback("http://[::1]:80801/").is_err());
        assert!(RedirectUri::parse_loopback("http://[::1]:8080/x").is_ok());
    }

    proptest! {
        #[test]
        fn arbitrary_text_never_panics(left in ".{0,120}", right in "http://(127.0.0.1|\\[::1\\])(:[0-9]{0,6})?/?.{0,40}") {
            if let (Ok(left), Ok(right)) = (RedirectUri::parse(&left), RedirectUri::parse(&right)) {
                let _ = left.covers(&right);
            }
            if let Ok(right) = RedirectUri::parse(&right) {
                prop_assert!(right.covers(&right));
            }
        }
    }
}
