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
mod tests;
