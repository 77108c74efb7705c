//! A client as this service knows it, whatever it was read from.

use url::{Url, form_urlencoded};

use entryway_scope::ScopeSet;

use crate::client_id::{ClientId, ClientIdKind};
use crate::denial::Denial;
use crate::form::Parameters;
use crate::jwk::Algorithm;
use crate::key_set::KeySet;
use crate::redirect::RedirectUri;

/// The validated metadata of one client.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Client {
    /// The identifier, as written.
    pub id: ClientId,
    /// Where it runs.
    pub application_type: ApplicationType,
    /// How it proves who it is.
    pub authentication: ClientAuthentication,
    /// Whether it may refresh: its `grant_types` list `refresh_token` (R-253).
    pub refreshes: bool,
    /// Where it may be answered; never empty.
    pub redirect_uris: Vec<RedirectUri>,
    /// The scope values it may ask for, compared as strings (R-378). Contains `atproto`.
    pub scope: ScopeSet,
    /// Values it declares that this server does not know: tolerated, never granted (demand 14).
    pub scope_unknown: Vec<String>,
    /// What it says of itself, for people.
    pub presentation: Presentation,
}

/// Where a client runs (R-064).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ApplicationType {
    /// On a server, or in a browser as a page of one.
    Web,
    /// On the person's own device.
    Native,
}

/// How a client proves who it is at the back channel (R-070).
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ClientAuthentication {
    /// By nothing but its redirect URI: a public client.
    None,
    /// By a signed assertion: a confidential client.
    PrivateKeyJwt {
        /// The algorithm it registered (R-289).
        algorithm: Algorithm,
        /// Where its keys are.
        keys: KeySource,
    },
}

/// Where the keys of a confidential client are (R-073).
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum KeySource {
    /// In its document.
    Inline(KeySet),
    /// In a document of their own, at this https URL.
    Uri(Url),
}

/// What a client says of itself. Claims of its own: shown only where an operator trusts it (R-178).
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Presentation {
    /// Its name, length-bounded, without control or bidirectional characters.
    pub name: Option<String>,
    /// Its home page.
    pub client_uri: Option<Url>,
    /// Its logo.
    pub logo_uri: Option<Url>,
    /// Its terms of service.
    pub tos_uri: Option<Url>,
    /// Its privacy policy.
    pub policy_uri: Option<Url>,
}

/// Redirect URIs of one virtual client.
const REDIRECT_URIS_MAX: usize = 16;

impl Client {
    /// The virtual client that an `http://localhost` identifier describes: public, native, both
    /// grants (R-085 to R-090).
    ///
    /// # Errors
    /// [`Denial::ClientIdInvalid`] for a query with other parameters than `scope` (once) and
    /// `redirect_uri`, a redirect URI off the loopback addresses, or a scope without `atproto`; also for
    /// the identifier of a document.
    ///
    /// ```
    /// use entryway_oauth::{client::Client, client_id::ClientId};
    /// let client = Client::loopback(&ClientId::parse("http://localhost").unwrap()).unwrap();
    /// assert_eq!(client.redirect_uris[0].as_str(), "http://127.0.0.1/");
    /// assert_eq!(client.scope.to_string(), "atproto");
    /// ```
    pub fn loopback(id: &ClientId) -> Result<Self, Denial> {
        let invalid = |expected| Denial::ClientIdInvalid { expected };
        if id.kind() != ClientIdKind::Loopback {
            return Err(invalid("must be http://localhost, perhaps with a query"));
        }
        // repeated `redirect_uri` is this grammar's way to list several, so the strict reader of
        // bodies does not fit; it still judges escapes, text and control characters
        let query = id.loopback_query();
        let (mut redirect_uris, mut scope) = (Vec::new(), None);
        for pair in query.split('&').filter(|pair| !pair.is_empty()) {
            Parameters::from_form(pair.as_bytes())
                .map_err(|_| invalid("has a query that is not well-formed"))?;
            for (name, value) in form_urlencoded::parse(pair.as_bytes()) {
                match &*name {
                    "redirect_uri" if redirect_uris.len() < REDIRECT_URIS_MAX => {
                        redirect_uris.push(RedirectUri::parse_loopback(&value)?);
                    }
                    "redirect_uri" => return Err(invalid("lists more than 16 redirect_uri values")),
                    "scope" if scope.is_none() => scope = Some(value.into_owned()),
                    "scope" => return Err(invalid("has more than one scope parameter")),
                    _ => return Err(invalid("may have the parameters scope and redirect_uri only")),
                }
            }
        }
        if redirect_uris.is_empty() {
            for default in ["http://127.0.0.1/", "http://[::1]/"] {
                redirect_uris.push(RedirectUri::parse_loopback(default)?);
            }
        }
        let (scope, scope_unknown) = ScopeSet::parse_lenient(scope.as_deref().unwrap_or("atproto"))
            .map_err(|_| invalid("has a scope that is not a list of scope values"))?;
        if !scope.contains_str("atproto") {
            return Err(invalid("has a scope without atproto"));
        }
        Ok(Self {
            id: id.clone(),
            application_type: ApplicationType::Native,
            authentication: ClientAuthentication::None,
            refreshes: true,
            redirect_uris,
            scope,
            scope_unknown,
            presentation: Presentation::default(),
        })
    }

