//! What the PDS is called by others: its own port, or the public name of a front that stands before it.

use std::fmt;

use entryway_oauth::issuer::{InvalidIssuer, Issuer};
use entryway_scope::Did;

use crate::loopback;

/// The origin of a PDS and the DID that goes with it.
///
/// ```
/// use entryway_sandbox::lab::PdsName;
///
/// let front = PdsName::parse("https://pds.test:8443")?;
/// assert_eq!(front.origin().as_str(), "https://pds.test:8443");
/// assert_eq!(front.did().as_str(), "did:web:pds.test");
/// assert!(PdsName::parse("https://192.0.2.1").is_err());
/// # Ok::<(), entryway_sandbox::lab::InvalidPdsName>(())
/// ```
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct PdsName {
    origin: Issuer,
    did: Did,
}

impl PdsName {
    /// Reads an origin.
    ///
    /// # Errors
    ///
    /// [`InvalidPdsName::Origin`] for what is no bare origin, [`InvalidPdsName::Host`] for an address, which
    /// `did:web` cannot name.
    pub fn parse(text: &str) -> Result<Self, InvalidPdsName> {
        Self::at(Issuer::parse(text)?)
    }

    fn at(origin: Issuer) -> Result<Self, InvalidPdsName> {
        // the port of localhost is part of its DID; of other hosts there is one PDS each, as with the
        // reference, and a DID of the AT Protocol has no place for a port
        let authority = match origin.as_str().rsplit_once(':') {
            Some((_, port)) if origin.host() == "localhost" && !port.starts_with('/') => {
                format!("localhost%3A{port}")
            }
            _ => origin.host().to_owned(),
        };
        let did = Did::parse(&format!("did:web:{authority}")).map_err(|_| InvalidPdsName::Host)?;
        Ok(Self { origin, did })
    }

    /// The one without a front: `http://localhost:PORT`.
    #[expect(
        clippy::expect_used,
        reason = "localhost and a port make an origin and a did:web"
    )]
    pub(super) fn on_localhost(port: u16) -> Self {
        Self::parse(&loopback::origin(port)).expect("localhost and a port")
    }

    /// Its URL, without a trailing slash.
    pub fn origin(&self) -> &Issuer {
        &self.origin
    }

    /// Its DID: the audience of access tokens for it.
    pub fn did(&self) -> &Did {
        &self.did
    }
}

impl fmt::Display for PdsName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.origin.fmt(f)
    }
}

/// Why a text does not name a PDS.
#[derive(Clone, Copy, Debug, Eq, PartialEq, thiserror::Error)]
pub enum InvalidPdsName {
    /// It is no bare origin.
    #[error(transparent)]
    Origin(#[from] InvalidIssuer),
    /// Its host is an address.
    #[error("must name its host by a domain name such as https://pds.test, a did:web has no addresses")]
    Host,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_origin_has_the_did_of_its_host_and_localhost_that_of_its_port() {
        for (origin, did) in [
            ("https://pds.test", "did:web:pds.test"),
            ("https://pds.test:8443", "did:web:pds.test"),
            ("https://localhost", "did:web:localhost"),
            ("https://localhost:8443", "did:web:localhost%3A8443"),
            ("http://localhost:2584", "did:web:localhost%3A2584"),
        ] {
            let name = PdsName::parse(origin).unwrap();
            assert_eq!((name.to_string().as_str(), name.did().as_str()), (origin, did));
        }
    }

    #[test]
    fn every_port_of_localhost_makes_a_name() {
        for (port, did) in [
            (1, "did:web:localhost%3A1"),
            (80, "did:web:localhost"),
            (u16::MAX, "did:web:localhost%3A65535"),
        ] {
            assert_eq!(PdsName::on_localhost(port).did().as_str(), did);
        }
    }

    #[test]
    fn what_a_did_cannot_name_is_refused() {
        for (origin, reason) in [
            ("https://192.0.2.1", InvalidPdsName::Host),
            ("http://127.0.0.1:2584", InvalidPdsName::Host),
            ("https://[::1]:8443", InvalidPdsName::Host),
            (
                "https://pds.test/",
                InvalidPdsName::Origin(InvalidIssuer::NotAnOrigin),
            ),
            ("pds.test", InvalidPdsName::Origin(InvalidIssuer::NotAnOrigin)),
            (
                "http://pds.test",
                InvalidPdsName::Origin(InvalidIssuer::NotSecure),
            ),
        ] {
            assert_eq!(PdsName::parse(origin), Err(reason), "{origin}");
        }
    }
}
