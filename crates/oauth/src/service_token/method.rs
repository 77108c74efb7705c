//! The methods a PDS may call with a service token.

/// A method for which a PDS makes service tokens itself and never lets its user have one (contract 2.2).
///
/// Any other method with a service token is refused: such a token may be its user's, or an app's (R-496).
///
/// ```
/// use entryway_oauth::service_token::ServiceMethod;
/// let method = ServiceMethod::parse("com.atproto.server.getSession");
/// assert_eq!(method, Some(ServiceMethod::GetSession));
/// assert_eq!(ServiceMethod::parse("com.atproto.server.createAccount"), None);
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum ServiceMethod {
    /// `com.atproto.admin.sendEmail`, signed by the key of the one who is written to.
    SendEmail,
    /// `com.atproto.identity.requestPlcOperationSignature`
    RequestPlcOperationSignature,
    /// `com.atproto.identity.signPlcOperation`
    SignPlcOperation,
    /// `com.atproto.identity.updateHandle`
    UpdateHandle,
    /// `com.atproto.server.activateAccount`
    ActivateAccount,
    /// `com.atproto.server.confirmEmail`
    ConfirmEmail,
    /// `com.atproto.server.createAppPassword`
    CreateAppPassword,
    /// `com.atproto.server.deactivateAccount`
    DeactivateAccount,
    /// `com.atproto.server.getAccountInviteCodes`
    GetAccountInviteCodes,
    /// `com.atproto.server.getSession`
    GetSession,
    /// `com.atproto.server.listAppPasswords`
    ListAppPasswords,
    /// `com.atproto.server.requestAccountDelete`
    RequestAccountDelete,
    /// `com.atproto.server.requestEmailConfirmation`
    RequestEmailConfirmation,
    /// `com.atproto.server.requestEmailUpdate`
    RequestEmailUpdate,
    /// `com.atproto.server.revokeAppPassword`
    RevokeAppPassword,
    /// `com.atproto.server.updateEmail`
    UpdateEmail,
}

impl ServiceMethod {
    /// Every method of the list.
    pub const ALL: [Self; 16] = [
        Self::SendEmail,
        Self::RequestPlcOperationSignature,
        Self::SignPlcOperation,
        Self::UpdateHandle,
        Self::ActivateAccount,
        Self::ConfirmEmail,
        Self::CreateAppPassword,
        Self::DeactivateAccount,
        Self::GetAccountInviteCodes,
        Self::GetSession,
        Self::ListAppPasswords,
        Self::RequestAccountDelete,
        Self::RequestEmailConfirmation,
        Self::RequestEmailUpdate,
        Self::RevokeAppPassword,
        Self::UpdateEmail,
    ];

    /// Its NSID: what stands in the path and in `lxm`.
    pub const fn nsid(self) -> &'static str {
        match self {
            Self::SendEmail => "com.atproto.admin.sendEmail",
            Self::RequestPlcOperationSignature => "com.atproto.identity.requestPlcOperationSignature",
            Self::SignPlcOperation => "com.atproto.identity.signPlcOperation",
            Self::UpdateHandle => "com.atproto.identity.updateHandle",
            Self::ActivateAccount => "com.atproto.server.activateAccount",
            Self::ConfirmEmail => "com.atproto.server.confirmEmail",
            Self::CreateAppPassword => "com.atproto.server.createAppPassword",
            Self::DeactivateAccount => "com.atproto.server.deactivateAccount",
            Self::GetAccountInviteCodes => "com.atproto.server.getAccountInviteCodes",
            Self::GetSession => "com.atproto.server.getSession",
            Self::ListAppPasswords => "com.atproto.server.listAppPasswords",
            Self::RequestAccountDelete => "com.atproto.server.requestAccountDelete",
            Self::RequestEmailConfirmation => "com.atproto.server.requestEmailConfirmation",
            Self::RequestEmailUpdate => "com.atproto.server.requestEmailUpdate",
            Self::RevokeAppPassword => "com.atproto.server.revokeAppPassword",
            Self::UpdateEmail => "com.atproto.server.updateEmail",
        }
    }

    /// Reads an NSID; nothing for a method that is not on the list.
    pub fn parse(nsid: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|method| method.nsid() == nsid)
    }
}
