//! Who is at this app: a bounded map in memory, keyed by a random cookie. A restart forgets everybody.

use std::collections::{HashMap, VecDeque};
use std::fmt;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use oauth2::CsrfToken;

use super::authorization::PendingSignIn;
use super::session::Session;

/// Browsers remembered at once; the one that was away longest makes room for the next.
const VISITORS_MAX: usize = 256;

/// Sign-ins one browser may have under way, in several tabs.
const PENDING_MAX: usize = 4;

/// How long a sign-in may take, in seconds.
const PENDING_SECONDS: i64 = 600;

/// How long a browser is remembered after its last request, in seconds.
const VISITOR_IDLE_SECONDS: i64 = 24 * 60 * 60;

/// The value of the cookie. Whoever has it is the visitor, so it is never printed.
#[derive(Clone, PartialEq, Eq, Hash)]
pub(super) struct VisitorId(String);

impl VisitorId {
    /// A new identifier of 256 random bits.
    pub(super) fn new(random: [u8; 32]) -> Self {
        Self(URL_SAFE_NO_PAD.encode(random))
    }

    /// The identifier a browser presents; it may name nobody.
    pub(super) fn presented(value: &str) -> Self {
        Self(value.to_owned())
    }

    /// The secret itself, for the cookie only.
    pub(super) fn secret(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for VisitorId {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("VisitorId([redacted])")
    }
}

/// One browser.
#[derive(Debug, Default)]
struct Visitor {
    pending: VecDeque<PendingSignIn>,
    session: Option<SharedSession>,
    notice: Option<String>,
    seen_at: i64,
}

/// A session, with a lock that keeps two tabs from spending one refresh token twice.
pub(super) type SharedSession = Arc<tokio::sync::Mutex<Session>>;

/// All browsers.
#[derive(Debug, Default)]
pub(super) struct Visitors {
    by_id: Mutex<HashMap<VisitorId, Visitor>>,
}

impl Visitors {
    /// Remembers a sign-in until the browser comes back with its `state`.
    pub(super) fn begin_sign_in(&self, id: &VisitorId, pending: PendingSignIn, now: i64) {
        let mut by_id = self.visitors();
        let visitor = admitted(&mut by_id, id, now);
        if visitor.pending.len() >= PENDING_MAX {
            visitor.pending.pop_front();
        }
        visitor.pending.push_back(pending);
    }

    /// Says whether this app gave that identifier out and still knows it.
    pub(super) fn knows(&self, id: &VisitorId) -> bool {
        self.visitors().contains_key(id)
    }

    /// Takes the sign-in that `state` belongs to, so that no answer is good twice.
    pub(super) fn take_sign_in(&self, id: &VisitorId, state: &CsrfToken, now: i64) -> Option<PendingSignIn> {
        let mut by_id = self.visitors();
        let visitor = by_id.get_mut(id)?;
        visitor
            .pending
            .retain(|pending| now.saturating_sub(pending.begun_at) <= PENDING_SECONDS);
        // only this browser's own handful is searched, and a state that misses tells nothing about the others
        let place = visitor
            .pending
            .iter()
            .position(|pending| pending.state.secret() == state.secret())?;
        visitor.pending.remove(place)
    }

    /// Signs a browser in under a new identifier; the old one is forgotten (session fixation).
    pub(super) fn sign_in(&self, old: &VisitorId, new: &VisitorId, session: Session, now: i64) {
        let mut by_id = self.visitors();
        let pending = by_id
            .remove(old)
            .map(|visitor| visitor.pending)
            .unwrap_or_default();
        let visitor = admitted(&mut by_id, new, now);
        visitor.pending = pending;
        visitor.session = Some(Arc::new(tokio::sync::Mutex::new(session)));
    }

    /// The session of a browser, if somebody is signed in there.
    pub(super) fn session(&self, id: &VisitorId, now: i64) -> Option<SharedSession> {
        let mut by_id = self.visitors();
        let visitor = by_id.get_mut(id)?;
        if now.saturating_sub(visitor.seen_at) > VISITOR_IDLE_SECONDS {
            by_id.remove(id);
            return None;
        }
        visitor.seen_at = now;
        visitor.session.clone()
    }

    /// Forgets the session of a browser.
    pub(super) fn sign_out(&self, id: &VisitorId) {
        if let Some(visitor) = self.visitors().get_mut(id) {
            visitor.session = None;
        }
    }

