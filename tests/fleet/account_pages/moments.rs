//! Another handle, a rest, and waking up.

use entryway_core::account::AccountStatus;
use entryway_tests::{Browser, Client, Engine, Page, Resident, Trouble, World, both_engines};

use super::{alert, asks_again, done, follow, open, press, sign_in_at, signed_in};
use crate::agreement::agreed_handle;
use crate::scene::{Session, lived_in, refresh};

async fn status(world: &World, of: &Resident) -> AccountStatus {
    let account = world.server.app().store().account(&of.did).await.unwrap();
    account.unwrap().status
}

/// The page behind this link of the account's page.
async fn setting(world: &World, browser: &mut Browser, alice: &Resident, link: &str) -> Page {
    let account = signed_in(world, browser, alice).await;
    follow(world, browser, &account, link).await
}

async fn a_handle_is_changed_and_all_agree_on_it(engine: Engine) {
    let (world, host, alice) = lived_in(engine).await;
    let mut browser = Browser::new();
    let page = setting(&world, &mut browser, &alice, "Handle").await;
    let after = press(
        &world,
        &mut browser,
        &page,
        "Change handle",
        &[("handle", "wonder")],
    )
    .await;
    assert!(
        done(&after).starts_with("Your handle is changed."),
        "{}",
        after.text
    );
    assert!(after.text.contains("@wonder.test"), "{}", after.text);
    assert_eq!(agreed_handle(&world, &host, &alice.did).await, "wonder.test");
}

async fn a_handle_that_cannot_be_is_refused_in_words_with_what_was_typed(engine: Engine) {
    let (world, host, alice) = lived_in(engine).await;
    world.settle(&host, "bob.test").await;
    let mut browser = Browser::new();
    let page = setting(&world, &mut browser, &alice, "Handle").await;
    for (typed, reason) in [
        ("bob", "That handle is not free."),
        ("admin", "That handle is not free."),
        ("a", "That cannot be your handle."),
        ("no handle", "That cannot be your handle."),
        ("", "That cannot be your handle."),
    ] {
        let again = press(&world, &mut browser, &page, "Change handle", &[("handle", typed)]).await;
        assert_eq!(again.status(), 400, "{typed}");
        assert!(
            again.with_id("handle-error").text.starts_with(reason),
            "{}",
            again.text
        );
        assert_eq!(
            again.input("handle").attribute("value").unwrap_or_default(),
            typed
        );
    }
    // one's own domain, of which nobody says that it is hers
    for (typed, reason) in [
        (
            "alice.example.com",
            "That domain does not lead to your account yet.",
        ),
        ("nonsense", "That cannot be your handle."),
    ] {
        let again = press(
            &world,
            &mut browser,
            &page,
            "Use my domain",
            &[("own_domain", typed)],
        )
        .await;
        assert_eq!(again.status(), 400, "{typed}");
        let error = again.with_id("own-domain-error");
        assert!(error.text.starts_with(reason), "{typed}: {}", again.text);
        assert!(
            again.text.contains(&format!("_atproto.{typed}")),
            "{}",
            again.text
        );
        assert!(
            again.text.contains(&format!("did={}", alice.did)),
            "{}",
            again.text
        );
    }
    assert_eq!(agreed_handle(&world, &host, &alice.did).await, "alice.test");
}

async fn a_host_that_is_down_is_said_and_the_same_form_goes_on(engine: Engine) {
    let world = World::start_behind_fronts(engine, 1, |_| ()).await;
    let host = world.hosts[0].clone();
    let alice = world.settle(&host, "alice.test").await;
    let mut browser = Browser::new();
    let page = setting(&world, &mut browser, &alice, "Handle").await;
    host.front
        .as_ref()
        .unwrap()
        .fail("updateAccountHandle", 1, Trouble::Fails(503));
    let fields = [("handle", "wonder")];
    let again = press(&world, &mut browser, &page, "Change handle", &fields).await;
    assert_eq!(again.status(), 503, "{}", again.text);
    assert!(alert(&again).starts_with("A server that is needed did not answer."));
    let after = press(&world, &mut browser, &again, "Change handle", &fields).await;
    assert!(
        done(&after).starts_with("Your handle is changed."),
        "{}",
        after.text
    );
    assert_eq!(agreed_handle(&world, &host, &alice.did).await, "wonder.test");
}

//
async fn an_account_is_rested_and_its_person_signs_in_to_wake_it(engine: Engine) {
    let (world, _, alice) = lived_in(engine).await;
    let mut browser = Browser::new();
    let page = setting(&world, &mut browser, &alice, "Deactivate").await;
    let asleep = press(&world, &mut browser, &page, "Deactivate my account", &[]).await;
    assert_eq!(asleep.heading(), "Your account is deactivated and waits for you");
    assert!(done(&asleep).starts_with("Your account is deactivated."));
    assert_eq!(status(&world, &alice).await, AccountStatus::Deactivated);
    // nothing but waking and deleting is there
    for path in ["/account/handle", "/account/app-passwords", "/account/deactivate"] {
        let page = open(&world, &mut browser, path).await;
        assert!(
            page.heading().starts_with("Your account is deactivated"),
            "{path}"
        );
    }
    // an app is told nothing, and its person where to wake it
    let (client, mut elsewhere) = (Client::new(), Browser::new());
    let pushed = client.push(&world.server).await;
    let page = elsewhere.open(&world.server, &pushed).await;
    let refused = sign_in_at(&world, &mut elsewhere, &page, &alice).await;
    assert!(
        alert(&refused).starts_with("This account is not active."),
        "{}",
        refused.text
    );
    let page = follow(&world, &mut elsewhere, &refused, "your account").await;
    let asleep = sign_in_at(&world, &mut elsewhere, &page, &alice).await;
    let awake = press(&world, &mut elsewhere, &asleep, "Activate it again", &[]).await;
    assert!(done(&awake).starts_with("Welcome back."), "{}", awake.text);
    assert!(awake.heading().starts_with("Apps and devices"));
    assert_eq!(status(&world, &alice).await, AccountStatus::Active);
}

