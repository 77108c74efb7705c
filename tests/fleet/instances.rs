//! Three instances on one PostgreSQL and nothing else in common, each the real program: whatever one of them was told,
//! all of them know (issue 8).

mod restart;
mod scene;

use std::collections::BTreeSet;

use entryway_tests::{
    Browser, Client, ClientSite, INSTANCES, Instances, NamedKey, Service as _, Tokens, WRONG_PASSWORDS_MAX,
    alice, at_once, bob, login,
};

use scene::{on_three, session_with};

on_three!(
    what_one_instance_has_seen_is_a_replay_at_another,
    a_login_goes_on_at_whichever_instance_is_asked,
    wrong_passwords_at_all_instances_are_counted_together,
    a_refresh_race_over_all_instances_has_one_successor,
    a_session_that_ends_at_one_instance_is_over_at_the_others_and_told_by_all,
);

//
async fn what_one_instance_has_seen_is_a_replay_at_another(several: Instances) {
    let client = Client::new();
    let tokens = login(&several, &client, alice()).await;
    // a nonce of one is good at another: none is asked for again
    let first = client.par().send(&several.at(0)).await;
    assert_eq!(first.code(), 201, "{first:?}");
    let second = client.par().once().send(&several.at(1)).await;
    assert_eq!(second.code(), 201, "{second:?}");

    // attack: a proof that was sent to one instance, sent to another
    let proof = scene::proof_for_token(&client, &several);
    let refresh = client
        .refresh(&tokens.refresh_token)
        .proofs_given(&[&proof])
        .once();
    let tokens = Tokens::of(&refresh.send(&several.at(0)).await);
    for other in [1, 2, 0] {
        let again = client
            .refresh(&tokens.refresh_token)
            .proofs_given(&[&proof])
            .once();
        let refused = again.send(&several.at(other)).await;
        assert_eq!(
            refused.refusal(),
            (400, "invalid_dpop_proof".to_owned()),
            "{other}"
        );
    }

    // attack: the same with an assertion
    let (site, key) = (ClientSite::http().await, NamedKey::generate("key-1"));
    let backend = site.confidential_client("/client.json", &key);
    let call = backend.par().ready_for(&several);
    let assertion = call.value("client_assertion").to_owned();
    assert_eq!(call.send(&several.at(1)).await.code(), 201);
    for other in [2, 0, 1] {
        let again = backend.par().assertion_given(&assertion);
        let refused = again.send(&several.at(other)).await;
        assert_eq!(refused.refusal(), (400, "invalid_client".to_owned()), "{other}");
    }
}

async fn a_login_goes_on_at_whichever_instance_is_asked(several: Instances) {
    let (client, mut browser) = (Client::new(), Browser::new());
    let pushed = client.push(&several.at(0)).await;
    let page = browser.open(&several.at(1), &pushed).await;
    let consent = browser.sign_in(&several.at(2), &page, bob()).await;
    let landing = browser
        .press(&several.at(1), &consent, "Authorize", &[])
        .await
        .left();
    let tokens = Tokens::of(
        &client
            .exchange(&pushed, landing.code())
            .send(&several.at(0))
            .await,
    );
    assert_eq!(tokens.sub, bob().did);
    // attack: the code presented once more, elsewhere, ends what it began
    let again = client
        .exchange(&pushed, landing.code())
        .send(&several.at(2))
        .await;
    assert_eq!(again.refusal(), (400, "invalid_grant".to_owned()));
    let over = client.refresh(&tokens.refresh_token).send(&several.at(1)).await;
    assert_eq!(over.refusal(), (400, "invalid_grant".to_owned()));
}

//
async fn wrong_passwords_at_all_instances_are_counted_together(several: Instances) {
    let wrong = (0..INSTANCES * 4).map(|number| {
        let guess = format!("guess number {number}");
        scene::create_session(number % INSTANCES, alice(), &guess)
    });
    let mut statuses = Vec::new();
    for call in wrong {
        statuses.push(call.send(&several).await.code());
    }
    let admitted = statuses.iter().filter(|status| **status == 401).count();
    assert_eq!(admitted, WRONG_PASSWORDS_MAX, "{statuses:?}");
    assert!(
        statuses[WRONG_PASSWORDS_MAX..]
            .iter()
            .all(|status| *status == 429)
    );
    // the right one as well, and everybody else as before
    for number in 0..INSTANCES {
        let right = scene::create_session(number, alice(), &alice().password);
        assert_eq!(right.send(&several).await.code(), 429);
        let other = scene::create_session(number, bob(), &bob().password);
        assert_eq!(other.send(&several).await.code(), 200);
    }
}

// D4
async fn a_refresh_race_over_all_instances_has_one_successor(several: Instances) {
    let client = Client::new();
    let mut tokens = login(&several, &client, alice()).await;
    let session = tokens.unverified().1["sid"].clone();
    let several = std::sync::Arc::new(several);
    for _ in 0..2 {
        let before = several.balancer.answered();
        let calls = (0..60).map(|_| {
            let (call, several) = (client.refresh(&tokens.refresh_token), several.clone());
            async move { call.send(&*several).await }
        });
        let given: Vec<Tokens> = at_once(calls).await.iter().map(Tokens::of).collect();
        let successors: BTreeSet<&str> = given.iter().map(|one| one.refresh_token.as_str()).collect();
        let access_tokens: BTreeSet<&str> = given.iter().map(|one| one.access_token.as_str()).collect();
        assert_eq!((successors.len(), access_tokens.len()), (1, 60));
        assert!(given.iter().all(|one| one.unverified().1["sid"] == session));
        let after = several.balancer.answered();
        assert!(
            before
                .iter()
                .zip(&after)
                .all(|(before, after)| after - before == 20)
        );
        tokens = given[0].clone();
    }
    assert_eq!(several.database.count("oauth_session").await, 1);
}

async fn a_session_that_ends_at_one_instance_is_over_at_the_others_and_told_by_all(several: Instances) {
    let client = Client::new();
    let mut ended = Vec::new();
    // somebody waits at each of them already
    for number in 0..INSTANCES {
        let tokens = session_with(&several, &client).await;
        let cursor = ended.len();
        let told = {
            let waiting = (0..INSTANCES).map(|at| {
                let (reader, several) = (&several.reader, &several);
                async move {
                    reader
                        .page(&several.at(at), &format!("after={cursor}&wait=20"))
                        .await
                }
            });
            let revoking = async {
                let revoked = client
                    .revoke(&tokens.refresh_token)
                    .send(&several.at(number))
                    .await;
                assert_eq!(revoked.code(), 200, "{revoked:?}");
            };
            futures_util::future::join(futures_util::future::join_all(waiting), revoking)
                .await
                .0
        };
        for (at, page) in told.iter().enumerate() {
            let refused = client.refresh(&tokens.refresh_token).send(&several.at(at)).await;
            assert_eq!(refused.refusal(), (400, "invalid_grant".to_owned()), "{at}");
            assert_eq!(page.events, told[0].events, "{at}");
            assert_eq!(page.head.seq, told[0].head.seq, "{at}");
        }
        assert_eq!(told[0].events.len(), 1);
        ended.push(told[0].events[0].clone());
    }
    // each tells all of it, in one order and by the same numbers
    for at in 0..INSTANCES {
        let told = several.reader.page(&several.at(at), "after=0").await;
        assert_eq!(told.events, ended);
    }
    assert_eq!(
        several.issuer(),
        format!("http://localhost:{}", several.balancer.port())
    );
}
