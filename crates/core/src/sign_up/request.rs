//! What a person asks for, and whether they may.

use entryway_oauth::xrpc_denial::XrpcDenial;
use entryway_scope::Handle;

use super::Arrival;
use crate::email::EmailAddress;
use crate::handle::{HandleRules, NewHandle};
use crate::invite::{self, Invitation, InviteCode};
use crate::password::NewPassword;

/// What a person asks for, each part by itself as it should be. The password is apart, since only its hash
/// is kept.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SignUpRequest {
    /// The handle.
    pub handle: Handle,
    /// The address.
    pub email: EmailAddress,
    /// The invite it uses.
    pub invite: Option<InviteCode>,
    /// A key of their own, as `did:key`: it may take the DID back from us.
    pub recovery_key: Option<String>,
    /// The DID they have already, if they have one.
    pub arrival: Option<Arrival>,
}

/// What was typed on a page, or came as the body of `createAccount`.
#[derive(Clone, Copy, Debug)]
pub struct Typed<'a> {
    /// The whole handle.
    pub handle: &'a str,
    /// The address.
    pub email: &'a str,
    /// The password.
    pub password: &'a str,
    /// The invite, if any.
    pub invite: Option<&'a str>,
}

impl SignUpRequest {
    /// Reads what was typed, by the rules of the deployment; the first fault is told.
    ///
    /// The recovery key is a key already. Does not know whether somebody has the handle or the address, nor
    /// whether the invite is used up: the verb that admits the sign-up does.
    ///
    /// # Errors
    /// Those of [`HandleRules::for_sign_up`], [`EmailAddress::parse`], [`NewPassword::parse`] and
    /// [`invite::presented`].
    pub fn parse(
        typed: Typed<'_>,
        recovery_key: Option<String>,
        handles: &HandleRules,
        invitation: Invitation,
    ) -> Result<(Self, NewPassword), XrpcDenial> {
        let handle = handles.for_sign_up(typed.handle)?;
        Self::with_handle(handle, typed, recovery_key, invitation)
    }

    /// Reads what somebody typed who has a DID and moves here. The handle may be one under a domain of their own:
    /// whether that leads to the DID is for the caller to ask, where the second part of the answer says so.
    ///
    /// # Errors
    /// Those of [`HandleRules::for_change`] and of [`Self::parse`].
    pub fn arriving(
        typed: Typed<'_>,
        arrival: Arrival,
        recovery_key: Option<String>,
        handles: &HandleRules,
        invitation: Invitation,
    ) -> Result<(Self, NewPassword, NewHandle), XrpcDenial> {
        let handle = handles.for_change(typed.handle)?;
        let (request, password) =
            Self::with_handle(handle.handle().clone(), typed, recovery_key, invitation)?;
        let request = Self {
            arrival: Some(arrival),
            ..request
        };
        Ok((request, password, handle))
    }

    fn with_handle(
        handle: Handle,
        typed: Typed<'_>,
        recovery_key: Option<String>,
        invitation: Invitation,
    ) -> Result<(Self, NewPassword), XrpcDenial> {
        let email = EmailAddress::parse(typed.email)?;
        let password = NewPassword::parse(typed.password)?;
        let invite = invite::presented(typed.invite, invitation)?;
        let request = Self {
            handle,
            email,
            invite,
            recovery_key,
            arrival: None,
        };
        Ok((request, password))
    }
}
