//! What goes through a person's mail: their address, a forgotten password, and the end of an account.

use entryway_tests::{Browser, Client, Engine, Form, Page, Resident, World, both_engines};

use super::{alert, done, follow, open, press, sign_in_at, signed_in};
use crate::scene::{Session, code_of, lived_in, refresh, sign_in};

async fn setting(world: &World, browser: &mut Browser, alice: &Resident, link: &str) -> Page {
    let account = signed_in(world, browser, alice).await;
    follow(world, browser, &account, link).await
}

/// The code of the letter of this number, once it is good.
async fn code(world: &World, number: usize) -> String {
    let letter = world.server.letter(number).await;
    world.server.app().letters_are_sent().await;
    code_of(&letter)
}

async fn address(world: &World, of: &Resident) -> (String, bool) {
    let account = world
        .server
        .app()
        .store()
        .account(&of.did)
        .await
        .unwrap()
        .unwrap();
    (account.email.unwrap(), account.email_confirmed_at.is_some())
}

/// The same form with another code.
fn with_code(form: &Form, code: &str) -> Form {
    form.clone().with("code", code)
}

async fn an_address_is_changed_by_a_code_to_the_old_one_and_confirmed_by_one_to_the_new(engine: Engine) {
    let (world, _, alice) = lived_in(engine).await;
    let mut browser = Browser::new();
    let page = setting(&world, &mut browser, &alice, "E-mail address").await;
    assert!(
        page.text.contains("alice@mail.example Confirmed"),
        "{}",
        page.text
    );
    let page = follow(&world, &mut browser, &page, "Change the address").await;
    // what cannot be written to costs no letter
    let again = press(
        &world,
        &mut browser,
        &page,
        "Send a code",
        &[("email", "alice@localhost")],
    )
    .await;
    assert_eq!(again.status(), 400);
    assert!(
        again
            .with_id("email-error")
            .text
            .starts_with("We cannot write to that address.")
    );
    let sent = press(
        &world,
        &mut browser,
        &page,
        "Send a code",
        &[("email", "new@mail.example")],
    )
    .await;
    assert!(done(&sent).contains("alice@mail.example"), "{}", sent.text);
    assert_eq!(sent.input("email").attribute("value"), Some("new@mail.example"));
    let letter = world.server.letter(1).await;
    assert_eq!(letter.to, "alice@mail.example");
    let form = sent.form("Change the address");
    for wrong in ["AAAAA-AAAAA", "nonsense", ""] {
        let again = browser
            .submit(&world.server, &with_code(&form, wrong))
            .await
            .page();
        assert_eq!(again.status(), 400, "{wrong}");
        assert!(again.text.contains("code"), "{}", again.text);
        assert_eq!(again.input("email").attribute("value"), Some("new@mail.example"));
        assert_eq!(again.input("code").attribute("value"), None);
    }
    let good = with_code(&form, &code_of(&letter));
    let page = browser.submit(&world.server, &good).await.page();
    assert!(
        done(&page).starts_with("Your e-mail address is changed."),
        "{}",
        page.text
    );
    assert_eq!(
        address(&world, &alice).await,
        ("new@mail.example".to_owned(), false)
    );
    // a code is good once
    let again = browser
        .submit(&world.server, &good.with("email", "third@mail.example"))
        .await
        .page();
    assert!(again.text.contains("That code is not good."), "{}", again.text);

    let page = open(&world, &mut browser, "/account/email").await;
    let page = press(&world, &mut browser, &page, "Send a code", &[]).await;
    assert!(done(&page).starts_with("A code is on its way."), "{}", page.text);
    let letter = world.server.letter(2).await;
    assert_eq!(letter.to, "new@mail.example");
    let form = page.form("Confirm the address").with("code", &code_of(&letter));
    world.server.clock().advance(15 * 60);
    let late = browser.submit(&world.server, &form).await.page();
    assert!(
        late.with_id("code-error")
            .text
            .starts_with("That code is too old."),
        "{}",
        late.text
    );
    let page = press(&world, &mut browser, &late, "Send a code", &[]).await;
    let typed = code(&world, 3).await.to_lowercase();
    let page = press(
        &world,
        &mut browser,
        &page,
        "Confirm the address",
        &[("code", &typed)],
    )
    .await;
    assert!(
        done(&page).starts_with("Your e-mail address is confirmed."),
        "{}",
        page.text
    );
    assert_eq!(
        address(&world, &alice).await,
        ("new@mail.example".to_owned(), true)
    );
}

