//! Lexicons from a repository that is really signed, over a DNS, a directory and a host on this machine.

mod attacks;
mod faults;
mod whole;

use std::sync::Arc;

use entryway_oauth::time::Timestamp;
use entryway_scope::{Did, Nsid};
use serde_json::{Value, json};

use super::{LexiconResolver, LexiconUnresolved, ResolvedLexicon, Seen};
use crate::did::PublicKey;
use crate::fetch::tests::host::{Answer, Host};
use crate::fetch::{Development, FetchSettings, Fetcher};
use crate::repo_proof::RecordPath;
use crate::repo_proof::tests::repo::{Repo, Signer};
use crate::resolve::DidResolver;
use crate::resolve::tests::Table;

const DID: &str = "did:plc:ewvi7nxzyoun6zhxrhs64oiz";

fn did() -> Did {
    Did::parse(DID).unwrap()
}

fn nsid() -> Nsid {
    Nsid::parse("app.toy.blogging").unwrap()
}

/// A minute after the revision that repositories have here.
fn now() -> Timestamp {
    Timestamp::from_seconds(1_738_806_261)
}

fn signer() -> Signer {
    Signer::k256(7)
}

fn permission_set() -> Value {
    json!({
        "$type": "com.atproto.lexicon.schema",
        "lexicon": 1,
        "id": "app.toy.blogging",
        "defs": {
            "main": {
                "type": "permission-set",
                "title": "Blog with Toy",
                "permissions": [{"type": "permission", "resource": "repo", "collection": ["app.toy.post"]}],
            },
        },
    })
}

/// The authority's repository, with the record under the lexicon's name.
fn publishing(record: Value) -> Repo {
    let posts = (0..50).map(|n| {
        let path = RecordPath::new(&Nsid::parse("app.toy.post").unwrap(), &format!("p{n}"));
        (path.unwrap(), json!({"n": n}))
    });
    Repo::new(did(), signer())
        .with_all(posts)
        .with(RecordPath::of_lexicon(&nsid()), record)
}

fn archive(repo: &Repo) -> Vec<u8> {
    repo.proof(&RecordPath::of_lexicon(&nsid())).archive()
}

/// A world in which everything is as it should be, until a test changes something.
struct World {
    txt: Vec<(&'static str, String)>,
    key: PublicKey,
    /// What the PDS answers with.
    answer: Answer,
    /// What the document says of the PDS, if not the truth.
    pds: Option<String>,
    /// What the directory answers with, if not the document.
    directory: Option<Answer>,
    seen: Option<Seen>,
    fetching: FetchSettings,
}

/// What came of it, and what the two hosts were asked.
struct Outcome {
    resolved: Result<ResolvedLexicon, LexiconUnresolved>,
    pds: String,
    asked_of_pds: Vec<String>,
}

impl World {
    fn new() -> Self {
        Self::serving(&archive(&publishing(permission_set())))
    }

    fn serving(archive: &[u8]) -> Self {
        Self {
            txt: vec![("_lexicon.toy.app", format!("did={DID}"))],
            key: signer().public_key(),
            answer: answer("200 OK", "application/vnd.ipld.car", archive),
            pds: None,
            directory: None,
            seen: None,
            fetching: FetchSettings {
                development: Some(Development {
                    loopback_http: true,
                    ..Development::default()
                }),
                ..FetchSettings::default()
            },
        }
    }

    async fn resolve(self) -> Outcome {
        let pds_answer = self.answer;
        let pds_host = Host::http(move |_| pds_answer.clone()).await;
        let pds = format!("http://{}", pds_host.address());
        let document = document(&self.key, self.pds.as_deref().unwrap_or(&pds));
        let directory = self.directory.unwrap_or_else(|| {
            answer(
                "200 OK",
                "application/did+ld+json",
                document.to_string().as_bytes(),
            )
        });
        let plc = Host::http(move |_| directory.clone()).await;
        let fetcher = Fetcher::new(self.fetching).unwrap();
        let dids = DidResolver::new(fetcher, format!("http://{}", plc.address()).parse().unwrap());
        let resolver = LexiconResolver::new(dids, Arc::new(Table(self.txt)));
        Outcome {
            resolved: resolver.resolve(&nsid(), self.seen.as_ref(), now()).await,
            pds: format!("{pds}/"),
            asked_of_pds: pds_host.heads(),
        }
    }

    async fn fault(self) -> LexiconUnresolved {
        self.resolve().await.resolved.unwrap_err()
    }
}

fn document(key: &PublicKey, pds: &str) -> Value {
    json!({
        "id": DID,
        "verificationMethod": [{
            "id": format!("{DID}#atproto"),
            "type": "Multikey",
            "controller": DID,
            "publicKeyMultibase": key.to_multibase(),
        }],
        "service": [{"id": "#atproto_pds", "type": "AtprotoPersonalDataServer", "serviceEndpoint": pds}],
    })
}

fn answer(status: &str, content_type: &str, body: &[u8]) -> Answer {
    let length = body.len();
    let head =
        format!("HTTP/1.1 {status}\r\ncontent-type: {content_type}\r\ncontent-length: {length}\r\n\r\n");
    Answer::text(&head).then_bytes(body)
}
