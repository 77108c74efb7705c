use super::bench::{Bench, NOON, race};
use super::on_both_engines;
use crate::{Distrust, ListedClient, Logo, TrustedClient};
use entryway_core::trust::{Standing, Trust};
use entryway_oauth::client_id::ClientId;
use entryway_oauth::time::Seconds;

fn client_id(number: usize) -> ClientId {
    ClientId::parse(&format!("http://localhost?redirect_uri={number}")).unwrap()
}

/// Every byte there is, several times.
fn logo() -> Logo {
    Logo {
        media_type: "image/png".to_owned(),
        bytes: (0..=u8::MAX).cycle().take(100_000).collect(),
    }
}

fn skylight(number: usize) -> TrustedClient {
    TrustedClient {
        client_id: client_id(number),
        name: "Skylight \u{1f308} 'n' \"friends\"".to_owned(),
        first_party: true,
        logo: Some(logo()),
    }
}

fn trust(client: &TrustedClient) -> Trust {
    Trust {
        name: client.name.clone(),
        first_party: client.first_party,
        has_logo: client.logo.is_some(),
    }
}

async fn standing(bench: &Bench, number: usize) -> Standing {
    bench.store.standing(&client_id(number), &[]).await.unwrap()
}

//
async fn a_trusted_client_is_shown_as_the_operator_said(bench: &Bench) {
    let client = skylight(1);
    bench.store.trust_client(client.clone(), NOON).await.unwrap();
    assert_eq!(standing(bench, 1).await.trust, Some(trust(&client)));
    let shown = bench.store.client_logo(&client.client_id).await.unwrap();
    assert_eq!(shown, Some(logo()));
    assert_eq!(standing(bench, 2).await, Standing::default());
    assert_eq!(bench.store.client_logo(&client_id(2)).await.unwrap(), None);
}

async fn the_last_word_of_the_operator_counts_in_everything(bench: &Bench) {
    bench.store.trust_client(skylight(1), NOON).await.unwrap();
    let renamed = TrustedClient {
        client_id: client_id(1),
        name: "Starlight".to_owned(),
        first_party: false,
        logo: None,
    };
    let later = NOON + Seconds(60);
    bench.store.trust_client(renamed.clone(), later).await.unwrap();
    assert_eq!(standing(bench, 1).await.trust, Some(trust(&renamed)));
    assert_eq!(bench.store.client_logo(&client_id(1)).await.unwrap(), None);
    let listed = ListedClient {
        client_id: client_id(1),
        trust: trust(&renamed),
        trusted_at: later,
    };
    assert_eq!(bench.store.trusted_clients().await.unwrap(), [listed]);
}

async fn trusted_clients_are_listed_by_name_of_client(bench: &Bench) {
    assert_eq!(bench.store.trusted_clients().await.unwrap(), []);
    for number in [3, 1, 2] {
        bench.store.trust_client(skylight(number), NOON).await.unwrap();
    }
    let listed = bench.store.trusted_clients().await.unwrap();
    let ids: Vec<_> = listed.into_iter().map(|client| client.client_id).collect();
    assert_eq!(ids, [1, 2, 3].map(client_id));
}

async fn distrust_takes_back_the_word_and_the_picture(bench: &Bench) {
    for number in [1, 2] {
        bench.store.trust_client(skylight(number), NOON).await.unwrap();
    }
    let distrust = async |number| bench.store.distrust_client(&client_id(number)).await.unwrap();
    assert_eq!(distrust(1).await, Distrust::Distrusted);
    assert_eq!(distrust(1).await, Distrust::Unknown);
    assert_eq!(distrust(3).await, Distrust::Unknown);
    assert_eq!(standing(bench, 1).await, Standing::default());
    assert_eq!(bench.store.client_logo(&client_id(1)).await.unwrap(), None);
    assert!(standing(bench, 2).await.trust.is_some());
}

/// Of sixty-four words at once one is kept, and it is whole.
async fn words_at_once_do_not_mix(bench: &Bench) {
    let word = |number: usize| TrustedClient {
        client_id: client_id(1),
        name: number.to_string(),
        first_party: number.is_multiple_of(2),
        logo: number.is_multiple_of(3).then(|| Logo {
            media_type: format!("image/{number}"),
            bytes: number.to_string().into_bytes(),
        }),
    };
    race(|number| {
        let (store, word) = (bench.store.clone(), word(number));
        async move { store.trust_client(word, NOON).await.unwrap() }
    })
    .await;
    let kept = standing(bench, 1).await.trust.unwrap();
    let said = word(kept.name.parse().unwrap());
    assert_eq!(kept, trust(&said));
    assert_eq!(bench.store.client_logo(&client_id(1)).await.unwrap(), said.logo);
}

on_both_engines![
    a_trusted_client_is_shown_as_the_operator_said,
    the_last_word_of_the_operator_counts_in_everything,
    trusted_clients_are_listed_by_name_of_client,
    distrust_takes_back_the_word_and_the_picture,
    words_at_once_do_not_mix,
];
