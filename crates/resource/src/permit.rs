//! Which permission each XRPC call needs (contract section 5.4).

mod body;
mod json;
mod layer;
mod media_type;
mod owned_act;
mod proxy_header;
mod service_token;
mod table;

use std::collections::BTreeSet;

use entryway_scope::{AccountAction, AccountAttribute, Act, Nsid, ScopeSet, ServiceId};
use http::{HeaderMap, Method};

use self::body::Reading;
use self::json::malformed;
use self::table::{FEED_SKELETON, Provider, Row, Rule, Verb};
use crate::Refusal;

pub use self::body::BodyNeed;
pub use self::layer::{PermitLayer, PermitService};
pub use self::owned_act::OwnedAct;

/// One XRPC call, as far as permissions care.
///
/// See [`Permissions`] for an example.
#[derive(Clone, Copy, Debug)]
pub struct Call<'a> {
    /// What follows `/xrpc/`.
    pub nsid: &'a Nsid,
    /// The HTTP method.
    pub method: &'a Method,
    /// What follows the first `?`, not decoded.
    pub query: Option<&'a str>,
    /// All of them, as they arrived and as they will be passed on.
    pub headers: &'a HeaderMap,
}

/// What a call needs beyond `atproto`.
///
/// See [`Permissions`] for an example.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Need {
    /// Nothing.
    Nothing,
    /// A permission for each of these: ask [`check`].
    Acts(Vec<OwnedAct>),
    /// The body says, and must be read first.
    Body(BodyNeed),
    /// No scope opens this method: answer [`Refusal::MethodClosed`].
    Never,
}

/// What [`Permissions`] know of the PDS behind them.
///
/// Each service is one that the PDS itself is set up with: where they differ, a caller is asked for another
/// permission than the one it makes use of.
///
/// See [`Permissions`] for an example.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct PermissionsConfig {
    /// Where the PDS sends a call that it does not answer and that names no service in `atproto-proxy`, as in
    /// `did:web:api.bsky.app#bsky_appview` (the reference's `PDS_BSKY_APP_VIEW_DID`).
    pub app_view: Option<ServiceId>,
    /// Where it sends calls of moderators, as in `did:plc:...#atproto_labeler` (its `PDS_MOD_SERVICE_DID`).
    pub moderation: Option<ServiceId>,
    /// Where it sends reports (its `PDS_REPORT_SERVICE_DID`).
    pub reports: Option<ServiceId>,
    /// Methods the PDS answers itself and the reference does not: they are closed, since no scope names them.
    pub own_methods: BTreeSet<Nsid>,
}

/// Says what each call needs, as the reference PDS asks for it (contract section 5.4).
///
/// What is open, each with what it needs beside `atproto`, in the group `com.atproto` unless it is written out:
///
/// | methods | need |
/// | --- | --- |
/// | `identity.resolveHandle`, `repo.describeRepo`, `.getRecord`, `.listRecords`, `server.describeServer`, and what a PDS answers of `sync` | nothing, and no credentials either |
/// | `identity.getRecommendedDidCredentials`, `repo.listMissingBlobs`, `server.checkAccountStatus`, `server.getSession` (see [`sees_email`]) | nothing |
/// | `repo.createRecord`, `.putRecord`, `.deleteRecord`, `.applyWrites` | `repo` for each collection in the body: create; create and update; delete; each kind of write |
/// | `repo.uploadBlob` | `blob` for the `Content-Type` |
/// | `repo.importRepo` | `account:repo?action=manage` |
/// | `server.deactivateAccount` | `account:status?action=manage` |
/// | `server.requestEmailConfirmation`, `.confirmEmail` | `account:email?action=manage` |
/// | `identity.updateHandle` | `identity:handle` |
/// | `identity.requestPlcOperationSignature`, `.signPlcOperation`, `.submitPlcOperation` | `identity:*` |
/// | `server.getServiceAuth` | `rpc` for the `lxm` and the `aud` of the query, but for protected methods |
/// | `app.bsky.notification.registerPush`, `.unregisterPush` | `rpc` for it at `<serviceDid>#bsky_notif` |
/// | `app.bsky.feed.getFeed` | `rpc` for it and for `app.bsky.feed.getFeedSkeleton` |
/// | `moderation.createReport`, and every method outside of `com.atproto` | `rpc` for it where `atproto-proxy` points, else at the service the PDS is set up with |
///
/// All else is closed: administration, whatever takes passwords, refresh tokens or app passwords, and each name in
/// `com.atproto` that is newer than the table. Such a name may be one that the PDS answers itself with the whole power
/// of the account, whatever `atproto-proxy` says, and no permission to call a service is meant to open that. The ones
/// known to be answered elsewhere (`identity.resolveDid`, `label.queryLabels` and their like) follow `rpc`.
///
/// A known name in another case is refused: some routers take it for the known one, and would answer what nobody
/// asked about.
///
/// ```
/// use entryway_resource::{Call, Need, Permissions, PermissionsConfig, check};
/// use entryway_scope::{Nsid, ScopeSet, ServiceId};
/// use http::{HeaderMap, Method};
///
/// let permissions = Permissions::new(PermissionsConfig {
///     app_view: Some(ServiceId::parse("did:web:api.bsky.app#bsky_appview")?),
///     ..PermissionsConfig::default()
/// });
/// let (nsid, headers) = (Nsid::parse("app.bsky.feed.getTimeline")?, HeaderMap::new());
/// let call = Call { nsid: &nsid, method: &Method::GET, query: None, headers: &headers };
/// let Need::Acts(acts) = permissions.need(&call)? else { panic!("the header says all") };
///
/// let refusal = check(&ScopeSet::parse("atproto")?, &acts).unwrap_err();
/// assert_eq!((refusal.status().as_u16(), refusal.code()), (403, "ScopeMissingError"));
/// let granted = "atproto rpc:app.bsky.feed.getTimeline?aud=did:web:api.bsky.app%23bsky_appview";
/// assert!(check(&ScopeSet::parse(granted)?, &acts).is_ok());
///
/// let nsid = Nsid::parse("com.atproto.server.createAppPassword")?;
/// let call = Call { nsid: &nsid, method: &Method::POST, query: None, headers: &headers };
/// assert_eq!(permissions.need(&call)?, Need::Never);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Debug)]
pub struct Permissions {
    config: PermissionsConfig,
}

