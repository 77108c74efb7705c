//! What somebody who reads the database learns, and whom it belongs to (R-263, R-516, R-517, D14, C24).

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use entryway_oauth::secret::ServerKey;
use entryway_tests::{
    Browser, Cell, Client, ClientSite, Encoding, Endpoint, Engine, NamedKey, TestServer, Tokens, alice, bob,
    both_engines, login, secrets,
};

// D14
async fn no_cell_holds_anything_that_lets_somebody_in(engine: Engine) {
    let mut root = None;
    let server = TestServer::start_with(engine, |config| root = Some(config.root_key.clone())).await;
    let before = secrets::count();
    let browsers = live_through_everything(&server).await;
    let mut secrets = secrets::since(before);
    secrets.extend([alice(), bob()].map(|account| account.password.clone()));

    let cells = server.database().cells().await;
    for table in [
        "account",
        "auth_request",
        "oauth_session",
        "mark",
        "browser_session",
        "signing_key",
    ] {
        assert!(cells.iter().any(|cell| cell.table == table), "nothing in {table}");
    }
    let raw_ids = browsers.iter().flat_map(raw_session_ids);
    let raw: Vec<Vec<u8>> = raw_ids.chain([root.unwrap().expose().to_vec()]).collect();
    for cell in &cells {
        let place = format!("{}.{}", cell.table, cell.column);
        let found = secrets::found_in(&padded(&cell.bytes), &secrets);
        assert!(found.is_empty(), "{place} holds {found:?}");
        assert!(
            !raw.iter().any(|secret| holds(&cell.bytes, secret)),
            "{place} holds raw bytes of a secret"
        );
    }
    // nor is anything left where SQLite keeps what was deleted or not yet checkpointed
    let everything = server.database().everything().await;
    let found = secrets::found_in(&everything, &secrets);
    assert!(found.is_empty(), "{found:?}");

    // the search would have found them; the planted one is made up, since its statement is logged
    let planted = "ref-planted-where-no-token-belongs-to-show-that-the-search-finds-it";
    secrets.push(planted.to_owned());
    server
        .database()
        .execute(&format!(
            "update account set handle = '{planted}' where email like 'bob%'"
        ))
        .await;
    let cells = server.database().cells().await;
    let found = cells
        .iter()
        .filter(|cell| !secrets::found_in(&padded(&cell.bytes), &secrets).is_empty());
    let places: Vec<_> = found
        .map(|cell| (cell.table.as_str(), cell.column.as_str()))
        .collect();
    assert_eq!(places, [("account", "handle")]);
}

// sealed, not only named by a digest
async fn who_is_signed_in_to_a_browser_cannot_be_read(engine: Engine) {
    let server = TestServer::start(engine).await;
    live_through_everything(&server).await;
    let cells = server.database().cells().await;
    let records: Vec<&Cell> = cells
        .iter()
        .filter(|cell| cell.table == "browser_session" && cell.column == "data")
        .collect();
    assert!(!records.is_empty());
    for record in records {
        for telling in [alice().did, bob().did, "accounts", "authenticated_at", "browser"] {
            assert!(!holds(&record.bytes, telling.as_bytes()), "{telling}");
        }
    }
}

//
async fn passwords_are_kept_as_argon2id_with_a_salt_each(engine: Engine) {
    let server = TestServer::start(engine).await;
    let cells = server.database().cells().await;
    let hashes: Vec<&str> = cells
        .iter()
        .filter(|cell| cell.column == "password_hash")
        .map(|cell| str::from_utf8(&cell.bytes).unwrap())
        .collect();
    assert_eq!(hashes.len(), 2);
    let salts: Vec<&str> = hashes
        .iter()
        .map(|hash| hash.split('$').nth(4).unwrap())
        .collect();
    assert!(
        hashes
            .iter()
            .all(|hash| hash.starts_with("$argon2id$v=19$m=19456,t=2,p=1$")),
        "{hashes:?}"
    );
    assert_ne!(salts[0], salts[1]);
}

// C24: keys are never made anew where there are some
async fn a_database_serves_only_the_root_key_it_was_made_with(engine: Engine) {
    let (server, client) = (TestServer::start(engine).await, Client::new());
    let tokens = login(&server, &client, alice()).await;
    let keys = server.get(&server.path(Endpoint::Jwks)).await.json();
    let before = server.database().cells().await;
    for root in [[0; 32], [7; 32]] {
        let refused = server.open_with_root_key(ServerKey::new(root)).await;
        let fault = refused.expect_err("a foreign root key").to_string();
        assert!(fault.contains("belongs to another root key"), "{fault}");
    }
    assert!(
        server.database().cells().await == before,
        "an attempt with a wrong key changed something"
    );

    let server = server.restarted().await;
    assert_eq!(server.get(&server.path(Endpoint::Jwks)).await.json(), keys);
    Tokens::of(&client.refresh(&tokens.refresh_token).send(&server).await);
}

