//! Sixty-four presses at once.

use entryway_tests::{Browser, Client, Engine, Form, Page, TestServer, Tokens, alice, at_once, both_engines};

use super::{entries, is_sign_in, login_in, own_page, refreshes, sign_in, signed_in};

const MANY: usize = 64;

/// Sends the form that many times from one browser; the pages that came of it.
async fn submit_all(server: &TestServer, browser: &Browser, form: &Form) -> Vec<Page> {
    let submit = |_| {
        let (server, mut browser, form) = (server.clone(), browser.clone(), form.clone());
        async move { browser.submit(&server, &form).await.page() }
    };
    at_once((0..MANY).map(submit)).await
}

fn count(pages: &[Page], text: &str) -> usize {
    pages.iter().filter(|page| page.text.contains(text)).count()
}

async fn of_many_presses_of_one_button_one_counts(engine: Engine) {
    let (server, client) = (TestServer::start(engine).await, Client::new());
    let mut browser = Browser::new();
    let mut tokens = login_in(&server, &mut browser, &client, alice()).await;
    for _ in 0..2 {
        signed_in(&server, alice()).await;
    }
    let page = own_page(&server, &mut browser).await;
    let head = server.app().store().feed_position().await.unwrap().head;
    for (button, said) in [
        ("End access of localhost", "The app has no access any more."),
        ("Sign out all other devices", "All other devices are signed out."),
    ] {
        let pages = submit_all(&server, &browser, &page.form(button)).await;
        assert!(pages.iter().all(|page| page.status() == 200));
        let counts = (count(&pages, said), count(&pages, "Nothing was changed."));
        assert_eq!(counts, (1, MANY - 1), "{button}");
    }
    assert_eq!(server.app().store().feed_position().await.unwrap().head, head + 1);
    assert!(!refreshes(&server, &client, &mut tokens).await);
    // once everything has ended, whoever comes later is asked who is there
    let form = page.form("End all devices and all apps");
    let pages = submit_all(&server, &browser, &form).await;
    assert!(pages.iter().all(|page| page.status() == 200 && is_sign_in(page)));
    assert_eq!(count(&pages, "That account is signed out everywhere."), 1);
}

/// Refreshes, consents, sign-ins and every button at once: nobody waits in a circle, nothing is our fault, and
/// who presses last has ended it all.
async fn everything_at_once_comes_to_an_end(engine: Engine) {
    let (server, client) = (TestServer::start(engine).await, Client::new());
    let mut browser = Browser::new();
    let mut sessions: Vec<Tokens> = Vec::new();
    for _ in 0..3 {
        sessions.push(login_in(&server, &mut browser, &client, alice()).await);
        signed_in(&server, alice()).await;
    }
    let page = own_page(&server, &mut browser).await;
    let forms: Vec<Form> = page
        .buttons()
        .into_iter()
        .map(|button| page.form(button))
        .collect();
    let act = |number: usize| {
        let (server, client, mut browser) = (server.clone(), client.clone(), browser.clone());
        let form = forms[number % forms.len()].clone();
        let token = sessions[number % 3].refresh_token.clone();
        async move {
            match number % 4 {
                0 => drop(client.refresh(&token).send(&server).await),
                1 => drop(sign_in(&server, &mut Browser::new(), alice()).await),
                _ => drop(browser.submit(&server, &form).await.page()),
            }
        }
    };
    at_once((0..MANY).map(act)).await;
    let page = sign_in(&server, &mut browser, alice()).await;
    let after = browser
        .press(&server, &page, "End all devices and all apps", &[])
        .await
        .page();
    assert!(is_sign_in(&after), "{}", after.text);
    for tokens in &mut sessions {
        assert!(!refreshes(&server, &client, tokens).await);
    }
    let page = sign_in(&server, &mut browser, alice()).await;
    assert_eq!(entries(&page).len(), 1, "{:?}", entries(&page));
}

both_engines! {
    of_many_presses_of_one_button_one_counts,
    everything_at_once_comes_to_an_end,
}
