//! Keys of the two curves the AT Protocol knows, and their text form `did:key`.

use std::fmt;

use data_encoding::HEXLOWER_PERMISSIVE;
use entryway_oauth::jwk;
use k256::ecdsa::signature::{Signer as _, Verifier as _};
use zeroize::Zeroizing;

/// A public key that signs for an account: secp256k1 or P-256.
///
/// Its text form is `did:key:z` + base58btc of a multicodec and the compressed point
/// (<https://atproto.com/specs/cryptography>).
///
/// ```
/// use entryway_identity::did::PublicKey;
///
/// let text = "did:key:zQ3shhCGUqDKjStzuDxPkTxN6ujddP4RkEKJJouJGRRkaLGbg";
/// assert_eq!(PublicKey::from_did_key(text)?.to_did_key(), text);
/// # Ok::<(), entryway_identity::did::InvalidKey>(())
/// ```
#[derive(Clone, Debug, Eq, PartialEq)]
pub enum PublicKey {
    /// secp256k1, the curve of `ES256K`.
    K256(k256::ecdsa::VerifyingKey),
    /// P-256, the curve of `ES256`.
    P256(p256::ecdsa::VerifyingKey),
}

impl PublicKey {
    /// Reads `did:key:z…`.
    ///
    /// # Errors
    ///
    /// See [`InvalidKey`]; any text is safe to give.
    pub fn from_did_key(text: &str) -> Result<Self, InvalidKey> {
        Self::from_multibase(text.strip_prefix(DID_KEY).ok_or(InvalidKey::Prefix)?)
    }

    /// Reads `z…`, as `publicKeyMultibase` of a `Multikey` has it.
    ///
    /// # Errors
    ///
    /// See [`InvalidKey`]; any text is safe to give.
    pub fn from_multibase(text: &str) -> Result<Self, InvalidKey> {
        let bytes = multibase_bytes(text)?;
        if let Some(point) = bytes.strip_prefix(&K256_CODEC) {
            return Self::k256_from_point(compressed(point)?);
        }
        if let Some(point) = bytes.strip_prefix(&P256_CODEC) {
            return Self::p256_from_point(compressed(point)?);
        }
        Err(InvalidKey::Curve)
    }

    /// Reads a bare point in multibase, as DID documents before 2023 have it; the caller knows the curve.
    pub(super) fn k256_from_legacy_multibase(text: &str) -> Result<Self, InvalidKey> {
        Self::k256_from_point(&multibase_bytes(text)?)
    }

    /// The same for P-256.
    pub(super) fn p256_from_legacy_multibase(text: &str) -> Result<Self, InvalidKey> {
        Self::p256_from_point(&multibase_bytes(text)?)
    }

    /// The text form `did:key:z…`.
    pub fn to_did_key(&self) -> String {
        format!("{DID_KEY}{}", self.to_multibase())
    }

    /// The text form `z…`, without `did:key:`.
    pub fn to_multibase(&self) -> String {
        let mut bytes = Vec::with_capacity(2 + COMPRESSED_BYTES);
        match self {
            Self::K256(key) => {
                bytes.extend(K256_CODEC);
                bytes.extend(key.to_sec1_point(true).as_bytes());
            }
            Self::P256(key) => {
                bytes.extend(P256_CODEC);
                bytes.extend(key.to_sec1_point(true).as_bytes());
            }
        }
        format!("z{}", bs58::encode(bytes).into_string())
    }

    /// The key as those of JSON Web Tokens are given, to check a service token of the account with.
    pub fn to_jwk(&self) -> jwk::PublicKey {
        let (curve, point) = match self {
            Self::K256(key) => (
                jwk::Curve::Secp256k1,
                key.to_sec1_point(false).as_bytes().to_vec(),
            ),
            Self::P256(key) => (jwk::Curve::P256, key.to_sec1_point(false).as_bytes().to_vec()),
        };
        jwk::PublicKey::Ec { curve, point }
    }

