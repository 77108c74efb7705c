//! App passwords, and the sessions that a password began.

use entryway_core::app_password::{
    APP_PASSWORDS_MAX, AppPassword, AppPasswordEntry, AppPasswordKind, AppPasswordName,
};
use entryway_oauth::form::BODY_BYTES_MAX;
use entryway_tests::{Browser, Engine, Page, Resident, World, both_engines};

use super::{alert, asks_again, done, follow, open, press, shown_once, sign_in_at, signed_in};
use crate::scene::{Session, lived_in, refresh, sign_in};
use crate::xrpc::unverified;

/// The list, opened from the account's page.
async fn list(world: &World, browser: &mut Browser, alice: &Resident) -> Page {
    let account = signed_in(world, browser, alice).await;
    follow(world, browser, &account, "App passwords").await
}

/// Makes one, and comes to the page that shows it.
async fn make(world: &World, browser: &mut Browser, list: &Page, name: &str) -> String {
    let form = follow(world, browser, list, "Make an app password").await;
    let made = press(world, browser, &form, "Make it", &[("name", name)]).await;
    assert_eq!(made.status(), 200, "{}", made.text);
    shown_once(&made)
}

// A10
async fn an_app_password_is_made_shown_once_used_and_revoked(engine: Engine) {
    let (world, _, alice) = lived_in(engine).await;
    let mut browser = Browser::new();
    let page = list(&world, &mut browser, &alice).await;
    assert!(
        page.text.contains("No app is signed in with a password."),
        "{}",
        page.text
    );
    let form = follow(&world, &mut browser, &page, "Make an app password").await;
    let made = press(&world, &mut browser, &form, "Make it", &[("name", " old phone ")]).await;
    assert_eq!(made.heading(), "Your new app password old phone");
    let password = shown_once(&made);
    let session = Session::of(&sign_in(&world.server, "alice.test", &password).await);
    // copied, it is never shown again
    let page = follow(&world, &mut browser, &made, "I have copied it").await;
    assert!(!page.reply.text().contains(&password));
    for part in ["old phone", "Made on", "With old phone", "last used just now"] {
        assert!(page.text.contains(part), "{part}: {}", page.text);
    }
    let account = follow(&world, &mut browser, &page, "Back to your account").await;
    let link = account.all("a").find(|a| a.text.starts_with("App passwords"));
    assert_eq!(
        link.unwrap().text,
        "App passwords 1 app password, 1 app signed in with a password"
    );
    // and revoked, it opens nothing
    let form = page.form("Revoke old phone");
    let after = browser.submit(&world.server, &form).await.page();
    assert!(done(&after).starts_with("That app password opens nothing any more."));
    assert_eq!(sign_in(&world.server, "alice.test", &password).await.code(), 401);
    assert_eq!(refresh(&world.server, &session.refresh).await.code(), 400);
    let again = browser.submit(&world.server, &form).await.page();
    assert!(done(&again).starts_with("Nothing was changed."), "{}", again.text);
}

//
async fn messages_are_opened_only_by_who_ticked_them(engine: Engine) {
    let (world, _, alice) = lived_in(engine).await;
    let mut browser = Browser::new();
    let page = list(&world, &mut browser, &alice).await;
    for (name, privileged, scope) in [
        ("plain", false, "com.atproto.appPass"),
        ("chat", true, "com.atproto.appPassPrivileged"),
    ] {
        let page = follow(&world, &mut browser, &page, "Make an app password").await;
        let form = page.form("Make it").with("name", name);
        let form = if privileged {
            form.also("privileged", "on")
        } else {
            form
        };
        let password = shown_once(&browser.submit(&world.server, &form).await.page());
        let session = Session::of(&sign_in(&world.server, "alice.test", &password).await);
        assert_eq!(unverified(&session.access).1["scope"], scope, "{name}");
    }
}

