use super::bench::{Bench, NOON, account, count, hash, race};
use super::on_both_engines;
use crate::{ACCOUNTS_PAGE, Creation, Home, HostAddition, HostChange, HostRemoval, HostState, NewAccount};
use crate::{PdsHost, Place, Rehoming, Sealer};
use entryway_core::account::Account;
use entryway_oauth::issuer::Issuer;
use entryway_oauth::secret::ServerKey;
use entryway_oauth::time::Seconds;
use entryway_scope::Did;

pub(super) fn host(number: usize) -> PdsHost {
    let did = Did::parse(&format!("did:web:pds{number}.example")).unwrap();
    let sealer = Sealer::new(&ServerKey::new([1; 32]));
    PdsHost {
        sealed_password: sealer.seal(Place::pds_password(&did), b"hunter2").unwrap(),
        did,
        url: Issuer::parse(&format!("https://pds{number}.example")).unwrap(),
        state: HostState::Open,
        added_at: NOON + Seconds(i64::try_from(number).unwrap()),
    }
}

async fn add(bench: &Bench, number: usize) -> PdsHost {
    let added = bench.store.add_pds_host(&host(number)).await.unwrap();
    assert_eq!(added, HostAddition::Added);
    bench.store.pds_host(&host(number).did).await.unwrap().unwrap()
}

async fn settle(bench: &Bench, pds: &PdsHost) -> Account {
    let account = Account {
        pds_did: pds.did.to_string(),
        ..account(bench.fresh())
    };
    let password_hash = &hash("first");
    let new = NewAccount {
        account: &account,
        password_hash,
    };
    let created = bench.store.create_account(new, NOON).await.unwrap();
    assert_eq!(created, Creation::Created);
    account
}

async fn a_host_is_kept_with_its_password_sealed(bench: &Bench) {
    assert_eq!(bench.store.pds_hosts().await.unwrap(), []);
    let (second, first) = (add(bench, 2).await, add(bench, 1).await);
    assert_eq!(
        bench.store.pds_hosts().await.unwrap(),
        [first.clone(), second.clone()]
    );
    let sealer = Sealer::new(&ServerKey::new([1; 32]));
    let password = sealer.unseal(Place::pds_password(&first.did), &first.sealed_password);
    assert_eq!(**password.unwrap(), *b"hunter2");
    let moved = sealer.unseal(Place::pds_password(&second.did), &first.sealed_password);
    assert!(moved.is_err(), "the password of one host is not another's");
    assert_eq!(bench.store.pds_host(&host(3).did).await.unwrap(), None);
}

async fn no_two_hosts_have_one_did_or_one_url(bench: &Bench) {
    let first = add(bench, 1).await;
    let same_url = PdsHost {
        url: first.url.clone(),
        ..host(2)
    };
    let same_did = PdsHost {
        did: first.did.clone(),
        ..host(2)
    };
    for (other, expected) in [
        (first.clone(), HostAddition::DidTaken),
        (same_did, HostAddition::DidTaken),
        (same_url, HostAddition::UrlTaken),
    ] {
        assert_eq!(bench.store.add_pds_host(&other).await.unwrap(), expected);
    }
    assert_eq!(bench.store.pds_hosts().await.unwrap(), [first]);
}

async fn of_many_hosts_at_one_url_one_is_added(bench: &Bench) {
    let answers = race(|number| {
        let store = bench.store.clone();
        let host = PdsHost {
            url: host(1).url,
            ..host(number)
        };
        async move { store.add_pds_host(&host).await.unwrap() }
    })
    .await;
    assert_eq!(count(&answers, &HostAddition::Added), 1);
    assert_eq!(count(&answers, &HostAddition::UrlTaken), 63);
}

