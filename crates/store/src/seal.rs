//! Values that must not be read by whoever reads the database: encrypted and bound to their place.

use std::fmt;
use std::sync::Arc;

use aws_lc_rs::aead::{AES_256_GCM, Aad, NONCE_LEN, Nonce, RandomizedNonceKey};
use zeroize::Zeroizing;

use entryway_oauth::secret::ServerKey;
use entryway_scope::Did;

use crate::fault::Fault;

/// Seals and unseals with AES-256-GCM under one key (D14).
///
/// A sealed value opens only at the place it was sealed for: moved to another row, column or table it
/// is as good as damaged. Does not hide how long the value is.
#[derive(Clone)]
pub struct Sealer {
    key: Arc<RandomizedNonceKey>,
}

/// Where a sealed value lives.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Place<'a> {
    /// Its table.
    pub table: &'static str,
    /// Its column.
    pub column: &'static str,
    /// The key of its row.
    pub row: &'a [u8],
}

impl<'a> Place<'a> {
    /// Where the private key of this `kid` lives: [`crate::SealedKey::sealed`].
    pub const fn signing_key(kid: &'a str) -> Self {
        Self {
            table: "signing_key",
            column: "sealed",
            row: kid.as_bytes(),
        }
    }

    /// Where the password of the administrator of this PDS lives: [`crate::PdsHost::sealed_password`].
    pub fn pds_password(pds: &'a Did) -> Self {
        Self {
            table: "pds_host",
            column: "sealed_password",
            row: pds.as_str().as_bytes(),
        }
    }

    /// Each part after its length, so that no two places read the same.
    fn associated_data(self) -> Vec<u8> {
        let parts = [self.table.as_bytes(), self.column.as_bytes(), self.row];
        let mut data = Vec::with_capacity(parts.iter().map(|part| 8 + part.len()).sum());
        for part in parts {
            data.extend((part.len() as u64).to_be_bytes());
            data.extend(part);
        }
        data
    }

    const fn fault(self) -> Fault {
        Fault::Sealed {
            table: self.table,
            column: self.column,
        }
    }
}

impl Sealer {
    /// Seals with this key. The nonces are random, so one key is good for 2^32 values.
    ///
    /// # Panics
    /// Never: the key has the length the cipher takes.
    pub fn new(key: &ServerKey) -> Self {
        match RandomizedNonceKey::new(&AES_256_GCM, key.expose()) {
            Ok(key) => Self { key: Arc::new(key) },
            Err(_) => unreachable!("AES-256 takes keys of 32 bytes"),
        }
    }

    /// Encrypts the value for this place: a version byte, the nonce, the ciphertext and its tag.
    pub fn seal(&self, place: Place<'_>, plain: &[u8]) -> Result<Vec<u8>, Fault> {
        let mut body = plain.to_vec();
        let aad = Aad::from(place.associated_data());
        let nonce = self
            .key
            .seal_in_place_append_tag(aad, &mut body)
            .map_err(|_| place.fault())?;
        let mut sealed = Vec::with_capacity(1 + NONCE_LEN + body.len());
        sealed.push(VERSION);
        sealed.extend(nonce.as_ref());
        sealed.append(&mut body);
        Ok(sealed)
    }

    /// Decrypts the value of this place.
    ///
    /// # Errors
    /// `Sealed` when the key or the place is another one, or the value is damaged.
    pub fn unseal(&self, place: Place<'_>, sealed: &[u8]) -> Result<Zeroizing<Vec<u8>>, Fault> {
        let (version, rest) = sealed.split_first().ok_or(place.fault())?;
        if *version != VERSION {
            return Err(place.fault());
        }
        let (nonce, body) = rest.split_first_chunk::<NONCE_LEN>().ok_or(place.fault())?;
        let mut body = Zeroizing::new(body.to_vec());
        let aad = Aad::from(place.associated_data());
        let length = self
            .key
            .open_in_place(Nonce::from(nonce), aad, &mut body)
            .map_err(|_| place.fault())?
            .len();
        body.truncate(length);
        Ok(body)
    }
}

impl fmt::Debug for Sealer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Sealer([redacted])")
    }
}

/// How values are sealed today.
const VERSION: u8 = 1;

#[cfg(test)]
mod tests {
    use super::*;

    const PLACE: Place<'_> = Place {
        table: "a",
        column: "bc",
        row: b"d",
    };

    fn sealer(byte: u8) -> Sealer {
        Sealer::new(&ServerKey::new([byte; 32]))
    }

    #[test]
    fn a_sealed_value_opens_at_its_place_and_shows_nothing() {
        let sealed = sealer(1).seal(PLACE, b"the private key").unwrap();
        assert_eq!(**sealer(1).unseal(PLACE, &sealed).unwrap(), *b"the private key");
        assert!(!sealed.windows(3).any(|window| window == b"the"));
        assert_ne!(
            sealer(1).seal(PLACE, b"the private key").unwrap(),
            sealed,
            "no two alike"
        );
    }

    #[test]
    fn a_sealed_value_opens_nowhere_else() {
        let sealed = sealer(1).seal(PLACE, b"value").unwrap();
        let elsewhere = [
            Place { table: "x", ..PLACE },
            Place {
                column: "b",
                row: b"cd",
                ..PLACE
            },
            Place { row: b"", ..PLACE },
        ];
        for place in elsewhere {
            assert!(sealer(1).unseal(place, &sealed).is_err(), "{place:?}");
        }
        assert!(sealer(2).unseal(PLACE, &sealed).is_err());
    }

    #[test]
    fn a_damaged_value_is_a_fault_that_names_its_place() {
        let sealed = sealer(1).seal(PLACE, b"value").unwrap();
        for index in 0..sealed.len() {
            let mut damaged = sealed.clone();
            damaged[index] ^= 1;
            assert!(sealer(1).unseal(PLACE, &damaged).is_err(), "byte {index}");
            assert!(
                sealer(1).unseal(PLACE, &sealed[..index]).is_err(),
                "cut at {index}"
            );
        }
        let fault = sealer(1).unseal(PLACE, b"").unwrap_err();
        assert_eq!(
            fault.to_string(),
            "the sealed value in column bc of table a does not open with this key"
        );
    }
}
