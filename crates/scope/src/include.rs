use crate::syntax::{self, Syntax};
use crate::{InvalidValue, Nsid, ServiceId};
use std::fmt;

/// `include`: whatever a published permission set holds.
///
/// A reference, and by itself no permission: it grants nothing until somebody resolved the set. Shown in normal form.
///
/// ```
/// use entryway_scope::{Meaning, Scope};
///
/// let scope = Scope::parse("include:com.example.authBasic")?;
/// let Meaning::Include(include) = scope.meaning() else { panic!("an include scope") };
/// assert_eq!((include.set().authority().as_str(), include.audience()), ("example.com", None));
/// # Ok::<(), entryway_scope::InvalidValue>(())
/// ```
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Include {
    set: Nsid,
    audience: Option<ServiceId>,
}

impl Include {
    /// The name of the permission set.
    pub fn set(&self) -> &Nsid {
        &self.set
    }

    /// The service that permissions of the set inherit as their audience.
    pub fn audience(&self) -> Option<&ServiceId> {
        self.audience.as_ref()
    }

    /// Whether whatever the set holds, this one includes all that the other one includes.
    pub(crate) fn covers(&self, other: &Self) -> bool {
        self.set == other.set && (other.audience.is_none() || self.audience == other.audience)
    }

    pub(crate) fn parse(text: &str) -> Result<Self, InvalidValue> {
        let syntax = Syntax::parse(text)?;
        syntax.only(&["nsid", "aud"])?;
        let set = syntax
            .main_single("nsid")?
            .and_then(|text| Nsid::parse(text).ok());
        let audience = syntax.single("aud")?.map(ServiceId::parse).transpose();
        Ok(Self {
            set: set.ok_or(InvalidValue::PermissionSet)?,
            audience: audience.map_err(|_| InvalidValue::IncludeAudience)?,
        })
    }
}

impl fmt::Display for Include {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let audience = self.audience.as_ref().map(|service| ("aud", service.as_str()));
        syntax::write(f, "include", ("nsid", &[self.set.as_str()]), audience)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::scope::tests::{assert_canonical, assert_refused};

    // R-372, R-388
    #[test]
    fn set_and_audience_have_a_normal_form() {
        assert_canonical(&[
            ("include:com.example.authBasic", "include:com.example.authBasic"),
            (
                "include?nsid=com.example.authBasic",
                "include:com.example.authBasic",
            ),
            (
                "include:com.example.authBasic?aud=did:web:h#svc",
                "include:com.example.authBasic?aud=did:web:h%23svc",
            ),
        ]);
    }

    // R-372
    #[test]
    fn an_include_value_out_of_grammar_grants_nothing() {
        use InvalidValue::{GivenTwice, IncludeAudience, PermissionSet, Repeated, UnknownParameter};
        assert_refused(&[
            ("include", PermissionSet),
            ("include:", PermissionSet),
            ("include:*", PermissionSet),
            ("include:foo", PermissionSet),
            ("include:com.example.*", PermissionSet),
            ("include?aud=did:web:h%23svc", PermissionSet),
            ("include:com.example.authBasic?aud=*", IncludeAudience),
            ("include:com.example.authBasic?aud=", IncludeAudience),
            ("include:com.example.authBasic?aud=did:web:h", IncludeAudience),
            (
                "include:com.example.authBasic?aud=did:web:h%23a&aud=did:web:h%23b",
                Repeated,
            ),
            ("include?nsid=a.b.c&nsid=a.b.d", Repeated),
            ("include:a.b.c?nsid=a.b.c", GivenTwice),
            ("include:a.b.c?collection=a.b.d", UnknownParameter),
        ]);
    }
}
