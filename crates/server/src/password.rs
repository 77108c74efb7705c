//! Passwords: argon2id in a bounded pool, so that sign-ins cannot starve refreshes (D12, R-507).

use std::sync::Arc;
use std::thread::available_parallelism;

use argon2::Argon2;
use argon2::password_hash::phc::PasswordHash as Phc;
use argon2::password_hash::{PasswordHasher, PasswordVerifier as _};
use tokio::sync::Semaphore;
use tokio::task::spawn_blocking;

use entryway_core::account::PasswordHash;
use entryway_oauth::denial::Denial;

use crate::clock::Chance;
use crate::failure::{Failure, Fault};

/// Hashes and checks passwords on a bounded number of threads.
#[derive(Clone)]
pub struct Passwords {
    workers: Arc<Semaphore>,
    waiting: Arc<Semaphore>,
    /// Checked for unknown accounts, so that they take as long as known ones.
    decoy: PasswordHash,
    chance: Chance,
}

/// Bytes of a password; longer ones are refused before any hashing.
pub(crate) const PASSWORD_BYTES_MAX: usize = 512;
/// How many sign-ins may wait for a worker; more are told to come back.
const WAITING_MAX: usize = 64;

impl Passwords {
    /// A pool of half the processors, at least one.
    ///
    /// # Errors
    /// A [`Fault`] if the random source fails.
    pub fn new(chance: Chance) -> Result<Self, Fault> {
        let workers = available_parallelism().map_or(1, |cores| (cores.get() / 2).max(1));
        let decoy = hash(b"a password nobody has", &chance.bytes()?)?;
        let (workers, waiting) = (
            Arc::new(Semaphore::new(workers)),
            Arc::new(Semaphore::new(WAITING_MAX)),
        );
        Ok(Self {
            workers,
            waiting,
            decoy,
            chance,
        })
    }

    /// Hashes a new password.
    ///
    /// # Errors
    /// A [`Fault`] if the random source or a worker fails.
    pub async fn hash(&self, password: &str) -> Result<PasswordHash, Fault> {
        let (password, salt) = (password.to_owned(), self.chance.bytes()?);
        let _worker = self
            .workers
            .acquire()
            .await
            .map_err(|error| Fault::because("password pool", error))?;
        spawn_blocking(move || hash(password.as_bytes(), &salt))
            .await
            .map_err(|error| Fault::because("hashing a password", error))?
    }

    /// Whether the password is the one of the hash.
    ///
    /// # Errors
    /// A [`Fault`] if the hash does not parse or a worker fails.
    pub async fn matches(&self, password: &str, known: &PasswordHash) -> Result<bool, Fault> {
        let _worker = self
            .workers
            .acquire()
            .await
            .map_err(|error| Fault::because("password pool", error))?;
        let (password, known) = (password.to_owned(), known.clone());
        let checked = spawn_blocking(move || {
            Phc::new(known.expose()).map(|phc| {
                Argon2::default()
                    .verify_password(password.as_bytes(), &phc)
                    .is_ok()
            })
        });
        let checked = checked
            .await
            .map_err(|error| Fault::because("checking a password", error))?;
        // the text of this error could quote the hash
        checked.map_err(|_| Fault::new("a stored password hash does not parse"))
    }

    /// Whether the password is the one of the hash; without a hash it takes as long and says no. Too
    /// many at once are told to come back, so that the queue is bounded.
    pub(crate) async fn verify(&self, password: &str, known: Option<&PasswordHash>) -> Result<bool, Failure> {
        let _place = self.waiting.try_acquire().map_err(|_| Denial::TooManyAttempts {
            retry_after_seconds: 5,
        })?;
        Ok(self.matches(password, known.unwrap_or(&self.decoy)).await? && known.is_some())
    }
}

impl std::fmt::Debug for Passwords {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Passwords({} workers free)", self.workers.available_permits())
    }
}

fn hash(password: &[u8], salt: &[u8; 16]) -> Result<PasswordHash, Fault> {
    // argon2id with the parameters RFC 9106 and OWASP call sufficient: 19 MiB, 2 passes
    PasswordHasher::<Phc>::hash_password_with_salt(&Argon2::default(), password, salt)
        .map(|phc| PasswordHash::new(phc.to_string()))
        .map_err(|_| Fault::new("hashing a password"))
}

#[cfg(test)]
mod tests {
    use super::*;

    //
    #[tokio::test]
    async fn a_password_is_argon2id_and_only_it_matches() {
        let passwords = Passwords::new(Chance::system()).unwrap();
        let known = passwords.hash("correct horse").await.unwrap();
        assert!(known.expose().starts_with("$argon2id$"));
        assert!(passwords.verify("correct horse", Some(&known)).await.unwrap());
        assert!(!passwords.verify("wrong horse", Some(&known)).await.unwrap());
        assert!(!passwords.verify("a password nobody has", None).await.unwrap());
    }
}
