//! Who answers for the TXT records of domains: the sandbox for its own, the real DNS for every other.

use async_trait::async_trait;

use entryway_identity::resolve::{RealTxt, TxtLookup, TxtLookupFailed};
use entryway_sandbox::names::Names;

/// The TXT records a developer's machine sees.
#[derive(Debug)]
pub(crate) struct DevNames {
    sandbox: Names,
    /// Nothing on a machine without DNS.
    real: Option<RealTxt>,
}

impl DevNames {
    pub(crate) fn new(sandbox: Names) -> Self {
        let real = RealTxt::new(None).ok();
        Self { sandbox, real }
    }
}

#[async_trait]
impl TxtLookup for DevNames {
    async fn txt(&self, name: &str) -> Result<Vec<String>, TxtLookupFailed> {
        // the sandbox's own top-level name is nobody's in the DNS (RFC 6761 section 6.2)
        if name.rsplit_once('.').is_some_and(|(_, last)| last == "test") {
            return self.sandbox.txt(name).await;
        }
        match &self.real {
            Some(real) => real.txt(name).await,
            None => Err(TxtLookupFailed("this machine has no DNS".to_owned())),
        }
    }
}
