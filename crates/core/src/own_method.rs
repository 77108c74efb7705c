//! Which methods are this service's own, and which are passed on to the PDS of the caller.

/// Whether a method is this service's own, served or not: it is never passed on.
///
/// A PDS that delegates to us calls us back for each of these (contract 2.2), so that passing one on would go
/// round and round. That the administration of a PDS is among them keeps its password from ever being tried
/// through us.
///
/// ```
/// use entryway_core::own_method::is_our_own;
/// assert!(is_our_own("com.atproto.server.getSession"));
/// assert!(!is_our_own("com.atproto.repo.createRecord"));
/// ```
pub fn is_our_own(method: &str) -> bool {
    method.starts_with(ADMINISTRATION) || OWN.contains(&method)
}

const ADMINISTRATION: &str = "com.atproto.admin.";

/// Contract 2.2 and 2.4, in order.
const OWN: [&str; 32] = [
    "com.atproto.identity.requestPlcOperationSignature",
    "com.atproto.identity.resolveHandle",
    "com.atproto.identity.signPlcOperation",
    "com.atproto.identity.updateHandle",
    "com.atproto.server.activateAccount",
    "com.atproto.server.confirmEmail",
    "com.atproto.server.createAccount",
    "com.atproto.server.createAppPassword",
    "com.atproto.server.createInviteCode",
    "com.atproto.server.createInviteCodes",
    "com.atproto.server.createSession",
    "com.atproto.server.deactivateAccount",
    "com.atproto.server.deleteAccount",
    "com.atproto.server.deleteSession",
    "com.atproto.server.describeServer",
    "com.atproto.server.getAccountInviteCodes",
    "com.atproto.server.getSession",
    "com.atproto.server.listAppPasswords",
    "com.atproto.server.refreshSession",
    "com.atproto.server.requestAccountDelete",
    "com.atproto.server.requestEmailConfirmation",
    "com.atproto.server.requestEmailUpdate",
    "com.atproto.server.requestPasswordReset",
    "com.atproto.server.resetPassword",
    "com.atproto.server.revokeAppPassword",
    "com.atproto.server.updateEmail",
    "com.atproto.temp.addReservedHandle",
    "com.atproto.temp.checkHandleAvailability",
    "com.atproto.temp.checkSignupQueue",
    "com.atproto.temp.dereferenceScope",
    "com.atproto.temp.requestPhoneVerification",
    "com.atproto.temp.revokeAccountCredentials",
];

#[cfg(test)]
mod tests {
    use super::*;
    use entryway_oauth::service_token::ServiceMethod;

    // contract 2.2: passed on, each of these would come back
    #[test]
    fn whatever_a_pds_calls_us_for_is_our_own() {
        for method in ServiceMethod::ALL {
            assert!(is_our_own(method.nsid()), "{}", method.nsid());
        }
        for passed_through in [
            "com.atproto.server.createSession",
            "com.atproto.server.refreshSession",
            "com.atproto.server.deleteSession",
            "com.atproto.server.requestPasswordReset",
            "com.atproto.server.resetPassword",
            "com.atproto.server.deleteAccount",
            "com.atproto.temp.checkSignupQueue",
            "com.atproto.temp.dereferenceScope",
            "com.atproto.admin.updateAccountEmail",
            "com.atproto.admin.updateAccountPassword",
            "com.atproto.admin.anythingElse",
        ] {
            assert!(is_our_own(passed_through), "{passed_through}");
        }
    }

    #[test]
    fn what_a_pds_does_by_itself_is_passed_on() {
        for method in [
            "com.atproto.server.reserveSigningKey",
            "com.atproto.server.getServiceAuth",
            "com.atproto.server.checkAccountStatus",
            "com.atproto.identity.getRecommendedDidCredentials",
            "com.atproto.identity.submitPlcOperation",
            "com.atproto.repo.uploadBlob",
            "com.atproto.sync.getRepo",
            "com.atproto.administration.x",
            "app.bsky.feed.getTimeline",
            "com.example.server.createSession",
        ] {
            assert!(!is_our_own(method), "{method}");
        }
    }
}
