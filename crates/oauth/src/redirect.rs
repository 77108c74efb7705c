//! Redirect URIs: registered ones, asked-for ones, and whether they are the same.
//!
//! Comparison is of strings. The single exception is the port of a loopback address, which a native
//! app learns only when it listens (RFC 8252 section 7.3). Nothing is normalised, so there is no
//! difference between parsers to exploit (R-110).

use std::fmt;
use std::net::{Ipv4Addr, Ipv6Addr};
use std::ops::Range;

use serde::{Deserialize, Serialize};
use url::{Host, Url};

use crate::denial::Denial;

/// A redirect URI in the canonical form of the URL standard.
///
/// A text that a browser would read differently from how it is written (other case, default port,
/// dot segments, backslashes, tabs) is refused rather than normalised, and so is a scheme that no app
/// can be answered by: `javascript`, `data` and every other without a full stop (R-083).
#[derive(Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct RedirectUri {
    text: String,
    kind: RedirectKind,
}

/// Where an answer goes, as far as a redirect URI tells.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum RedirectKind {
    /// To a host on the web: `https`.
    Web,
    /// To a program on the person's own device: `http` at `127.0.0.1` or `[::1]`, on any port (RFC 8252
    /// section 7.3).
    Loopback,
    /// To `http://localhost`, which may be somebody else: only clients under development have it (RFC
    /// 8252 section 8.3).
    LocalWeb,
    /// To whichever app on the device claims the scheme (RFC 8252 section 7.1).
    PrivateUse,
}

/// Why a text is not a redirect URI.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum InvalidRedirectUri {
    TooLong,
    NotAUrl,
    Scheme,
    PlainHttp,
    Fragment,
    User,
    NotCanonical,
}

/// Bytes of a redirect URI.
const BYTES_MAX: usize = 2048;

impl RedirectUri {
    /// Reads a redirect URI of `https`, of `http` on this machine, or of a private-use scheme.
    ///
    /// Does not check that a client may use it: see [`crate::client::Client`].
    ///
    /// ```
    /// use entryway_oauth::redirect::{RedirectKind, RedirectUri};
    /// let app = RedirectUri::parse("com.example.app:/callback").unwrap();
    /// assert_eq!(app.kind(), RedirectKind::PrivateUse);
    /// assert!(RedirectUri::parse("javascript:alert(1)").is_err());
    /// ```
    pub fn parse(text: &str) -> Result<Self, Denial> {
        Self::read(text).map_err(|fault| Denial::ParameterInvalid {
            name: "redirect_uri",
            expected: fault.expected(),
        })
    }

    /// The same, for whoever has another name for it.
    pub(crate) fn read(text: &str) -> Result<Self, InvalidRedirectUri> {
        if text.len() > BYTES_MAX {
            return Err(InvalidRedirectUri::TooLong);
        }
        let url = Url::parse(text).map_err(|_| InvalidRedirectUri::NotAUrl)?;
        let kind = RedirectKind::of(&url)?;
        if url.fragment().is_some() {
            return Err(InvalidRedirectUri::Fragment);
        }
        if !url.username().is_empty() || url.password().is_some() {
            return Err(InvalidRedirectUri::User);
        }
        // `http://127.0.0.1` is written without its slash by some clients and means the same
        if url.as_str() != text && url.as_str().strip_suffix('/') != Some(text) {
            return Err(InvalidRedirectUri::NotCanonical);
        }
        let text = text.to_owned();
        Ok(Self { text, kind })
    }

    /// Reads one that must be `http` on a loopback address, as virtual clients have (R-088).
    pub fn parse_loopback(text: &str) -> Result<Self, Denial> {
        match Self::read(text) {
            Ok(uri) if uri.kind == RedirectKind::Loopback => Ok(uri),
            _ => Err(Denial::ClientIdInvalid {
                expected: "may only have canonical redirect_uri values at http://127.0.0.1 or http://[::1]",
            }),
        }
    }

    /// The text, exactly as the client wrote it.
    pub fn as_str(&self) -> &str {
        &self.text
    }

    /// Where an answer to it goes.
    pub const fn kind(&self) -> RedirectKind {
        self.kind
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
        if self.text == asked.text {
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
                without(&self.text, &ours) == without(&asked.text, &theirs)
            }
            _ => false,
        }
    }

    /// What it returns to, as a person may read it: the host in ASCII (A-labels), or a private-use
    /// scheme.
    pub fn host(&self) -> String {
        let Ok(url) = Url::parse(&self.text) else {
            return String::new();
        };
        match self.kind {
            RedirectKind::PrivateUse => url.scheme().to_owned(),
            _ => url.host_str().unwrap_or_default().to_owned(),
        }
    }

    /// Where `:port` stands in the text if this is http on a loopback address; empty without a port.
    fn loopback_port(&self) -> Option<Range<usize>> {
        if self.kind != RedirectKind::Loopback {
            return None;
        }
        let url = Url::parse(&self.text).ok()?;
        let start = "http://".len() + url.host_str()?.len();
        let end = url
            .port()
            .map_or(start, |port| start + 1 + port.to_string().len());
        self.text.get(start..end).map(|_| start..end)
    }
}