    /// Whether it authenticates with a key of its own.
    pub const fn is_confidential(&self) -> bool {
        matches!(self.authentication, ClientAuthentication::PrivateKeyJwt { .. })
    }

    /// The redirect URI of a request, if the client registered it (R-108, R-109): the same text, but for
    /// the port of a loopback address.
    ///
    /// # Errors
    /// [`Denial::ParameterInvalid`] for what is no redirect URI of any client,
    /// [`Denial::RedirectMismatch`] for another one.
    ///
    /// ```
    /// use entryway_oauth::{client::Client, client_id::ClientId, denial::Denial};
    /// let client = Client::loopback(&ClientId::parse("http://localhost").unwrap()).unwrap();
    /// assert_eq!(client.redirect_uri("http://[::1]:4000/").unwrap().as_str(), "http://[::1]:4000/");
    /// assert_eq!(client.redirect_uri("https://app.example/"), Err(Denial::RedirectMismatch));
    /// ```
    pub fn redirect_uri(&self, asked: &str) -> Result<RedirectUri, Denial> {
        let asked = RedirectUri::parse(asked)?;
        if self
            .redirect_uris
            .iter()
            .any(|registered| registered.covers(&asked))
        {
            Ok(asked)
        } else {
            Err(Denial::RedirectMismatch)
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn loopback(query: &str) -> Result<Client, Denial> {
        Client::loopback(&ClientId::parse(&format!("http://localhost{query}")).unwrap())
    }

    #[test]
    fn the_identifier_of_a_document_is_no_virtual_client() {
        for id in [
            "https://app.example/client.json?scope=atproto",
            "http://localhost:3000/client.json?scope=atproto",
        ] {
            assert!(Client::loopback(&ClientId::parse(id).unwrap()).is_err(), "{id}");
        }
    }

    // R-085
    #[test]
    fn a_bare_virtual_client_has_the_defaults() {
        let client = loopback("/").unwrap();
        let uris: Vec<_> = client.redirect_uris.iter().map(RedirectUri::as_str).collect();
        assert_eq!(uris, ["http://127.0.0.1/", "http://[::1]/"]);
    }

    // R-087, R-088, R-090
    #[test]
    fn a_virtual_client_takes_scope_once_and_loopback_redirects() {
        assert!(loopback("?scope=atproto%20transition:generic&redirect_uri=http://127.0.0.1/a&redirect_uri=http://[::1]/b").is_ok());
        for bad in [
            "?client_name=x",
            "?scope=atproto&scope=atproto",
            "?scope=transition:generic",
            "?scope=",
            "?scope=atproto%20%20x",
            "?redirect_uri=https://evil.example/",
            "?redirect_uri=http://localhost/cb",
            "?redirect_uri=",
            "?redirect_uri=http://127.0.0.1.evil/",
            "?scope=%zz",
            "?scope=%ff",
            "?scope=atproto%00",
            "?SCOPE=atproto",
        ] {
            assert!(loopback(bad).is_err(), "{bad}");
        }
    }

    // demand 14
    #[test]
    fn a_declared_scope_that_this_server_does_not_know_is_tolerated() {
        let client = loopback("?scope=atproto+future:thing").unwrap();
        assert_eq!(
            (client.scope.to_string().as_str(), client.scope_unknown.as_slice()),
            ("atproto", &["future:thing".to_owned()][..])
        );
    }

    proptest! {
        #[test]
        fn arbitrary_queries_never_panic(query in "[ -~]{0,200}") {
            if let Ok(id) = ClientId::parse(&format!("http://localhost?{query}")) {
                let _ = Client::loopback(&id);
            }
        }
    }
}
