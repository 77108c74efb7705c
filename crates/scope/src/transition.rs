use crate::Nsid;

/// A scope from before granular permissions, wide and still in use.
///
/// The specification calls them transitional: meant to go once apps name what they need.
///
/// ```
/// use entryway_scope::{Meaning, Scope, Transition};
///
/// let scope = Scope::parse("transition:email")?;
/// assert_eq!(*scope.meaning(), Meaning::Transition(Transition::Email));
/// assert!(Scope::parse("transition:everything").is_err());
/// # Ok::<(), entryway_scope::InvalidValue>(())
/// ```
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Transition {
    /// `transition:generic`: all records, all uploads, all services but private messages. Neither the e-mail address
    /// nor any power over account and identity (R-380).
    Generic,
    /// `transition:email`: reading the e-mail address (R-381).
    Email,
    /// `transition:chat.bsky`: private messages, and nothing without `transition:generic` beside it (R-379).
    ChatBsky,
}

impl Transition {
    /// The whole value.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Generic => "transition:generic",
            Self::Email => "transition:email",
            Self::ChatBsky => "transition:chat.bsky",
        }
    }

    pub(crate) fn parse(text: &str) -> Option<Self> {
        [Self::Generic, Self::Email, Self::ChatBsky]
            .into_iter()
            .find(|value| value.as_str() == text)
    }
}

/// Whether a method is about private messages, which `transition:generic` leaves out (R-380).
///
/// In either case: the authority of an NSID is a domain name.
pub(crate) fn is_about_messages(method: &Nsid) -> bool {
    let authority = method.as_str().get(..CHAT_BSKY.len());
    authority.is_some_and(|start| start.eq_ignore_ascii_case(CHAT_BSKY))
}

const CHAT_BSKY: &str = "chat.bsky.";
