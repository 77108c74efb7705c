//! Why an access token is not believed.

/// Why an access token is refused; each is `401 invalid_token`, upon which a client refreshes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum InvalidToken {
    /// Not a JWS, another `typ` or `alg`, or a claim missing or of the wrong type.
    #[error("the access token is not an at+jwt of this profile")]
    Malformed,
    /// `iss` is not one of the configured issuers.
    #[error("the access token comes from an issuer this server does not accept")]
    IssuerUnknown,
    /// None of the issuer's keys signed it.
    #[error("the access token is not signed by a key of its issuer")]
    Signature,
    /// `aud` is another server.
    #[error("the access token is meant for another server")]
    AudienceMismatch,
    /// `exp` has come.
    #[error("the access token has expired")]
    Expired,
    /// `iat` or `nbf` is more than a minute ahead of this server's clock, before 1970, or after `exp`.
    #[error("the access token is dated in the future or ends before it begins")]
    Misdated,
    /// `scope` is a reference, and references of its issuer are not followed here.
    #[error("the scope of the access token is a reference, which this resource does not follow")]
    ScopeReferenced,
    /// `scope` is a reference to nothing, says its issuer.
    #[error("the scope of the access token is a reference that its issuer does not know")]
    ScopeUnknown,
    /// `scope` lacks `atproto`.
    #[error("the scope of the access token does not include atproto")]
    AtprotoMissing,
    /// No `sid`, though revocation of its issuer's tokens is followed here.
    #[error("the access token names no session, so whether it was revoked cannot be known")]
    SessionUnnamed,
    /// The session, or the key that signed it, was revoked.
    #[error("the session of the access token has ended")]
    Revoked,
    /// `cnf.jkt` is not the thumbprint of the key that signed the proof.
    #[error("the access token is bound to another key than the one that signed the dpop proof")]
    KeyMismatch,
}
