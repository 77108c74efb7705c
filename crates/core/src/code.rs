//! Whether a code opens, before the store spends it.

use entryway_oauth::client::Client;
use entryway_oauth::client_auth::ClientKey;
use entryway_oauth::client_id::ClientId;
use entryway_oauth::denial::Denial;
use entryway_oauth::dpop::Proof;
use entryway_oauth::form::Parameters;
use entryway_oauth::pkce::CodeVerifier;
use entryway_oauth::secret::SessionId;
use entryway_oauth::time::Timestamp;
use entryway_scope::ScopeSet;

use crate::account::{Account, AccountStatus};
use crate::policy::Policy;
use crate::request::AuthorizationRequest;
use crate::session::Session;

/// What is known of a code.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CodeFacts {
    /// The request it answers.
    pub request: AuthorizationRequest,
    /// What was granted.
    pub scope: ScopeSet,
    /// Whose account.
    pub account: Account,
    /// When the password was given for it.
    pub authenticated_at: Timestamp,
    /// Until when it opens.
    pub code_expires_at: Timestamp,
    /// Whether it still does.
    pub state: CodeState,
}

/// The life of a code.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum CodeState {
    /// It waits to be exchanged.
    Open,
    /// A wrong verifier burnt it.
    Spoiled,
    /// It was exchanged, for this session.
    Redeemed(SessionId),
}

/// What a client presents at the token endpoint to exchange a code.
#[derive(Clone, Copy, Debug)]
pub struct Presented<'a> {
    /// The client, as its metadata is now.
    pub client: &'a Client,
    /// The key it authenticated with.
    pub client_key: Option<&'a ClientKey>,
    /// The parameters, of which `redirect_uri` and `code_verifier` are read.
    pub parameters: &'a Parameters,
    /// The verified proof.
    pub proof: &'a Proof,
}

/// Why a presented code does not open, and what follows.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Closed {
    /// It was exchanged before: end what it gave, then refuse.
    Replayed,
    /// Refuse, and burn it.
    Spoil(Denial),
    /// Refuse, and leave it as it is.
    Refuse(Denial),
}

/// What can be said of a presented code before anything of its client is fetched.
///
/// A code that comes back is a replay whoever presents it and whatever else is wrong.
///
/// # Errors
/// [`Closed`] if it opens nothing, whatever the client's document says.
pub fn first_look(facts: &CodeFacts, client_id: &ClientId) -> Result<(), Closed> {
    match facts.state {
        CodeState::Redeemed(_) => Err(Closed::Replayed),
        CodeState::Open if facts.request.client_id == *client_id => Ok(()),
        CodeState::Open | CodeState::Spoiled => Err(Closed::Refuse(Denial::CodeUnknown)),
    }
}

/// Decides a code exchange. That a code was exchanged before is seen first: it is a
/// replay whatever else is wrong with the request. One that opens is redeemed next; the store has the last
/// word on who was first.
///
/// # Errors
/// [`Closed`], with what follows.
pub fn decide(facts: &CodeFacts, presented: Presented<'_>, now: Timestamp) -> Result<(), Closed> {
    match facts.state {
        CodeState::Redeemed(_) => Err(Closed::Replayed),
        CodeState::Spoiled => Err(Closed::Refuse(Denial::CodeUnknown)),
        CodeState::Open => check(facts, presented, now).map_err(|denial| match denial {
            Denial::VerifierMismatch => Closed::Spoil(denial),
            denial => Closed::Refuse(denial),
        }),
    }
}

