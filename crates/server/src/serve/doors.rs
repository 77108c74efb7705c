//! How many connections there may be, in all and of one address.
//!
//! A connection costs memory and a descriptor whether or not anything is asked on it. Those that are more than there
//! may be are told so, a few at a time; who comes while those are told waits in the system's queue.

use std::collections::HashMap;
use std::net::IpAddr;
use std::sync::{Arc, Mutex, PoisonError};

use axum::Router;
use tokio::sync::{OwnedSemaphorePermit, Semaphore};

use entryway_resource::peer::Network;

use crate::admission::{TurnedAway, crowd};
use crate::app::App;
use crate::limits::prefix;

/// The way in of one instance, for all its listeners. Clones are the same.
#[derive(Clone, Debug)]
pub struct Doors(Arc<Inner>);

#[derive(Debug)]
struct Inner {
    /// Those that are served, and those that are told.
    places: Arc<Semaphore>,
    of_address: Mutex<HashMap<Vec<u8>, usize>>,
    of_address_max: usize,
    uncounted: Vec<Network>,
    turned_away: TurnedAway,
    crowd: Router,
}

/// Room for one more connection.
#[derive(Debug)]
pub(super) struct Room {
    _place: OwnedSemaphorePermit,
}

/// What becomes of a connection.
pub(super) enum Entry {
    /// It is served, while this is held.
    Served(Inside),
    /// It is told by this that there is no place.
    Told(Router, Room),
}

/// A connection that is counted.
#[derive(Debug)]
pub(super) struct Inside {
    _room: Room,
    doors: Doors,
    address: Option<Vec<u8>>,
}

impl Doors {
    /// As wide as an operator decided.
    pub fn of(app: &App) -> Self {
        let config = app.config();
        let places = config.capacity.connections.saturating_add(TOLD_MAX);
        Self(Arc::new(Inner {
            places: Arc::new(Semaphore::new(places.min(Semaphore::MAX_PERMITS))),
            of_address: Mutex::default(),
            of_address_max: config.capacity.connections_of_address,
            uncounted: config.trusted_proxies.clone(),
            turned_away: TurnedAway::of("connection"),
            crowd: crowd::router(app),
        }))
    }

    /// Waits until there is room for one more, to be told at least.
    pub(super) async fn room(&self) -> Room {
        loop {
            // closed never
            if let Ok(place) = Arc::clone(&self.0.places).acquire_owned().await {
                return Room { _place: place };
            }
        }
    }

    /// Lets a connection of this address in, or has it told.
    pub(super) fn enter(&self, address: IpAddr, room: Room) -> Entry {
        let is_full = self.0.places.available_permits() < TOLD_MAX;
        if is_full {
            return self.told(room);
        }
        let address = self.is_counted(address).then(|| prefix(address));
        if let Some(address) = &address {
            let mut counts = self.counts();
            let count = counts.entry(address.clone()).or_default();
            if *count >= self.0.of_address_max {
                drop(counts);
                return self.told(room);
            }
            *count += 1;
        }
        Entry::Served(Inside {
            _room: room,
            doors: self.clone(),
            address,
        })
    }

    fn told(&self, room: Room) -> Entry {
        self.0.turned_away.count();
        Entry::Told(self.0.crowd.clone(), room)
    }

    fn is_counted(&self, address: IpAddr) -> bool {
        let address = address.to_canonical();
        !address.is_loopback() && !self.0.uncounted.iter().any(|network| network.contains(address))
    }

    fn counts(&self) -> std::sync::MutexGuard<'_, HashMap<Vec<u8>, usize>> {
        self.0.of_address.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Drop for Inside {
    fn drop(&mut self) {
        let Some(address) = self.address.take() else {
            return;
        };
        let mut counts = self.doors.counts();
        match counts.get_mut(&address) {
            Some(count) if *count > 1 => *count -= 1,
            _ => drop(counts.remove(&address)),
        }
    }
}

/// Connections at once that are only told that there is no place: they stay for a moment.
const TOLD_MAX: usize = 64;

#[cfg(test)]
mod tests {
    use super::*;

    fn doors(connections: usize, of_address_max: usize) -> Doors {
        Doors(Arc::new(Inner {
            places: Arc::new(Semaphore::new(connections + TOLD_MAX)),
            of_address: Mutex::default(),
            of_address_max,
            uncounted: vec!["10.0.0.0/8".parse().unwrap()],
            turned_away: TurnedAway::of("connection"),
            crowd: Router::new(),
        }))
    }

    async fn enter(doors: &Doors, address: &str) -> Option<Inside> {
        match doors.enter(address.parse().unwrap(), doors.room().await) {
            Entry::Served(inside) => Some(inside),
            Entry::Told(..) => None,
        }
    }

    // attack: one machine that takes every connection there is
    #[tokio::test]
    async fn an_address_has_its_share_and_no_more() {
        let doors = doors(100, 2);
        let mut inside = Vec::new();
        for address in ["192.0.2.1", "::ffff:192.0.2.1", "2001:db8::1", "2001:db8::2"] {
            inside.push(enter(&doors, address).await.unwrap());
        }
        for address in ["192.0.2.1", "2001:db8::3"] {
            assert!(enter(&doors, address).await.is_none(), "{address}");
        }
        for address in ["192.0.2.2", "2001:db8:0:1::1"] {
            assert!(enter(&doors, address).await.is_some(), "{address}");
        }
        // a proxy that is trusted, and this machine, speak for many
        for address in ["10.1.2.3", "127.0.0.1", "::1"].repeat(3) {
            inside.push(enter(&doors, address).await.unwrap());
        }
        inside.clear();
        assert!(doors.counts().is_empty(), "nothing is left behind");
        assert!(enter(&doors, "192.0.2.1").await.is_some());
    }

    #[tokio::test]
    async fn there_are_no_more_connections_than_there_may_be() {
        let doors = doors(2, 100);
        let inside = (enter(&doors, "192.0.2.1").await, enter(&doors, "192.0.2.2").await);
        assert!(inside.0.is_some() && inside.1.is_some());
        let mut told = Vec::new();
        for _ in 0..TOLD_MAX {
            let room = doors.room().await;
            let Entry::Told(_, room) = doors.enter("192.0.2.3".parse().unwrap(), room) else {
                panic!("there is a place");
            };
            told.push(room);
        }
        assert_eq!(doors.0.places.available_permits(), 0, "nobody more is even told");
        drop((told, inside));
        assert!(enter(&doors, "192.0.2.3").await.is_some());
    }
}
