//! Many at once.

use futures_util::future::join_all;

use super::gate::Gate;
use super::*;

/// A plain host whose answers wait at a gate, and a fetcher for it.
pub(super) async fn gated(settings: FetchSettings) -> (Host, Gate, Fetcher) {
    let gate = Gate::closed();
    let answer = document("{}").behind(&gate);
    let host = Host::http(move |_| answer.clone()).await;
    let settings = FetchSettings {
        development: development(&Authority::new(), &[]).development,
        ..settings
    };
    (host, gate, Fetcher::new(settings).unwrap())
}

//
#[tokio::test]
async fn sixty_four_who_want_the_same_cost_one_fetch() {
    let (host, gate, fetcher) = gated(patient()).await;
    // a fragment means nothing to a fetch
    let documents = [0, 1].map(|n| url(&format!("http://{}/client.json?x#{n}", host.address())));
    let wanted = wanted();
    let all = join_all((0..64).map(|n| fetcher.get(&documents[n % 2], &wanted)));
    let (outcomes, ()) = tokio::join!(all, async {
        gate.crowded(1).await;
        gate.admit(64);
    });
    assert!(
        outcomes
            .iter()
            .all(|outcome| outcome.as_ref().is_ok_and(|fetched| fetched.body == "{}"))
    );
    assert_eq!(host.heads().len(), 1);
}

//
#[tokio::test]
async fn a_failure_is_shared_by_those_who_waited_for_it_and_kept_for_nobody() {
    let gate = Gate::closed();
    let failure = Answer::text("HTTP/1.1 503 Later\r\ncontent-length: 0\r\n\r\n").behind(&gate);
    let host = Host::http(move |_| failure.clone()).await;
    let fetcher = Fetcher::new(development(&Authority::new(), &[])).unwrap();
    let document = url(&format!("http://{}/", host.address()));
    let wanted = wanted();
    for round in 1..=3 {
        let all = join_all((0..8).map(|_| fetcher.get(&document, &wanted)));
        let (outcomes, ()) = tokio::join!(all, async {
            gate.crowded(1).await;
            gate.admit(1);
        });
        assert!(
            outcomes
                .iter()
                .all(|outcome| *outcome == outcomes[0] && outcome.is_err())
        );
        assert_eq!(host.heads().len(), round);
    }
}

#[tokio::test]
async fn those_who_want_something_else_do_not_share() {
    let (host, gate, fetcher) = gated(patient()).await;
    let document = url(&format!("http://{}/a", host.address()));
    let other = url(&format!("http://{}/a?", host.address()));
    let less = Wanted {
        body_bytes_max: 1,
        ..wanted()
    };
    let wanted = wanted().known();
    let all = join_all([
        fetcher.get(&document, &wanted),
        fetcher.get(&other, &wanted),
        fetcher.get(&document, &less),
    ]);
    let (outcomes, ()) = tokio::join!(all, async {
        gate.crowded(3).await;
        gate.admit(3);
    });
    assert_eq!(host.heads().len(), 3);
    assert!(outcomes[0].is_ok() && outcomes[1].is_ok());
    assert_eq!(outcomes[2], Err(FetchError::TooLarge { bytes_max: 1 }));
}

#[tokio::test]
async fn a_fetch_goes_on_for_the_others_when_who_began_it_goes_away() {
    let (host, gate, fetcher) = gated(patient()).await;
    let document = url(&format!("http://{}/", host.address()));
    let ask = |fetcher: &Fetcher| {
        let (fetcher, document) = (fetcher.clone(), document.clone());
        tokio::spawn(async move { fetcher.get(&document, &wanted()).await })
    };
    let first = ask(&fetcher);
    gate.crowded(1).await;
    // polled once while the first is there, and so waiting with it
    let asked = wanted();
    let mut second = Box::pin(fetcher.get(&document, &asked));
    assert!(futures_util::poll!(&mut second).is_pending());
    first.abort();
    assert!(first.await.unwrap_err().is_cancelled());
    gate.admit(1);
    assert_eq!(second.await.unwrap().body, "{}");
    assert_eq!(host.heads().len(), 1);
    // and one that everybody left is begun anew
    let left = ask(&fetcher);
    gate.crowded(1).await;
    left.abort();
    assert!(left.await.unwrap_err().is_cancelled());
    gate.admit(2);
    assert_eq!(fetcher.get(&document, &wanted()).await.unwrap().body, "{}");
    assert_eq!(host.heads().len(), 3);
}

