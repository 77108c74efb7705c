//! Jotter, the demo app: an ordinary third party where a person signs in with their atproto account and keeps
//! short notes in their own repository.
//!
//! It shares no code with the server it signs in at. It finds that server from a handle alone, pushes its
//! request, proves possession of its key with every call, and keeps tokens in memory only. An app developer can
//! read it as an example (start at `demo/routes.rs`) and see on its pages every request it made.
//!
//! It refuses: script in its pages, forms of other sites, redirects as answers, plain http beyond this machine,
//! and any identifier that is not, byte for byte, the one that was promised.

mod actions;
mod authorization;
mod channel;
mod discovery;
mod guard;
mod nonces;
mod outbound;
mod pages;
mod permissions;
mod problem;
mod proof;
mod routes;
mod server;
mod session;
mod tokens;
mod trace;
mod visitors;

use std::fmt;
use std::sync::Arc;

use axum::Router;
use url::{Host, Url, form_urlencoded};

use nonces::Nonces;
use outbound::{Front, Outbound};
use visitors::Visitors;

/// Fills a buffer with random bytes.
pub type Fill = Arc<dyn Fn(&mut [u8]) + Send + Sync>;

/// Says what time it is, in seconds since the epoch.
pub type Now = Arc<dyn Fn() -> i64 + Send + Sync>;

/// What the demo app has to be told.
#[derive(Clone)]
pub struct DemoConfig {
    /// Where the app is served: `http://127.0.0.1:PORT`, as the loopback client identifier demands.
    pub base_url: String,
    /// Origin that answers `com.atproto.identity.resolveHandle`.
    pub handle_resolver: String,
    /// Origin of the PLC directory.
    pub plc_directory: String,
    /// Origins of fronts, each with the origin on this machine that the front passes requests on to: the app
    /// goes there itself, so that it needs neither the front's address nor its certificate.
    pub fronts: Vec<(String, String)>,
    /// Handles a newcomer may use, shown on the first page.
    pub accounts_hint: Vec<String>,
    /// Source of everything random but the DPoP key, which OpenSSL draws.
    pub fill: Fill,
    /// The clock.
    pub now: Now,
}

impl fmt::Debug for DemoConfig {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter
            .debug_struct("DemoConfig")
            .field("base_url", &self.base_url)
            .field("handle_resolver", &self.handle_resolver)
            .field("plc_directory", &self.plc_directory)
            .field("fronts", &self.fronts)
            .field("accounts_hint", &self.accounts_hint)
            .finish_non_exhaustive()
    }
}

/// Why the demo app cannot be made.
#[derive(Debug, thiserror::Error)]
pub enum DemoUnready {
    /// `base_url` is not an address of this machine with a port.
    #[error("base_url must be http://127.0.0.1:PORT")]
    BaseUrl,
    /// The named setting is not a bare origin.
    #[error("{0} must be an origin: scheme, host and port, no path")]
    Origin(&'static str),
    /// The HTTP client cannot be made.
    #[error("the HTTP client cannot be made")]
    Client(#[from] reqwest::Error),
}

/// Makes the demo app's routes; the caller listens.
///
/// # Errors
///
/// [`DemoUnready`], if a setting cannot be used.
pub fn router(config: DemoConfig) -> Result<Router, DemoUnready> {
    Ok(routes::router(Arc::new(Demo::new(config)?)))
}

/// The running app.
struct Demo {
    /// Origin of the app, without a slash at the end.
    base: String,
    handle_resolver: String,
    plc_directory: String,
    accounts_hint: Vec<String>,
    client_id: String,
    redirect_uri: Url,
    cookie_name: String,
    outbound: Outbound,
    nonces: Nonces,
    visitors: Visitors,
    fill: Fill,
    now: Now,
}

impl Demo {
    fn new(config: DemoConfig) -> Result<Self, DemoUnready> {
        let base_url = Url::parse(&config.base_url).map_err(|_| DemoUnready::BaseUrl)?;
        let base = origin(&config.base_url).ok_or(DemoUnready::BaseUrl)?;
        let loopback = matches!(base_url.host(), Some(Host::Ipv4(address)) if address.is_loopback());
        let port = base_url.port().ok_or(DemoUnready::BaseUrl)?;
        if base_url.scheme() != "http" || !loopback {
            return Err(DemoUnready::BaseUrl);
        }
        let redirect_uri = base_url.join("/callback").map_err(|_| DemoUnready::BaseUrl)?;
        Ok(Self {
            client_id: client_id(&redirect_uri),
            redirect_uri,
            // cookies know no ports: two demo apps on one machine must not take each other's
            cookie_name: format!("jotter_{port}"),
            base,
            handle_resolver: origin(&config.handle_resolver).ok_or(DemoUnready::Origin("handle_resolver"))?,
            plc_directory: origin(&config.plc_directory).ok_or(DemoUnready::Origin("plc_directory"))?,
            accounts_hint: config.accounts_hint,
            outbound: Outbound::new(fronts(&config.fronts)?)?,
            nonces: Nonces::default(),
            visitors: Visitors::default(),
            fill: config.fill,
            now: config.now,
        })
    }

    /// Seconds since the epoch.
    fn now(&self) -> i64 {
        (self.now)()
    }

    /// The time as records carry it (RFC 3339, UTC).
    fn timestamp(&self) -> String {
        jiff::Timestamp::from_second(self.now())
            .unwrap_or_default()
            .to_string()
    }

    fn random<const BYTES: usize>(&self) -> [u8; BYTES] {
        let mut random = [0; BYTES];
        (self.fill)(&mut random);
        random
    }
}

impl fmt::Debug for Demo {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter
            .debug_struct("Demo")
            .field("base", &self.base)
            .finish_non_exhaustive()
    }
}

/// The client identifier of an app in development: it declares itself in its own query, so that no document
/// has to be published anywhere.
fn client_id(redirect_uri: &Url) -> String {
    let spaced = form_urlencoded::Serializer::new(String::new())
        .append_pair("redirect_uri", redirect_uri.as_str())
        .append_pair("scope", &permissions::Asked::everything().to_string())
        .finish();
    // a form writes a space as `+`; inside an identifier the unambiguous `%20` is customary
    format!("http://localhost?{}", spaced.replace('+', "%20"))
}

/// The bare origin a setting names, if it names one.
fn origin(text: &str) -> Option<String> {
    let url = Url::parse(text).ok()?;
    let bare = url.path() == "/" && url.query().is_none() && url.fragment().is_none();
    (bare && url.has_host() && url.username().is_empty()).then(|| url.origin().ascii_serialization())
}

fn fronts(fronts: &[(String, String)]) -> Result<Vec<Front>, DemoUnready> {
    let read = |(name, here): &(String, String)| {
        Some(Front {
            name: origin(name)?,
            here: Url::parse(&origin(here)?).ok()?,
        })
    };
    let fronts = fronts.iter().map(read).collect::<Option<_>>();
    fronts.ok_or(DemoUnready::Origin("fronts"))
}

#[cfg(test)]
mod tests;