    /// Leaves a sentence for the next page.
    pub(super) fn leave_notice(&self, id: &VisitorId, notice: impl Into<String>) {
        if let Some(visitor) = self.visitors().get_mut(id) {
            visitor.notice = Some(notice.into());
        }
    }

    /// Takes the sentence left for this page.
    pub(super) fn take_notice(&self, id: &VisitorId) -> Option<String> {
        self.visitors().get_mut(id)?.notice.take()
    }

    fn visitors(&self) -> MutexGuard<'_, HashMap<VisitorId, Visitor>> {
        self.by_id.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// The visitor of that identifier, for whom room is made if need be.
fn admitted<'a>(by_id: &'a mut HashMap<VisitorId, Visitor>, id: &VisitorId, now: i64) -> &'a mut Visitor {
    if by_id.len() >= VISITORS_MAX && !by_id.contains_key(id) {
        let longest_away = by_id
            .iter()
            .min_by_key(|(_, visitor)| visitor.seen_at)
            .map(|(id, _)| id.clone());
        if let Some(longest_away) = longest_away {
            by_id.remove(&longest_away);
        }
    }
    let visitor = by_id.entry(id.clone()).or_default();
    visitor.seen_at = now;
    visitor
}

#[cfg(test)]
mod tests {
    use oauth2::PkceCodeVerifier;

    use super::super::discovery::Account;
    use super::super::permissions::Asked;
    use super::super::proof::ProofKey;
    use super::super::server::tests::metadata;
    use super::super::trace::Trace;
    use super::*;

    fn pending(state: &str, begun_at: i64) -> PendingSignIn {
        let issuer = "http://localhost:1";
        PendingSignIn {
            state: CsrfToken::new(state.to_owned()),
            verifier: PkceCodeVerifier::new("v".repeat(43)),
            key: Arc::new(ProofKey::generate().unwrap()),
            account: Account {
                did: "did:plc:alice".to_owned(),
                handle: "alice.test".to_owned(),
                pds: issuer.to_owned(),
                server: serde_json::from_value(metadata(issuer)).unwrap(),
            },
            asked: Asked::everything(),
            trace: Trace::default(),
            begun_at,
        }
    }

    fn state(text: &str) -> CsrfToken {
        CsrfToken::new(text.to_owned())
    }

    #[test]
    fn a_state_is_good_once_in_its_own_browser_within_ten_minutes() {
        let visitors = Visitors::default();
        let (own, other) = (VisitorId::new([1; 32]), VisitorId::new([2; 32]));
        visitors.begin_sign_in(&own, pending("s1", 0), 0);
        visitors.begin_sign_in(&own, pending("s2", 0), 0);
        assert!(visitors.take_sign_in(&other, &state("s1"), 1).is_none());
        assert!(visitors.take_sign_in(&own, &state("s3"), 1).is_none());
        assert!(
            visitors
                .take_sign_in(&own, &state("s1"), PENDING_SECONDS)
                .is_some()
        );
        assert!(
            visitors
                .take_sign_in(&own, &state("s1"), PENDING_SECONDS)
                .is_none()
        );
        assert!(
            visitors
                .take_sign_in(&own, &state("s2"), PENDING_SECONDS + 1)
                .is_none()
        );
    }

    #[test]
    fn visitors_and_their_pending_sign_ins_are_bounded() {
        let visitors = Visitors::default();
        for number in 0..u8::MAX {
            visitors.begin_sign_in(&VisitorId::new([number; 32]), pending("s", 0), i64::from(number));
        }
        for number in 0..10 {
            let id = VisitorId::presented(&format!("late-{number}"));
            visitors.begin_sign_in(&id, pending("s", 0), 1000);
        }
        assert_eq!(visitors.visitors().len(), VISITORS_MAX);
        // those away longest made room
        assert!(
            visitors
                .take_sign_in(&VisitorId::new([0; 32]), &state("s"), 0)
                .is_none()
        );
        assert!(
            visitors
                .take_sign_in(&VisitorId::new([200; 32]), &state("s"), 0)
                .is_some()
        );

        let id = VisitorId::presented("late-1");
        for number in 0..10 {
            visitors.begin_sign_in(&id, pending(&number.to_string(), 0), 0);
        }
        assert_eq!(visitors.visitors()[&id].pending.len(), PENDING_MAX);
    }

    #[test]
    fn the_cookie_is_not_printed() {
        assert_eq!(
            format!("{:?}", VisitorId::presented("secret")),
            "VisitorId([redacted])"
        );
    }
}
