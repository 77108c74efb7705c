//! Who asks, and for whose account.

use super::untrusted::Untrusted;

/// The app that sent the person here.
///
/// It is known by its address: names and logos are the app's own claim, and are shown only where the
/// operator of this service stands by them.
#[derive(Debug, Clone, Copy)]
pub struct App<'a> {
    /// Host of the client id. A host outside ASCII is given as A-labels (`xn--…`, R-196).
    pub host: Untrusted<'a>,
    /// The whole client id.
    pub client_id: Untrusted<'a>,
    /// What the operator stands by.
    pub vouched: Option<Vouched<'a>>,
}

/// An app the operator knows.
#[derive(Debug, Clone, Copy)]
pub struct Vouched<'a> {
    /// Its name, as the operator entered it.
    pub name: Untrusted<'a>,
    /// Path of its logo on this service.
    pub logo: Option<&'a str>,
    /// Whether it is an app of this service itself.
    pub first_party: bool,
}

impl App<'_> {
    /// Whether the host has a label in A-form, and so may look like another one when a browser decodes it.
    pub fn has_encoded_letters(&self) -> bool {
        self.host.0.split('.').any(|label| {
            label
                .get(..4)
                .is_some_and(|head| head.eq_ignore_ascii_case("xn--"))
        })
    }
}

/// An account of the person.
#[derive(Debug, Clone, Copy)]
pub struct Account<'a> {
    /// The handle without `@`, or nothing when it does not lead to the DID and back.
    pub handle: Option<Untrusted<'a>>,
    /// The account's DID.
    pub did: Untrusted<'a>,
}

#[cfg(test)]
mod tests {
    use super::*;

    //
    #[test]
    fn a_host_with_a_label_in_a_form_is_noticed() {
        for (host, expected) in [
            ("example.com", false),
            ("xn--pple-43d.com", true),
            ("login.XN--pple-43d.com", true),
            ("notxn--a.com", false),
            ("xn", false),
            ("ééé.com", false),
            ("", false),
        ] {
            let app = App {
                host: Untrusted(host),
                client_id: Untrusted(""),
                vouched: None,
            };
            assert_eq!(app.has_encoded_letters(), expected, "{host}");
        }
    }
}
