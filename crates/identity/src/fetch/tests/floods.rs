//! Strangers who ask for much: whoever is known does not notice.

use std::net::IpAddr;
use std::sync::Arc;

use async_trait::async_trait;
use futures_util::future::join_all;
use tokio::net::TcpListener;
use tokio::time::timeout;

use super::super::{Dns, Lookup, LookupFailed};
use super::together::gated;
use super::watched::Watched;
use super::*;

fn at(host: &Host, path: &str) -> Url {
    url(&format!("http://{}/{path}", host.address()))
}

fn made_up(host: &Host, count: usize) -> Vec<Url> {
    (0..count).map(|n| at(host, &format!("x?{n}"))).collect()
}

fn came_for(host: &Host, path: &str) -> bool {
    host.heads()
        .iter()
        .any(|head| head.starts_with(&format!("GET /{path} ")))
}

// identifiers made up at the host of an app do not keep its own document from being fetched
#[tokio::test]
async fn a_known_document_is_fetched_at_once_while_new_ones_fill_its_host() {
    let (host, gate, fetcher) = gated(patient()).await;
    let (flood, app) = (made_up(&host, 12), at(&host, "app.json"));
    let (new, known) = (wanted(), wanted().known());
    let all = join_all(flood.iter().map(|document| fetcher.get(document, &new)));
    let (outcomes, ()) = tokio::join!(all, async {
        gate.crowded(2).await;
        let (outcome, ()) = tokio::join!(fetcher.get(&app, &known), async {
            gate.crowded(3).await;
            assert!(came_for(&host, "app.json"));
            assert_eq!(host.heads().len(), 3, "half of four turns are for the new");
            gate.admit(13);
        });
        assert!(outcome.is_ok());
    });
    assert!(outcomes.iter().all(Result::is_ok));
    assert!(fetcher.0.turns.is_empty());
}

//
#[tokio::test]
async fn a_known_document_is_fetched_at_once_while_new_ones_fill_all_hosts() {
    let settings = FetchSettings {
        fetches_max: 4,
        ..patient()
    };
    let (host, gate, fetcher) = gated(settings).await;
    let app = Host::http(|_| document("{}")).await;
    let port = host.address().port();
    let flood: Vec<Url> = (0..8)
        .map(|n| {
            url(&format!(
                "http://{}:{port}/{n}",
                ["localhost", "127.0.0.1"][n % 2]
            ))
        })
        .collect();
    let (new, known) = (wanted(), wanted().known());
    let all = join_all(flood.iter().map(|document| fetcher.get(document, &new)));
    let (outcomes, ()) = tokio::join!(all, async {
        gate.crowded(2).await;
        assert!(fetcher.get(&at(&app, "app.json"), &known).await.is_ok());
        assert_eq!(host.heads().len(), 2, "half of four turns are for the new");
        gate.admit(8);
    });
    assert!(outcomes.iter().all(Result::is_ok));
    assert_eq!(gate.most(), 2);
}

#[tokio::test]
async fn whoever_is_known_goes_before_all_the_new_who_came_earlier() {
    let settings = FetchSettings {
        fetches_max: 1,
        ..patient()
    };
    let (host, gate, fetcher) = gated(settings).await;
    let [first, second, third] = ["first", "second", "third"].map(|path| at(&host, path));
    let (new, known) = (wanted(), wanted().known());
    let (one, two, three, ()) = tokio::join!(
        fetcher.get(&first, &new),
        fetcher.get(&second, &new),
        fetcher.get(&third, &known),
        async {
            gate.crowded(1).await;
            gate.admit(3);
        }
    );
    assert!(one.is_ok() && two.is_ok() && three.is_ok());
    let came: Vec<String> = host.heads().iter().map(|head| head[5..10].to_owned()).collect();
    assert_eq!(came, ["first", "third", "secon"]);
}

