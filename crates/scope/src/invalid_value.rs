/// Why a scope value grants nothing.
///
/// The sentences say what was expected and never repeat the value.
///
/// ```
/// use entryway_scope::{InvalidValue, Scope};
///
/// assert_eq!(Scope::parse("repo:app.bsky.*"), Err(InvalidValue::Collection));
/// assert_eq!(InvalidValue::Collection.to_string(), "repo needs collection: a whole NSID, or *");
/// ```
#[derive(Clone, Copy, Debug, Eq, PartialEq, thiserror::Error)]
#[non_exhaustive]
pub enum InvalidValue {
    /// `account` without a known attribute (R-369).
    #[error("account needs attr: email, repo or status")]
    AccountAttribute,
    /// `account` with an unknown action (R-369).
    #[error("action of account is to be read or manage")]
    AccountAction,
    /// `blob` without a media range (R-367).
    #[error("blob needs accept: a media type such as image/png, or image/*, or */*")]
    Accept,
    /// `rpc` for any method of any service (R-365).
    #[error("rpc may leave lxm or aud open, not both")]
    AnyMethodAnywhere,
    /// `rpc` without the service it is for (R-365).
    #[error("rpc needs aud: * or a did:plc or did:web with a service, such as did:web:example.com%23service")]
    Audience,
    /// `repo` without a collection (R-363).
    #[error("repo needs collection: a whole NSID, or *")]
    Collection,
    /// Bad percent-encoding (R-375).
    #[error("percent-encoding is to be % and two hexadecimal digits for each byte of UTF-8")]
    Escape,
    /// A parameter both by position and by name.
    #[error("what stands after the colon is not to be given by name as well")]
    GivenTwice,
    /// `identity` without a known attribute (R-371).
    #[error("identity needs attr: handle or *")]
    IdentityAttribute,
    /// `include` with an audience that is not a service (R-372).
    #[error(
        "aud of include is to be a did:plc or did:web with a service, such as did:web:example.com%23service"
    )]
    IncludeAudience,
    /// `rpc` without a method (R-365).
    #[error("rpc needs lxm: a whole NSID, or *")]
    Method,
    /// `include` without a permission set (R-372).
    #[error("include needs the NSID of a permission set")]
    PermissionSet,
    /// A parameter twice that may stand once.
    #[error("a parameter that may stand once is repeated")]
    Repeated,
    /// `repo` with an unknown action (R-363).
    #[error("action of repo is to be create, update or delete")]
    RepoAction,
    /// Not a permission this server knows (R-373, R-376).
    #[error("not a permission this server knows")]
    Unknown,
    /// A parameter the permission does not have.
    #[error("a parameter is not one this permission has")]
    UnknownParameter,
}
