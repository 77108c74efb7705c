//! Who knows the TXT records of a name: the seam, and the real DNS behind it.

use std::fmt;
use std::net::SocketAddr;

use async_trait::async_trait;
use hickory_resolver::TokioResolver;
use hickory_resolver::proto::rr::RData;

use crate::dns;

/// Knows the TXT records of a name.
#[async_trait]
pub trait TxtLookup: fmt::Debug + Send + Sync {
    /// Every TXT record of the name, each with its strings joined; none where the name does not exist.
    ///
    /// The name is lower case, without a final dot, and complete: no search list is to be applied. The caller
    /// bounds how long it waits.
    ///
    /// # Errors
    ///
    /// [`TxtLookupFailed`] where it is not known whether there are any.
    async fn txt(&self, name: &str) -> Result<Vec<String>, TxtLookupFailed>;
}

/// No answer, for a cause that only the log tells.
#[derive(Debug, thiserror::Error)]
#[error("the look-up failed: {0}")]
pub struct TxtLookupFailed(pub String);

/// The real DNS. Its cache obeys the records' lifetimes.
pub struct RealTxt(TokioResolver);

/// Why the real DNS cannot be asked; it is the operator's to mend.
#[derive(Debug, thiserror::Error)]
#[error("the DNS configuration of this machine cannot be used")]
pub struct TxtUnavailable(#[source] Box<dyn std::error::Error + Send + Sync>);

impl RealTxt {
    /// Asks the server at an address, or those of the machine's own configuration.
    ///
    /// # Errors
    ///
    /// [`TxtUnavailable`] where the machine names no server.
    pub fn new(server: Option<SocketAddr>) -> Result<Self, TxtUnavailable> {
        dns::resolver(server)
            .map(Self)
            .map_err(|error| TxtUnavailable(Box::new(error)))
    }
}

#[async_trait]
impl TxtLookup for RealTxt {
    async fn txt(&self, name: &str) -> Result<Vec<String>, TxtLookupFailed> {
        let failed = |error: &dyn fmt::Display| TxtLookupFailed(error.to_string());
        let name = dns::complete(name).map_err(|error| failed(&error))?;
        let answer = match self.0.txt_lookup(name).await {
            Ok(answer) => answer,
            Err(error) if error.is_no_records_found() => return Ok(Vec::new()),
            Err(error) => return Err(failed(&error)),
        };
        let texts = answer.answers().iter().filter_map(|record| match &record.data {
            // bytes that are no text are no DID either, whatever is put in their place
            RData::TXT(txt) => Some(String::from_utf8_lossy(&txt.txt_data.concat()).into_owned()),
            _ => None,
        });
        Ok(texts.collect())
    }
}

impl fmt::Debug for RealTxt {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("RealTxt").finish_non_exhaustive()
    }
}
