//! What only a PDS's own entryway may ask of it: the callbacks of contract section 2.5.

use std::fmt;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use http::header::AUTHORIZATION;
use http::{HeaderValue, StatusCode};
use serde::Deserialize;
use serde_json::{Value, json};
use zeroize::Zeroizing;

use entryway_core::account_change::StatusChange;
use entryway_scope::{Did, Handle};

use super::{PdsClient, PdsFault, query_value, understood};
use crate::upstream::{self, Answer, LOOK_WAIT, NoAnswer, WORK_WAIT};

/// A PDS host with the password of its administrator. `Debug` shows nothing of that.
pub struct PdsAdmin<'a> {
    pds: &'a PdsClient,
    authorization: Option<HeaderValue>,
}

/// What a PDS knows of the status of an account.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SubjectStatus {
    /// Whether it is taken down.
    pub is_taken_down: bool,
    /// Whether its person rests it.
    pub is_deactivated: bool,
}

impl<'a> PdsAdmin<'a> {
    pub(super) fn new(pds: &'a PdsClient, password: &[u8]) -> Self {
        let credentials = Zeroizing::new([b"admin:", password].concat());
        let encoded = Zeroizing::new(format!("Basic {}", STANDARD.encode(&*credentials)));
        let mut authorization = HeaderValue::from_str(&encoded).ok();
        if let Some(authorization) = &mut authorization {
            authorization.set_sensitive(true);
        }
        Self { pds, authorization }
    }

    /// `com.atproto.admin.updateAccountHandle`. The DID document has the handle already, and a handle under a domain
    /// that is not the PDS's own resolves.
    ///
    /// # Errors
    /// A [`PdsFault`].
    pub async fn update_account_handle(&self, did: &Did, handle: &Handle) -> Result<(), PdsFault> {
        let input = json!({ "did": did, "handle": handle });
        self.done("com.atproto.admin.updateAccountHandle", &input).await
    }

    /// `com.atproto.admin.updateSubjectStatus`.
    ///
    /// # Errors
    /// A [`PdsFault`].
    pub async fn update_subject_status(&self, did: &Did, change: &StatusChange) -> Result<(), PdsFault> {
        let mut input = json!({
            "subject": { "$type": "com.atproto.admin.defs#repoRef", "did": did },
        });
        match change {
            StatusChange::Activated => input["deactivated"] = json!({ "applied": false }),
            StatusChange::Deactivated => input["deactivated"] = json!({ "applied": true }),
            StatusChange::TakenDown { reference: None } => input["takedown"] = json!({ "applied": true }),
            StatusChange::TakenDown {
                reference: Some(reference),
            } => input["takedown"] = json!({ "applied": true, "ref": reference }),
            StatusChange::Restored => input["takedown"] = json!({ "applied": false }),
        }
        self.done("com.atproto.admin.updateSubjectStatus", &input).await
    }

    /// `com.atproto.admin.deleteAccount`: removes the account and its repository; one that is gone stays gone.
    /// Its DID stays in the directory.
    ///
    /// # Errors
    /// A [`PdsFault`].
    pub async fn delete_account(&self, did: &Did) -> Result<(), PdsFault> {
        self.done("com.atproto.admin.deleteAccount", &json!({ "did": did }))
            .await
    }

    /// `com.atproto.admin.getSubjectStatus`; nothing for an account it does not have.
    ///
    /// # Errors
    /// A [`PdsFault`].
    pub async fn subject_status(&self, did: &Did) -> Result<Option<SubjectStatus>, PdsFault> {
        #[derive(Deserialize)]
        struct Applied {
            applied: bool,
        }
        #[derive(Deserialize)]
        struct Status {
            takedown: Option<Applied>,
            deactivated: Option<Applied>,
        }
        let method = "com.atproto.admin.getSubjectStatus";
        let asked = format!("?did={}", query_value(did.as_str()));
        let answer = self.ask(method, &asked, None).await?;
        match understood::<Status>(method, &answer) {
            Ok(status) => Ok(Some(SubjectStatus {
                is_taken_down: status.takedown.is_some_and(|it| it.applied),
                is_deactivated: status.deactivated.is_some_and(|it| it.applied),
            })),
            Err(fault) if fault.is_not_found() => Ok(None),
            Err(fault) => Err(fault),
        }
    }

    /// Has something done; the answer has nothing in it that we read.
    async fn done(&self, method: &'static str, input: &Value) -> Result<(), PdsFault> {
        let answer = self.ask(method, "", Some(input)).await?;
        if answer.status == StatusCode::OK {
            return Ok(());
        }
        Err(PdsFault::of_status(method, &answer))
    }

    async fn ask(
        &self,
        method: &'static str,
        query: &str,
        input: Option<&Value>,
    ) -> Result<Answer, PdsFault> {
        let url = self.pds.method(method, query);
        let (request, wait) = match input {
            Some(input) => (upstream::work(&url, input), WORK_WAIT),
            None => (upstream::look(&url), LOOK_WAIT),
        };
        let answer = match (request, &self.authorization) {
            (Ok(mut request), Some(authorization)) => {
                request.headers_mut().insert(AUTHORIZATION, authorization.clone());
                upstream::ask(&self.pds.http, request, wait).await
            }
            _ => Err(NoAnswer::Unwritten),
        };
        answer.map_err(|fault| PdsFault::without_answer(method, fault))
    }
}

impl fmt::Debug for PdsAdmin<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "PdsAdmin({})", self.pds.url)
    }
}
