//! The sign-up form, as it is shown and as it comes back: within a request, and without one.

use std::net::IpAddr;

use axum::response::Response;
use http::StatusCode;
use http::header::RETRY_AFTER;

use entryway_core::account::Account;
use entryway_core::handle::Place;
use entryway_core::invite::Invitation;
use entryway_core::sign_up::Typed;
use entryway_oauth::form::Parameters;
use entryway_oauth::xrpc_denial::XrpcDenial;
use entryway_scope::Handle;
use entryway_store::HostState;

use crate::app::App;
use crate::authorize::reply::{FormTarget, page};
use crate::authorize::views::page_context;
use crate::failure::Failure;
use crate::pages::duration::InWords;
use crate::pages::form::{DOMAIN, EMAIL, FormContext, HANDLE, INVITE, PASSWORD, Way};
use crate::pages::parties::App as AppParty;
use crate::pages::sign_up::{FieldFault, HandleDomain, SignUpField, SignUpRefusal, SignUpView};
use crate::pages::untrusted::Untrusted;
use crate::sign_up::SignUps;
use crate::xrpc;

/// Whether a new account has a place to go to.
pub(crate) async fn is_open(app: &App) -> Result<bool, Failure> {
    let hosts = app.fleet().hosts().await?;
    Ok(hosts.iter().any(|host| host.state == HostState::Open))
}

/// What became of a form.
pub(crate) enum Submitted {
    /// There is an account.
    Made(Account),
    /// There is none, or not yet: the form is shown again.
    Refused(XrpcDenial),
}

/// Makes the account that the form describes, or goes on with what an earlier one began.
pub(crate) async fn submit(app: &App, form: &Parameters, address: IpAddr) -> Result<Submitted, Failure> {
    let handles = &app.config().handles;
    let handle = handles
        .domains
        .whole(form.optional(HANDLE).unwrap_or_default(), form.optional(DOMAIN));
    let typed = Typed {
        handle: &handle,
        email: form.optional(EMAIL).unwrap_or_default(),
        password: form.optional(PASSWORD).unwrap_or_default(),
        invite: form.optional(INVITE),
    };
    match SignUps::new(app.clone()).begin(typed, None, address).await {
        Ok(account) => Ok(Submitted::Made(account)),
        Err(xrpc::Failure::Denial(denial)) => Ok(Submitted::Refused(denial)),
        Err(xrpc::Failure::Fault(fault)) => Err(fault.into()),
    }
}

/// The page around a form: what differs within a request and without one.
pub(crate) struct Around<'a> {
    pub(crate) form: FormContext<'a>,
    pub(crate) app: Option<AppParty<'a>>,
    pub(crate) sign_in: &'a str,
    pub(crate) cancel: Way<'a>,
    pub(crate) target: FormTarget<'a>,
}

/// The empty form, with the handle that the client wishes.
pub(crate) async fn empty(
    app: &App,
    around: Around<'_>,
    wished: Option<&Handle>,
) -> Result<Response, Failure> {
    let filled = Filled::with_handle(app, wished.map(Handle::as_str).unwrap_or_default());
    let refusal = (!is_open(app).await?).then_some(SignUpRefusal::Closed);
    // nothing was refused yet, and the form may be good by the time it is sent
    show(app, around, &filled, refusal, StatusCode::OK)
}

/// The form again, with what was typed but for the password, and what is wrong with it.
pub(crate) async fn again(
    app: &App,
    around: Around<'_>,
    form: &Parameters,
    denial: &XrpcDenial,
) -> Result<Response, Failure> {
    tracing::info!(denial.code = denial.name(), denial.reason = %denial, "sign-up refused");
    let filled = Filled::of(app, form);
    let refusal = match denial {
        XrpcDenial::PdsUnavailable if !is_open(app).await? => SignUpRefusal::Closed,
        denial => refusal(denial, &filled),
    };
    let mut response = show(app, around, &filled, Some(refusal), status(denial))?;
    if let Some(seconds) = denial.retry_after_seconds() {
        response.headers_mut().insert(RETRY_AFTER, seconds.into());
    }
    Ok(response)
}