fn check(facts: &CodeFacts, presented: Presented<'_>, now: Timestamp) -> Result<(), Denial> {
    let verifier = CodeVerifier::parse(presented.parameters.required("code_verifier")?)?;
    let redirect_uri = presented.parameters.required("redirect_uri")?;
    if now >= facts.code_expires_at || facts.request.client_id != presented.client.id {
        return Err(Denial::CodeUnknown);
    }
    if facts.request.redirect_uri.as_str() != redirect_uri {
        return Err(Denial::RedirectChanged);
    }
    // a grant belongs to the key it was asked for with
    if facts.request.client_key.is_some() && facts.request.client_key.as_ref() != presented.client_key {
        return Err(Denial::ClientKeyChanged);
    }
    if facts
        .request
        .jkt
        .is_some_and(|bound| bound != presented.proof.thumbprint())
    {
        return Err(Denial::KeyMismatch);
    }
    if !facts.request.code_challenge.is_opened_by(&verifier) {
        return Err(Denial::VerifierMismatch);
    }
    // a consent given with an old password opens nothing
    if facts.authenticated_at < facts.account.credentials_changed_at {
        return Err(Denial::CodeUnknown);
    }
    match facts.account.status {
        AccountStatus::Active => Ok(()),
        AccountStatus::Deactivated | AccountStatus::TakenDown => Err(Denial::AccountInactive),
    }
}

