//! Resolution against a DNS server and hosts on this machine.

mod did_record;
mod dids;
mod handles;
mod txt;

use async_trait::async_trait;

use super::{TxtLookup, TxtLookupFailed};

/// A table of TXT records; a name that is not in it has none, and `fails` is not answered.
#[derive(Debug, Default)]
pub(crate) struct Table(pub(crate) Vec<(&'static str, String)>);

#[async_trait]
impl TxtLookup for Table {
    async fn txt(&self, name: &str) -> Result<Vec<String>, TxtLookupFailed> {
        if name.contains("fails") {
            return Err(TxtLookupFailed("SERVFAIL".to_owned()));
        }
        let found = self.0.iter().filter(|(known, _)| *known == name);
        Ok(found.map(|(_, text)| text.clone()).collect())
    }
}