/// That of the denial, but where others are down: what stands between may put a page of its own in the place of one
/// with a status of gateways.
fn status(denial: &XrpcDenial) -> StatusCode {
    match StatusCode::from_u16(denial.status()) {
        Ok(status) if status.is_server_error() => StatusCode::SERVICE_UNAVAILABLE,
        Ok(status) => status,
        Err(_) => StatusCode::BAD_REQUEST,
    }
}

fn show(
    app: &App,
    around: Around<'_>,
    filled: &Filled,
    refusal: Option<SignUpRefusal>,
    status: StatusCode,
) -> Result<Response, Failure> {
    let config = app.config();
    let domains = config.handles.domains.iter().map(|text| HandleDomain {
        text,
        chosen: filled.domain.as_deref() == Some(text),
    });
    let asks_for_invite = config.invitation == Invitation::Required;
    let view = SignUpView {
        page: page_context(app),
        form: around.form,
        app: around.app,
        name: Untrusted(&filled.name),
        domains: domains.collect(),
        email: Untrusted(&filled.email),
        invite: asks_for_invite.then_some(Untrusted(&filled.invite)),
        refusal,
        sign_in: around.sign_in,
        cancel: around.cancel,
    };
    page(&view, status, around.target)
}

/// What stands in the fields.
#[derive(Default)]
struct Filled {
    name: String,
    domain: Option<String>,
    email: String,
    invite: String,
    has_password: bool,
}

impl Filled {
    fn of(app: &App, form: &Parameters) -> Self {
        let text = |name| form.optional(name).unwrap_or_default().trim().to_owned();
        let (handle, chosen) = (text(HANDLE), form.optional(DOMAIN));
        let whole = app.config().handles.domains.whole(&handle, chosen);
        let with_handle = Self::with_handle(app, &whole);
        Self {
            // what is no handle of ours stands as it was typed
            name: match with_handle.domain {
                Some(_) => with_handle.name,
                None => handle,
            },
            domain: with_handle.domain.or_else(|| chosen.map(str::to_owned)),
            email: text(EMAIL),
            invite: text(INVITE),
            has_password: form.optional(PASSWORD).is_some(),
        }
    }

    /// The two parts of a handle under a domain of ours.
    fn with_handle(app: &App, whole: &str) -> Self {
        let Ok(handle) = Handle::parse(whole) else {
            return Self::default();
        };
        match app.config().handles.place(&handle) {
            Place::Ours { label, domain } => Self {
                name: label.to_owned(),
                domain: Some(domain.to_owned()),
                ..Self::default()
            },
            Place::Elsewhere => Self::default(),
        }
    }
}

/// Why there is no account, in the page's words.
fn refusal(denial: &XrpcDenial, filled: &Filled) -> SignUpRefusal {
    use FieldFault::{Foreign, Missing, Taken, Wrong};
    use SignUpField::{Email, Handle, Invite, Password};
    let unless_empty = |is_empty: bool, fault| if is_empty { Missing } else { fault };
    let (field, fault) = match denial {
        XrpcDenial::InvalidHandle { expected } => {
            (Handle, unless_empty(filled.name.is_empty(), Wrong(expected)))
        }
        // an earlier sign-up has it that was begun elsewhere, with a key of its person's own
        XrpcDenial::HandleNotAvailable | XrpcDenial::InvalidRequest { .. } => (Handle, Taken),
        XrpcDenial::UnsupportedDomain => (Handle, Foreign),
        XrpcDenial::EmailUnsupported { expected } => {
            (Email, unless_empty(filled.email.is_empty(), Wrong(expected)))
        }
        XrpcDenial::EmailTaken => (Email, Taken),
        XrpcDenial::InvalidPassword { expected } => {
            (Password, unless_empty(!filled.has_password, Wrong(expected)))
        }
        XrpcDenial::InvalidInviteCode => (Invite, unless_empty(filled.invite.is_empty(), Taken)),
        XrpcDenial::SignUpUnderWay { retry_after_seconds } => {
            return SignUpRefusal::UnderWay {
                retry_after: InWords((*retry_after_seconds).into()),
            };
        }
        XrpcDenial::RateLimitExceeded { retry_after_seconds } => {
            return SignUpRefusal::TooManyTries {
                retry_after: InWords((*retry_after_seconds).into()),
            };
        }
        XrpcDenial::PdsRefused => return SignUpRefusal::HostRefused,
        _ => return SignUpRefusal::Later,
    };
    SignUpRefusal::Field(field, fault)
}
