//! The sandbox as the authority of lexicons: its own, and those of anybody with an account here.

use entryway_scope::Nsid;
use serde_json::Value;

use super::{LabFault, Sandbox};
use crate::journal::settle;
use crate::lexicons;
use crate::pds::{InvalidRecord, PublicationFault, PublishedLexicon};

impl Sandbox {
    /// Where all published lexicons are listed; a lexicon posted to its name below is published.
    pub fn lexicons_url(&self) -> String {
        format!("{}/sandbox/lexicons", self.pds_here)
    }

    /// Publishes a lexicon, or a new version of it, in the repository of its authority: the account here whose
    /// handle is the domain of the name, such as `jotter.test` for `test.jotter.basic`.
    ///
    /// Not checked: what the lexicon says.
    ///
    /// # Errors
    ///
    /// [`LabFault::Publication`] when nobody here has the domain, or it is no record.
    pub async fn publish_lexicon(&self, name: &Nsid, lexicon: Value) -> Result<PublishedLexicon, LabFault> {
        let Value::Object(lexicon) = lexicon else {
            return Err(PublicationFault::Record(InvalidRecord::Object).into());
        };
        let (pds, name) = (self.pds.clone(), name.clone());
        Ok(settle(move || pds.publish_lexicon(&name, lexicon)).await?)
    }

    /// Takes a lexicon back, as if it had never been published.
    ///
    /// # Errors
    ///
    /// [`LabFault::Publication`] when nobody here has the domain.
    pub async fn withdraw_lexicon(&self, name: &Nsid) -> Result<(), LabFault> {
        let (pds, name) = (self.pds.clone(), name.clone());
        Ok(settle(move || pds.withdraw_lexicon(&name)).await?)
    }

    /// From now on no lexicon can be had from here, as if the hosts of all authorities were down.
    pub fn darken_authorities(&self) {
        self.pds.darken();
    }

    /// Lexicons can be had again.
    pub fn relight_authorities(&self) {
        self.pds.relight();
    }

    /// Publishes the sandbox's own lexicons where there are none of their names: what was changed stays.
    pub(super) async fn publish_own_lexicons(&self) -> Result<(), LabFault> {
        self.create_account(&lexicons::publisher()).await?;
        for (name, lexicon) in lexicons::all() {
            if !self.pds.publishes(&name) {
                self.publish_lexicon(&name, Value::Object(lexicon)).await?;
            }
        }
        Ok(())
    }
}