/// The session a code opens. `id` and `salt` come from the random source.
///
/// It lives as long as the consent page said: a client that authenticates only now was shown as one
/// that does not. A client that may not refresh has a session as long as its one access token.
pub fn session(
    facts: &CodeFacts,
    presented: Presented<'_>,
    id: SessionId,
    salt: [u8; 16],
    policy: &Policy,
    now: Timestamp,
) -> Session {
    let lifetime = if presented.client.refreshes {
        policy.sessions(facts.request.client_key.is_some()).session
    } else {
        policy.access_token_lifetime
    };
    Session {
        id,
        did: facts.account.did.clone(),
        client_id: facts.request.client_id.clone(),
        scope: facts.scope.clone(),
        jkt: presented.proof.thumbprint(),
        client_key: presented.client_key.cloned(),
        salt,
        generation: 0,
        created_at: now,
        rotated_at: now,
        expires_at: now + lifetime,
        ended: None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::fixtures;
    use entryway_oauth::pkce::CodeChallenge;
    use entryway_oauth::time::Seconds;

    /// RFC 7636 appendix B.
    const VERIFIER: &str = "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk";
    const CHALLENGE: &str = "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM";

    fn facts() -> CodeFacts {
        CodeFacts {
            request: fixtures::request(),
            scope: fixtures::session().scope,
            account: fixtures::account(),
            authenticated_at: fixtures::NOW,
            code_expires_at: fixtures::NOW + Seconds(60),
            state: CodeState::Open,
        }
    }

    fn exchange(verifier: &str, change: impl FnOnce(&mut CodeFacts)) -> Result<(), Closed> {
        exchange_with(&fixtures::proof(), verifier, change)
    }

    fn exchange_with(
        proof: &Proof,
        verifier: &str,
        change: impl FnOnce(&mut CodeFacts),
    ) -> Result<(), Closed> {
        let mut facts = facts();
        facts.request.code_challenge = CodeChallenge::parse(CHALLENGE).unwrap();
        let (client, redirect_uri) = (fixtures::client(), facts.request.redirect_uri.clone());
        change(&mut facts);
        let parameters =
            serde_json::json!({"code_verifier": verifier, "redirect_uri": redirect_uri.as_str()});
        let parameters = Parameters::from_json(parameters.to_string().as_bytes()).unwrap();
        let presented = Presented {
            client: &client,
            client_key: None,
            parameters: &parameters,
            proof,
        };
        decide(&facts, presented, fixtures::NOW)
    }

    #[test]
    fn the_right_verifier_opens_a_fresh_code() {
        let proof = fixtures::proof();
        assert_eq!(exchange_with(&proof, VERIFIER, |_| ()), Ok(()));
        assert_eq!(
            exchange_with(&proof, VERIFIER, |f| f.request.jkt = Some(proof.thumbprint())),
            Ok(())
        );
    }

    //
    #[test]
    fn a_wrong_verifier_burns_the_code() {
        assert_eq!(
            exchange(&"a".repeat(43), |_| ()),
            Err(Closed::Spoil(Denial::VerifierMismatch))
        );
    }

    //
    #[test]
    fn a_redeemed_code_is_a_replay_whoever_presents_it() {
        let id = SessionId::from_entropy([1; 16]);
        assert_eq!(
            exchange(&"a".repeat(43), |f| f.state = CodeState::Redeemed(id)),
            Err(Closed::Replayed)
        );
    }

    //
    #[test]
    fn a_code_ends_at_its_second() {
        for (left, fine) in [(1, true), (0, false), (-1, false)] {
            let expires = fixtures::NOW + Seconds(left);
            assert_eq!(
                exchange(VERIFIER, |f| f.code_expires_at = expires) == Ok(()),
                fine,
                "{left}"
            );
        }
    }

    //
    #[test]
    fn a_consent_given_with_an_old_password_opens_nothing() {
        let changed = |f: &mut CodeFacts| f.account.credentials_changed_at = f.authenticated_at + Seconds(1);
        assert_eq!(
            exchange(VERIFIER, changed),
            Err(Closed::Refuse(Denial::CodeUnknown))
        );
    }

    //
    #[test]
    fn a_replay_is_seen_even_without_a_verifier() {
        let id = SessionId::from_entropy([1; 16]);
        assert_eq!(
            exchange("", |f| f.state = CodeState::Redeemed(id)),
            Err(Closed::Replayed)
        );
        assert_eq!(
            exchange("", |_| ()),
            Err(Closed::Refuse(Denial::ParameterMissing {
                name: "code_verifier"
            }))
        );
    }

    //
    #[test]
    fn a_code_opens_for_the_client_key_it_was_asked_for_with() {
        let bound = |f: &mut CodeFacts| f.request.client_key = Some(fixtures::client_key());
        assert_eq!(
            exchange(VERIFIER, bound),
            Err(Closed::Refuse(Denial::ClientKeyChanged))
        );
    }

    //
    #[test]
    fn a_session_lives_as_its_client_s_class_says() {
        let (client, _, keys) = fixtures::confidential_client(&["one"]);
        let without = Client {
            refreshes: false,
            ..client.clone()
        };
        let parameters = Parameters::from_json(b"{}").unwrap();
        let proof = fixtures::proof();
        // what the page showed, what authenticates at the exchange
        for (client, asked_with, key, days, seconds) in [
            (&fixtures::client(), None, None, 14, 0),
            (&client, Some(&keys[0]), Some(&keys[0]), 730, 0),
            (&client, None, Some(&keys[0]), 14, 0),
            (&without, Some(&keys[0]), Some(&keys[0]), 0, 900),
        ] {
            let mut facts = facts();
            facts.request.client_key = asked_with.cloned();
            let presented = Presented {
                client,
                client_key: key,
                parameters: &parameters,
                proof: &proof,
            };
            let id = SessionId::from_entropy([1; 16]);
            let session = session(&facts, presented, id, [0; 16], &Policy::default(), fixtures::NOW);
            assert_eq!(
                session.expires_at - session.created_at,
                Seconds(days * 86_400 + seconds)
            );
            assert_eq!(session.client_key.as_ref(), key);
        }
    }

    //
    #[test]
    fn strangers_are_refused_and_burn_nothing() {
        let other_client = || ClientId::parse("http://localhost/").unwrap();
        assert_eq!(
            exchange(VERIFIER, |f| f.request.client_id = other_client()),
            Err(Closed::Refuse(Denial::CodeUnknown))
        );
        assert_eq!(
            exchange(VERIFIER, |f| f.request.redirect_uri =
                fixtures::other_redirect_uri()),
            Err(Closed::Refuse(Denial::RedirectChanged))
        );
        assert_eq!(
            exchange(VERIFIER, |f| f.request.jkt = Some(fixtures::other_thumbprint())),
            Err(Closed::Refuse(Denial::KeyMismatch))
        );
        assert_eq!(
            exchange(VERIFIER, |f| f.account.status = AccountStatus::Deactivated),
            Err(Closed::Refuse(Denial::AccountInactive))
        );
        assert_eq!(
            exchange(VERIFIER, |f| f.state = CodeState::Spoiled),
            Err(Closed::Refuse(Denial::CodeUnknown))
        );
    }
}
