//! How old a set may be: for requests, for sessions that run, and after a bad day of its publisher.

use std::time::Duration;

use entryway_tests::{
    Client, ClientSite, Document, Engine, NamedKey, TestServer, Tokens, alice, both_engines, login,
};
use serde_json::json;
use tokio::sync::watch;
use tokio::time::timeout;

use super::{DAY, Garden, INCLUDE, MINUTE, TEND, boundless, claim, client, refresh, repo, set, tend};

const PLANT: &str = "repo:test.garden.plant atproto";
const TOOL: &str = "repo:test.garden.tool atproto";

/// Refreshes until the claim is another one, which must be this, and says how it was before.
async fn await_claim(server: &TestServer, client: &Client, tokens: &mut Tokens, expected: &str) {
    let before = claim(tokens);
    let change = async {
        loop {
            let now = refresh(server, client, tokens).await;
            if now != before {
                break assert_eq!(now, expected);
            }
            tokio::task::yield_now().await;
        }
    };
    let changed = timeout(Duration::from_secs(20), change).await;
    changed.expect("what was asked for in the background arrives");
}

// the last second in which nothing is asked, and the first in which it is, without a wait
async fn a_changed_set_reaches_a_running_session_when_it_is_half_an_hour_old(engine: Engine) {
    let Garden { publisher, server } = Garden::open(engine).await;
    let client = client(INCLUDE);
    let mut tokens = login(&server, &client, alice()).await;
    publisher.publish(TEND, &tend(&["test.garden.tool"]));
    let gate = watch::Sender::new(false);
    publisher.hold(TEND, &gate);
    let contacts = publisher.contacts();
    server.clock().advance(30 * MINUTE - 1);
    assert_eq!(refresh(&server, &client, &mut tokens).await, PLANT);
    assert_eq!(publisher.contacts(), contacts);
    server.clock().advance(1);
    for _ in 0..3 {
        assert_eq!(refresh(&server, &client, &mut tokens).await, PLANT);
    }
    gate.send(true).unwrap();
    await_claim(&server, &client, &mut tokens, TOOL).await;
    assert_eq!(publisher.asked(TEND), 2);
    // and it is as good as new again
    server.clock().advance(30 * MINUTE - 1);
    assert_eq!(refresh(&server, &client, &mut tokens).await, TOOL);
    assert_eq!(publisher.asked(TEND), 2);
    assert_eq!(tokens.scope, INCLUDE);
}

// what is a day old is asked for first; a second before it is used while it is asked for
async fn a_set_that_is_a_day_old_is_asked_for_before_it_is_used(engine: Engine) {
    for (age, expected) in [(DAY - 1, PLANT), (DAY, TOOL)] {
        let Garden { publisher, server } = Garden::open(engine).await;
        let client = client(INCLUDE);
        let mut tokens = login(&server, &client, alice()).await;
        publisher.publish(TEND, &tend(&["test.garden.tool"]));
        let gate = watch::Sender::new(age == DAY);
        publisher.hold(TEND, &gate);
        server.clock().advance(age);
        assert_eq!(refresh(&server, &client, &mut tokens).await, expected, "{age}");
    }
}

// whatever its publisher makes of it, a set is worth what is its own
async fn a_changed_set_never_goes_beyond_what_was_granted(engine: Engine) {
    let Garden { publisher, server } = Garden::open(engine).await;
    let client = client(INCLUDE);
    let mut tokens = login(&server, &client, alice()).await;
    let greedy = json!([
        repo(&["app.bsky.feed.post"]),
        repo(&["*"]),
        { "type": "permission", "resource": "account", "attr": "email" },
        { "type": "permission", "resource": "rpc", "lxm": ["test.garden.water"], "inheritAud": true },
        repo(&["test.garden.tool"]),
    ]);
    for (permissions, expected) in [(greedy, TOOL), (json!([]), "atproto")] {
        publisher.publish(TEND, &set(TEND, &permissions));
        server.clock().advance(DAY);
        assert_eq!(refresh(&server, &client, &mut tokens).await, expected);
    }
    // what is no set any more changes nothing for those who have it
    publisher.publish(
        TEND,
        &json!({ "lexicon": 1, "id": TEND, "defs": { "main": { "type": "query" } } }),
    );
    server.clock().advance(DAY);
    assert_eq!(refresh(&server, &client, &mut tokens).await, "atproto");
}

// it is worth nothing as long as it holds too much, and the session goes on
async fn a_set_that_grows_beyond_bounds_is_left_out_until_it_shrinks(engine: Engine) {
    let Garden { publisher, server } = Garden::open(engine).await;
    let client = client(INCLUDE);
    let mut tokens = login(&server, &client, alice()).await;
    for (permissions, expected) in [
        (json!([boundless()]), "atproto"),
        (json!([repo(&["test.garden.tool"])]), TOOL),
    ] {
        publisher.publish(TEND, &set(TEND, &permissions));
        server.clock().advance(DAY);
        assert_eq!(refresh(&server, &client, &mut tokens).await, expected);
        assert_eq!(tokens.scope, INCLUDE);
    }
}

/// A client whose sessions last for half a year.
fn confidential(site: &ClientSite) -> Client {
    let key = NamedKey::generate("key-1");
    let document = Document::confidential(&site.url("/client.json"), &[&key]).with("scope", INCLUDE);
    let client = site.publish("/client.json", document);
    client.asking_for(INCLUDE).asserting_with(&key)
}

