//! The rules of the line, whatever comes in whatever order.

use proptest::prelude::*;

use super::*;

#[test]
fn an_address_is_counted_as_the_machine_that_holds_it() {
    for (address, counted) in [
        ("1.2.3.4", "1.2.3.4"),
        ("2606:4700:1:2:3:4:5:6", "2606:4700:1:2::"),
        ("2606:4700:1:2::", "2606:4700:1:2::"),
        ("2606:4700:1:3::", "2606:4700:1:3::"),
        // the gateway of a network without IPv4 is many machines
        ("64:ff9b::102:304", "1.2.3.4"),
        ("::ffff:1.2.3.4", "1.2.3.4"),
    ] {
        assert_eq!(
            block(address.parse().unwrap()),
            counted.parse::<IpAddr>().unwrap(),
            "{address}"
        );
    }
}

#[derive(Clone, Copy, Debug)]
enum Event {
    Enter(u8, bool),
    Lead(usize, u8),
    Raise(usize),
    Leave(usize),
}

fn event() -> impl Strategy<Value = Event> {
    let (host, who) = (0..4_u8, 0..64_usize);
    prop_oneof![
        3 => (host.clone(), any::<bool>()).prop_map(|(host, known)| Event::Enter(host, known)),
        2 => (who.clone(), host).prop_map(|(who, address)| Event::Lead(who, address)),
        1 => who.clone().prop_map(Event::Raise),
        2 => who.prop_map(Event::Leave),
    ]
}

fn small() -> FetchSettings {
    FetchSettings {
        fetches_max: 6,
        fetches_per_host_max: 3,
        waiting_max: 12,
        new_per_address_max: 1,
        new_waiting_per_address_max: 2,
        ..FetchSettings::default()
    }
}

/// How many places are of this kind.
fn count(table: &Table, kind: impl Fn(&Held) -> bool) -> usize {
    table.places.values().filter(|held| kind(held)).count()
}

/// What holds after every event.
fn check(table: &Table) {
    let on_network = |held: &Held| held.at == At::OnNetwork;
    let new_on_network = |held: &Held| on_network(held) && held.is_new();
    let present = |held: &Held| held.at != At::SentAway;
    assert!(count(table, on_network) <= 6 && count(table, new_on_network) <= 3);
    assert!(count(table, present) <= 12 && count(table, |held| present(held) && held.is_new()) <= 6);
    for host in 0..4_u8 {
        let there = |held: &Held| *held.host == *host.to_string();
        let all = count(table, |held| there(held) && on_network(held));
        assert!(all <= 3);
        assert!(count(table, |held| there(held) && new_on_network(held)) <= 2);
        let address = Some(IpAddr::from([1, 1, 1, host]));
        assert!(count(table, |held| held.address == address && new_on_network(held)) <= 1);
        let new_waits = |held: &Held| held.at == At::Waiting && held.is_new();
        assert!(count(table, |held| held.address == address && new_waits(held)) <= 2);
        // who is known waits only where all is taken
        let known_waits = |held: &Held| held.at == At::Waiting && !held.is_new();
        if count(table, |held| there(held) && known_waits(held)) > 0 {
            assert!(all == 3 || count(table, on_network) == 6);
        }
    }
}

proptest! {
    #[test]
    fn no_order_of_events_exceeds_a_limit_or_leaves_a_turn_unused(events in prop::collection::vec(event(), 1..200)) {
        let mut table = Table::new(&small());
        let mut here: Vec<Ticket> = Vec::new();
        for event in events {
            let nth = |who: usize| here.get(who % here.len().max(1)).copied();
            match event {
                Event::Enter(host, known) => {
                    let standing = if known { Standing::Known } else { Standing::New };
                    here.extend(table.enter(&host.to_string(), standing).map(|(ticket, _)| ticket));
                }
                Event::Lead(who, address) => {
                    if let Some(ticket) = nth(who).filter(|ticket| table.at(*ticket) == At::OnNetwork) {
                        table.lead(ticket, IpAddr::from([1, 1, 1, address]));
                    }
                }
                Event::Raise(who) => nth(who).into_iter().for_each(|ticket| table.raise(ticket)),
                Event::Leave(who) => {
                    if let Some(ticket) = nth(who) {
                        table.leave(ticket);
                        here.retain(|other| *other != ticket);
                    }
                }
            }
            table.serve();
            check(&table);
        }
        for ticket in here {
            table.leave(ticket);
        }
        prop_assert!(table.is_empty());
    }
}