impl Permissions {
    /// For a PDS that is set up like this.
    pub fn new(config: PermissionsConfig) -> Self {
        Self { config }
    }

    /// What this call needs. Does not check that the PDS knows the method.
    ///
    /// # Errors
    ///
    /// [`Refusal::CallMalformed`] for another HTTP method than the one the method is called by (R-466), for a
    /// malformed `atproto-proxy` (R-459) or none where one is needed, and for whatever two readers could read in two
    /// ways.
    pub fn need(&self, call: &Call<'_>) -> Result<Need, Refusal> {
        let row = table::find(call.nsid.as_str());
        if row.is_some_and(|row| row.nsid != call.nsid.as_str()) {
            return Err(malformed("the method must be written in the case of its lexicon"));
        }
        is_called_by(row, call.method)?;
        let named = proxy_header::named_service(call.headers)?;
        let rule = row.map_or(Rule::Rpc(Provider::AppView), |row| row.rule);
        if self.is_closed(row, call.nsid) {
            return Ok(Need::Never);
        }
        let rpc = |provider, methods: &[&Nsid]| {
            let service = named.as_ref().or(self.service(provider));
            let service = service.ok_or(malformed("atproto-proxy must name the service of this method"))?;
            Ok(Need::Acts(
                methods
                    .iter()
                    .map(|method| OwnedAct::rpc(method, service))
                    .collect(),
            ))
        };
        let body = |reading| {
            media_type::is_plain_json(call.headers)?;
            Ok(Need::Body(BodyNeed(reading)))
        };
        match rule {
            Rule::Public | Rule::Nothing => Ok(Need::Nothing),
            Rule::Closed => Ok(Need::Never),
            Rule::Record(actions) => body(Reading::Record(actions)),
            Rule::Writes => body(Reading::Writes),
            Rule::Blob => {
                let media_type = media_type::media_type(call.headers)?;
                Ok(Need::Acts(vec![OwnedAct::Blob { media_type }]))
            }
            Rule::Account(attribute, action) => Ok(Need::Acts(vec![OwnedAct::Account { attribute, action }])),
            Rule::Identity(attribute) => Ok(Need::Acts(vec![OwnedAct::Identity(attribute)])),
            Rule::ServiceToken => service_token::service_token(call.query).map(|act| Need::Acts(vec![act])),
            Rule::Rpc(provider) => rpc(provider, &[call.nsid]),
            Rule::Feed => {
                let skeleton = Nsid::parse(FEED_SKELETON).map_err(|_| Refusal::MethodClosed)?;
                rpc(Provider::AppView, &[call.nsid, &skeleton])
            }
            // a PDS without a view does not know this method, and proxies it like any other
            Rule::Push if self.config.app_view.is_none() => rpc(Provider::AppView, &[call.nsid]),
            Rule::Push => body(Reading::Push(call.nsid.clone())),
        }
    }

