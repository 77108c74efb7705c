//! Where a new account goes.

use std::collections::HashMap;
use std::sync::Arc;

use entryway_store::{Home, HostState, PdsHost};

/// How many accounts each host has, by its DID.
#[derive(Debug)]
pub(super) struct Inhabitants(HashMap<String, u64>);

impl Inhabitants {
    pub(super) fn of(homes: Vec<Home>) -> Self {
        Self(
            homes
                .into_iter()
                .map(|home| (home.pds_did, home.accounts))
                .collect(),
        )
    }

    /// The open host with the fewest accounts, of several the first; one more is counted there.
    pub(super) fn emptiest(&mut self, hosts: &[Arc<PdsHost>]) -> Option<Arc<PdsHost>> {
        let open = hosts.iter().filter(|host| host.state == HostState::Open);
        let chosen = open.min_by_key(|host| self.0.get(host.did.as_str()).copied().unwrap_or(0))?;
        *self.0.entry(chosen.did.to_string()).or_default() += 1;
        Some(Arc::clone(chosen))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use entryway_oauth::issuer::Issuer;
    use entryway_oauth::time::Timestamp;
    use entryway_scope::Did;

    fn host(name: &str, state: HostState) -> Arc<PdsHost> {
        Arc::new(PdsHost {
            did: Did::parse(&format!("did:web:{name}.example")).unwrap(),
            url: Issuer::parse(&format!("https://{name}.example")).unwrap(),
            sealed_password: Vec::new(),
            state,
            added_at: Timestamp::from_seconds(0),
        })
    }

    #[test]
    fn new_accounts_even_the_open_hosts_out_and_a_draining_one_gets_none() {
        use HostState::{Draining, Open};
        let hosts = [host("one", Open), host("two", Open), host("three", Draining)];
        let homes = [("did:web:one.example", 3), ("did:web:elsewhere.example", 0)];
        let homes = homes.map(|(did, accounts)| Home {
            pds_did: did.to_owned(),
            accounts,
        });
        let mut inhabitants = Inhabitants::of(homes.to_vec());
        let placed: Vec<_> = (0..5)
            .map(|_| inhabitants.emptiest(&hosts).unwrap().did.to_string())
            .collect();
        let (one, two) = ("did:web:one.example", "did:web:two.example");
        assert_eq!(placed, [two, two, two, one, two]);
        assert_eq!(inhabitants.emptiest(&hosts[2..]), None);
        assert_eq!(inhabitants.emptiest(&[]), None);
    }
}
