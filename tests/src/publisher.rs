//! A publisher of permission sets: a domain, a directory that knows its DID, and a PDS with its repository.

mod repository;

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};

use async_trait::async_trait;
use entryway_identity::did::SigningKey;
use entryway_identity::resolve::{TxtLookup, TxtLookupFailed};
use serde_json::{Value, json};

use crate::server::LexiconAuthorities;
use crate::site::{Answer, ClientSite};

use repository::Repository;

/// Who publishes the lexicons below `test.garden`. What it says is right until a test changes one thing about it.
#[derive(Debug)]
pub struct Publisher {
    directory: ClientSite,
    pds: ClientSite,
    dns: Arc<Table>,
    key: SigningKey,
    published: Mutex<Published>,
}

#[derive(Debug, Default)]
struct Published {
    revision: u32,
    answers: BTreeMap<String, Answer>,
}

/// The TXT records of every name, and how often anybody asked for one.
#[derive(Debug, Default)]
struct Table {
    /// `None` where the look-up fails.
    texts: Mutex<BTreeMap<String, Option<Vec<String>>>>,
    lookups: Mutex<usize>,
}

/// The name of its TXT record.
const TXT: &str = "_lexicon.garden.test";

impl Publisher {
    /// Its DID.
    pub const DID: &str = "did:plc:gardengardengardengarden";

    /// One that has published nothing yet.
    pub async fn new() -> Self {
        let publisher = Self {
            directory: ClientSite::http().await,
            pds: ClientSite::http().await,
            dns: Arc::default(),
            key: SigningKey::from_bytes(&[7; 32]).unwrap(),
            published: Mutex::default(),
        };
        publisher.mend();
        publisher
    }

    /// Where a server finds it.
    pub fn found_by(&self) -> LexiconAuthorities {
        LexiconAuthorities {
            plc: self.directory.origin().parse().unwrap(),
            dns: self.dns.clone(),
        }
    }

    /// Publishes a record under this name, in the next revision of its repository.
    pub fn publish(&self, name: &str, record: &Value) {
        self.publish_as(name, self.next_revision(), &self.key, Some(record));
    }

    /// Takes the record back: the next revision proves that there is none.
    pub fn withdraw(&self, name: &str) {
        self.publish_as(name, self.next_revision(), &self.key, None);
    }

    /// Serves what it published in an earlier revision, its signature and all.
    pub fn roll_back(&self, name: &str, record: &Value) {
        self.publish_as(name, 0, &self.key, Some(record));
    }

    /// Publishes a record that another key signed.
    pub fn publish_forged(&self, name: &str, record: &Value) {
        let key = SigningKey::from_bytes(&[8; 32]).unwrap();
        self.publish_as(name, self.next_revision(), &key, Some(record));
    }

    /// Holds the record back until the gate opens, and serves it as before from then on.
    pub fn hold(&self, name: &str, gate: &tokio::sync::watch::Sender<bool>) {
        let answer = self.published.lock().unwrap().answers[name].clone();
        self.serve(name, answer.after(gate));
    }

    /// Answers so for this name, whatever is published.
    pub fn serve(&self, name: &str, answer: Answer) {
        self.pds.serve(&record_path(name), answer);
    }

    /// Its PDS is down for every name.
    pub fn go_dark(&self) {
        for name in self.published.lock().unwrap().answers.keys() {
            self.serve(name, Answer::status(503));
        }
    }

    /// Everything is as it was published, and found as it should be.
    pub fn mend(&self) {
        for (name, answer) in &self.published.lock().unwrap().answers {
            self.serve(name, answer.clone());
        }
        self.answer_txt(&[&format!("did={}", Self::DID)]);
        self.answer_document(Answer::json(&self.document(self.pds.origin())));
    }

    /// The TXT records of its domain from now on.
    pub fn answer_txt(&self, texts: &[&str]) {
        let texts = texts.iter().map(|text| (*text).to_owned()).collect();
        self.dns.texts.lock().unwrap().insert(TXT.to_owned(), Some(texts));
    }

    /// Its domain cannot be looked up.
    pub fn fail_lookups(&self) {
        self.dns.texts.lock().unwrap().insert(TXT.to_owned(), None);
    }

    /// What the directory answers for its DID from now on.
    pub fn answer_document(&self, answer: Answer) {
        self.directory.serve(&format!("/{}", Self::DID), answer);
    }

    /// Its DID document, with the PDS at this URL.
    pub fn document(&self, pds: &str) -> Value {
        json!({
            "id": Self::DID,
            "verificationMethod": [{
                "id": format!("{}#atproto", Self::DID),
                "type": "Multikey",
                "controller": Self::DID,
                "publicKeyMultibase": self.key.public_key().to_multibase(),
            }],
            "service": [{
                "id": "#atproto_pds",
                "type": "AtprotoPersonalDataServer",
                "serviceEndpoint": pds,
            }],
        })
    }

    /// How often the record of this name was asked for.
    pub fn asked(&self, name: &str) -> usize {
        self.pds.hits(&record_path(name))
    }

    /// How often anything was asked for: of the DNS, of the directory, and of the PDS.
    pub fn contacts(&self) -> [usize; 3] {
        let lookups = *self.dns.lookups.lock().unwrap();
        [lookups, self.directory.connections(), self.pds.connections()]
    }

    fn next_revision(&self) -> u32 {
        let mut published = self.published.lock().unwrap();
        published.revision += 1;
        published.revision
    }

    fn publish_as(&self, name: &str, revision: u32, key: &SigningKey, record: Option<&Value>) {
        let repository = Repository {
            did: Self::DID,
            revision,
            key,
        };
        let archive = repository.proof(&format!("{COLLECTION}/{name}"), record);
        let answer = Answer::bytes("application/vnd.ipld.car", &archive);
        self.serve(name, answer.clone());
        let mut published = self.published.lock().unwrap();
        published.answers.insert(name.to_owned(), answer);
    }
}

#[async_trait]
impl TxtLookup for Table {
    async fn txt(&self, name: &str) -> Result<Vec<String>, TxtLookupFailed> {
        *self.lookups.lock().unwrap() += 1;
        match self.texts.lock().unwrap().get(name) {
            None => Ok(Vec::new()),
            Some(None) => Err(TxtLookupFailed("nobody answers".to_owned())),
            Some(Some(texts)) => Ok(texts.clone()),
        }
    }
}

/// The collection of published lexicons.
const COLLECTION: &str = "com.atproto.lexicon.schema";

/// Where the proof of a record is.
fn record_path(name: &str) -> String {
    let did = Publisher::DID.replace(':', "%3A");
    format!("/xrpc/com.atproto.sync.getRecord?did={did}&collection={COLLECTION}&rkey={name}")
}