    /// Whether the PDS answers this method to anyone, without credentials.
    pub fn is_public(&self, nsid: &Nsid) -> bool {
        table::find(nsid.as_str()).is_some_and(|row| row.nsid == nsid.as_str() && row.rule == Rule::Public)
    }

    /// Whether the PDS answers this method itself and pays no heed to `atproto-proxy`, so that a proxy in front of a
    /// less careful PDS does well to take that header away.
    pub fn is_own(&self, nsid: &Nsid) -> bool {
        let answered = |row: &Row| match row.rule {
            Rule::Rpc(_) | Rule::Feed => false,
            Rule::Push => self.config.app_view.is_some(),
            _ => row.nsid == nsid.as_str(),
        };
        self.config.own_methods.contains(nsid) || table::find(nsid.as_str()).is_some_and(answered)
    }

    /// Whether a name that would be proxied is one that the PDS may answer itself.
    fn is_closed(&self, row: Option<&Row>, nsid: &Nsid) -> bool {
        let is_proxied = row.is_none_or(|row| matches!(row.rule, Rule::Rpc(_) | Rule::Feed | Rule::Push));
        let own = &self.config.own_methods;
        let is_own = || {
            own.iter()
                .any(|own| own.as_str().eq_ignore_ascii_case(nsid.as_str()))
        };
        let is_new = || row.is_none() && is_of_the_protocol(nsid);
        is_proxied && (is_own() || is_new())
    }

    fn service(&self, provider: Provider) -> Option<&ServiceId> {
        match provider {
            Provider::AppView => self.config.app_view.as_ref(),
            Provider::Moderation => self.config.moderation.as_ref(),
            Provider::Reports => self.config.reports.as_ref(),
        }
    }
}

/// Asks for all of these permissions.
///
/// # Errors
///
/// [`Refusal::ScopeMissing`] for the first that is lacking, with the narrowest scope that permits it.
///
/// ```
/// use entryway_resource::{OwnedAct, Refusal, check};
/// use entryway_scope::ScopeSet;
///
/// let upload = [OwnedAct::Blob { media_type: "image/png".to_owned() }];
/// assert!(check(&ScopeSet::parse("atproto blob:image/*")?, &upload).is_ok());
/// let missing = check(&ScopeSet::parse("atproto blob:video/*")?, &upload).unwrap_err();
/// assert_eq!(missing, Refusal::scope_missing("blob:image/png"));
/// # Ok::<(), entryway_scope::InvalidScope>(())
/// ```
pub fn check(scope: &ScopeSet, acts: &[OwnedAct]) -> Result<(), Refusal> {
    acts.iter().try_for_each(|act| {
        scope
            .require(act.act())
            .map_err(|missing| Refusal::scope_missing(missing.scope().as_str()))
    })
}

/// Whether the answer of `com.atproto.server.getSession` may show the e-mail address (R-381).
///
/// Where not, `email`, `emailConfirmed` and `emailAuthFactor` are to be taken out of it.
///
/// ```
/// use entryway_resource::sees_email;
/// use entryway_scope::ScopeSet;
///
/// assert!(sees_email(&ScopeSet::parse("atproto account:email")?));
/// assert!(!sees_email(&ScopeSet::parse("atproto transition:generic")?));
/// # Ok::<(), entryway_scope::InvalidScope>(())
/// ```
pub fn sees_email(scope: &ScopeSet) -> bool {
    scope.permits(Act::Account {
        attribute: AccountAttribute::Email,
        action: AccountAction::Read,
    })
}

/// That the HTTP method is the one this method is called by; GET or POST where it is not known which.
fn is_called_by(row: Option<&Row>, method: &Method) -> Result<(), Refusal> {
    let verb = match *method {
        Method::GET | Method::HEAD => Verb::Query,
        Method::POST => Verb::Procedure,
        _ => return Err(malformed("xrpc is called by get, head or post")),
    };
    match row.map(|row| row.verb) {
        Some(Verb::Query) if verb != Verb::Query => Err(malformed("this method is called by get")),
        Some(Verb::Procedure) if verb != Verb::Procedure => Err(malformed("this method is called by post")),
        _ => Ok(()),
    }
}

/// Whether a name is in `com.atproto`, in any case.
fn is_of_the_protocol(nsid: &Nsid) -> bool {
    let (known, nsid) = (b"com.atproto.", nsid.as_str().as_bytes());
    nsid.get(..known.len())
        .is_some_and(|start| start.eq_ignore_ascii_case(known))
}

#[cfg(test)]
mod attacks;
#[cfg(test)]
mod contract;
#[cfg(test)]
mod sample;