// 25 hours, 90 days less a second, 90 days, 91 days
async fn a_publisher_gone_dark_breaks_nothing_that_runs_and_keeps_out_new_requests_after_ninety_days(
    engine: Engine,
) {
    let Garden { publisher, server } = Garden::open(engine).await;
    let (site, passer_by) = (ClientSite::http().await, client(INCLUDE));
    let client = confidential(&site);
    let mut tokens = login(&server, &client, alice()).await;
    publisher.go_dark();
    let mut passed = 0;
    for (age, admitted) in [
        (25 * 60 * MINUTE, true),
        (90 * DAY - 1, true),
        (90 * DAY, false),
        (91 * DAY, false),
    ] {
        server.clock().advance(age - passed);
        passed = age;
        assert_eq!(refresh(&server, &client, &mut tokens).await, PLANT, "{age}");
        let pushed = passer_by.par().send(&server).await;
        assert_eq!(pushed.code(), if admitted { 201 } else { 400 }, "{age}");
        if admitted {
            let tokens = login(&server, &passer_by, alice()).await;
            assert_eq!(claim(&tokens), PLANT);
        } else {
            assert_eq!(pushed.refusal().1, "invalid_scope");
        }
    }
    publisher.mend();
    server.clock().advance(30);
    assert_eq!(passer_by.par().send(&server).await.code(), 201);
    assert_eq!(refresh(&server, &client, &mut tokens).await, PLANT);
}

// a host that cannot be had is not asked at every refresh
async fn a_dark_publisher_is_asked_twice_a_minute_at_most(engine: Engine) {
    let Garden { publisher, server } = Garden::open(engine).await;
    let client = client(INCLUDE);
    let mut tokens = login(&server, &client, alice()).await;
    publisher.go_dark();
    server.clock().advance(DAY);
    for seconds in [0, 1, 28, 1, 29] {
        server.clock().advance(seconds);
        refresh(&server, &client, &mut tokens).await;
    }
    // once for the login, at once, and after half a minute
    assert_eq!(publisher.asked(TEND), 3);
}

// R-398, issue 4: a rolled-back record
async fn a_repository_that_goes_back_is_not_believed(engine: Engine) {
    let Garden { publisher, server } = Garden::open(engine).await;
    let client = client(INCLUDE);
    let mut tokens = login(&server, &client, alice()).await;
    publisher.publish(TEND, &tend(&["test.garden.tool"]));
    server.clock().advance(DAY);
    assert_eq!(refresh(&server, &client, &mut tokens).await, TOOL);
    publisher.roll_back(TEND, &tend(&["test.garden.plant"]));
    server.clock().advance(DAY);
    assert_eq!(refresh(&server, &client, &mut tokens).await, TOOL);
    assert_eq!(client.par().send(&server).await.code(), 201);
    // nor after a restart, nor by another instance
    let server = server.restarted().await;
    assert_eq!(refresh(&server, &client, &mut tokens).await, TOOL);
    let other = server.another_instance().await;
    assert_eq!(refresh(&other, &client, &mut tokens).await, TOOL);
    // nor is it taken for a set that was read just now
    server.clock().advance(90 * DAY);
    assert_eq!(
        client.par().send(&server).await.refusal(),
        (400, "invalid_scope".to_owned())
    );
}

//
async fn a_restart_and_a_second_instance_find_the_set_in_the_store(engine: Engine) {
    let Garden { publisher, server } = Garden::open(engine).await;
    let client = client(INCLUDE);
    let mut tokens = login(&server, &client, alice()).await;
    let contacts = publisher.contacts();
    publisher.go_dark();
    let other = server.another_instance().await;
    assert_eq!(refresh(&other, &client, &mut tokens).await, PLANT);
    assert_eq!(client.par().send(&other).await.code(), 201);
    let server = server.restarted().await;
    assert_eq!(refresh(&server, &client, &mut tokens).await, PLANT);
    assert_eq!(client.par().send(&server).await.code(), 201);
    assert_eq!(publisher.contacts(), contacts);
}

// what one instance has read counts for all
async fn an_instance_that_finds_the_publisher_dark_uses_what_another_has_read(engine: Engine) {
    let Garden { publisher, server } = Garden::open(engine).await;
    let (site, other) = (ClientSite::http().await, server.another_instance().await);
    let client = confidential(&site);
    let mut tokens = login(&server, &client, alice()).await;
    assert_eq!(refresh(&other, &client, &mut tokens).await, PLANT);
    publisher.publish(TEND, &tend(&["test.garden.tool"]));
    server.clock().advance(DAY);
    assert_eq!(refresh(&server, &client, &mut tokens).await, TOOL);
    publisher.go_dark();
    assert_eq!(refresh(&other, &client, &mut tokens).await, TOOL);
    // ninety days since anybody has seen it, not since this instance has
    server.clock().advance(90 * DAY - 1);
    assert_eq!(client.par().send(&other).await.code(), 201);
    assert_eq!(client.par().send(&server).await.code(), 201);
}

both_engines! {
    a_changed_set_reaches_a_running_session_when_it_is_half_an_hour_old,
    a_set_that_is_a_day_old_is_asked_for_before_it_is_used,
    a_changed_set_never_goes_beyond_what_was_granted,
    a_set_that_grows_beyond_bounds_is_left_out_until_it_shrinks,
    a_publisher_gone_dark_breaks_nothing_that_runs_and_keeps_out_new_requests_after_ninety_days,
    a_dark_publisher_is_asked_twice_a_minute_at_most,
    a_repository_that_goes_back_is_not_believed,
    a_restart_and_a_second_instance_find_the_set_in_the_store,
    an_instance_that_finds_the_publisher_dark_uses_what_another_has_read,
}
