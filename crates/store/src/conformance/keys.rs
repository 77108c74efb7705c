use super::bench::{Bench, NOON, count, race};
use super::on_both_engines;
use crate::{Forgetting, KeyState, Place, Recognition, SealedKey, Sealer};
use entryway_oauth::jwk::Algorithm;
use entryway_oauth::secret::{Digest, ServerKey};
use entryway_oauth::time::Seconds;

fn key(kid: &str, algorithm: Algorithm) -> SealedKey {
    let sealer = Sealer::new(&ServerKey::new([1; 32]));
    SealedKey {
        kid: kid.to_owned(),
        algorithm,
        sealed: sealer.seal(Place::signing_key(kid), b"private").unwrap(),
        created_at: NOON,
        state: KeyState::Current,
    }
}

async fn the_first_key_of_an_algorithm_is_adopted(bench: &Bench) {
    let first = key("a", Algorithm::ES256K);
    let second = SealedKey {
        created_at: NOON + Seconds(1),
        ..key("b", Algorithm::ES256K)
    };
    let other = SealedKey {
        created_at: NOON + Seconds(2),
        ..key("c", Algorithm::ES256)
    };
    assert_eq!(bench.store.signing_keys().await.unwrap(), []);
    for (new, current) in [
        (&first, &first),
        (&second, &first),
        (&other, &other),
        (&first, &first),
    ] {
        assert_eq!(bench.store.adopt_signing_key(new).await.unwrap(), *current);
    }
    assert_eq!(bench.store.signing_keys().await.unwrap(), [other, first.clone()]);
    let sealer = Sealer::new(&ServerKey::new([1; 32]));
    let opened = sealer.unseal(Place::signing_key("a"), &first.sealed).unwrap();
    assert_eq!(**opened, *b"private");
}

async fn the_key_of_the_directory_is_none_of_those_that_sign_tokens(bench: &Bench) {
    assert_eq!(bench.store.rotation_key().await.unwrap(), None);
    let (token, rotation) = (key("a", Algorithm::ES256K), key("b", Algorithm::ES256K));
    bench.store.adopt_signing_key(&token).await.unwrap();
    for new in [&rotation, &key("c", Algorithm::ES256K)] {
        let adopted = bench.store.adopt_rotation_key(new).await.unwrap();
        assert_eq!(adopted, rotation);
    }
    assert_eq!(bench.store.rotation_key().await.unwrap(), Some(rotation.clone()));
    let signing = bench.store.signing_keys().await.unwrap();
    assert_eq!(signing, std::slice::from_ref(&token));
    assert_eq!(bench.store.adopt_signing_key(&rotation).await.unwrap(), token);
}

async fn of_many_starters_all_get_one_key(bench: &Bench) {
    let answers = race(|number| {
        let store = bench.store.clone();
        let key = key(&number.to_string(), Algorithm::ES256K);
        async move { store.adopt_signing_key(&key).await.unwrap() }
    })
    .await;
    assert_eq!(count(&answers, &answers[0]), 64);
    assert_eq!(bench.store.signing_keys().await.unwrap(), answers[..1]);
}

// C24
async fn a_database_belongs_to_the_first_root_key(bench: &Bench) {
    let (ours, theirs) = (Digest::of(b"ours"), Digest::of(b"theirs"));
    for (fingerprint, expected) in [
        (ours, Recognition::New),
        (ours, Recognition::Known),
        (theirs, Recognition::Foreign),
        (ours, Recognition::Known),
    ] {
        let recognition = bench.store.recognise_root(fingerprint).await.unwrap();
        assert_eq!(recognition, expected);
    }
}

async fn of_many_root_keys_one_owns_the_database(bench: &Bench) {
    let answers = race(|number| {
        let store = bench.store.clone();
        async move {
            let fingerprint = Digest::of(&number.to_be_bytes());
            store.recognise_root(fingerprint).await.unwrap()
        }
    })
    .await;
    assert_eq!(count(&answers, &Recognition::New), 1);
    assert_eq!(count(&answers, &Recognition::Foreign), 63);
}

// C24
async fn keys_that_were_forgotten_make_room_for_others(bench: &Bench) {
    let store = &bench.store;
    let (ours, theirs) = (Digest::of(b"ours"), Digest::of(b"theirs"));
    assert_eq!(store.root_fingerprint().await.unwrap(), None);
    store.recognise_root(ours).await.unwrap();
    assert_eq!(store.root_fingerprint().await.unwrap(), Some(ours));
    store
        .adopt_signing_key(&key("a", Algorithm::ES256K))
        .await
        .unwrap();
    store
        .adopt_rotation_key(&key("b", Algorithm::ES256K))
        .await
        .unwrap();
    assert_eq!(store.forget_keys(theirs).await.unwrap(), Forgetting::Foreign);
    assert_eq!(store.signing_keys().await.unwrap().len(), 1);
    for outcome in [Forgetting::Forgotten, Forgetting::Foreign] {
        assert_eq!(store.forget_keys(ours).await.unwrap(), outcome);
        assert_eq!(store.root_fingerprint().await.unwrap(), None);
        assert_eq!(store.signing_keys().await.unwrap(), []);
        assert_eq!(store.rotation_key().await.unwrap(), None);
    }
    assert_eq!(store.recognise_root(theirs).await.unwrap(), Recognition::New);
    let fresh = key("c", Algorithm::ES256K);
    assert_eq!(store.adopt_signing_key(&fresh).await.unwrap(), fresh);
}

async fn of_many_who_give_up_one_root_key_one_forgets_it(bench: &Bench) {
    let ours = Digest::of(b"ours");
    bench.store.recognise_root(ours).await.unwrap();
    let answers = race(|_| {
        let store = bench.store.clone();
        async move { store.forget_keys(ours).await.unwrap() }
    })
    .await;
    assert_eq!(count(&answers, &Forgetting::Forgotten), 1);
    assert_eq!(count(&answers, &Forgetting::Foreign), 63);
}

on_both_engines![
    of_many_who_give_up_one_root_key_one_forgets_it,
    keys_that_were_forgotten_make_room_for_others,
    the_first_key_of_an_algorithm_is_adopted,
    the_key_of_the_directory_is_none_of_those_that_sign_tokens,
    of_many_starters_all_get_one_key,
    a_database_belongs_to_the_first_root_key,
    of_many_root_keys_one_owns_the_database,
];
