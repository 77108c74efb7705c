use crate::InvalidValue;
use crate::syntax::{self, Syntax};
use std::fmt;

/// `account`: seeing or managing one thing about the account.
///
/// Shown in normal form.
///
/// ```
/// use entryway_scope::{AccountAction, AccountAttribute, Meaning, Scope};
///
/// let scope = Scope::parse("account:email?action=manage")?;
/// let Meaning::Account(account) = scope.meaning() else { panic!("an account scope") };
/// assert!(account.permits(AccountAttribute::Email, AccountAction::Read));
/// # Ok::<(), entryway_scope::InvalidValue>(())
/// ```
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct AccountPermission {
    attribute: AccountAttribute,
    action: AccountAction,
}

impl AccountPermission {
    /// Which thing.
    pub fn attribute(self) -> AccountAttribute {
        self.attribute
    }

    /// How far.
    pub fn action(self) -> AccountAction {
        self.action
    }

    /// Whether this lets one do that; who may manage may read (R-386).
    pub fn permits(self, attribute: AccountAttribute, action: AccountAction) -> bool {
        self.attribute == attribute && self.action >= action
    }

    pub(crate) fn new(attribute: AccountAttribute, action: AccountAction) -> Self {
        Self { attribute, action }
    }

    pub(crate) fn parse(text: &str) -> Result<Self, InvalidValue> {
        let syntax = Syntax::parse(text)?;
        syntax.only(&["attr", "action"])?;
        let attribute = syntax.main_single("attr")?.and_then(AccountAttribute::parse);
        let actions = syntax
            .many("action")
            .map(AccountAction::parse)
            .collect::<Option<Vec<_>>>();
        Ok(Self {
            attribute: attribute.ok_or(InvalidValue::AccountAttribute)?,
            action: actions
                .ok_or(InvalidValue::AccountAction)?
                .into_iter()
                .max()
                .unwrap_or(AccountAction::Read),
        })
    }
}

impl fmt::Display for AccountPermission {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let manage = (self.action == AccountAction::Manage).then_some(("action", self.action.as_str()));
        syntax::write(f, "account", ("attr", &[self.attribute.as_str()]), manage)
    }
}

/// Something about an account that is not public.
///
/// ```
/// use entryway_scope::{AccountAttribute, Meaning, Scope};
///
/// let scope = Scope::parse("account:status")?;
/// let Meaning::Account(account) = scope.meaning() else { panic!("an account scope") };
/// assert_eq!(account.attribute(), AccountAttribute::Status);
/// # Ok::<(), entryway_scope::InvalidValue>(())
/// ```
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum AccountAttribute {
    /// Its e-mail address.
    Email,
    /// Its repository as a whole.
    Repo,
    /// Whether it is active. Known to the reference, not yet to the specification.
    Status,
}

impl AccountAttribute {
    /// The word used in scope values.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Email => "email",
            Self::Repo => "repo",
            Self::Status => "status",
        }
    }

    fn parse(text: &str) -> Option<Self> {
        [Self::Email, Self::Repo, Self::Status]
            .into_iter()
            .find(|attribute| attribute.as_str() == text)
    }
}

/// How far a permission on an account goes; the later includes the earlier.
///
/// ```
/// use entryway_scope::AccountAction::{Manage, Read};
///
/// assert!(Manage > Read);
/// assert_eq!((Read.as_str(), Manage.as_str()), ("read", "manage"));
/// ```
#[derive(Clone, Copy, Debug, Eq, Ord, PartialEq, PartialOrd)]
pub enum AccountAction {
    /// Seeing.
    Read,
    /// Seeing and changing.
    Manage,
}

impl AccountAction {
    /// The word used in scope values.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Read => "read",
            Self::Manage => "manage",
        }
    }

    fn parse(text: &str) -> Option<Self> {
        [Self::Read, Self::Manage]
            .into_iter()
            .find(|action| action.as_str() == text)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::scope::tests::{assert_canonical, assert_refused};

    // R-368, R-388
    #[test]
    fn attribute_and_action_have_a_normal_form() {
        assert_canonical(&[
            ("account:email", "account:email"),
            ("account:email?action=read", "account:email"),
            ("account:email?action=manage", "account:email?action=manage"),
            (
                "account:email?action=read&action=manage",
                "account:email?action=manage",
            ),
            ("account:repo?action=manage", "account:repo?action=manage"),
            ("account?action=manage&attr=repo", "account:repo?action=manage"),
            ("account:status", "account:status"),
        ]);
    }

    // R-369
    #[test]
    fn an_account_value_out_of_grammar_grants_nothing() {
        use InvalidValue::{AccountAction, AccountAttribute, GivenTwice, Repeated, UnknownParameter};
        assert_refused(&[
            ("account", AccountAttribute),
            ("account:", AccountAttribute),
            ("account:*", AccountAttribute),
            ("account:password", AccountAttribute),
            ("account:Email", AccountAttribute),
            ("account?attr=", AccountAttribute),
            ("account?action=manage", AccountAttribute),
            ("account:email?action=write", AccountAction),
            ("account:email?action=*", AccountAction),
            ("account:email?action=", AccountAction),
            ("account:email?attr=repo", GivenTwice),
            ("account?attr=email&attr=repo", Repeated),
            ("account:email?scope=all", UnknownParameter),
        ]);
    }

    // R-386
    #[test]
    fn managing_includes_reading_and_not_the_reverse() {
        use super::{AccountAction::*, AccountAttribute::*};
        for (value, attribute, action, permitted) in [
            (":email", Email, Read, true),
            (":email", Email, Manage, false),
            (":email", Repo, Read, false),
            (":email?action=manage", Email, Read, true),
            (":email?action=manage", Email, Manage, true),
            (":email?action=manage", Status, Manage, false),
        ] {
            let permission = AccountPermission::parse(value).unwrap();
            assert_eq!(
                permission.permits(attribute, action),
                permitted,
                "{value} {attribute:?} {action:?}"
            );
        }
    }
}
