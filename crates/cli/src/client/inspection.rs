//! A client looked at from all sides, with the code the server reads it with.

use entryway_identity::fetch::{Fetcher, Wanted};
use entryway_oauth::client::{Client, ClientAuthentication, KeySource};
use entryway_oauth::client_document::{self, Severity};
use entryway_oauth::client_id::{ClientId, ClientIdKind};
use entryway_oauth::key_set::KeySet;
use entryway_store::Logo;

use super::given::{Given, StandIn, named_in};
use super::logo;
use super::remark::{IDENTIFIER, KEYS, KEYS_ELSEWHERE, LOGO, Remark, VIRTUAL};

/// What there is to say of a client, and what it is.
pub(crate) struct Inspection {
    /// Its identifier as it was given, which may be none.
    pub(crate) client_id: Option<String>,
    /// Everything there is to say, errors first.
    pub(crate) remarks: Vec<Remark>,
    /// The client, if there is no error.
    pub(crate) client: Option<Client>,
    /// The picture its document refers to, if it is fit to be shown.
    pub(crate) logo: Option<Logo>,
}

impl Inspection {
    /// Looks at what is given, and at everything it refers to.
    pub(crate) async fn of(given: Given, fetcher: &Fetcher) -> Self {
        let mut inspection = match given {
            Given::Identifier(text) => Self::published(text, fetcher).await,
            Given::File(body) => Self::unpublished(&body),
        };
        inspection.look_at_keys(fetcher).await;
        inspection.look_at_logo(fetcher).await;
        inspection.remarks.sort_by_key(|remark| remark.severity);
        if inspection.has_errors() {
            inspection.client = None;
        }
        inspection
    }

    pub(crate) fn has_errors(&self) -> bool {
        self.count(Severity::Error) > 0
    }

    pub(crate) fn count(&self, severity: Severity) -> usize {
        let of_severity = |remark: &&Remark| remark.severity == severity;
        self.remarks.iter().filter(of_severity).count()
    }

    fn new(client_id: Option<String>) -> Self {
        Self {
            client_id,
            remarks: Vec::new(),
            client: None,
            logo: None,
        }
    }

    /// What a server makes of this identifier.
    async fn published(text: String, fetcher: &Fetcher) -> Self {
        let id = ClientId::parse(&text);
        let mut inspection = Self::new(Some(text));
        let id = match id {
            Ok(id) => id,
            Err(denial) => {
                inspection.remarks.push(Remark::of_client_id(&denial, IDENTIFIER));
                return inspection;
            }
        };
        let Some(url) = id.document_url() else {
            inspection.read_virtual(&id);
            return inspection;
        };
        match fetcher.get(&url, &Wanted::json()).await {
            Ok(answer) => inspection.read_document(&id, &answer.body),
            Err(failure) => inspection.remarks.push(Remark::of_fetch(&failure)),
        }
        inspection
    }

    /// What a server will make of this document once it is where its `client_id` says.
    fn unpublished(body: &[u8]) -> Self {
        let mut inspection = Self::new(named_in(body));
        let named = inspection.client_id.as_deref().map(ClientId::parse);
        let fault = match named {
            Some(Ok(id)) if id.kind() != ClientIdKind::Loopback => {
                inspection.read_document(&id, body);
                return inspection;
            }
            Some(Ok(_)) => Some(Remark::error(
                "client_id",
                "must be the URL of this document, a client at http://localhost has none",
                IDENTIFIER,
            )),
            Some(Err(denial)) => Some(Remark::of_client_id(&denial, IDENTIFIER)),
            // what is wrong then is among the findings
            None => None,
        };
        let Some(stand_in) = StandIn::of(inspection.client_id.as_deref()) else {
            return inspection;
        };
        inspection.read_document(&stand_in.id, body);
        // nothing can be held against an identifier that there is not
        inspection.remarks.retain(|remark| match remark.member.as_str() {
            "client_id" => fault.is_none(),
            _ => stand_in.has_host || !remark.expected.contains("client_id"),
        });
        inspection.remarks.splice(0..0, fault);
        inspection
    }

    fn read_virtual(&mut self, id: &ClientId) {
        match Client::loopback(id) {
            Ok(client) => self.client = Some(client),
            Err(denial) => self.remarks.push(Remark::of_client_id(&denial, VIRTUAL)),
        }
    }

    fn read_document(&mut self, id: &ClientId, body: &[u8]) {
        let reading = client_document::read(id, body);
        self.remarks
            .extend(reading.findings.into_iter().map(Remark::from));
        if id.kind() == ClientIdKind::LocalDocument {
            self.remarks.push(Remark::warning(
                "client_id",
                "is at http on a loopback address, which only a server under development takes",
                IDENTIFIER,
            ));
        }
        self.client = reading.client;
    }

    /// keys that are elsewhere are fetched, as the server does when the client first comes.
    async fn look_at_keys(&mut self, fetcher: &Fetcher) {
        let Some(ClientAuthentication::PrivateKeyJwt {
            algorithm,
            keys: KeySource::Uri(url),
        }) = self.client.as_ref().map(|client| &client.authentication)
        else {
            return;
        };
        let remark = match fetcher.get(url, &Wanted::json()).await {
            Err(failure) => Some(Remark::error("jwks_uri", failure, KEYS_ELSEWHERE)),
            Ok(answer) => {
                let unfit = KeySet::fetched(&answer.body, *algorithm).err();
                unfit.map(|reason| Remark::error("jwks_uri", reason, KEYS))
            }
        };
        self.remarks.extend(remark);
    }

    /// A logo is fetched when an operator trusts the client, and is no reason to turn anybody away.
    async fn look_at_logo(&mut self, fetcher: &Fetcher) {
        let presentation = self.client.as_ref().map(|client| &client.presentation);
        let Some(url) = presentation.and_then(|presentation| presentation.logo_uri.as_ref()) else {
            return;
        };
        let remark = match fetcher.get(url, &Wanted::image()).await {
            Err(failure) => Some(Remark::warning("logo_uri", failure, LOGO)),
            Ok(answer) => match logo::read(answer.body.to_vec()) {
                Err(expected) => Some(Remark::warning("logo_uri", expected, LOGO)),
                Ok(logo) => {
                    self.logo = Some(logo);
                    None
                }
            },
        };
        self.remarks.extend(remark);
    }
}
