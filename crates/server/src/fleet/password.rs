//! The passwords of the administrators of PDS hosts: sealed in the store, opened for a call.

use std::fmt;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use http::HeaderValue;
use zeroize::Zeroizing;

use entryway_oauth::secret::ServerKey;
use entryway_scope::Did;
use entryway_store::{PdsHost, Place, Sealer};

use crate::failure::Fault;

/// Seals and opens the passwords of one deployment.
#[derive(Clone, Debug)]
pub struct HostPasswords(Sealer);

impl HostPasswords {
    /// Those of the deployment with this root key. Whether the database is that deployment's is not checked.
    pub fn new(root: &ServerKey) -> Self {
        Self(Sealer::new(&root.derive("sealing passwords of hosts")))
    }

    /// What to keep as [`PdsHost::sealed_password`] of the host with this DID.
    ///
    /// # Errors
    /// A [`Fault`] if the random source fails.
    pub fn seal(&self, host: &Did, password: &str) -> Result<Vec<u8>, Fault> {
        Ok(self.0.seal(Place::pds_password(host), password.as_bytes())?)
    }

    /// The password of the host's administrator.
    ///
    /// # Errors
    /// A [`Fault`] if it was sealed with another root key, for another host, or is damaged.
    pub fn unseal(&self, host: &PdsHost) -> Result<HostPassword, Fault> {
        let opened = self
            .0
            .unseal(Place::pds_password(&host.did), &host.sealed_password)?;
        Ok(HostPassword(opened))
    }
}

/// The password of a PDS host's administrator. `Debug` shows nothing of it, and it is wiped from memory when dropped.
pub struct HostPassword(Zeroizing<Vec<u8>>);

impl HostPassword {
    /// The password, to compare or to show to nobody.
    pub fn expose(&self) -> &[u8] {
        &self.0
    }

    /// The `Authorization` of a call as the administrator (contract 2.5).
    ///
    /// # Errors
    /// A [`Fault`] never: base64 is a header's value.
    pub fn authorization(&self) -> Result<HeaderValue, Fault> {
        let mut credentials = Zeroizing::new(b"admin:".to_vec());
        credentials.extend_from_slice(&self.0);
        let text = Zeroizing::new(format!("Basic {}", STANDARD.encode(&*credentials)));
        let mut value = HeaderValue::from_str(&text)
            .map_err(|error| Fault::because("writing the credentials of a host", error))?;
        value.set_sensitive(true);
        Ok(value)
    }
}

impl fmt::Debug for HostPassword {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("HostPassword([redacted])")
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use entryway_oauth::issuer::Issuer;
    use entryway_oauth::time::Timestamp;
    use entryway_store::HostState;

    #[test]
    fn a_password_opens_for_its_host_and_is_never_shown() {
        let passwords = HostPasswords::new(&ServerKey::new([1; 32]));
        let did = Did::parse("did:web:pds.example").unwrap();
        let host = PdsHost {
            sealed_password: passwords.seal(&did, "hunter2").unwrap(),
            did,
            url: Issuer::parse("https://pds.example").unwrap(),
            state: HostState::Open,
            added_at: Timestamp::from_seconds(0),
        };
        let password = passwords.unseal(&host).unwrap();
        assert_eq!(password.expose(), b"hunter2");
        assert_eq!(password.authorization().unwrap(), "Basic YWRtaW46aHVudGVyMg==");
        let shown = format!(
            "{password:?} {:?} {passwords:?}",
            password.authorization().unwrap()
        );
        assert_eq!(
            shown,
            "HostPassword([redacted]) Sensitive HostPasswords(Sealer([redacted]))"
        );
        let other = PdsHost {
            did: Did::parse("did:web:other.example").unwrap(),
            ..host.clone()
        };
        assert!(passwords.unseal(&other).is_err());
        assert!(
            HostPasswords::new(&ServerKey::new([2; 32]))
                .unseal(&host)
                .is_err()
        );
    }
}