async fn a_host_is_drained_reopened_and_gets_another_password(bench: &Bench) {
    let added = add(bench, 1).await;
    let (store, did) = (&bench.store, &added.did);
    assert_eq!(store.drain_pds_host(did).await.unwrap(), HostChange::Changed);
    let drained = store.pds_host(did).await.unwrap().unwrap();
    assert_eq!(drained.state, HostState::Draining);
    assert_eq!(store.reopen_pds_host(did).await.unwrap(), HostChange::Changed);
    let replaced = store.replace_pds_password(did, b"other").await.unwrap();
    assert_eq!(replaced, HostChange::Changed);
    let expected = PdsHost {
        sealed_password: b"other".to_vec(),
        ..added.clone()
    };
    assert_eq!(store.pds_host(did).await.unwrap(), Some(expected));
    let nobody = &host(2).did;
    assert_eq!(store.drain_pds_host(nobody).await.unwrap(), HostChange::Unknown);
    assert_eq!(store.reopen_pds_host(nobody).await.unwrap(), HostChange::Unknown);
    let replaced = store.replace_pds_password(nobody, b"other").await.unwrap();
    assert_eq!(replaced, HostChange::Unknown);
}

async fn a_host_with_an_account_is_not_removed(bench: &Bench) {
    let (first, second) = (add(bench, 1).await, add(bench, 2).await);
    let account = settle(bench, &first).await;
    let remove = async |host: &PdsHost| bench.store.remove_pds_host(&host.did).await.unwrap();
    assert_eq!(remove(&first).await, HostRemoval::Inhabited { accounts: 1 });
    let moved = bench
        .store
        .rehome_account(&account.did, second.did.as_str())
        .await;
    assert_eq!(moved.unwrap(), Rehoming::Rehomed);
    assert_eq!(remove(&first).await, HostRemoval::Removed);
    assert_eq!(remove(&first).await, HostRemoval::Unknown);
    assert_eq!(remove(&second).await, HostRemoval::Inhabited { accounts: 1 });
    assert_eq!(bench.store.pds_hosts().await.unwrap(), [second]);
}

/// Either the host was there when the account came, or it went before: never an account of a host that went
/// while it came.
async fn a_host_is_not_removed_under_an_account_that_comes(bench: &Bench) {
    let host = add(bench, 1).await;
    let answers = race(|number| {
        let (store, host) = (bench.store.clone(), host.clone());
        let account = Account {
            pds_did: host.did.to_string(),
            ..account(bench.fresh())
        };
        async move {
            if number == 32 {
                return Some(store.remove_pds_host(&host.did).await.unwrap());
            }
            let password_hash = &hash("first");
            let new = NewAccount {
                account: &account,
                password_hash,
            };
            store.create_account(new, NOON).await.unwrap();
            None
        }
    })
    .await;
    let removal = answers.into_iter().flatten().next().unwrap();
    let is_there = bench.store.pds_host(&host.did).await.unwrap().is_some();
    match removal {
        HostRemoval::Inhabited { accounts } => assert!(is_there && (1..=63).contains(&accounts)),
        HostRemoval::Removed => assert!(!is_there),
        HostRemoval::Unknown => panic!("it was there"),
    }
}

async fn homes_are_counted_and_listed_a_page_at_a_time(bench: &Bench) {
    assert_eq!(bench.store.homes().await.unwrap(), []);
    let (first, second) = (add(bench, 1).await, add(bench, 2).await);
    settle(bench, &second).await;
    let mut made = Vec::new();
    for _ in 0..=ACCOUNTS_PAGE {
        made.push(settle(bench, &first).await);
    }
    made.sort_by(|one, other| one.did.as_str().cmp(other.did.as_str()));
    let home = |host: &PdsHost, accounts| Home {
        pds_did: host.did.to_string(),
        accounts,
    };
    let homes = bench.store.homes().await.unwrap();
    assert_eq!(homes, [home(&first, 101), home(&second, 1)]);
    let after = async |last: Option<&Did>| {
        let page = bench.store.accounts_on_host_after(first.did.as_str(), last);
        page.await.unwrap()
    };
    let (last, page) = made.split_last().unwrap();
    assert_eq!(after(None).await, page);
    let rest = after(Some(&page[page.len() - 1].did)).await;
    assert_eq!(rest, std::slice::from_ref(last));
    assert_eq!(after(Some(&last.did)).await, []);
}

on_both_engines![
    a_host_is_kept_with_its_password_sealed,
    no_two_hosts_have_one_did_or_one_url,
    of_many_hosts_at_one_url_one_is_added,
    a_host_is_drained_reopened_and_gets_another_password,
    a_host_with_an_account_is_not_removed,
    a_host_is_not_removed_under_an_account_that_comes,
    homes_are_counted_and_listed_a_page_at_a_time,
];
