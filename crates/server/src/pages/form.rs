//! What the forms of the pages send back: the hidden inputs and the names of the fields.

/// Name of the anti-forgery token's hidden input.
pub const CSRF: &str = "csrf";
/// Name of the hidden input that repeats the client id.
pub const CLIENT_ID: &str = "client_id";
/// Name of the hidden input that repeats the pushed request's reference.
pub const REQUEST_URI: &str = "request_uri";
/// Name of the hidden input that says which page of the account is to follow.
pub const NEXT: &str = "next";
/// Name of the sign-in page's account field: the name password managers know.
pub const USERNAME: &str = "username";
/// Name of the sign-in page's password field.
pub const PASSWORD: &str = "password";
/// Name of the sign-up page's handle field: the part in front of the domain, or a whole handle.
pub const HANDLE: &str = "handle";
/// Name of the sign-up page's choice among domains, where there are several.
pub const DOMAIN: &str = "domain";
/// Name of the sign-up page's e-mail field.
pub const EMAIL: &str = "email";
/// Name of the sign-up page's invite field.
pub const INVITE: &str = "invite";
/// Name of the chooser's buttons: the value is the DID of the chosen account.
pub const ACCOUNT: &str = "account";
/// Name of the buttons that decide: the values are [`AUTHORIZE`], [`DENY`] and [`ANOTHER_ACCOUNT`].
pub const DECISION: &str = "decision";
/// The [`DECISION`] that grants the ticked permissions.
pub const AUTHORIZE: &str = "authorize";
/// The [`DECISION`] that refuses, from the consent page ("Deny access") or before it ("Cancel").
pub const DENY: &str = "deny";
/// The [`DECISION`] that leads to signing in as somebody else.
pub const ANOTHER_ACCOUNT: &str = "another_account";
/// What the name of a permission's checkbox starts with; the permission's number follows.
pub const GRANT_PREFIX: &str = "grant.";

/// Where the forms of a page go, and what they carry without showing it.
///
/// These values go into attributes exactly as given, escaped for HTML: they must come back unchanged.
/// Nothing here is secret from the person, but the handler trusts none of it when it comes back.
#[derive(Debug, Clone)]
pub struct FormContext<'a> {
    /// Path of the endpoint that the form posts to.
    pub action: String,
    /// Anti-forgery token of the browser session.
    pub csrf: &'a str,
    /// The request that the page is about, if an app sent the person here.
    pub request: Option<PushedRequest<'a>>,
    /// The page of the account that is to follow, where it is not its first.
    pub next: Option<&'a str>,
}

/// What a form says of the pushed request it belongs to.
#[derive(Debug, Clone, Copy)]
pub struct PushedRequest<'a> {
    /// The client id of the pushed request.
    pub client_id: &'a str,
    /// The reference of the pushed request.
    pub request_uri: &'a str,
}

/// A way to another page.
#[derive(Debug, Clone, Copy)]
pub enum Way<'a> {
    /// By a form that says so of the request: the path it posts to.
    Post(&'a str),
    /// By a link, where there is no request: its path.
    Link(&'a str),
}