    /// Checks a signature `r || s` over the SHA-256 of a message.
    ///
    /// # Errors
    ///
    /// [`RejectedSignature::Form`] unless it is 64 bytes of two scalars, [`RejectedSignature::HighS`] for the
    /// second of the two valid signatures of one message, [`RejectedSignature::Mismatch`] when this key did
    /// not make it.
    pub fn verify(&self, message: &[u8], signature: &[u8]) -> Result<(), RejectedSignature> {
        let verified = match self {
            Self::K256(key) => {
                let signature =
                    k256::ecdsa::Signature::from_slice(signature).map_err(|_| RejectedSignature::Form)?;
                if signature.normalize_s() != signature {
                    return Err(RejectedSignature::HighS);
                }
                key.verify(message, &signature)
            }
            Self::P256(key) => {
                let signature =
                    p256::ecdsa::Signature::from_slice(signature).map_err(|_| RejectedSignature::Form)?;
                if signature.normalize_s() != signature {
                    return Err(RejectedSignature::HighS);
                }
                key.verify(message, &signature)
            }
        };
        verified.map_err(|_| RejectedSignature::Mismatch)
    }

    /// Reads a secp256k1 point in hexadecimal digits, compressed or not, as a PDS has the key of its entryway
    /// (`PDS_ENTRYWAY_JWT_VERIFY_KEY_K256_PUBLIC_KEY_HEX`).
    ///
    /// # Errors
    ///
    /// [`InvalidKey::Point`].
    pub fn k256_from_hex(text: &str) -> Result<Self, InvalidKey> {
        let point = HEXLOWER_PERMISSIVE.decode(text.as_bytes());
        Self::k256_from_point(&point.map_err(|_| InvalidKey::Point)?)
    }

    fn k256_from_point(point: &[u8]) -> Result<Self, InvalidKey> {
        k256::ecdsa::VerifyingKey::from_sec1_bytes(point)
            .map(Self::K256)
            .map_err(|_| InvalidKey::Point)
    }

    fn p256_from_point(point: &[u8]) -> Result<Self, InvalidKey> {
        p256::ecdsa::VerifyingKey::from_sec1_bytes(point)
            .map(Self::P256)
            .map_err(|_| InvalidKey::Point)
    }
}

/// A secp256k1 private key: of an account's repository, or a rotation key of its DID.
#[derive(Clone)]
pub struct SigningKey(k256::ecdsa::SigningKey);

impl SigningKey {
    /// Takes 32 bytes, drawn at random or kept from an earlier run.
    ///
    /// # Errors
    ///
    /// [`InvalidKey::Scalar`] for zero and for values past the order of the curve. Random bytes are neither:
    /// one draw in 2^127 would be.
    pub fn from_bytes(bytes: &[u8; 32]) -> Result<Self, InvalidKey> {
        k256::ecdsa::SigningKey::from_slice(bytes)
            .map(Self)
            .map_err(|_| InvalidKey::Scalar)
    }

    /// The 32 bytes to keep, wiped from memory when dropped.
    pub fn to_bytes(&self) -> Zeroizing<[u8; 32]> {
        Zeroizing::new(self.0.to_bytes().into())
    }

    /// The public half.
    pub fn public_key(&self) -> PublicKey {
        PublicKey::K256(*self.0.verifying_key())
    }

    /// Signs the SHA-256 of a message: `r || s`, low-S, the same every time (RFC 6979).
    pub fn sign(&self, message: &[u8]) -> [u8; 64] {
        let signature: k256::ecdsa::Signature = self.0.sign(message);
        signature.normalize_s().to_bytes().into()
    }
}

impl fmt::Debug for SigningKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "SigningKey({})", self.public_key().to_did_key())
    }
}

/// Why a text or a scalar is not a key.
#[derive(Clone, Copy, Debug, Eq, PartialEq, thiserror::Error)]
pub enum InvalidKey {
    /// The text is no `did:key:`.
    #[error("expected a key that starts with did:key:")]
    Prefix,
    /// Not `z` and base58btc, or far too long.
    #[error("expected a key in multibase: z and base58btc")]
    Multibase,
    /// A well-formed key of a curve the AT Protocol does not use.
    #[error("expected a key of the curve secp256k1 or P-256")]
    Curve,
    /// The bytes are not a point on the curve, or not in its compressed form.
    #[error("expected a compressed point on the curve")]
    Point,
    /// Not a private key.
    #[error("expected a private key between 1 and the order of the curve")]
    Scalar,
}