// demand 10
async fn a_forgotten_password_is_replaced_and_everything_is_signed_out(engine: Engine) {
    let (world, _, alice) = lived_in(engine).await;
    let session = Session::begin(&world.server, &alice).await;
    let mut device = Browser::new();
    signed_in(&world, &mut device, &alice).await;
    // in the middle of an app's request
    let (client, mut browser) = (Client::new(), Browser::new());
    let pushed = client.push(&world.server).await;
    let page = browser.open(&world.server, &pushed).await;
    let page = follow(&world, &mut browser, &page, "Forgotten password?").await;
    // the same is said of an address that nobody has
    let unknown = press(
        &world,
        &mut browser,
        &page,
        "Send me a code",
        &[("email", "no@mail.example")],
    )
    .await;
    let known = press(
        &world,
        &mut browser,
        &page,
        "Send me a code",
        &[("email", "Alice@mail.example ")],
    )
    .await;
    assert_eq!(unknown.text, known.text);
    assert!(done(&known).starts_with("Look into your mail."), "{}", known.text);
    let typed = code(&world, 1).await;
    assert_eq!(world.server.letters().len(), 1);
    let form = known.form("Change password").with("code", &typed);
    let short = browser
        .submit(&world.server, &form.clone().with("password", "short"))
        .await
        .page();
    assert_eq!(short.status(), 400);
    assert!(
        short
            .with_id("password-error")
            .text
            .contains("must be 8 to 256 characters")
    );
    assert_eq!(short.input("password").attribute("value"), None);
    assert_eq!(short.input("code").attribute("value"), None);
    let new = "another four words";
    entryway_tests::secrets::record(new);
    let form = form.with("password", new);
    let changed = browser.submit(&world.server, &form).await.page();
    assert_eq!(changed.heading(), "Your password is changed");
    assert!(
        done(&changed).contains("signed out everywhere"),
        "{}",
        changed.text
    );
    // it is
    assert_eq!(refresh(&world.server, &session.refresh).await.code(), 400);
    let page = open(&world, &mut device, "/account").await;
    assert!(page.heading().starts_with("Sign in"), "{}", page.text);
    assert_eq!(
        sign_in(&world.server, "alice.test", &alice.password).await.code(),
        401
    );
    let again = browser.submit(&world.server, &form).await.page();
    assert!(
        again
            .with_id("code-error")
            .text
            .starts_with("That code is not good.")
    );
    // and the app still waits
    let page = follow(&world, &mut browser, &changed, "Sign in").await;
    let alice = Resident {
        password: new.to_owned(),
        ..alice
    };
    let consent = sign_in_at(&world, &mut browser, &page, &alice).await;
    assert!(consent.buttons().contains(&"Authorize"), "{}", consent.text);
}

async fn a_password_is_asked_for_at_an_address_and_in_a_form_of_ours(engine: Engine) {
    let (world, _, alice) = lived_in(engine).await;
    let mut browser = Browser::new();
    let page = open(&world, &mut browser, "/account/password").await;
    let again = press(
        &world,
        &mut browser,
        &page,
        "Send me a code",
        &[("email", "alice")],
    )
    .await;
    assert_eq!(again.status(), 400);
    assert!(
        again
            .with_id("email-error")
            .text
            .starts_with("We cannot write to that address.")
    );
    assert_eq!(again.input("email").attribute("value"), Some("alice"));
    let form = page.form("Send me a code").with("email", "alice@mail.example");
    for bad in [form.clone().with("csrf", "x"), form.clone().without("csrf")] {
        assert_eq!(browser.submit(&world.server, &bad).await.page().status(), 403);
    }
    let mut elsewhere = browser.clone().with_header("sec-fetch-site", "cross-site");
    assert_eq!(elsewhere.submit(&world.server, &form).await.page().status(), 403);
    assert_eq!(
        sign_in(&world.server, "alice.test", &alice.password).await.code(),
        200
    );
    assert_eq!(world.server.letters().len(), 0);
}

async fn an_account_is_deleted_by_its_password_and_a_code(engine: Engine) {
    let (world, host, alice) = lived_in(engine).await;
    let session = Session::begin(&world.server, &alice).await;
    let mut browser = Browser::new();
    let page = setting(&world, &mut browser, &alice, "Delete").await;
    assert!(
        page.text.contains(&format!("Your identifier, {}", alice.did)),
        "{}",
        page.text
    );
    let page = press(&world, &mut browser, &page, "Send a code", &[]).await;
    assert!(done(&page).starts_with("A code is on its way."), "{}", page.text);
    let typed = code(&world, 1).await;
    let form = page.form("Delete my account for good").with("code", &typed);
    for (bad, field) in [
        (form.clone().with("password", "not hers"), "password"),
        (form.clone().with("password", ""), "password"),
        (
            form.clone()
                .with("password", &alice.password)
                .with("code", "AAAAA-AAAAA"),
            "code",
        ),
    ] {
        let again = browser.submit(&world.server, &bad).await.page();
        assert_eq!(again.status(), 400);
        again.with_id(&format!("{field}-error"));
        assert!(alert(&again).contains(if field == "code" {
            "not good"
        } else {
            "did not match"
        }));
    }
    let good = form.with("password", &alice.password);
    let after = browser.submit(&world.server, &good).await.page();
    assert!(
        done(&after).starts_with("Your account is deleted."),
        "{}",
        after.text
    );
    assert_eq!(
        world.server.app().store().account(&alice.did).await.unwrap(),
        None
    );
    assert!(!host.pds.accounts().iter().any(|(did, _)| *did == alice.did));
    assert!(world.directory.last(&alice.did).is_some(), "the DID stays");
    assert_eq!(refresh(&world.server, &session.refresh).await.code(), 400);
    assert_eq!(
        sign_in(&world.server, "alice.test", &alice.password).await.code(),
        401
    );
    let again = browser.submit(&world.server, &good).await.page();
    assert!(again.heading().starts_with("Sign in"), "{}", again.text);
}

both_engines!(
    an_address_is_changed_by_a_code_to_the_old_one_and_confirmed_by_one_to_the_new,
    a_forgotten_password_is_replaced_and_everything_is_signed_out,
    a_password_is_asked_for_at_an_address_and_in_a_form_of_ours,
    an_account_is_deleted_by_its_password_and_a_code,
);
