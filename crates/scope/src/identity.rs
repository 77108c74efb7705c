use crate::InvalidValue;
use crate::syntax::{self, Syntax};
use std::fmt;

/// `identity`: changing what others find under the account's DID.
///
/// Shown in normal form.
///
/// ```
/// use entryway_scope::{IdentityPermission, Meaning, Scope};
///
/// let scope = Scope::parse("identity:handle")?;
/// assert_eq!(*scope.meaning(), Meaning::Identity(IdentityPermission::Handle));
/// # Ok::<(), entryway_scope::InvalidValue>(())
/// ```
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum IdentityPermission {
    /// `handle`: the handle alone.
    Handle,
    /// `*`: the whole of it, keys and hosting included.
    Any,
}

impl IdentityPermission {
    /// Whether this lets one change the identity in that respect.
    ///
    /// ```
    /// use entryway_scope::IdentityPermission::{Any, Handle};
    ///
    /// assert!(Any.permits(Handle) && Handle.permits(Handle) && !Handle.permits(Any));
    /// ```
    pub fn permits(self, attribute: Self) -> bool {
        self == Self::Any || self == attribute
    }

    /// The word used in scope values.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Handle => "handle",
            Self::Any => "*",
        }
    }

    pub(crate) fn parse(text: &str) -> Result<Self, InvalidValue> {
        let syntax = Syntax::parse(text)?;
        syntax.only(&["attr"])?;
        let attribute = syntax.main_single("attr")?;
        let known = [Self::Handle, Self::Any]
            .into_iter()
            .find(|known| attribute == Some(known.as_str()));
        known.ok_or(InvalidValue::IdentityAttribute)
    }
}

impl fmt::Display for IdentityPermission {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        syntax::write(f, "identity", ("attr", &[self.as_str()]), [])
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::scope::tests::{assert_canonical, assert_refused};

    // R-370, R-388
    #[test]
    fn the_attribute_has_a_normal_form() {
        assert_canonical(&[
            ("identity:handle", "identity:handle"),
            ("identity?attr=handle", "identity:handle"),
            ("identity:*", "identity:*"),
            ("identity:*?", "identity:*"),
            ("identity:%2A", "identity:*"),
        ]);
    }

    // R-371
    #[test]
    fn an_identity_value_out_of_grammar_grants_nothing() {
        use InvalidValue::{GivenTwice, IdentityAttribute, Repeated, UnknownParameter};
        assert_refused(&[
            ("identity", IdentityAttribute),
            ("identity:", IdentityAttribute),
            ("identity:did", IdentityAttribute),
            ("identity:Handle", IdentityAttribute),
            ("identity?attr=", IdentityAttribute),
            ("identity:handle?action=read", UnknownParameter),
            ("identity:handle?attr=*", GivenTwice),
            ("identity?attr=handle&attr=*", Repeated),
        ]);
    }
}
