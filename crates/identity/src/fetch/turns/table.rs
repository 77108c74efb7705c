//! Who is on the network and who waits: the rules, without the waiting itself.

use std::collections::{BTreeMap, HashMap};
use std::mem;
use std::net::{IpAddr, Ipv6Addr};
use std::sync::Arc;

use tokio::sync::Notify;

use super::super::public;
use super::super::settings::FetchSettings;
use super::super::wanted::Standing;

/// Every fetch from when it is asked for until it ends.
///
/// What is taken is counted anew from the places each time, which are few: there is no count to go wrong.
#[derive(Debug)]
pub(super) struct Table {
    limits: Limits,
    next: Ticket,
    /// In the order they came.
    places: BTreeMap<Ticket, Held>,
    /// Whom to tell that something changed for them.
    called: Vec<Arc<Notify>>,
}

/// Names one fetch; the earlier one is the smaller.
#[derive(Clone, Copy, Debug, Eq, Ord, PartialEq, PartialOrd)]
pub(in crate::fetch) struct Ticket(u64);

/// Where a fetch is.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) enum At {
    /// It holds a place in the line and nothing else.
    Waiting,
    OnNetwork,
    /// It had to make room, or there is none for it.
    SentAway,
}

#[derive(Debug)]
struct Held {
    standing: Standing,
    host: Arc<str>,
    /// The address connected to, once it is known; see [`block`].
    address: Option<IpAddr>,
    at: At,
    call: Arc<Notify>,
}

#[derive(Clone, Copy, Debug)]
struct Limits {
    all: usize,
    per_host: usize,
    waiting: usize,
    new_per_address: usize,
    new_waiting_per_address: usize,
}

impl Table {
    pub(super) fn new(settings: &FetchSettings) -> Self {
        Self {
            limits: Limits {
                all: settings.fetches_max,
                per_host: settings.fetches_per_host_max,
                waiting: settings.waiting_max,
                new_per_address: settings.new_per_address_max,
                new_waiting_per_address: settings.new_waiting_per_address_max,
            },
            next: Ticket(0),
            places: BTreeMap::new(),
            called: Vec::new(),
        }
    }

    /// Gives a fetch its place, unless there is none for one of its standing.
    pub(super) fn enter(&mut self, host: &str, standing: Standing) -> Option<(Ticket, Arc<Notify>)> {
        if !self.has_room(standing) {
            return None;
        }
        let ticket = self.next;
        self.next = Ticket(ticket.0.wrapping_add(1));
        let call = Arc::new(Notify::new());
        let held = Held {
            standing,
            host: host.into(),
            address: None,
            at: At::Waiting,
            call: Arc::clone(&call),
        };
        self.places.insert(ticket, held);
        Some((ticket, call))
    }

    /// Lets a fetch go on as one of a known document.
    pub(super) fn raise(&mut self, ticket: Ticket) {
        // one that is just being sent away comes back where any known one would have been let in
        let back = self.at(ticket) == At::SentAway && self.has_room(Standing::Known);
        let Some(held) = self.places.get_mut(&ticket) else {
            return;
        };
        held.standing = Standing::Known;
        if back {
            held.at = At::Waiting;
        }
    }

    /// Lets a fetch that is on the network connect to an address; a new one where too many are connected to it
    /// waits for that, and meanwhile takes no turn from anybody.
    pub(super) fn lead(&mut self, ticket: Ticket, address: IpAddr) {
        let address = Some(block(address));
        let there = |at| {
            let others = self.places.iter().filter(|(other, _)| **other != ticket);
            let same = others.filter(|(_, held)| held.is_new() && held.address == address && held.at == at);
            same.count()
        };
        let full = there(At::OnNetwork) >= self.limits.new_per_address;
        let crowded = there(At::Waiting) >= self.limits.new_waiting_per_address;
        let Some(held) = self.places.get_mut(&ticket) else {
            return;
        };
        held.address = address;
        if held.is_new() && full {
            held.at = if crowded { At::SentAway } else { At::Waiting };
        }
    }

    pub(super) fn leave(&mut self, ticket: Ticket) {
        self.places.remove(&ticket);
    }

    pub(super) fn at(&self, ticket: Ticket) -> At {
        self.places.get(&ticket).map_or(At::SentAway, |held| held.at)
    }

