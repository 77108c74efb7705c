//! The cryptographic floor: what the two signatures of a refresh cost on one core, whoever asks.

use std::hint::black_box;

use aws_lc_rs::rand::SystemRandom;
use aws_lc_rs::signature::{
    ECDSA_P256_SHA256_FIXED, ECDSA_P256_SHA256_FIXED_SIGNING, EcdsaKeyPair, KeyPair as _, UnparsedPublicKey,
};
use k256::ecdsa::signature::Signer as _;
use k256::ecdsa::{Signature, SigningKey};

use crate::cores::own_seconds;
use crate::figures::median_of;

/// Microseconds of each.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Floor {
    /// One ES256 verification by aws-lc-rs, the key read anew as that of a proof is.
    pub(crate) verify_us: f64,
    /// One ES256K signature by k256.
    pub(crate) sign_us: f64,
}

impl Floor {
    /// Measures here and now.
    pub(crate) fn measure() -> anyhow::Result<Self> {
        let proof = [b'a'; 400];
        let signer = EcdsaKeyPair::generate(&ECDSA_P256_SHA256_FIXED_SIGNING)?;
        let signature = signer.sign(&SystemRandom::new(), &proof)?;
        let public = signer.public_key().as_ref();
        let verify_us = microseconds(|| {
            let key = UnparsedPublicKey::new(&ECDSA_P256_SHA256_FIXED, black_box(public));
            black_box(key.verify(&proof, signature.as_ref()).is_ok());
        })?;
        let token = [b'b'; 600];
        let key = SigningKey::from_slice(&[1; 32])?;
        let sign_us = microseconds(|| {
            let signature: Signature = key.sign(black_box(&token));
            black_box(signature);
        })?;
        Ok(Self { verify_us, sign_us })
    }

    /// Of a pushed request, which verifies a proof.
    pub(crate) const fn of_par(self) -> f64 {
        self.verify_us
    }

    /// Of one whose client authenticates, which verifies a proof and an assertion.
    pub(crate) const fn of_confidential_par(self) -> f64 {
        2.0 * self.verify_us
    }

    /// Of a refresh, which verifies a proof and signs a token.
    pub(crate) fn of_refresh(self) -> f64 {
        self.verify_us + self.sign_us
    }

    /// Of the exchange of a code, which verifies a proof and signs a token.
    pub(crate) fn of_code(self) -> f64 {
        self.verify_us + self.sign_us
    }

    /// Of a whole login: of the pushed request and of the exchange.
    pub(crate) fn of_flow(self) -> f64 {
        self.of_par() + self.of_code()
    }

    /// Of `createSession`, which signs two tokens.
    pub(crate) const fn of_create_session(self) -> f64 {
        2.0 * self.sign_us
    }

    /// The mean of two.
    pub(crate) fn between(self, other: Self) -> Self {
        Self {
            verify_us: f64::midpoint(self.verify_us, other.verify_us),
            sign_us: f64::midpoint(self.sign_us, other.sign_us),
        }
    }
}

/// The median of several batches, since a single one may be interrupted, of the time that this thread ran.
fn microseconds(mut work: impl FnMut()) -> anyhow::Result<f64> {
    let mut batches = Vec::new();
    for _ in 0..BATCHES {
        let before = own_seconds()?;
        (0..BATCH).for_each(|_| work());
        batches.push((own_seconds()? - before) * 1e6 / f64::from(BATCH));
    }
    Ok(median_of(batches))
}

const BATCHES: u32 = 11;
const BATCH: u32 = 500;