impl RedirectKind {
    fn of(url: &Url) -> Result<Self, InvalidRedirectUri> {
        match (url.scheme(), url.host()) {
            ("https", _) => Ok(Self::Web),
            ("http", Some(Host::Ipv4(Ipv4Addr::LOCALHOST) | Host::Ipv6(Ipv6Addr::LOCALHOST))) => {
                Ok(Self::Loopback)
            }
            ("http", Some(Host::Domain("localhost"))) => Ok(Self::LocalWeb),
            ("http", _) => Err(InvalidRedirectUri::PlainHttp),
            // RFC 8252 section 8.4; an allow-list, so that no dangerous scheme needs to be known
            (scheme, _) if scheme.contains('.') => Ok(Self::PrivateUse),
            _ => Err(InvalidRedirectUri::Scheme),
        }
    }
}

impl InvalidRedirectUri {
    /// What was expected, without the name of the parameter.
    pub(crate) const fn expected(self) -> &'static str {
        match self {
            Self::TooLong => "is longer than 2048 bytes",
            Self::NotAUrl => "must be an absolute URL",
            Self::Scheme => "must use https, or for an app a scheme such as com.example.app",
            Self::PlainHttp => "must use https, since http is for http://127.0.0.1 and http://[::1] only",
            Self::Fragment => "must not have a fragment",
            Self::User => "must not have a user or password",
            Self::NotCanonical => "must be written in canonical form, as a browser shows it",
        }
    }
}

impl fmt::Display for RedirectUri {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}

impl fmt::Debug for RedirectUri {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}

impl From<RedirectUri> for String {
    fn from(uri: RedirectUri) -> Self {
        uri.text
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

    // R-083
    #[test]
    fn no_answer_goes_by_a_scheme_that_runs_or_reads_something() {
        for bad in [
            "javascript:alert(1)",
            "JavaScript:alert(1)",
            " javascript:alert(1)",
            "java\tscript:alert(1)",
            "\u{1}javascript:alert(1)",
            "javascript://app.example/%0aalert(1)",
            "data:text/html,x",
            "vbscript:x",
            "file:///etc/passwd",
            "blob:https://app.example/x",
            "about:blank",
            "intent://app.example/#Intent;scheme=https;end",
            "view-source:https://app.example/",
            "ftp://app.example/cb",
            "ws://app.example/cb",
            "mailto:a@app.example",
            "myapp:/cb",
            "myapp://cb",
        ] {
            assert!(RedirectUri::parse(bad).is_err(), "{bad}");
        }
    }

    #[test]
    fn the_kind_and_the_host_say_where_an_answer_goes() {
        for (text, kind, host) in [
            ("https://app.example/cb", RedirectKind::Web, "app.example"),
            ("https://app.example:8443/cb", RedirectKind::Web, "app.example"),
            (
                "https://xn--bcher-kva.example/cb",
                RedirectKind::Web,
                "xn--bcher-kva.example",
            ),
            ("https://127.0.0.1/cb", RedirectKind::Web, "127.0.0.1"),
            ("http://127.0.0.1:3000/cb", RedirectKind::Loopback, "127.0.0.1"),
            ("http://[::1]/cb", RedirectKind::Loopback, "[::1]"),
            ("http://localhost:3000/cb", RedirectKind::LocalWeb, "localhost"),
            (
                "com.example.app:/cb?x=1",
                RedirectKind::PrivateUse,
                "com.example.app",
            ),
            ("com.example.app:cb", RedirectKind::PrivateUse, "com.example.app"),
            (
                "com.example.app://cb",
                RedirectKind::PrivateUse,
                "com.example.app",
            ),
        ] {
            assert_eq!(
                (uri(text).kind(), uri(text).host()),
                (kind, host.to_owned()),
                "{text}"
            );
        }
        for bad in [
            "http://app.example/cb",
            "http://127.0.0.2/",
            "http://[::2]/",
            "http://[::ffff:127.0.0.1]/",
        ] {
            assert!(RedirectUri::parse(bad).is_err(), "{bad}");
        }
    }

    // R-110
    #[test]
    fn a_private_use_scheme_is_read_as_it_is_written_or_not_at_all() {
        for bad in [
            "COM.example.app:/cb",
            "com.example.app:/a/../b",
            "com.example.app:/%2e/b",
            "com.example.app:/cb#f",
            "com.example.app://u@cb",
            "com.example.app:/a b",
            "com.example.app:/\u{fc}",
            "com.example.app:/a\nb",
            "1com.example.app:/cb",
            ".com:/cb",
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
        fn arbitrary_text_never_panics(left in ".{0,120}|[a-z.]{1,9}:[ -~]{0,40}", right in "http://(127.0.0.1|\\[::1\\])(:[0-9]{0,6})?/?.{0,40}") {
            if let (Ok(left), Ok(right)) = (RedirectUri::parse(&left), RedirectUri::parse(&right)) {
                let _ = left.covers(&right);
            }
            for uri in [RedirectUri::parse(&left), RedirectUri::parse(&right)].into_iter().flatten() {
                prop_assert!(uri.covers(&uri));
                prop_assert!(uri.as_str().is_ascii() && !uri.host().is_empty());
            }
        }
    }
}
