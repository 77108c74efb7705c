//! What a presented token is, and whether its presenter may end what it belongs to (RFC 7009).

use entryway_oauth::access_token::verify_signature;
use entryway_oauth::client_id::ClientId;
use entryway_oauth::dpop::Proof;
use entryway_oauth::jwk::{PublicKey, Thumbprint};
use entryway_oauth::secret::{AuthorizationCode, SessionId};

use crate::refresh_token::{RefreshTokenKey, UnverifiedRefreshToken};
use crate::session::Session;

/// A token presented at the revocation endpoint. `token_type_hint` is not needed: each kind is told
/// by its own form.
#[derive(Debug)]
pub enum Presented {
    /// An access token of ours, expired or not; the whole session goes with it.
    AccessToken(SessionId),
    /// A refresh token, of whatever generation, not yet known to be genuine.
    RefreshToken(UnverifiedRefreshToken),
    /// A code.
    Code(AuthorizationCode),
    /// Something else: the answer is the same as for success.
    Garbage,
}

/// Tells what kind of token a text is.
pub fn classify(text: &str, refresh_tokens: &RefreshTokenKey, keys: &[PublicKey]) -> Presented {
    if let Ok(token) = refresh_tokens.parse(text) {
        return Presented::RefreshToken(token);
    }
    if let Ok(code) = AuthorizationCode::parse(text) {
        return Presented::Code(code);
    }
    match verify_signature(text, keys) {
        Ok(claims) => Presented::AccessToken(claims.sid),
        Err(_) => Presented::Garbage,
    }
}

/// Whether this presenter may end the session: its own client, and, where it sends a proof, by the
/// session's own key. A client that sends none is believed, since holding the token is
/// what RFC 7009 asks for.
pub fn may_end(session: &Session, client_id: &ClientId, proof: Option<&Proof>) -> bool {
    owns(&session.client_id, Some(session.jkt), client_id, proof)
}

/// As [`may_end`], for a code that was not exchanged yet.
pub fn owns(
    owner: &ClientId,
    bound: Option<Thumbprint>,
    client_id: &ClientId,
    proof: Option<&Proof>,
) -> bool {
    let key_fits = match (bound, proof) {
        (Some(bound), Some(proof)) => bound == proof.thumbprint(),
        _ => true,
    };
    owner == client_id && key_fits
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::fixtures;

    //
    #[test]
    fn each_kind_of_token_is_told_by_its_form() {
        let key = fixtures::refresh_token_key();
        let session = fixtures::session();
        let refresh = key.mint(session.id, &session.salt, 3);
        assert!(matches!(
            classify(refresh.expose(), &key, &[]),
            Presented::RefreshToken(_)
        ));
        let code = AuthorizationCode::from_entropy([1; 32]);
        assert!(matches!(classify(code.expose(), &key, &[]), Presented::Code(_)));
        for garbage in [
            "",
            "x",
            "a.b.c",
            "ref-",
            "cod-",
            "tok-00000000000000000000000000000000",
        ] {
            assert!(
                matches!(classify(garbage, &key, &[]), Presented::Garbage),
                "{garbage}"
            );
        }
    }

    //
    #[test]
    fn only_the_own_client_with_the_own_key_or_none_ends_a_session() {
        let (proof, other) = (fixtures::proof(), ClientId::parse("http://localhost/").unwrap());
        let session = Session {
            jkt: proof.thumbprint(),
            ..fixtures::session()
        };
        let foreign = Session {
            jkt: fixtures::other_thumbprint(),
            ..fixtures::session()
        };
        assert!(may_end(&session, &session.client_id, None));
        assert!(may_end(&session, &session.client_id, Some(&proof)));
        assert!(!may_end(&foreign, &foreign.client_id, Some(&proof)));
        assert!(!may_end(&session, &other, None));
    }
}