//
#[tokio::test]
async fn one_host_is_asked_by_a_few_at_once_and_does_not_keep_the_others_waiting() {
    let settings = FetchSettings {
        fetches_max: 4,
        fetches_per_host_max: 3,
        ..patient()
    };
    let (slow, gate, fetcher) = gated(settings).await;
    let other = Host::http(|_| document("{}")).await;
    let documents: Vec<Url> = (0..12)
        .map(|n| url(&format!("http://{}/{n}", slow.address())))
        .collect();
    let wanted = wanted().known();
    let all = join_all(documents.iter().map(|document| fetcher.get(document, &wanted)));
    let (outcomes, ()) = tokio::join!(all, async {
        gate.crowded(3).await;
        let elsewhere = url(&format!("http://{}/", other.address()));
        assert_eq!(fetcher.get(&elsewhere, &wanted).await.unwrap().body, "{}");
        gate.admit(12);
    });
    assert!(outcomes.iter().all(Result::is_ok));
    assert_eq!((slow.heads().len(), gate.most()), (12, 3));
}

//
#[tokio::test]
async fn only_so_many_fetches_are_on_the_network_at_once() {
    let settings = FetchSettings {
        fetches_max: 2,
        ..patient()
    };
    let (host, gate, fetcher) = gated(settings).await;
    let port = host.address().port();
    // two names of one address are two hosts here
    let documents: Vec<Url> = (0..10)
        .map(|n| {
            url(&format!(
                "http://{}:{port}/{n}",
                ["localhost", "127.0.0.1"][n % 2]
            ))
        })
        .collect();
    let wanted = wanted().known();
    let all = join_all(documents.iter().map(|document| fetcher.get(document, &wanted)));
    let (outcomes, ()) = tokio::join!(all, async {
        gate.crowded(2).await;
        gate.admit(10);
    });
    assert!(outcomes.iter().all(Result::is_ok));
    assert_eq!((host.heads().len(), gate.most()), (10, 2));
}

#[tokio::test]
async fn whoever_gets_no_turn_in_time_is_told_to_come_again() {
    let settings = FetchSettings {
        fetches_per_host_max: 1,
        turn_wait_max: Duration::from_millis(200),
        ..patient()
    };
    let (host, gate, fetcher) = gated(settings).await;
    let [first, second] = [1, 2].map(|n| url(&format!("http://{}/{n}", host.address())));
    let wanted = wanted();
    let (outcome, ()) = tokio::join!(fetcher.get(&first, &wanted), async {
        gate.crowded(1).await;
        assert_eq!(fetcher.get(&second, &wanted).await, Err(FetchError::Busy));
        gate.admit(2);
    });
    assert!(outcome.is_ok());
    // it was never sent, and its turn is free again
    assert_eq!(host.heads().len(), 1);
    assert!(fetcher.get(&second, &wanted).await.is_ok());
}

#[tokio::test]
async fn one_too_many_is_told_to_come_again_at_once() {
    let settings = FetchSettings {
        waiting_max: 2,
        ..patient()
    };
    let (host, gate, fetcher) = gated(settings).await;
    let documents = [1, 2, 3].map(|n| url(&format!("http://{}/{n}", host.address())));
    let wanted = wanted().known();
    let [first, second, third] = &documents;
    let (one, two, ()) = tokio::join!(fetcher.get(first, &wanted), fetcher.get(second, &wanted), async {
        gate.crowded(2).await;
        assert_eq!(fetcher.get(third, &wanted).await, Err(FetchError::Busy));
        gate.admit(3);
    });
    assert!(one.is_ok() && two.is_ok());
    assert!(fetcher.get(third, &wanted).await.is_ok());
}

// nothing a stranger asks for is kept, not even the names of hosts
#[tokio::test]
async fn fetches_that_ended_are_forgotten() {
    let (host, gate, fetcher) = gated(patient()).await;
    gate.admit(3);
    for n in 0..3 {
        let document = url(&format!("http://{}/{n}", host.address()));
        fetcher.get(&document, &wanted()).await.unwrap();
    }
    let closed = url("http://127.0.0.1:1/");
    assert!(fetcher.get(&closed, &wanted()).await.is_err());
    assert!(fetcher.0.turns.is_empty());
}
