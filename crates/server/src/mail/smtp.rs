//! Letters by SMTP, to the operator's mail server.

use std::fmt;
use std::time::Duration;

use lettre::message::{Mailbox, MultiPart};
use lettre::transport::smtp::client::{Certificate, Tls, TlsParameters};
use lettre::{Address, AsyncSmtpTransport, AsyncTransport as _, Message, Tokio1Executor};
use thiserror::Error;
use url::Url;

use super::{Letter, NotSent, Post, Sending};

/// Where the mail server is, and who writes.
#[derive(Clone)]
pub struct SmtpSettings {
    /// `smtps://USER:PASSWORD@HOST[:PORT]` for TLS from the first byte, `smtp://…` for STARTTLS, without which
    /// nothing is sent, unless the host is this machine.
    pub url: String,
    /// The sender, `name@example.com` or `Name <name@example.com>`.
    pub from: String,
    /// Certificate authorities to trust besides the public ones, each in PEM.
    pub extra_ca: Vec<Vec<u8>>,
}

impl fmt::Debug for SmtpSettings {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "SmtpSettings(from {})", self.from)
    }
}

/// A mail server, over a connection for each letter.
pub struct Smtp {
    transport: AsyncSmtpTransport<Tokio1Executor>,
    from: Mailbox,
}

impl fmt::Debug for Smtp {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Smtp(from {})", self.from.email)
    }
}

/// Settings that cannot be. Says nothing of the password.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
pub enum InvalidSmtp {
    /// The URL.
    #[error("must be a URL such as smtps://user:password@mail.example.com")]
    Url,
    /// The sender.
    #[error("must be an address such as login@example.com, or Login <login@example.com>")]
    From,
    /// A certificate authority.
    #[error("must be certificate authorities in PEM")]
    Authority,
}

impl Smtp {
    /// Nothing is asked of the server before the first letter.
    ///
    /// # Errors
    /// [`InvalidSmtp`].
    pub fn new(settings: &SmtpSettings) -> Result<Self, InvalidSmtp> {
        let url = Url::parse(&settings.url).map_err(|_| InvalidSmtp::Url)?;
        let host = url.host_str().ok_or(InvalidSmtp::Url)?;
        let has_more = !matches!(url.path(), "" | "/") || url.query().is_some() || url.fragment().is_some();
        if has_more || !matches!(url.scheme(), "smtp" | "smtps") {
            return Err(InvalidSmtp::Url);
        }
        let mut parameters = TlsParameters::builder(host.to_owned());
        for pem in &settings.extra_ca {
            let authority = Certificate::from_pem(pem).map_err(|_| InvalidSmtp::Authority)?;
            // a file without one is read as none, and would be missed at the first letter
            if !String::from_utf8_lossy(pem).contains("-----BEGIN CERTIFICATE-----") {
                return Err(InvalidSmtp::Authority);
            }
            parameters = parameters.add_root_certificate(authority);
        }
        let parameters = parameters.build().map_err(|_| InvalidSmtp::Authority)?;
        let tls = match url.scheme() {
            "smtps" => Tls::Wrapper(parameters),
            // a relay of the same machine has no certificate, and nobody listens between
            _ if is_this_machine(host) => Tls::Opportunistic(parameters),
            _ => Tls::Required(parameters),
        };
        let transport = AsyncSmtpTransport::<Tokio1Executor>::from_url(&settings.url)
            .map_err(|_| InvalidSmtp::Url)?
            .tls(tls)
            .timeout(Some(PATIENCE))
            .build();
        let from = settings.from.parse().map_err(|_| InvalidSmtp::From)?;
        Ok(Self { transport, from })
    }

    fn message(&self, letter: Letter) -> Result<Message, NotSent> {
        let to: Address = letter
            .to
            .parse()
            .map_err(|_| NotSent("the address is none a mail server takes".to_owned()))?;
        Message::builder()
            .from(self.from.clone())
            .to(Mailbox::new(None, to))
            .subject(letter.subject)
            .multipart(MultiPart::alternative_plain_html(letter.text, letter.html))
            .map_err(|error| NotSent(error.to_string()))
    }
}

fn is_this_machine(host: &str) -> bool {
    matches!(host, "localhost" | "127.0.0.1" | "[::1]")
}

impl Post for Smtp {
    fn send(&self, letter: Letter) -> Sending<'_> {
        Box::pin(async move {
            let message = self.message(letter)?;
            let sent = self.transport.send(message).await;
            // what the server says may repeat the address, which is not for the log
            sent.map(drop).map_err(|error| NotSent(told(&error)))
        })
    }
}

/// What kind of failure it was, without the words of the server.
fn told(error: &lettre::transport::smtp::Error) -> String {
    let status = error
        .status()
        .map(|code| format!(" with {code}"))
        .unwrap_or_default();
    let what = match error {
        error if error.is_permanent() => "the mail server refused it",
        error if error.is_transient() => "the mail server did not take it now",
        error if error.is_timeout() => "the mail server did not answer in time",
        error if error.is_tls() => "no secure connection to the mail server could be made",
        _ => "the mail server could not be reached",
    };
    format!("{what}{status}")
}

/// How long a command of the conversation may take.
const PATIENCE: Duration = Duration::from_secs(20);

#[cfg(test)]
mod tests;
