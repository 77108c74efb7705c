//! The issuer identifier: a bare origin, compared byte for byte.

use std::fmt;

use serde::{Deserialize, Serialize};
use url::{Host, Url};

/// A bare origin in canonical form: no path, query, fragment, user, default port or trailing slash (R-002, R-031).
///
/// `https` everywhere; `http` only for loopback hosts, which is for development.
///
/// ```
/// use entryway_oauth::issuer::Issuer;
/// assert_eq!(Issuer::parse("https://entryway.example").unwrap().host(), "entryway.example");
/// assert!(Issuer::parse("https://entryway.example/").is_err());
/// assert!(Issuer::parse("http://entryway.example").is_err());
/// ```
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Issuer {
    origin: String,
    host: String,
    secure: bool,
}

/// Why a text is not an issuer identifier.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum InvalidIssuer {
    /// It does not parse, or is not in canonical form.
    #[error("must be a bare origin such as https://entryway.example, without path or trailing slash")]
    NotAnOrigin,
    /// Plain http with a host that is not loopback.
    #[error("must be https, plain http is for loopback hosts only")]
    NotSecure,
}

impl Issuer {
    /// Reads an issuer identifier.
    pub fn parse(text: &str) -> Result<Self, InvalidIssuer> {
        let url = Url::parse(text).map_err(|_| InvalidIssuer::NotAnOrigin)?;
        let origin = url.origin().ascii_serialization();
        if origin != text {
            return Err(InvalidIssuer::NotAnOrigin);
        }
        let secure = url.scheme() == "https";
        let loopback = match url.host() {
            Some(Host::Ipv4(address)) => address.is_loopback(),
            Some(Host::Ipv6(address)) => address.is_loopback(),
            Some(Host::Domain(name)) => name == "localhost",
            None => return Err(InvalidIssuer::NotAnOrigin),
        };
        let development = url.scheme() == "http" && loopback;
        if !(secure || development) {
            return Err(InvalidIssuer::NotSecure);
        }
        let host = url.host_str().unwrap_or_default().to_owned();
        Ok(Self { origin, host, secure })
    }

    /// The identifier as text.
    pub fn as_str(&self) -> &str {
        &self.origin
    }

    /// The host without port.
    pub fn host(&self) -> &str {
        &self.host
    }

    /// Whether it is https: cookies get `Secure` and `__Host-`, pages get HSTS.
    pub const fn is_secure(&self) -> bool {
        self.secure
    }

    /// The URL of a path below this origin; `path` begins with a slash.
    pub fn url(&self, path: &str) -> String {
        format!("{}{path}", self.origin)
    }
}

impl fmt::Display for Issuer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.origin)
    }
}

impl From<Issuer> for String {
    fn from(issuer: Issuer) -> Self {
        issuer.origin
    }
}

impl TryFrom<String> for Issuer {
    type Error = InvalidIssuer;

    fn try_from(text: String) -> Result<Self, InvalidIssuer> {
        Self::parse(&text)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    // R-002
    #[test]
    fn only_a_bare_canonical_origin_is_an_issuer() {
        for good in [
            "https://a.example",
            "https://a.example:8443",
            "http://localhost:2583",
            "http://127.0.0.1",
            "http://[::1]:1",
        ] {
            assert!(Issuer::parse(good).is_ok(), "{good}");
        }
        for bad in [
            "",
            "a.example",
            "https://a.example/",
            "https://A.example",
            "https://a.example:443",
            "https://a.example/x",
            "https://u@a.example",
            "https://a.example?x",
            "https://a.example#x",
            "http://a.example",
            "ftp://localhost",
            "http://localhost.evil.example",
            "https://",
            "https:///",
        ] {
            assert!(Issuer::parse(bad).is_err(), "{bad}");
        }
    }
}
