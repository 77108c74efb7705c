//! The devices that are signed in to an account: seen from each of them, and signed out from each of them.

use entryway_scope::Did;
use entryway_tests::{Browser, Client, Engine, TestServer, alice, bob, both_engines};

use super::{
    DAY, HOUR, PHONE, done, entries, entry, is_sign_in, login_in, own_page, press, refreshes, sign_in,
    signed_in,
};

/// Two browsers of alice: this one, and her telephone.
async fn two_devices(server: &TestServer) -> (Browser, Browser) {
    let mut phone = Browser::new().with_header("user-agent", PHONE);
    sign_in(server, &mut phone, alice()).await;
    (signed_in(server, alice()).await, phone)
}

// R-198, demand 5
async fn devices_are_named_dated_and_this_one_is_marked(engine: Engine) {
    let server = TestServer::start(engine).await;
    let (mut here, mut phone) = two_devices(&server).await;
    signed_in(&server, bob()).await;
    server.clock().advance(3 * HOUR);
    let page = own_page(&server, &mut here).await;
    let expected = [
        "Chrome on Linux This device Signed in 3 hours ago, last seen in the last hour. Sign out of this device",
        "Firefox on Android Signed in 3 hours ago, last seen 3 hours ago. Sign out Firefox on Android",
    ];
    assert_eq!(entries(&page), expected);
    let page = own_page(&server, &mut phone).await;
    assert!(entries(&page)[0].starts_with("Firefox on Android This device"));
    // the list says who cannot do anything any more
    server.clock().advance(7 * DAY - 3 * HOUR + 1);
    let mut other = signed_in(&server, alice()).await;
    let page = own_page(&server, &mut other).await;
    assert!(entry(&page, "Firefox on Android").contains("Has to give the password again"));
    server.clock().advance(DAY - 1);
    assert_eq!(entries(&own_page(&server, &mut other).await).len(), 1);
}

//
async fn a_device_that_is_ended_is_signed_out_there_at_once(engine: Engine) {
    let (server, client) = (TestServer::start(engine).await, Client::new());
    let (mut here, mut phone) = two_devices(&server).await;
    sign_in(&server, &mut phone, bob()).await;
    let mut thief = phone.clone();
    let mut tokens = login_in(&server, &mut phone, &client, alice()).await;
    let pushed = client.push(&server).await;
    let consent = phone.reach_consent(&server, &pushed, alice()).await;
    let page = own_page(&server, &mut here).await;
    let after = press(&server, &mut here, &page, "Sign out Firefox on Android").await;
    assert!(
        done(&after).starts_with("That device is signed out."),
        "{}",
        after.text
    );
    assert!(!after.text.contains("Sign out Firefox on Android"));
    // a page that was open there does nothing any more, and the next one asks for the password
    let late = phone.submit(&server, &consent.form("Authorize")).await.page();
    assert_eq!(late.refusal(), (403, "invalid_request"));
    for browser in [&mut phone, &mut thief] {
        let url = format!("{}/account?account={}", server.issuer(), alice().did);
        let page = browser.open_url(&server, &url).await.page();
        assert!(!page.text.contains("Apps and devices that"), "{}", page.text);
        // bob, who shares the browser, stays
        assert!(own_page(&server, browser).await.text.contains("@bob.test"));
    }
    // what it was allowed to on that device goes on, as the page said
    assert!(refreshes(&server, &client, &mut tokens).await);
    let form = page.form("Sign out Firefox on Android");
    let again = here.submit(&server, &form).await.page();
    assert!(done(&again).starts_with("Nothing was changed."));
    // signed in again, it is another sign-in
    sign_in(&server, &mut phone, alice()).await;
    assert_eq!(entries(&own_page(&server, &mut here).await).len(), 3);
}

async fn this_device_signs_itself_out(engine: Engine) {
    let server = TestServer::start(engine).await;
    let (mut here, mut phone) = two_devices(&server).await;
    let page = own_page(&server, &mut here).await;
    let after = press(&server, &mut here, &page, "Sign out of this device").await;
    assert!(is_sign_in(&after), "{}", after.text);
    assert_eq!(done(&after), "This device is signed out of that account.");
    assert!(is_sign_in(&own_page(&server, &mut here).await));
    assert_eq!(entries(&own_page(&server, &mut phone).await).len(), 1);
    // a form of before finds nobody, and says so by asking who is there
    let form = page.form("Sign out of this device");
    let again = here.submit(&server, &form).await.page();
    assert!(is_sign_in(&again), "{}", again.text);
}

async fn all_other_devices_end_and_apps_go_on(engine: Engine) {
    let (server, client) = (TestServer::start(engine).await, Client::new());
    let (mut here, mut phone) = two_devices(&server).await;
    let mut third = signed_in(&server, alice()).await;
    let mut bobs = signed_in(&server, bob()).await;
    let mut tokens = login_in(&server, &mut phone, &client, alice()).await;
    let page = own_page(&server, &mut here).await;
    let after = press(&server, &mut here, &page, "Sign out all other devices").await;
    assert_eq!(done(&after), "All other devices are signed out.");
    for browser in [&mut phone, &mut third] {
        assert!(is_sign_in(&own_page(&server, browser).await));
    }
    assert!(!is_sign_in(&own_page(&server, &mut bobs).await));
    assert!(refreshes(&server, &client, &mut tokens).await);
    // there is nothing left to press
    assert!(!after.buttons().contains(&"Sign out all other devices"));
    let form = page.form("Sign out all other devices");
    let again = here.submit(&server, &form).await.page();
    assert!(done(&again).starts_with("Nothing was changed."));
}

