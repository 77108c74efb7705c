use super::*;

/// Status, name and text of every denial, in the order of the samples. Clients compare names, and some texts,
/// so a change here is a change of the contract (contract 2.4 and 3.1, A23).
#[rustfmt::skip]
const TABLE: [(u16, &str, &str); 74] = [
    (400, "InvalidRequest", "name is required"),
    (400, "InvalidRequest", "name is required"),
    (400, "InvalidRequest", "name must be a string"),
    (405, "InvalidRequest", "this method is called by POST"),
    (408, "InvalidRequest", "the request body did not arrive in time"),
    (413, "PayloadTooLarge", "the request body is larger than 102400 bytes"),
    (429, "RateLimitExceeded", "Rate Limit Exceeded"),
    (503, "NotEnoughResources", "this server has more to do than it can at this moment, try again in a few seconds"),
    (501, "MethodNotImplemented", "this server has no such method"),
    (401, "AuthMissing", "Authentication Required"),
    (400, "InvalidToken", "Unexpected authorization type"),
    (401, "AuthenticationRequired", "Authentication Required"),
    (401, "AuthenticationRequired", "Invalid identifier or password"),
    (401, "AuthenticationRequired", "Invalid did or password"),
    (401, "AuthFactorTokenRequired", "a sign-in code is required, it was sent to the e-mail address of the account"),
    (401, "AccountTakedown", "Account has been taken down"),
    (400, "InvalidToken", "Token could not be verified"),
    (400, "InvalidToken", "Malformed token"),
    (400, "InvalidToken", "Bad token scope"),
    (400, "ExpiredToken", "Token has expired"),
    (400, "ExpiredToken", "Token has been revoked"),
    (400, "ExpiredToken", "the account has left for another PDS, sign in there"),
    (403, "Forbidden", "OAuth credentials are not supported for this endpoint"),
    (401, "invalid_token", "the access token has expired"),
    (401, "use_dpop_nonce", "a nonce from this server's dpop-nonce header is required in the dpop proof"),
    (400, "InvalidScopeReference", "scope must be ref: and a CID"),
    (400, "InvalidRequest", "DPoP requests cannot be proxied, send them to https://pds.example"),
    (400, "InvalidRequest", "aud of the service token must be a DID and not a URL, the one of this service is did:web:entryway.example"),
    (400, "InvalidRequest", "Could not find user info for account"),
    (400, "AccountNotFound", "account not found"),
    (400, "InvalidHandle", "handle must be a domain name"),
    (400, "HandleNotAvailable", "handle is already taken or reserved"),
    (400, "UnsupportedDomain", "handle must be under one of availableUserDomains"),
    (400, "InvalidRequest", "External handle did not resolve to DID"),
    (400, "InvalidRequest", "Unable to resolve handle"),
    (400, "InvalidPassword", "password must be 8 to 256 characters"),
    (400, "InvalidInviteCode", "inviteCode is missing, unknown, used up or disabled"),
    (400, "DuplicateCreate", "these invite codes were made by another request"),
    (400, "InvalidRequest", "email must be an address"),
    (400, "InvalidRequest", "email is in use by another account"),
    (400, "InvalidEmail", "email is not the address of this account"),
    (400, "InvalidRequest", "this account has no e-mail address"),
    (400, "UnresolvableDid", "did could not be resolved"),
    (400, "IncompatibleDidDoc", "the DID document must list our rotation key"),
    (400, "UnresolvableDid", "did has been tombstoned, it cannot be used any more"),
    (400, "IncompatibleDidDoc", "the DID document must list the rotation key did:key:zQ3sh of this service: have the present PDS sign an operation that adds it, and send that as plcOp or to the directory"),
    (400, "AlreadyExists", "did has an account here already, sign in to it"),
    (429, "RateLimitExceeded", "this sign-up is under way, send the same request again in 90 seconds"),
    (429, "RateLimitExceeded", "another change of this account is under way, try again in 90 seconds"),
    (400, "InvalidToken", "Token is invalid"),
    (400, "ExpiredToken", "Token is expired"),
    (400, "TokenRequired", "confirmation token required"),
    (400, "InvalidRequest", "email confirmation token required to sign PLC operations"),
    (502, "UpstreamFailure", "the PDS could not be reached or broke down, send the same request again later"),
    (504, "UpstreamTimeout", "the PDS did not answer in time, send the same request again later"),
    (404, "UpstreamFailure", "the PDS, or something before it, gave an error without an explanation"),
    (400, "InvalidRequest", "the PDS of this account is not one this service passes calls on to, send them to the PDS itself"),
    (502, "UpstreamFailure", "the PDS refused the account, its operator has been told"),
    (502, "UpstreamFailure", "the letter could not be handed to the mail server, send the same request again later"),
    (502, "UpstreamFailure", "the PLC directory refused the change of the DID document, nothing has changed"),
    (502, "UpstreamFailure", "the PLC directory could not be reached, send the same request again later"),
    (401, "BadJwt", "the service token must be a JWT with iss, aud, exp, lxm and jti"),
    (401, "BadJwtType", "typ of the service token must be JWT"),
    (401, "BadJwt", "the service token must be signed with ES256K or ES256 by the key atproto of its issuer"),
    (401, "BadJwtIss", "iss of the service token must be the DID of an account, and sub the same or absent"),
    (401, "BadJwtAudience", "aud of the service token must be the DID of this service"),
    (400, "InvalidRequest", "aud of the service token must be the DID of this service and not a URL"),
    (401, "BadJwtLexiconMethod", "lxm of the service token must be the method that is called"),
    (401, "JwtExpired", "the service token has expired"),
    (401, "BadJwt", "exp of the service token must be at most five minutes ahead, or an hour to move an account here"),
    (401, "BadJwt", "iat or nbf of the service token is ahead of the clock of this server"),
    (401, "UntrustedIss", "iss of the service token is no account of this service"),
    (401, "BadJwtSignature", "the service token is not signed by the key in the DID document of its issuer"),
    (401, "BadJwt", "jti of the service token was used before"),
];

