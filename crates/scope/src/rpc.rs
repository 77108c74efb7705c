use crate::syntax::{self, Syntax};
use crate::{InvalidValue, Nsid, Nsids, ServiceId};
use std::fmt;

/// `rpc`: calling methods of services in the account's name.
///
/// Shown in normal form.
///
/// ```
/// use entryway_scope::{Audience, Meaning, Scope};
///
/// let scope = Scope::parse("rpc:app.bsky.feed.getFeed?aud=did:web:api.bsky.app%23bsky_appview")?;
/// let Meaning::Rpc(rpc) = scope.meaning() else { panic!("an rpc scope") };
/// let Audience::Service(service) = rpc.audience() else { panic!("one service") };
/// assert_eq!(service.as_str(), "did:web:api.bsky.app#bsky_appview");
/// # Ok::<(), entryway_scope::InvalidValue>(())
/// ```
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct RpcPermission {
    methods: Nsids,
    audience: Audience,
}

impl RpcPermission {
    /// Which methods.
    pub fn methods(&self) -> &Nsids {
        &self.methods
    }

    /// Of which service.
    pub fn audience(&self) -> &Audience {
        &self.audience
    }

    /// Whether this lets one call that method there, or make a token that names no method (`None`, R-385).
    ///
    /// The audience is compared as text: a service covers no bare DID, and `*` covers whatever it is.
    pub fn permits(&self, method: Option<&Nsid>, audience: &str) -> bool {
        let there = match &self.audience {
            Audience::Any => true,
            Audience::Service(service) => service.as_str() == audience,
        };
        there && self.methods.contain_any_or(method)
    }

    pub(crate) fn new(methods: Nsids, audience: Audience) -> Self {
        Self { methods, audience }
    }

    pub(crate) fn one(method: Option<&Nsid>, service: ServiceId) -> Self {
        Self::new(method.map_or(Nsids::Any, Nsids::one), Audience::Service(service))
    }

    pub(crate) fn anywhere(method: &Nsid) -> Self {
        Self::new(Nsids::one(method), Audience::Any)
    }

    pub(crate) fn parse(text: &str) -> Result<Self, InvalidValue> {
        let syntax = Syntax::parse(text)?;
        syntax.only(&["lxm", "aud"])?;
        let methods = Nsids::parse(&syntax.main("lxm")?)
            .ok()
            .flatten()
            .ok_or(InvalidValue::Method)?;
        let audience = match syntax.single("aud")?.ok_or(InvalidValue::Audience)? {
            ANY => Audience::Any,
            text => Audience::Service(ServiceId::parse(text).map_err(|_| InvalidValue::Audience)?),
        };
        match (&methods, &audience) {
            (Nsids::Any, Audience::Any) => Err(InvalidValue::AnyMethodAnywhere),
            _ => Ok(Self::new(methods, audience)),
        }
    }
}

impl fmt::Display for RpcPermission {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let audience = match &self.audience {
            Audience::Any => ANY,
            Audience::Service(service) => service.as_str(),
        };
        syntax::write(f, "rpc", ("lxm", &self.methods.texts()), [("aud", audience)])
    }
}

/// Whom a service token may be made for.
///
/// ```
/// use entryway_scope::{Audience, Meaning, Scope};
///
/// let scope = Scope::parse("rpc:a.b.c?aud=*")?;
/// let Meaning::Rpc(rpc) = scope.meaning() else { panic!("an rpc scope") };
/// assert_eq!(*rpc.audience(), Audience::Any);
/// # Ok::<(), entryway_scope::InvalidValue>(())
/// ```
#[derive(Clone, Debug, Eq, Ord, PartialEq, PartialOrd)]
pub enum Audience {
    /// `*`: any service.
    Any,
    /// This one; compared as text, the part after `#` included.
    Service(ServiceId),
}

const ANY: &str = "*";

#[cfg(test)]
mod tests {
    use super::*;
    use crate::scope::tests::{assert_canonical, assert_refused};

    // R-364, R-388
    #[test]
    fn methods_and_audience_have_a_normal_form() {
        assert_canonical(&[
            ("rpc:a.b.c?aud=*", "rpc:a.b.c?aud=*"),
            ("rpc:a.b.c?aud=did:web:h%23svc", "rpc:a.b.c?aud=did:web:h%23svc"),
            ("rpc:a.b.c?aud=did:web:h#svc", "rpc:a.b.c?aud=did:web:h%23svc"),
            (
                "rpc:a.b.c?aud=did%3Aweb%3Ah%23svc",
                "rpc:a.b.c?aud=did:web:h%23svc",
            ),
            ("rpc:*?aud=did:web:h%23svc", "rpc:*?aud=did:web:h%23svc"),
            ("rpc?lxm=a.b.c&lxm=a.b.d&aud=*", "rpc?lxm=a.b.c&lxm=a.b.d&aud=*"),
            (
                "rpc?aud=*&lxm=a.b.d&lxm=a.b.c&lxm=a.b.d",
                "rpc?lxm=a.b.c&lxm=a.b.d&aud=*",
            ),
            ("rpc?lxm=*&aud=did:web:h%23svc", "rpc:*?aud=did:web:h%23svc"),
            (
                "rpc?lxm=*&lxm=a.b.c&aud=did:web:h%23svc",
                "rpc:*?aud=did:web:h%23svc",
            ),
            (
                "rpc:a.b.c?aud=did:plc:ewvi7nxzyoun6zhxrhs64oiz%23svc",
                "rpc:a.b.c?aud=did:plc:ewvi7nxzyoun6zhxrhs64oiz%23svc",
            ),
            (
                "rpc:a.b.c?aud=did:web:localhost%253A2583%23svc",
                "rpc:a.b.c?aud=did:web:localhost%253A2583%23svc",
            ),
        ]);
    }

    // R-365
    #[test]
    fn an_rpc_value_out_of_grammar_grants_nothing() {
        use InvalidValue::{
            AnyMethodAnywhere, Audience, Escape, GivenTwice, Method, Repeated, UnknownParameter,
        };
        assert_refused(&[
            ("rpc", Method),
            ("rpc:", Method),
            ("rpc?aud=*", Method),
            ("rpc:?aud=*", Method),
            ("rpc:foo?aud=*", Method),
            ("rpc:a.b.*?aud=*", Method),
            ("rpc?lxm=a.b.c&lxm=&aud=*", Method),
            ("rpc:*", Audience),
            ("rpc:a.b.c", Audience),
            ("rpc:a.b.c?aud=", Audience),
            ("rpc:a.b.c?aud=did:web:h", Audience),
            ("rpc:a.b.c?aud=did:web:h%23", Audience),
            ("rpc:a.b.c?aud=did:key:zQ3sh%23svc", Audience),
            ("rpc:a.b.c?aud=https://h", Audience),
            ("rpc:a.b.c?aud=did:web:h:path%23svc", Audience),
            ("rpc:a.b.c?aud=did:web:localhost%3A2583%23svc", Audience),
            ("rpc:*?aud=*", AnyMethodAnywhere),
            ("rpc?lxm=*&aud=*", AnyMethodAnywhere),
            ("rpc?lxm=*&lxm=a.b.c&aud=*", AnyMethodAnywhere),
            ("rpc:a.b.c?aud=*&aud=did:web:h%23svc", Repeated),
            ("rpc:a.b.c?aud=*&aud=*", Repeated),
            ("rpc:a.b.c?lxm=a.b.d&aud=*", GivenTwice),
            ("rpc:a.b.c?aud=*&action=create", UnknownParameter),
            ("rpc:a.b.c?aud=%", Escape),
        ]);
    }
}
