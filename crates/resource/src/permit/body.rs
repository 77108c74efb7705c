use entryway_scope::Nsid;

use super::OwnedAct;
use crate::Refusal;

/// That the body says what a call needs, and how to read it.
///
/// The caller reads at most [`BodyNeed::BYTES_MAX`] bytes, asks [`BodyNeed::read`], and passes the very
/// same bytes on.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BodyNeed {
    pub(super) method: Nsid,
}

impl BodyNeed {
    /// Bytes of a body that is read. The reference takes 1,000,000 bytes of JSON for a write to the
    /// repository; what is over this is over that.
    pub const BYTES_MAX: usize = 1024 * 1024;

    /// What the call needs, every one of them.
    ///
    /// # Errors
    ///
    /// [`Refusal::BodyTooLarge`] over [`BodyNeed::BYTES_MAX`]; [`Refusal::CallMalformed`] for what is not
    /// one JSON object that every reader reads alike.
    pub fn read(&self, _body: &[u8]) -> Result<Vec<OwnedAct>, Refusal> {
        Err(Refusal::MethodClosed)
    }
}