#[tokio::test]
async fn the_line_sends_the_new_away_first_and_those_who_came_last() {
    let settings = FetchSettings {
        fetches_max: 1,
        waiting_max: 4,
        ..patient()
    };
    let (host, gate, fetcher) = gated(settings).await;
    let documents: Vec<Url> = (0..8).map(|n| at(&host, &n.to_string())).collect();
    let (new, known) = (wanted(), wanted().known());
    let get = |n: usize, wanted| fetcher.get(&documents[n], wanted);
    let mut outcomes = tokio::join!(
        get(0, &known),
        get(1, &new),
        get(2, &new),
        // the new have half of the line
        get(3, &new),
        get(4, &known),
        // the line is full
        get(5, &known),
        get(6, &known),
        get(7, &known),
        async {
            gate.crowded(1).await;
            gate.admit(4);
        }
    );
    for served in [&mut outcomes.0, &mut outcomes.4, &mut outcomes.5, &mut outcomes.6] {
        assert!(served.is_ok(), "{served:?}");
    }
    for refused in [&outcomes.1, &outcomes.2, &outcomes.3, &outcomes.7] {
        assert_eq!(*refused, Err(FetchError::Busy));
    }
    assert_eq!(host.heads().len(), 4);
    assert!(fetcher.0.turns.is_empty());
}

#[tokio::test]
async fn a_new_errand_that_one_joins_who_knows_it_is_held_back_no_longer() {
    let (host, gate, fetcher) = gated(patient()).await;
    let flood = made_up(&host, 6);
    let (new, known) = (wanted(), wanted().known());
    let all = join_all(flood.iter().map(|document| fetcher.get(document, &new)));
    let (outcomes, ()) = tokio::join!(all, async {
        gate.crowded(2).await;
        assert!(!came_for(&host, "x?5"));
        let (outcome, ()) = tokio::join!(fetcher.get(&flood[5], &known), async {
            gate.crowded(3).await;
            assert!(came_for(&host, "x?5"));
            gate.admit(6);
        });
        assert!(outcome.is_ok());
    });
    assert!(outcomes.iter().all(Result::is_ok));
    assert_eq!(host.heads().len(), 6, "one fetch for both");
}

//
#[tokio::test]
async fn a_new_document_whose_head_is_late_is_given_up_early_unless_somebody_knows_it() {
    let step = Duration::from_millis(200);
    let settings = FetchSettings {
        new_step_time_max: step,
        ..patient()
    };
    let (host, gate, fetcher) = gated(settings).await;
    let (new, known) = (wanted(), wanted().known());
    let late = Err(FetchError::TooSlow { time_max: step });
    let [one, other] = [at(&host, "one"), at(&host, "other")];
    let (asked_new, asked_known, ()) =
        tokio::join!(fetcher.get(&one, &new), fetcher.get(&one, &known), async {
            // asked for later, and so given up when the other would have been
            gate.crowded(1).await;
            assert_eq!(fetcher.get(&other, &new).await, late);
            gate.admit(2);
        });
    assert!(asked_new.is_ok() && asked_known.is_ok());
    // a byte at a time is no better
    let head = b"HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: 2\r\n\r\n{}";
    let drip = Host::http(|_| Answer::text("").then_drip(head, Duration::from_millis(20))).await;
    assert_eq!(fetcher.get(&at(&drip, ""), &new).await, late);
    assert!(fetcher.get(&at(&drip, ""), &known).await.is_ok());
}

#[tokio::test]
async fn a_new_host_that_keeps_silent_in_the_handshake_is_given_up_early() {
    let silent = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let pins = [format!("silent.test={}", silent.local_addr().unwrap())];
    let settings = FetchSettings {
        new_step_time_max: Duration::from_millis(100),
        ..development(&Authority::new(), &pins)
    };
    let fetcher = Fetcher::new(settings).unwrap();
    let endless = Wanted {
        time_max: Duration::MAX,
        ..wanted()
    };
    let refusal = fetcher.get(&url("https://silent.test/"), &endless).await;
    assert_eq!(refusal, Err(FetchError::Unreachable));
}

