//! Why a form of an account's page was not carried out.

use std::borrow::Cow;

/// In words for the person who sent it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Refusal {
    /// The field at fault, if it is one.
    pub field: Option<Field>,
    /// What it is, in a few words.
    pub strong: &'static str,
    /// What can be done about it.
    pub advice: Cow<'static, str>,
    /// Whether the same form may do later.
    pub is_for_now: bool,
}

/// A field of these forms.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Field {
    /// The name of an app password.
    Name,
    /// The handle.
    Handle,
    /// A handle that is a domain of the person's own.
    OwnDomain,
    /// The e-mail address.
    Email,
    /// The password.
    Password,
    /// The code from a letter.
    Code,
}

impl Refusal {
    /// The same of the form, where the page does not show the field.
    pub fn of_the_form_unless(self, shows_field: bool) -> Self {
        Self {
            field: self.field.filter(|_| shows_field),
            ..self
        }
    }

    /// Whether nothing is wrong with any one field.
    pub fn is_of_the_form(&self) -> bool {
        self.field.is_none()
    }
}

/// What is wrong with this field.
pub fn fault(refusal: Option<&Refusal>, field: Field) -> Option<&Refusal> {
    refusal.filter(|refusal| refusal.field == Some(field))
}
