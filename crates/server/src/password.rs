//! Passwords: argon2id in a bounded pool, so that sign-ins cannot starve refreshes (D12, R-507).

use std::sync::Arc;
use std::thread::available_parallelism;

use argon2::Argon2;
use argon2::password_hash::phc::PasswordHash as Phc;
use argon2::password_hash::{PasswordHasher, PasswordVerifier as _};
use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tokio::task::spawn_blocking;

use entryway_core::account::PasswordHash;
use entryway_core::password::{NewPassword, PresentedPassword};

use crate::clock::Chance;
use crate::failure::Fault;
use crate::limits::TooMany;

/// Hashes and checks passwords on a bounded number of threads.
#[derive(Clone)]
pub struct Passwords {
    workers: Arc<Semaphore>,
    waiting: Arc<Semaphore>,
    /// Checked for unknown accounts, so that they take as long as known ones.
    decoy: PasswordHash,
    chance: Chance,
}

/// How many checks may wait for a worker, whatever an operator has let in; more are told to come back.
const WAITING_MAX: usize = 1_024;

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
    pub async fn hash(&self, password: &NewPassword) -> Result<PasswordHash, Fault> {
        let (password, salt) = (password.clone(), self.chance.bytes()?);
        self.work(None, move || hash(password.expose().as_bytes(), &salt))
            .await?
    }

    /// The same for one that nobody would choose: for accounts of a machine under development.
    ///
    /// # Errors
    /// As [`Self::hash`].
    pub async fn hash_of_any_length(&self, password: &PresentedPassword) -> Result<PasswordHash, Fault> {
        let (password, salt) = (password.clone(), self.chance.bytes()?);
        self.work(None, move || hash(password.expose().as_bytes(), &salt))
            .await?
    }

    /// Whether the password is the one of the hash.
    ///
    /// # Errors
    /// A [`Fault`] if the hash does not parse or a worker fails.
    pub async fn matches(&self, password: &PresentedPassword, known: &PasswordHash) -> Result<bool, Fault> {
        self.check(password, known, None).await
    }

    /// Whether the password is the one of the hash; without a hash it takes as long and says no. Too
    /// many at once are told to come back, so that the queue is bounded.
    pub(crate) async fn verify(
        &self,
        password: &PresentedPassword,
        known: Option<&PasswordHash>,
    ) -> Result<bool, Unchecked> {
        let place = Arc::clone(&self.waiting).try_acquire_owned();
        let place = place.map_err(|_| Unchecked::Overloaded)?;
        let matches = self.check(password, known.unwrap_or(&self.decoy), Some(place));
        Ok(matches.await? && known.is_some())
    }

    async fn check(
        &self,
        password: &PresentedPassword,
        known: &PasswordHash,
        place: Option<OwnedSemaphorePermit>,
    ) -> Result<bool, Fault> {
        let (password, known) = (password.clone(), known.clone());
        let matches = move || {
            let phc = Phc::new(known.expose())?;
            Ok(Argon2::default()
                .verify_password(password.expose().as_bytes(), &phc)
                .is_ok())
        };
        let matches: Result<bool, argon2::password_hash::phc::Error> = self.work(place, matches).await?;
        // the text of this error could quote the hash
        matches.map_err(|_| Fault::new("a stored password hash does not parse"))
    }

    /// Runs a computation on a worker. The permits move into it: a caller that hangs up drops this
    /// future, and must not make room for another while its own computation goes on.
    async fn work<T: Send + 'static>(
        &self,
        place: Option<OwnedSemaphorePermit>,
        compute: impl FnOnce() -> T + Send + 'static,
    ) -> Result<T, Fault> {
        let worker = Arc::clone(&self.workers).acquire_owned().await;
        let worker = worker.map_err(|error| Fault::because("password pool", error))?;
        let computed = spawn_blocking(move || {
            let _held = (worker, place);
            compute()
        });
        computed
            .await
            .map_err(|error| Fault::because("a password worker", error))
    }
}

/// Why it is not known whether a password is right.
#[derive(Debug)]
pub(crate) enum Unchecked {
    /// Too many were tried.
    TooMany(TooMany),
    /// Too many are being tried at this moment.
    Overloaded,
    /// Something of ours broke.
    Fault(Fault),
}

impl From<TooMany> for Unchecked {
    fn from(too_many: TooMany) -> Self {
        Self::TooMany(too_many)
    }
}

impl From<Fault> for Unchecked {
    fn from(fault: Fault) -> Self {
        Self::Fault(fault)
    }
}

impl From<entryway_store::Fault> for Unchecked {
    fn from(fault: entryway_store::Fault) -> Self {
        Self::Fault(fault.into())
    }
}

/// Whether the text is that of a hash, so that passwords can be compared with it.
pub fn is_password_hash(hash: &PasswordHash) -> bool {
    Phc::new(hash.expose()).is_ok()
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

    fn presented(typed: &str) -> PresentedPassword {
        PresentedPassword::parse(typed).unwrap()
    }

    //
    #[tokio::test]
    async fn a_password_is_argon2id_and_only_it_matches() {
        let passwords = Passwords::new(Chance::system()).unwrap();
        let known = passwords
            .hash(&NewPassword::parse("correct horse").unwrap())
            .await
            .unwrap();
        assert!(known.expose().starts_with("$argon2id$"));
        assert!(
            passwords
                .verify(&presented("correct horse"), Some(&known))
                .await
                .unwrap()
        );
        assert!(
            !passwords
                .verify(&presented("wrong horse"), Some(&known))
                .await
                .unwrap()
        );
        assert!(
            !passwords
                .verify(&presented("a password nobody has"), None)
                .await
                .unwrap()
        );
    }

    // attack: connections closed while their passwords are being checked
    #[tokio::test]
    async fn a_caller_that_hangs_up_keeps_its_worker_until_it_is_done() {
        let passwords = Passwords::new(Chance::system()).unwrap();
        let all = passwords.workers.available_permits();
        let (begun, begins) = std::sync::mpsc::channel();
        let (finish, finishes) = std::sync::mpsc::channel::<()>();
        let work = passwords.work(None, move || {
            begun.send(()).unwrap();
            finishes.recv().unwrap();
        });
        let caller = tokio::select! {
            biased;
            _ = work => unreachable!("the computation waits for us"),
            begun = tokio::task::spawn_blocking(move || begins.recv()) => begun,
        };
        caller.unwrap().unwrap();
        // the future of the caller is gone, the computation is not
        assert_eq!(passwords.workers.available_permits(), all - 1);
        finish.send(()).unwrap();
        let back = passwords.workers.acquire_many(u32::try_from(all).unwrap()).await;
        assert!(back.is_ok());
    }
}