// a crowd costs a wait, and nothing of the time that the host has
#[tokio::test]
async fn the_time_of_a_fetch_begins_with_its_turn() {
    let settings = FetchSettings {
        fetches_per_host_max: 1,
        ..patient()
    };
    let (host, gate, fetcher) = gated(settings).await;
    let [first, second] = [at(&host, "1"), at(&host, "2")];
    let none = Wanted {
        time_max: Duration::ZERO,
        ..wanted()
    };
    let patient = wanted();
    let (one, two, ()) = tokio::join!(
        fetcher.get(&first, &patient),
        fetcher.get(&second, &none),
        async {
            gate.crowded(1).await;
            gate.admit(1);
        }
    );
    assert!(one.is_ok());
    // its time ran out on the way, wherever there, and not in the line
    let out_of_time = [
        FetchError::Unreachable,
        FetchError::TooSlow {
            time_max: Duration::ZERO,
        },
    ];
    assert!(out_of_time.contains(&two.unwrap_err()));
}

#[tokio::test]
async fn who_goes_away_gives_back_all_that_was_taken() {
    let (host, gate, fetcher) = gated(patient()).await;
    let flood = made_up(&host, 6);
    let new = wanted();
    let waiting = timeout(
        Duration::from_millis(200),
        join_all(flood.iter().map(|document| fetcher.get(document, &new))),
    );
    let (outcome, ()) = tokio::join!(waiting, gate.crowded(2));
    assert!(outcome.is_err());
    assert!(fetcher.0.turns.is_empty());
    gate.admit(3);
    assert!(fetcher.get(&at(&host, "next"), &new).await.is_ok());
}

/// Every name below `flood.com` is one machine, all others are another.
#[derive(Debug)]
struct Wildcard;

const ONE_MACHINE: &str = "1.1.1.1";
const ANOTHER: &str = "8.8.8.8";

#[async_trait]
impl Lookup for Wildcard {
    async fn addresses(&self, name: &str) -> Result<Vec<IpAddr>, LookupFailed> {
        let address = if name.ends_with(".flood.com") {
            ONE_MACHINE
        } else {
            ANOTHER
        };
        Ok(vec![address.parse().unwrap()])
    }
}

// a wildcard in the DNS makes any number of hosts of one machine that never answers
#[tokio::test]
async fn one_machine_behind_many_names_does_not_take_all_turns() {
    let silent = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let authority = Authority::new();
    let app = Host::https(&authority, "app.honest.com", |_| document("{}")).await;
    let network = Watched::new(&[
        (ONE_MACHINE, silent.local_addr().unwrap()),
        (ANOTHER, app.address()),
    ])
    .await;
    let settings = FetchSettings {
        fetches_max: 6,
        waiting_max: 16,
        new_waiting_per_address_max: 3,
        dns: Dns::Other(Arc::new(Wildcard)),
        ..development(&authority, &[])
    };
    let fetcher = Fetcher::over(Arc::clone(&network) as _, settings).unwrap();
    let name = |n: usize| url(&format!("https://n{n}.flood.com/"));
    let new = wanted();
    let flood: Vec<_> = (0..7)
        .map(|n| {
            let (fetcher, new) = (fetcher.clone(), new.clone());
            tokio::spawn(async move { fetcher.get(&name(n), &new).await })
        })
        .collect();
    let mut held = vec![silent.accept().await.unwrap(), silent.accept().await.unwrap()];
    // not even a new document elsewhere has to wait, though the new have but three turns
    let honest = url("https://app.honest.com/client.json");
    assert!(fetcher.get(&honest, &new).await.is_ok());
    assert!(fetcher.get(&honest, &new).await.is_ok());
    let there = |asked: Vec<String>| asked.iter().filter(|to| to.starts_with(ONE_MACHINE)).count();
    assert_eq!(there(network.asked()), 2);
    // and the machine itself, where something of it is known
    let known = tokio::spawn({
        let (fetcher, known) = (fetcher.clone(), new.clone().known());
        async move { fetcher.get(&name(7), &known).await }
    });
    held.push(silent.accept().await.unwrap());
    assert_eq!(there(network.asked()), 3);
    // three may wait for it, the others were told at once
    let mut busy = 0;
    for fetch in flood {
        if fetch.is_finished() {
            assert_eq!(fetch.await.unwrap(), Err(FetchError::Busy));
            busy += 1;
        } else {
            fetch.abort();
            assert!(fetch.await.unwrap_err().is_cancelled());
        }
    }
    assert_eq!(busy, 2);
    known.abort();
    assert!(known.await.unwrap_err().is_cancelled());
    assert!(fetcher.0.turns.is_empty());
}