//
async fn everything_ends_devices_and_apps_everywhere(engine: Engine) {
    let (server, client) = (TestServer::start(engine).await, Client::new());
    let (mut here, mut phone) = two_devices(&server).await;
    let mut tokens = login_in(&server, &mut phone, &client, alice()).await;
    let (mut bobs, bobs_client) = (Browser::new(), Client::named("bobs"));
    let mut bobs_tokens = login_in(&server, &mut bobs, &bobs_client, bob()).await;
    let page = own_page(&server, &mut here).await;
    let after = press(&server, &mut here, &page, "End all devices and all apps").await;
    assert!(
        done(&after).starts_with("That account is signed out everywhere."),
        "{}",
        after.text
    );
    assert!(is_sign_in(&after));
    for browser in [&mut here, &mut phone] {
        assert!(is_sign_in(&own_page(&server, browser).await));
    }
    assert!(!refreshes(&server, &client, &mut tokens).await);
    assert!(refreshes(&server, &bobs_client, &mut bobs_tokens).await);
    assert!(!is_sign_in(&own_page(&server, &mut bobs).await));
    let anew = sign_in(&server, &mut here, alice()).await;
    assert_eq!(entries(&anew).len(), 1);
    // the button of before is answered by asking who is there
    let mut gone = signed_in(&server, bob()).await;
    let form = page.form("End all devices and all apps");
    let own = own_page(&server, &mut gone)
        .await
        .form("End all devices and all apps");
    let form = form.with("csrf", own.value("csrf"));
    let shown = gone.submit(&server, &form).await.page();
    assert!(shown.text.contains("@bob.test"), "{}", shown.text);
    assert!(refreshes(&server, &bobs_client, &mut bobs_tokens).await);
}

// signing out where one is takes the device from the list
async fn a_browser_that_is_signed_out_is_no_device_any_more(engine: Engine) {
    let server = TestServer::start(engine).await;
    let (mut here, mut phone) = two_devices(&server).await;
    let home = format!("{}/", server.issuer());
    let home = phone.open_url(&server, &home).await.page();
    press(&server, &mut phone, &home, "Sign out of this device").await;
    assert_eq!(entries(&own_page(&server, &mut here).await).len(), 1);
    assert_eq!(server.database().count("browser_sign_in").await, 2);
    let swept = server
        .app()
        .store()
        .sweep(server.clock().now(), 100)
        .await
        .unwrap();
    assert_eq!(swept.sign_ins, 1);
}

//
async fn a_changed_password_signs_every_device_out(engine: Engine) {
    let server = TestServer::start(engine).await;
    let (mut here, mut phone) = two_devices(&server).await;
    let mut bobs = signed_in(&server, bob()).await;
    let (did, app) = (Did::parse(alice().did).unwrap(), server.app());
    let hash = app.passwords().hash(&alice().new_password()).await.unwrap();
    server.clock().advance(1);
    app.store().change_password(&did, &hash, app.now()).await.unwrap();
    for browser in [&mut here, &mut phone] {
        assert!(is_sign_in(&own_page(&server, browser).await));
    }
    let page = sign_in(&server, &mut here, alice()).await;
    assert_eq!(entries(&page).len(), 1);
    assert!(!is_sign_in(&own_page(&server, &mut bobs).await));
}

/// Looking writes nothing, but that the device was seen, once an hour.
async fn looking_writes_once_an_hour(engine: Engine) {
    let server = TestServer::start(engine).await;
    let mut browser = signed_in(&server, alice()).await;
    for (seconds, writes) in [
        (0, false),
        (HOUR - 1, false),
        (1, true),
        (HOUR - 1, false),
        (1, true),
    ] {
        server.clock().advance(seconds);
        let before = server.database().cells().await;
        for _ in 0..3 {
            own_page(&server, &mut browser).await;
        }
        let changed = server.database().cells().await != before;
        assert_eq!(changed, writes, "after {seconds}");
    }
}

//
async fn a_device_that_is_ended_at_one_instance_is_signed_out_at_the_other(engine: Engine) {
    let server = TestServer::start(engine).await;
    let other = server.another_instance().await;
    let (mut here, mut phone) = two_devices(&server).await;
    assert!(!is_sign_in(&own_page(&other, &mut phone).await));
    let page = own_page(&server, &mut here).await;
    press(&server, &mut here, &page, "Sign out Firefox on Android").await;
    assert!(is_sign_in(&own_page(&other, &mut phone).await));
    let server = server.restarted().await;
    assert!(is_sign_in(&own_page(&server, &mut phone).await));
    assert!(!is_sign_in(&own_page(&server, &mut here).await));
}

/// A browser that was signed in before sign-ins had rows, or whose row is gone, signs in again.
async fn a_sign_in_without_a_row_counts_for_nothing(engine: Engine) {
    let (server, client) = (TestServer::start(engine).await, Client::new());
    let mut browser = signed_in(&server, alice()).await;
    server.database().execute("delete from browser_sign_in").await;
    assert!(is_sign_in(&own_page(&server, &mut browser).await));
    let pushed = client.push(&server).await;
    assert!(is_sign_in(&browser.open(&server, &pushed).await));
    let page = own_page(&server, &mut browser).await;
    let page = browser.sign_in(&server, &page, alice()).await;
    assert_eq!(entries(&page).len(), 1);
}

both_engines! {
    devices_are_named_dated_and_this_one_is_marked,
    a_device_that_is_ended_is_signed_out_there_at_once,
    this_device_signs_itself_out,
    all_other_devices_end_and_apps_go_on,
    everything_ends_devices_and_apps_everywhere,
    a_browser_that_is_signed_out_is_no_device_any_more,
    a_changed_password_signs_every_device_out,
    looking_writes_once_an_hour,
    a_device_that_is_ended_at_one_instance_is_signed_out_at_the_other,
    a_sign_in_without_a_row_counts_for_nothing,
}