async fn a_name_that_will_not_do_is_refused_on_the_form_with_what_was_typed(engine: Engine) {
    let (world, _, alice) = lived_in(engine).await;
    let mut browser = Browser::new();
    let page = list(&world, &mut browser, &alice).await;
    make(&world, &mut browser, &page, "old phone").await;
    let form = follow(&world, &mut browser, &page, "Make an app password").await;
    let long = "x".repeat(65);
    for (typed, reason) in [
        ("old phone", "You have an app password of that name."),
        ("", "That name will not do."),
        ("  ", "That name will not do."),
        (long.as_str(), "That name will not do."),
    ] {
        let filled = form.form("Make it").with("name", typed).also("privileged", "on");
        let again = browser.submit(&world.server, &filled).await.page();
        assert_eq!(again.status(), 400, "{typed}");
        assert!(
            again.with_id("name-error").text.starts_with(reason),
            "{}",
            again.text
        );
        assert!(again.input("privileged").attribute("checked").is_some());
        assert_eq!(
            again.input("name").attribute("value").is_some(),
            !typed.is_empty()
        );
    }
}

async fn there_are_so_many_and_no_more(engine: Engine) {
    let (world, _, alice) = lived_in(engine).await;
    let mut browser = Browser::new();
    let page = list(&world, &mut browser, &alice).await;
    let form = follow(&world, &mut browser, &page, "Make an app password").await;
    for n in 0..APP_PASSWORDS_MAX {
        let password = AppPassword::from_entropy([u8::try_from(n).unwrap(); 10]);
        let entry = AppPasswordEntry {
            name: AppPasswordName::parse(&format!("{n}")).unwrap(),
            kind: AppPasswordKind::Plain,
            created_at: world.server.clock().now(),
        };
        let store = world.server.app().store();
        store
            .create_app_password(&alice.did, &entry, password.digest(&alice.did))
            .await
            .unwrap();
    }
    let again = press(&world, &mut browser, &form, "Make it", &[("name", "one more")]).await;
    assert!(
        alert(&again).starts_with("You have 100 app passwords."),
        "{}",
        again.text
    );
    let page = open(&world, &mut browser, "/account/app-passwords").await;
    assert!(
        page.text.contains("as many as an account can have"),
        "{}",
        page.text
    );
}

// whoever finds a browser open makes no password that outlives it
async fn making_one_takes_a_password_of_the_last_quarter_of_an_hour(engine: Engine) {
    let (world, _, alice) = lived_in(engine).await;
    let mut browser = Browser::new();
    let page = list(&world, &mut browser, &alice).await;
    let form = follow(&world, &mut browser, &page, "Make an app password").await;
    world.server.clock().advance(15 * 60);
    follow(&world, &mut browser, &page, "Make an app password")
        .await
        .form("Make it");
    world.server.clock().advance(1);
    let asked = follow(&world, &mut browser, &page, "Make an app password").await;
    assert!(asks_again(&asked, &alice), "{}", asked.text);
    // what was opened in time may be sent for as long again
    let made = press(&world, &mut browser, &form, "Make it", &[("name", "in time")]).await;
    shown_once(&made);
    world.server.clock().advance(15 * 60);
    let asked = press(&world, &mut browser, &form, "Make it", &[("name", "late")]).await;
    assert!(asks_again(&asked, &alice), "{}", asked.text);
    // looking and ending goes on, and signing in leads back to what was wanted
    let page = open(&world, &mut browser, "/account/app-passwords").await;
    assert!(!page.text.contains("late"), "{}", page.text);
    let after = browser
        .submit(&world.server, &page.form("Revoke in time"))
        .await
        .page();
    assert!(done(&after).starts_with("That app password opens nothing any more."));
    let form = sign_in_at(&world, &mut browser, &asked, &alice).await;
    shown_once(&press(&world, &mut browser, &form, "Make it", &[("name", "late")]).await);
}

