//! A PDS host, called as its entryway (contract sections 2.3 and 2.5).
//!
//! Every call is sent once, waits for its answer for a bounded time and reads a bounded part of it. What comes back is an
//! answer, a refusal, or nothing that a PDS would say; a caller that has to know what was done asks again with a
//! look. Nobody who calls here trusts a PDS with more than its own accounts: the two tokens of its `createAccount`
//! are not even read (contract 0, item 6).

mod admin;
mod answers;
mod fault;
mod owner;

use http::StatusCode;
use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::json;
use url::form_urlencoded::byte_serialize;

use entryway_identity::did::PublicKey;
use entryway_identity::plc::Operation;
use entryway_oauth::issuer::Issuer;
use entryway_oauth::session_token::SessionToken;
use entryway_resource::client::HttpClient;
use entryway_scope::{Did, Handle};

use crate::upstream::{self, Answer, LOOK_WAIT, WORK_WAIT};

pub use admin::{PdsAdmin, SubjectStatus};
pub use answers::{HandleHolder, RepoPage, RepoStatus, ServerDescription};
pub use fault::PdsFault;
pub use owner::{MissingBlob, MissingBlobs, PdsOwner};

/// A PDS host at its public URL. Cheap to clone.
#[derive(Clone, Debug)]
pub struct PdsClient {
    http: HttpClient,
    url: Issuer,
}

impl PdsClient {
    /// The PDS at this URL; it is not asked anything yet.
    pub const fn new(http: HttpClient, url: Issuer) -> Self {
        Self { http, url }
    }

    /// Where it is, byte for byte as DID documents have it.
    pub const fn url(&self) -> &Issuer {
        &self.url
    }

    /// `com.atproto.server.describeServer`: who it is.
    ///
    /// # Errors
    /// A [`PdsFault`].
    pub async fn describe_server(&self) -> Result<ServerDescription, PdsFault> {
        let method = "com.atproto.server.describeServer";
        let described: answers::Described = self.look(method, "").await?;
        described
            .understood()
            .ok_or_else(|| PdsFault::nonsense(method, "describes no PDS"))
    }

    /// Who has this handle there (`com.atproto.repo.describeRepo`).
    ///
    /// Asked before anything is made: the reference tells the PLC directory of a new DID before it sees that
    /// the handle is taken (contract 0, item 7).
    ///
    /// # Errors
    /// A [`PdsFault`].
    pub async fn holder(&self, handle: &Handle) -> Result<HandleHolder, PdsFault> {
        let method = "com.atproto.repo.describeRepo";
        let asked = format!("?repo={handle}");
        match self.look::<answers::Repo>(method, &asked).await {
            Ok(repo) => Ok(HandleHolder::Account(repo.did)),
            Err(fault) => answers::absent_or_hidden(fault),
        }
    }

    /// Whether it has an account of this DID (`com.atproto.sync.getRepoStatus`).
    ///
    /// # Errors
    /// A [`PdsFault`].
    pub async fn repo_status(&self, did: &Did) -> Result<RepoStatus, PdsFault> {
        let method = "com.atproto.sync.getRepoStatus";
        let asked = format!("?did={}", query_value(did.as_str()));
        match self.look::<answers::Repo>(method, &asked).await {
            Ok(repo) if repo.did == *did => Ok(repo.status()),
            Ok(_) => Err(PdsFault::nonsense(method, "answered about another account")),
            Err(fault) if fault.is_not_found() => Ok(RepoStatus::Absent),
            Err(fault) => Err(fault),
        }
    }

    /// Its accounts, those that may not act among them, a page at a time: what comes after the cursor
    /// (`com.atproto.sync.listRepos`).
    ///
    /// # Errors
    /// A [`PdsFault`].
    pub async fn repos(&self, cursor: Option<&str>) -> Result<RepoPage, PdsFault> {
        let after = cursor.map(|cursor| format!("&cursor={}", query_value(cursor)));
        let asked = format!("?limit={REPOS_PAGE}{}", after.unwrap_or_default());
        let listed: answers::Listed = self.look("com.atproto.sync.listRepos", &asked).await?;
        Ok(listed.understood())
    }

    /// `com.atproto.server.reserveSigningKey`: has it keep a key for an account to come. For one DID it is the same
    /// key each time.
    ///
    /// # Errors
    /// A [`PdsFault`].
    pub async fn reserve_signing_key(&self, did: Option<&Did>) -> Result<PublicKey, PdsFault> {
        let method = "com.atproto.server.reserveSigningKey";
        let input = did.map_or_else(|| json!({}), |did| json!({ "did": did }));
        let reserved: answers::Reserved = self.work(method, &input).await?;
        PublicKey::from_did_key(&reserved.signing_key)
            .map_err(|_| PdsFault::nonsense(method, "answered with no key"))
    }

    /// `com.atproto.server.createAccount`: makes the repository, tells the PLC directory, and then stores the
    /// account. The operation is all that authorizes it.
    ///
    /// # Errors
    /// A [`PdsFault`]; after anything but a refusal the account may be there, or may come to be there.
    pub async fn create_account(
        &self,
        did: &Did,
        handle: &Handle,
        operation: &Operation,
    ) -> Result<(), PdsFault> {
        let method = "com.atproto.server.createAccount";
        let input = json!({ "did": did, "handle": handle, "plcOp": operation });
        let created: answers::Repo = self.work(method, &input).await?;
        if created.did == *did {
            return Ok(());
        }
        Err(PdsFault::nonsense(method, "made another account"))
    }

    /// The same host with the rights of its administrator.
    pub fn as_admin(&self, password: &[u8]) -> PdsAdmin<'_> {
        PdsAdmin::new(self, password)
    }

    /// The same host with the rights of an account on it, by a session token of ours for that host.
    pub fn as_owner(&self, did: &Did, token: &SessionToken) -> PdsOwner<'_> {
        PdsOwner::new(self, did, token)
    }

    async fn look<T: DeserializeOwned>(&self, method: &'static str, query: &str) -> Result<T, PdsFault> {
        let request = upstream::look(&self.method(method, query));
        let answer = match request {
            Ok(request) => upstream::ask(&self.http, request, LOOK_WAIT).await,
            Err(unwritten) => Err(unwritten),
        };
        understood(
            method,
            &answer.map_err(|fault| PdsFault::without_answer(method, fault))?,
        )
    }

    async fn work<T: DeserializeOwned>(
        &self,
        method: &'static str,
        input: &impl Serialize,
    ) -> Result<T, PdsFault> {
        let request = upstream::work(&self.method(method, ""), input);
        let answer = match request {
            Ok(request) => upstream::ask(&self.http, request, WORK_WAIT).await,
            Err(unwritten) => Err(unwritten),
        };
        understood(
            method,
            &answer.map_err(|fault| PdsFault::without_answer(method, fault))?,
        )
    }

    fn method(&self, method: &str, query: &str) -> String {
        self.url.url(&format!("/xrpc/{method}{query}"))
    }
}

/// What an answer says: a result in its shape, or a refusal.
fn understood<T: DeserializeOwned>(method: &'static str, answer: &Answer) -> Result<T, PdsFault> {
    if answer.status == StatusCode::OK {
        return answer
            .json()
            .ok_or_else(|| PdsFault::nonsense(method, "answered with what is no result of it"));
    }
    Err(PdsFault::of_status(method, answer))
}

fn query_value(text: &str) -> String {
    byte_serialize(text.as_bytes()).collect()
}

/// Accounts of one page: a line of each fits into an answer many times.
const REPOS_PAGE: u32 = 500;

#[cfg(test)]
mod tests;