    pub(super) fn is_known(&self, ticket: Ticket) -> bool {
        self.places.get(&ticket).is_some_and(|held| !held.is_new())
    }

    /// Gives out the turns that are free: to those who are known first, then in the order they came. Says who
    /// is to be told.
    pub(super) fn serve(&mut self) -> Vec<Arc<Notify>> {
        let mut taken = Taken::default();
        for held in self.places.values().filter(|held| held.at == At::OnNetwork) {
            taken.add(held);
        }
        for standing in [Standing::Known, Standing::New] {
            for held in self.places.values_mut() {
                if !taken.all.is_below(self.limits.all, standing) {
                    break;
                }
                if held.standing == standing && held.at == At::Waiting && taken.leaves_room(held, self.limits)
                {
                    held.at = At::OnNetwork;
                    taken.add(held);
                    self.called.push(Arc::clone(&held.call));
                }
            }
        }
        mem::take(&mut self.called)
    }

    /// Says whether one more may come; for one who is known, the last of the new who wait is sent away.
    fn has_room(&mut self, standing: Standing) -> bool {
        let present = self.places.values().filter(|held| held.at != At::SentAway);
        let (all, new) = present.fold((0, 0), |(all, new), held| {
            (all + 1, new + usize::from(held.is_new()))
        });
        if all < self.limits.waiting {
            return standing == Standing::Known || new < half(self.limits.waiting);
        }
        let waiting = |held: &&mut Held| held.is_new() && held.at == At::Waiting;
        let last = self.places.values_mut().rev().find(waiting);
        match (standing, last) {
            (Standing::Known, Some(last)) => {
                last.at = At::SentAway;
                self.called.push(Arc::clone(&last.call));
                true
            }
            _ => false,
        }
    }
}

#[cfg(test)]
impl Table {
    pub(super) fn is_empty(&self) -> bool {
        self.places.is_empty()
    }
}

impl Held {
    fn is_new(&self) -> bool {
        self.standing == Standing::New
    }
}

/// The turns that are taken.
#[derive(Default)]
struct Taken {
    all: Count,
    hosts: HashMap<Arc<str>, Count>,
    new_at_addresses: HashMap<IpAddr, usize>,
}

#[derive(Clone, Copy, Default)]
struct Count {
    all: usize,
    /// Those among them that are new.
    new: usize,
}

impl Taken {
    fn add(&mut self, held: &Held) {
        self.all.add(held);
        self.hosts.entry(Arc::clone(&held.host)).or_default().add(held);
        if let Some(address) = held.address
            && held.is_new()
        {
            *self.new_at_addresses.entry(address).or_default() += 1;
        }
    }

    fn leaves_room(&self, held: &Held, limits: Limits) -> bool {
        let host = self.hosts.get(&held.host).copied().unwrap_or_default();
        let address = held
            .address
            .and_then(|address| self.new_at_addresses.get(&address));
        host.is_below(limits.per_host, held.standing)
            && (!held.is_new() || address.is_none_or(|there| *there < limits.new_per_address))
    }
}

impl Count {
    fn add(&mut self, held: &Held) {
        self.all += 1;
        self.new += usize::from(held.is_new());
    }

    /// Says whether the limit admits one more of this standing.
    fn is_below(self, limit: usize, standing: Standing) -> bool {
        self.all < limit && (standing == Standing::Known || self.new < half(limit))
    }
}

/// The part of a limit that the new may take; of 1 it is 1, or nothing new would ever be fetched.
fn half(limit: usize) -> usize {
    limit.div_ceil(2)
}

/// What counts as one address: of IPv6 the network that one machine is given as a whole, and the IPv4 address
/// behind a translation.
fn block(address: IpAddr) -> IpAddr {
    match address.to_canonical() {
        IpAddr::V4(address) => address.into(),
        IpAddr::V6(address) => match public::behind_nat64(address) {
            Some(address) => address.into(),
            None => Ipv6Addr::from_bits(address.to_bits() & NETWORK_MASK).into(),
        },
    }
}

/// The first 64 bits.
const NETWORK_MASK: u128 = !(u64::MAX as u128);

#[cfg(test)]
mod tests;