#[test]
fn every_denial_has_the_status_name_and_text_of_the_table() {
    let rendered = XrpcDenial::samples().into_iter();
    let rendered: Vec<_> = rendered
        .map(|denial| (denial.status(), denial.name(), denial.to_string()))
        .collect();
    let table = TABLE.map(|(status, name, text)| (status, name, text.to_owned()));
    assert_eq!(rendered, table);
}

#[test]
fn every_text_is_safe_in_a_header_and_ends_without_a_full_stop() {
    for (_, name, text) in TABLE {
        let safe = |byte: u8| matches!(byte, 0x20..=0x7e) && byte != b'"' && byte != b'\\';
        assert!(text.bytes().all(safe) && !text.ends_with('.'), "{text}");
        assert!(
            name.bytes()
                .all(|byte| byte.is_ascii_alphanumeric() || byte == b'_'),
            "{name}"
        );
    }
}

#[test]
fn only_what_passes_by_waiting_says_how_long() {
    for denial in XrpcDenial::samples() {
        assert_eq!(
            denial.retry_after_seconds().is_some(),
            [429, 503].contains(&denial.status()),
            "{denial:?}"
        );
    }
}

//
#[test]
fn a_session_token_is_refused_in_the_words_clients_know() {
    for (fault, denial) in [
        (InvalidSessionToken::Unverified, XrpcDenial::TokenUnverified),
        (InvalidSessionToken::Malformed, XrpcDenial::TokenMalformed),
        (InvalidSessionToken::Scope, XrpcDenial::TokenScope),
        (InvalidSessionToken::Expired, XrpcDenial::TokenExpired),
    ] {
        assert_eq!(XrpcDenial::from(fault), denial);
    }
}
