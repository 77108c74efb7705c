#[cfg(test)]
mod tests;

use crate::transition::is_about_messages;
use crate::{AccountAction, AccountAttribute, Act, Meaning, ScopeMissing, ScopeSet, Transition};

/// What a token with these scopes may do.
///
/// An `include` permits nothing, for what it stands for is not known here. That `atproto` is among the values is for
/// whoever verifies the token. Nothing is allocated unless an act is refused.
impl ScopeSet {
    /// Whether this may be done.
    ///
    /// Each act is permitted by one value alone, except that `transition:chat.bsky` counts only beside
    /// `transition:generic` (R-379). More values never permit less.
    ///
    /// ```
    /// use entryway_scope::{Act, Nsid, ScopeSet};
    ///
    /// let granted = ScopeSet::parse("atproto rpc:app.bsky.feed.getFeed?aud=did:web:api.bsky.app%23bsky_appview")?;
    /// let method = Nsid::parse("app.bsky.feed.getFeed").unwrap();
    /// let at = |audience| Act::Rpc { method: Some(&method), audience };
    /// assert!(granted.permits(at("did:web:api.bsky.app#bsky_appview")));
    /// assert!(!granted.permits(at("did:web:api.bsky.app")));
    /// # Ok::<(), entryway_scope::InvalidScope>(())
    /// ```
    pub fn permits(&self, act: Act<'_>) -> bool {
        self.iter().any(|scope| scope.meaning().permits(act)) || self.permits_messages(act)
    }

    /// Asks for a permission to do this.
    ///
    /// # Errors
    ///
    /// Where it is not permitted, with the narrowest value that would have permitted it.
    pub fn require(&self, act: Act<'_>) -> Result<(), ScopeMissing> {
        if self.permits(act) {
            Ok(())
        } else {
            Err(ScopeMissing::of(&act))
        }
    }

    /// The one permission that takes two values.
    fn permits_messages(&self, act: Act<'_>) -> bool {
        matches!(act, Act::Rpc { .. }) && self.has(Transition::ChatBsky) && self.has(Transition::Generic)
    }

    /// Whether this transitional scope is among the values.
    pub(crate) fn has(&self, transition: Transition) -> bool {
        self.iter()
            .any(|scope| *scope.meaning() == Meaning::Transition(transition))
    }
}

impl Meaning {
    fn permits(&self, act: Act<'_>) -> bool {
        match (self, act) {
            (Self::Repo(repo), Act::Repo { collection, action }) => repo.permits(collection, action),
            (Self::Rpc(rpc), Act::Rpc { method, audience }) => rpc.permits(method, audience),
            (Self::Blob(blob), Act::Blob { media_type }) => blob.permits(media_type),
            (Self::Account(account), Act::Account { attribute, action }) => {
                account.permits(attribute, action)
            }
            (Self::Identity(identity), Act::Identity(attribute)) => identity.permits(attribute),
            (Self::Transition(Transition::Generic), act) => is_generic(act),
            (Self::Transition(Transition::Email), act) => act == SEE_EMAIL,
            _ => false,
        }
    }
}

/// What `transition:generic` permits: neither private messages nor account and identity (R-380).
fn is_generic(act: Act<'_>) -> bool {
    match act {
        Act::Repo { .. } | Act::Blob { .. } => true,
        Act::Rpc { method, .. } => !method.is_some_and(is_about_messages),
        Act::Account { .. } | Act::Identity(_) => false,
    }
}

const SEE_EMAIL: Act<'_> = Act::Account {
    attribute: AccountAttribute::Email,
    action: AccountAction::Read,
};
