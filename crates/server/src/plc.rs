//! The PLC directory, as whoever changes DIDs meets it (<https://web.plc.directory/spec/v0.1/did-plc>).
//!
//! What it says of the newest operation is believed as it is: whoever signs on top of it is refused by the directory
//! where that was wrong.

use http::StatusCode;
use serde::Deserialize;
use thiserror::Error;
use url::Url;

use entryway_identity::plc::{Operation, PlcData};
use entryway_resource::client::{ClientFault, HttpClient};
use entryway_scope::Did;

use crate::upstream::{self, Answer, LOOK_WAIT, NoAnswer, WORK_WAIT, quoted};

/// The directory at its URL. Cheap to clone.
#[derive(Clone, Debug)]
pub struct PlcClient {
    http: HttpClient,
    url: Url,
}

/// What the directory has of a DID.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Registered {
    /// Nothing.
    Absent,
    /// The DID lives.
    Live {
        /// The CID of its newest operation, as text.
        last: String,
        /// What that says.
        data: Box<PlcData>,
    },
    /// It has ended.
    Tombstoned,
}

/// What became of an operation that was sent.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Submitted {
    /// It is the newest of its DID.
    Accepted,
    /// The directory does not take it.
    Refused {
        /// The HTTP status.
        status: u16,
        /// What the directory says, cut short.
        message: String,
    },
}

/// Why the directory could not be asked; what it did is unknown.
#[derive(Debug, Error)]
pub enum PlcFault {
    /// No answer came in time.
    #[error("the PLC directory did not answer in time")]
    Silent,
    /// It was not reached, or did not answer as HTTP does.
    #[error("the PLC directory could not be reached")]
    Unreachable(#[source] ClientFault),
    /// It answered what no directory answers.
    #[error("the PLC directory answered as none does, with status {status}")]
    Broken {
        /// The HTTP status.
        status: u16,
    },
    /// Its URL has no room for a DID.
    #[error("the URL of the PLC directory cannot be used")]
    Url,
}

impl PlcClient {
    /// The directory at this URL; it is not asked anything yet.
    pub const fn new(http: HttpClient, url: Url) -> Self {
        Self { http, url }
    }

    /// The newest operation of a DID (`/{did}/log/last`).
    ///
    /// # Errors
    /// A [`PlcFault`]; also for a DID whose newest operation is of a form that was given up in 2023.
    pub async fn last(&self, did: &Did) -> Result<Registered, PlcFault> {
        let request = upstream::look(&self.path(did, "/log/last")?)?;
        let answer = upstream::ask(&self.http, request, LOOK_WAIT).await?;
        let broken = || PlcFault::Broken {
            status: answer.status.as_u16(),
        };
        match answer.status {
            StatusCode::OK => {
                let last: Operation = answer.json().ok_or_else(broken)?;
                Ok(match last.data() {
                    Some(data) => Registered::Live {
                        last: last.cid().to_string(),
                        data: Box::new(data.clone()),
                    },
                    None => Registered::Tombstoned,
                })
            }
            StatusCode::GONE => Ok(Registered::Tombstoned),
            // whatever stands in its place may say 404 too, but not so
            StatusCode::NOT_FOUND if said(&answer).is_some() => Ok(Registered::Absent),
            _ => Err(broken()),
        }
    }

    /// Every operation of a DID that counts, the oldest first (`/{did}/log`).
    ///
    /// # Errors
    /// A [`PlcFault`]; also where there is none, and for a log with an operation of a form that was given up in
    /// 2023.
    pub async fn log(&self, did: &Did) -> Result<Vec<Operation>, PlcFault> {
        let request = upstream::look(&self.path(did, "/log")?)?;
        let answer = upstream::ask(&self.http, request, LOOK_WAIT).await?;
        let log = answer.json().filter(|_| answer.status == StatusCode::OK);
        log.ok_or(PlcFault::Broken {
            status: answer.status.as_u16(),
        })
    }

    /// Sends an operation, a tombstone among them.
    ///
    /// # Errors
    /// A [`PlcFault`]; the operation may have been taken all the same.
    pub async fn submit(&self, did: &Did, operation: &Operation) -> Result<Submitted, PlcFault> {
        let request = upstream::work(&self.path(did, "")?, operation)?;
        let answer = upstream::ask(&self.http, request, WORK_WAIT).await?;
        let status = answer.status;
        match said(&answer) {
            _ if status == StatusCode::OK => Ok(Submitted::Accepted),
            Some(message) if status.is_client_error() && status != StatusCode::TOO_MANY_REQUESTS => {
                Ok(Submitted::Refused {
                    status: status.as_u16(),
                    message,
                })
            }
            _ => Err(PlcFault::Broken {
                status: status.as_u16(),
            }),
        }
    }

    fn path(&self, did: &Did, rest: &str) -> Result<String, PlcFault> {
        if self.url.cannot_be_a_base() {
            return Err(PlcFault::Url);
        }
        Ok(format!("{}/{did}{rest}", self.url.as_str().trim_end_matches('/')))
    }
}

/// `message`, where the body has one.
fn said(answer: &Answer) -> Option<String> {
    #[derive(Deserialize)]
    struct Refusal {
        message: String,
    }
    answer.json::<Refusal>().map(|refusal| quoted(&refusal.message))
}

impl From<NoAnswer> for PlcFault {
    fn from(fault: NoAnswer) -> Self {
        match fault {
            NoAnswer::InTime => Self::Silent,
            NoAnswer::AtAll(source) => Self::Unreachable(source),
            NoAnswer::Unwritten => Self::Url,
        }
    }
}

#[cfg(test)]
mod tests;
