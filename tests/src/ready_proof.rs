//! A proof that is made once, and given to several calls.

use crate::client::Client;
use crate::proof::Draft;
use crate::server::Endpoint;
use crate::service::Service;

impl Client {
    /// A valid proof for one call of this endpoint, with the nonce the client would use next.
    pub fn prove(&self, server: &impl Service, endpoint: Endpoint) -> String {
        let nonce = self.nonce();
        let url = server.url(endpoint);
        Draft::proof(self.key(), &url, server.now(), nonce.as_deref()).sign()
    }
}