/// Why a signature does not hold.
#[derive(Clone, Copy, Debug, Eq, PartialEq, thiserror::Error)]
pub enum RejectedSignature {
    /// Not 64 bytes of two scalars.
    #[error("expected a signature of 64 bytes, r and s")]
    Form,
    /// The malleated twin of a signature.
    #[error("expected a low-S signature")]
    HighS,
    /// Made by another key, or over another message.
    #[error("the signature does not match")]
    Mismatch,
}

fn multibase_bytes(text: &str) -> Result<Vec<u8>, InvalidKey> {
    if text.len() > MULTIBASE_BYTES_MAX {
        return Err(InvalidKey::Multibase);
    }
    let base58 = text.strip_prefix('z').ok_or(InvalidKey::Multibase)?;
    bs58::decode(base58).into_vec().map_err(|_| InvalidKey::Multibase)
}

/// A `did:key` has one spelling per key, so the other encodings of a point are refused.
fn compressed(point: &[u8]) -> Result<&[u8], InvalidKey> {
    if point.len() == COMPRESSED_BYTES {
        Ok(point)
    } else {
        Err(InvalidKey::Point)
    }
}

const DID_KEY: &str = "did:key:";

/// Multicodec `secp256k1-pub` as a varint.
const K256_CODEC: [u8; 2] = [0xe7, 0x01];

/// Multicodec `p256-pub` as a varint.
const P256_CODEC: [u8; 2] = [0x80, 0x24];

const COMPRESSED_BYTES: usize = 33;

/// Base58 decoding is quadratic; an uncompressed point of 65 bytes takes 89 characters.
const MULTIBASE_BYTES_MAX: usize = 100;

#[cfg(test)]
mod tests {
    use super::*;

    /// The second, equally valid signature that anybody can make from the first.
    fn high_s_k256(signature: [u8; 64]) -> Vec<u8> {
        let signature = k256::ecdsa::Signature::from_slice(&signature).unwrap();
        let (r, s) = signature.split_scalars();
        k256::ecdsa::Signature::from_scalars(r.to_bytes(), (-s).to_bytes())
            .unwrap()
            .to_vec()
    }

    fn key() -> SigningKey {
        SigningKey::from_bytes(&[7; 32]).unwrap()
    }

    #[test]
    fn a_did_key_round_trips_on_both_curves() {
        let p256 = p256::ecdsa::SigningKey::from_slice(&[9; 32]).unwrap();
        for key in [key().public_key(), PublicKey::P256(*p256.verifying_key())] {
            assert_eq!(PublicKey::from_did_key(&key.to_did_key()), Ok(key));
        }
    }

    #[test]
    fn a_key_verifies_as_a_web_key_what_it_verifies_itself() {
        let p256 = p256::ecdsa::SigningKey::from_slice(&[9; 32]).unwrap();
        let by_p256: p256::ecdsa::Signature = p256.sign(b"message");
        for (key, algorithm, signature) in [
            (
                key().public_key(),
                jwk::Algorithm::ES256K,
                key().sign(b"message").to_vec(),
            ),
            (
                PublicKey::P256(*p256.verifying_key()),
                jwk::Algorithm::ES256,
                by_p256.normalize_s().to_vec(),
            ),
        ] {
            assert_eq!(key.verify(b"message", &signature), Ok(()));
            assert!(key.to_jwk().verifies(algorithm, b"message", &signature));
            assert!(!key.to_jwk().verifies(algorithm, b"other", &signature));
        }
    }

    #[test]
    fn a_key_written_for_a_pds_is_read_as_the_same() {
        // points with either sign
        for byte in 1..=8 {
            let key = SigningKey::from_bytes(&[byte; 32]).unwrap().public_key();
            let hex = key.to_jwk().compressed_hex().unwrap();
            assert_eq!(PublicKey::k256_from_hex(&hex), Ok(key));
        }
    }

    // The prefixes that give the two curves away at a glance: zQ3sh is secp256k1, zDn is P-256.
    #[test]
    fn the_prefix_names_the_curve() {
        let p256 = p256::ecdsa::SigningKey::from_slice(&[9; 32]).unwrap();
        assert!(key().public_key().to_did_key().starts_with("did:key:zQ3sh"));
        assert!(
            PublicKey::P256(*p256.verifying_key())
                .to_did_key()
                .starts_with("did:key:zDn")
        );
    }