async fn a_rest_of_which_the_host_is_not_told_yet_is_one(engine: Engine) {
    let world = World::start_behind_fronts(engine, 1, |_| ()).await;
    let host = world.hosts[0].clone();
    let alice = world.settle(&host, "alice.test").await;
    let mut browser = Browser::new();
    let page = setting(&world, &mut browser, &alice, "Deactivate").await;
    let front = host.front.as_ref().unwrap();
    front.fail("updateSubjectStatus", 1, Trouble::Fails(503));
    let asleep = press(&world, &mut browser, &page, "Deactivate my account", &[]).await;
    assert!(
        done(&asleep).contains("it is told as soon as it does"),
        "{}",
        asleep.text
    );
    assert_eq!(status(&world, &alice).await, AccountStatus::Deactivated);
    front.fail("updateSubjectStatus", 1, Trouble::Fails(503));
    let again = press(&world, &mut browser, &asleep, "Activate it again", &[]).await;
    assert!(
        alert(&again).starts_with("A server that is needed did not answer."),
        "{}",
        again.text
    );
    let awake = press(&world, &mut browser, &again, "Activate it again", &[]).await;
    assert!(done(&awake).starts_with("Welcome back."), "{}", awake.text);
}

//
async fn nobody_signs_in_to_an_account_that_was_taken_down(engine: Engine) {
    let (world, _, alice) = lived_in(engine).await;
    let mut browser = Browser::new();
    signed_in(&world, &mut browser, &alice).await;
    let did = &alice.did;
    let take_down = format!("update account set status = 'taken_down' where did = '{did}'");
    world.server.database().execute(&take_down).await;
    let page = open(&world, &mut browser, "/account").await;
    let refused = sign_in_at(&world, &mut browser, &page, &alice).await;
    assert!(
        alert(&refused).starts_with("This account was taken down."),
        "{}",
        refused.text
    );
    // who does not know the password learns nothing of it
    let fields = [("username", "alice.test"), ("password", "not hers")];
    let refused = press(&world, &mut browser, &page, "Sign in", &fields).await;
    assert!(
        alert(&refused).starts_with("That did not match."),
        "{}",
        refused.text
    );
}

// attacks: forged forms, and a browser found open
async fn forged_forms_and_stale_sign_ins_change_nothing(engine: Engine) {
    let (world, host, alice) = lived_in(engine).await;
    let session = Session::begin(&world.server, &alice).await;
    let mut browser = Browser::new();
    let account = signed_in(&world, &mut browser, &alice).await;
    let handle = follow(&world, &mut browser, &account, "Handle").await;
    let rest = follow(&world, &mut browser, &account, "Deactivate").await;
    let forms = [
        handle.form("Change handle").with("handle", "forged"),
        rest.form("Deactivate my account"),
    ];
    for form in &forms {
        for (bad, status) in [
            (form.clone().with("csrf", "x"), 403),
            (form.clone().without("csrf"), 403),
            (form.clone().without("account"), 400),
            (form.clone().also("account", alice.did.as_str()), 400),
        ] {
            let refused = browser.submit(&world.server, &bad).await.page();
            assert_eq!(refused.status(), status, "{}", refused.text);
        }
        let mut elsewhere = browser.clone().with_header("origin", "https://evil.example");
        let refused = elsewhere.submit(&world.server, form).await.page();
        assert_eq!(refused.status(), 403, "{}", refused.text);
    }
    world.server.clock().advance(30 * 60 + 1);
    for form in &forms {
        let asked = browser.submit(&world.server, form).await.page();
        assert!(asks_again(&asked, &alice), "{}", asked.text);
    }
    assert_eq!(status(&world, &alice).await, AccountStatus::Active);
    assert_eq!(agreed_handle(&world, &host, &alice.did).await, "alice.test");
    assert_eq!(refresh(&world.server, &session.refresh).await.code(), 200);
}

both_engines!(
    a_handle_is_changed_and_all_agree_on_it,
    a_handle_that_cannot_be_is_refused_in_words_with_what_was_typed,
    a_host_that_is_down_is_said_and_the_same_form_goes_on,
    an_account_is_rested_and_its_person_signs_in_to_wake_it,
    a_rest_of_which_the_host_is_not_told_yet_is_one,
    nobody_signs_in_to_an_account_that_was_taken_down,
    forged_forms_and_stale_sign_ins_change_nothing,
);
