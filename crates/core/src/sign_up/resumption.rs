//! Whether a request is the one that began a sign-up.

use entryway_oauth::time::Timestamp;
use entryway_oauth::xrpc_denial::XrpcDenial;

use super::{Event, OutOfOrder, Outside, SignUp, SignUpRequest, Stage, Why};

/// What a request is to a sign-up with the same handle or the same address.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Claim {
    /// The same: hold it ([`SignUp::held_by_request`]) and go on.
    Resume,
    /// The same person's with another handle: abandon this one ([`SignUp::superseded`]), and admit that.
    Supersede,
    /// Neither.
    Refuse(XrpcDenial),
    /// Nothing to do with it.
    Unrelated,
}

impl SignUp {
    /// What a request is to this sign-up. Whoever knows the password is who began it.
    ///
    /// One that is being undone holds its handle, but no address any more.
    pub fn claim(&self, request: &SignUpRequest, password_matches: bool, now: Timestamp) -> Claim {
        let (same_handle, same_email) = (
            request.handle == self.request.handle,
            request.email == self.request.email,
        );
        let over = match self.stage {
            Stage::Undoing { .. } => true,
            Stage::AccountStored { at, .. } => now >= at + super::ANSWER_KEPT,
            _ => false,
        };
        match (same_handle, same_email) {
            (false, false) => Claim::Unrelated,
            (false, true) if over => Claim::Unrelated,
            (true, _) if over => Claim::Refuse(XrpcDenial::HandleNotAvailable),
            (true, true) if password_matches => self.same_request(request),
            (true, _) => Claim::Refuse(XrpcDenial::HandleNotAvailable),
            (false, true) if password_matches && self.may_be_superseded() => Claim::Supersede,
            (false, true) => Claim::Refuse(XrpcDenial::EmailTaken),
        }
    }

    /// The record when its person begins another sign-up.
    ///
    /// # Errors
    /// [`XrpcDenial::SignUpUnderWay`] while a driver has it; [`XrpcDenial::EmailTaken`] once it cannot be
    /// abandoned any more.
    pub fn superseded(self, now: Timestamp) -> Result<Self, XrpcDenial> {
        if !self.may_be_superseded() {
            return Err(XrpcDenial::EmailTaken);
        }
        let held = self.held_by_request(now)?;
        let event = Event::Abandoned {
            outside: Outside::Unknown,
            why: Why::Superseded,
        };
        held.advance(event, now)
            .map_err(|OutOfOrder| XrpcDenial::EmailTaken)
    }

    /// The operation may be signed already: a key that was not in it then is not in it now.
    fn same_request(&self, request: &SignUpRequest) -> Claim {
        let brought = |request: &SignUpRequest| request.arrival.as_ref().map(|it| it.follows.did.clone());
        let expected = if request.recovery_key != self.request.recovery_key {
            "recoveryKey must be the one this sign-up was begun with"
        } else if brought(request) != brought(&self.request) {
            "did must be the one this sign-up was begun with"
        } else {
            return Claim::Resume;
        };
        Claim::Refuse(XrpcDenial::InvalidRequest { expected })
    }

    /// Once the PDS has the account, it is finished rather than thrown away.
    const fn may_be_superseded(&self) -> bool {
        matches!(
            self.stage,
            Stage::Admitted { .. } | Stage::KeyReserved { .. } | Stage::OperationMade(_)
        )
    }
}