/// A client with a key of its own, whose session, next request and assertions are remembered.
async fn assert_and_go_on(server: &TestServer) {
    let site = ClientSite::http().await;
    let client = site.confidential_client("/client.json", &NamedKey::generate("key-1"));
    let tokens = login(server, &client, alice()).await;
    Tokens::of(&client.refresh(&tokens.refresh_token).send(server).await);
    client.push(server).await;
}

/// Logins that end in every way there is; gives the browsers they happened in.
async fn live_through_everything(server: &TestServer) -> Vec<Browser> {
    assert_and_go_on(server).await;
    let client = Client::new();
    let mut browser = Browser::new();
    let mut browsers = Vec::new();

    // a wrong password, then the right one, tokens, refreshes, a lost answer, a revocation
    let pushed = client.push(server).await;
    let page = browser.open(server, &pushed).await;
    browsers.push(browser.clone());
    let wrong = [("username", "alice.test"), ("password", bob().password.as_str())];
    let page = browser.press(server, &page, "Sign in", &wrong).await.page();
    let page = browser.sign_in(server, &page, alice()).await;
    browsers.push(browser.clone());
    let landing = browser.press(server, &page, "Authorize", &[]).await.left();
    let first = Tokens::of(&client.exchange(&pushed, landing.code()).send(server).await);
    let second = Tokens::of(&client.refresh(&first.refresh_token).send(server).await);
    Tokens::of(&client.refresh(&first.refresh_token).send(server).await);
    assert_eq!(
        client.revoke(&second.refresh_token).send(server).await.code(),
        200
    );

    // a second account in the same browser, whose session stays, pushed as JSON
    let pushed = client
        .push_with(server, |call| {
            call.with("prompt", "login").encoded(Encoding::Json)
        })
        .await;
    let page = browser.open(server, &pushed).await;
    let page = browser.sign_in(server, &page, bob()).await;
    browsers.push(browser.clone());
    let landing = browser.press(server, &page, "Authorize", &[]).await.left();
    let tokens = Tokens::of(&client.exchange(&pushed, landing.code()).send(server).await);
    Tokens::of(&client.refresh(&tokens.refresh_token).send(server).await);

    // a denial, a code that is never exchanged, a replayed code, a request nobody opens, a browser that signs out
    let pushed = client.push(server).await;
    let page = browser.reach_consent(server, &pushed, bob()).await;
    browser.press(server, &page, "Deny access", &[]).await.left();
    let pushed = client.push(server).await;
    browser.approve(server, &pushed, alice()).await;
    let pushed = client.push(server).await;
    let code = browser.approve(server, &pushed, alice()).await.code().to_owned();
    Tokens::of(&client.exchange(&pushed, &code).send(server).await);
    assert_eq!(client.exchange(&pushed, &code).send(server).await.code(), 400);
    client.push(server).await;
    let mut other = Browser::new();
    let pushed = client.push(server).await;
    other.approve(server, &pushed, bob()).await;
    browsers.push(other.clone());
    let home = other
        .open_url(server, &format!("{}/", server.issuer()))
        .await
        .page();
    other
        .press(server, &home, "Sign out of this device", &[])
        .await
        .page();
    browsers
}

/// The number that a cookie stands for, in either order of bytes and in digits.
fn raw_session_ids(browser: &Browser) -> Vec<Vec<u8>> {
    let of_cookie = |value: &String| {
        let bytes: [u8; 16] = URL_SAFE_NO_PAD.decode(value).unwrap().try_into().unwrap();
        let number = i128::from_le_bytes(bytes);
        let backwards: Vec<u8> = bytes.into_iter().rev().collect();
        [bytes.to_vec(), backwards, number.to_string().into_bytes()]
    };
    browser.cookies().values().flat_map(of_cookie).collect()
}

/// A cell may hold a secret and nothing else, and the search wants something behind it.
fn padded(bytes: &[u8]) -> Vec<u8> {
    [bytes, &[0; 16]].concat()
}

fn holds(bytes: &[u8], part: &[u8]) -> bool {
    bytes.windows(part.len()).any(|window| window == part)
}

both_engines! {
    no_cell_holds_anything_that_lets_somebody_in,
    who_is_signed_in_to_a_browser_cannot_be_read,
    passwords_are_kept_as_argon2id_with_a_salt_each,
    a_database_serves_only_the_root_key_it_was_made_with,
}