    #[test]
    fn what_is_no_key_is_refused_by_its_fault() {
        let ed25519 = format!(
            "did:key:z{}",
            bs58::encode([&[0xed, 0x01][..], &[1; 32]].concat()).into_string()
        );
        let uncompressed = {
            let point = k256::ecdsa::SigningKey::from_slice(&[7; 32]).unwrap();
            let bytes = [
                &K256_CODEC[..],
                point.verifying_key().to_sec1_point(false).as_bytes(),
            ]
            .concat();
            format!("did:key:z{}", bs58::encode(bytes).into_string())
        };
        let off_curve = format!(
            "did:key:z{}",
            bs58::encode([&K256_CODEC[..], &[2], &[0xff; 32]].concat()).into_string()
        );
        for (text, fault) in [
            ("", InvalidKey::Prefix),
            ("did:plc:z72i7hdynmk6r22z27h6tvur", InvalidKey::Prefix),
            ("did:key:", InvalidKey::Multibase),
            ("did:key:Q3sh", InvalidKey::Multibase),
            ("did:key:z0OIl", InvalidKey::Multibase),
            (
                &format!("did:key:z{}", "1".repeat(64 * 1024)),
                InvalidKey::Multibase,
            ),
            (&ed25519, InvalidKey::Curve),
            (&uncompressed, InvalidKey::Point),
            (&off_curve, InvalidKey::Point),
        ] {
            assert_eq!(PublicKey::from_did_key(text), Err(fault), "{text:.40}");
        }
    }

    #[test]
    fn a_signature_holds_for_its_message_and_key_only() {
        let signature = key().sign(b"message");
        assert_eq!(key().public_key().verify(b"message", &signature), Ok(()));
        assert_eq!(
            key().public_key().verify(b"other", &signature),
            Err(RejectedSignature::Mismatch)
        );
        let other = SigningKey::from_bytes(&[8; 32]).unwrap().public_key();
        assert_eq!(
            other.verify(b"message", &signature),
            Err(RejectedSignature::Mismatch)
        );
    }

    #[test]
    fn a_high_s_signature_is_refused_on_both_curves() {
        let high = high_s_k256(key().sign(b"message"));
        assert_eq!(
            key().public_key().verify(b"message", &high),
            Err(RejectedSignature::HighS)
        );

        let p256 = p256::ecdsa::SigningKey::from_slice(&[9; 32]).unwrap();
        let public = PublicKey::P256(*p256.verifying_key());
        let signature: p256::ecdsa::Signature = p256.sign(b"message");
        let low = signature.normalize_s();
        let (r, s) = low.split_scalars();
        let high = p256::ecdsa::Signature::from_scalars(r.to_bytes(), (-s).to_bytes()).unwrap();
        assert_eq!(public.verify(b"message", &low.to_vec()), Ok(()));
        assert_eq!(
            public.verify(b"message", &high.to_vec()),
            Err(RejectedSignature::HighS)
        );
    }

    #[test]
    fn a_signature_of_another_shape_is_refused() {
        let public = key().public_key();
        for bytes in [&[][..], &[0; 64], &[0xff; 64], &[1; 63], &[1; 65], &[1; 4096]] {
            assert_eq!(public.verify(b"message", bytes), Err(RejectedSignature::Form));
        }
    }

    // 200 messages: a library that leaves the sign of s to chance passes this once in 2^200.
    #[test]
    fn every_signature_made_is_low_s() {
        for n in 0u8..200 {
            let signature = key().sign(&[n]);
            assert_eq!(key().public_key().verify(&[n], &signature), Ok(()), "message {n}");
        }
    }

    #[test]
    fn a_private_key_does_not_print_itself() {
        let printed = format!("{:?}", key());
        assert_eq!(
            printed,
            format!("SigningKey({})", key().public_key().to_did_key())
        );
    }

    #[test]
    fn zero_is_no_private_key() {
        assert_eq!(
            SigningKey::from_bytes(&[0; 32]).map(|_| ()),
            Err(InvalidKey::Scalar)
        );
        assert_eq!(
            SigningKey::from_bytes(&[0xff; 32]).map(|_| ()),
            Err(InvalidKey::Scalar)
        );
    }
}