//
async fn sessions_that_a_password_began_are_seen_and_ended(engine: Engine) {
    let (world, host, alice) = lived_in(engine).await;
    let bob = world.settle(&host, "bob.test").await;
    let others = Session::begin(&world.server, &bob).await;
    let mut browser = Browser::new();
    let page = list(&world, &mut browser, &alice).await;
    let app = make(&world, &mut browser, &page, "old phone").await;
    let first = Session::begin(&world.server, &alice).await;
    let second = Session::of(&sign_in(&world.server, "alice.test", &app).await);
    let third = Session::begin(&world.server, &alice).await;
    let page = open(&world, &mut browser, "/account/app-passwords").await;
    assert_eq!(
        page.text.matches("With your own password").count(),
        2,
        "{}",
        page.text
    );
    assert_eq!(page.text.matches("With old phone").count(), 1, "{}", page.text);
    // one of them
    let form = page
        .all("button")
        .find(|one| one.text.ends_with("with old phone"));
    let form = page.form(&form.unwrap().text);
    let after = browser.submit(&world.server, &form).await.page();
    assert!(
        done(&after).starts_with("That app is signed out."),
        "{}",
        after.text
    );
    assert_eq!(refresh(&world.server, &second.refresh).await.code(), 400);
    let again = browser.submit(&world.server, &form).await.page();
    assert!(done(&again).starts_with("Nothing was changed."), "{}", again.text);
    // attack: another's session, named in a form of one's own
    let page = open(&world, &mut Browser::clone(&browser), "/account/app-passwords").await;
    let mut bobs = Browser::new();
    let bobs_list = list(&world, &mut bobs, &bob).await;
    let theirs = bobs_list
        .form_beginning("Sign out the app of")
        .value("session")
        .to_owned();
    let forged = page
        .form_beginning("Sign out the app of")
        .with("session", &theirs);
    let refused = browser.submit(&world.server, &forged).await.page();
    assert!(
        done(&refused).starts_with("Nothing was changed."),
        "{}",
        refused.text
    );
    // all of them, and nobody else's
    let after = press(
        &world,
        &mut browser,
        &page,
        "Sign out all apps with a password",
        &[],
    )
    .await;
    assert!(done(&after).starts_with("All apps that signed in with a password"));
    for session in [&first, &third] {
        assert_eq!(refresh(&world.server, &session.refresh).await.code(), 400);
    }
    assert_eq!(refresh(&world.server, &others.refresh).await.code(), 200);
    assert_eq!(sign_in(&world.server, "alice.test", &app).await.code(), 200);
}

// attacks: forged forms
async fn forged_forms_make_and_end_nothing(engine: Engine) {
    let (world, host, alice) = lived_in(engine).await;
    let bob = world.settle(&host, "bob.test").await;
    let mut browser = Browser::new();
    let page = list(&world, &mut browser, &alice).await;
    make(&world, &mut browser, &page, "mine").await;
    let page = open(&world, &mut browser, "/account/app-passwords").await;
    let making = follow(&world, &mut browser, &page, "Make an app password").await;
    let mut bobs = Browser::new();
    Session::begin(&world.server, &bob).await;
    let bobs_token = list(&world, &mut bobs, &bob)
        .await
        .form("Sign out all apps with a password")
        .value("csrf")
        .to_owned();
    let forms = [
        making.form("Make it").with("name", "forged"),
        page.form("Revoke mine"),
    ];
    for form in &forms {
        for (bad, status) in [
            (form.clone().with("csrf", &bobs_token), 403),
            (form.clone().without("csrf"), 403),
            (form.clone().without("account"), 400),
            (form.clone().also("name", "twice"), 400),
            (form.clone().also("padding", &"x".repeat(BODY_BYTES_MAX)), 413),
        ] {
            let refused = browser.submit(&world.server, &bad).await.page();
            assert_eq!(refused.status(), status, "{}", refused.text);
        }
        let mut elsewhere = browser.clone().with_header("sec-fetch-site", "cross-site");
        let refused = elsewhere.submit(&world.server, form).await.page();
        assert_eq!(refused.status(), 403, "{}", refused.text);
        // an account that is signed in elsewhere alone
        let others = form.clone().with("account", bob.did.as_str());
        let led_away = browser.submit(&world.server, &others).await.page();
        assert!(
            led_away.text.contains("@alice.test")
                && led_away.all("div").all(|one| one.attribute("role").is_none()),
            "{}",
            led_away.text
        );
    }
    for did in [&alice.did, &bob.did] {
        let names = world.server.app().store().app_passwords(did).await.unwrap();
        assert_eq!(names.len(), usize::from(*did == alice.did));
    }
}

both_engines!(
    an_app_password_is_made_shown_once_used_and_revoked,
    messages_are_opened_only_by_who_ticked_them,
    a_name_that_will_not_do_is_refused_on_the_form_with_what_was_typed,
    there_are_so_many_and_no_more,
    making_one_takes_a_password_of_the_last_quarter_of_an_hour,
    sessions_that_a_password_began_are_seen_and_ended,
    forged_forms_make_and_end_nothing,
);
