//! What is sent.

use std::process::{Command, Stdio};

use super::*;

//
#[tokio::test]
async fn a_request_is_one_get_with_these_fields_and_no_other() {
    let authority = Authority::new();
    let host = Host::https(&authority, "app.test", |_| document("{}")).await;
    let fetcher = Fetcher::new(development(&authority, &[host.pin("app.test")])).unwrap();
    let document = url("https://app.test/a%20b/client.json?x=1&y=%2F#fragment");
    assert_eq!(fetcher.get(&document, &wanted()).await.unwrap().body, "{}");
    let version = env!("CARGO_PKG_VERSION");
    let sent = format!(
        "GET /a%20b/client.json?x=1&y=%2F HTTP/1.1\r\nhost: app.test\r\naccept: application/json\r\n\
         accept-encoding: identity\r\nuser-agent: entryway/{version}\r\nconnection: close\r\n\r\n"
    );
    assert_eq!(host.heads(), [sent]);
}

//
#[tokio::test]
async fn a_cookie_is_not_kept_and_nothing_of_one_fetch_is_in_the_next() {
    let host = Host::http(|_| {
        Answer::text(
            "HTTP/1.1 200 OK\r\ncontent-type: application/json\r\nset-cookie: a=b\r\netag: \"1\"\r\n\
             alt-svc: h3=\":1\"\r\nconnection: keep-alive\r\ncontent-length: 2\r\n\r\n{}",
        )
    })
    .await;
    let fetcher = Fetcher::new(development(&Authority::new(), &[])).unwrap();
    let document = url(&format!("http://{}/", host.address()));
    for _ in 0..2 {
        fetcher.get(&document, &wanted()).await.unwrap();
    }
    let heads = host.heads();
    assert_eq!(heads.len(), 2);
    assert_eq!(heads[0], heads[1]);
}

#[tokio::test]
async fn all_the_wanted_types_are_asked_for() {
    let host = Host::http(|_| document("{}")).await;
    let fetcher = Fetcher::new(development(&Authority::new(), &[])).unwrap();
    let logo = url(&format!("http://localhost:{}/logo", host.address().port()));
    let refusal = fetcher.get(&logo, &Wanted::image()).await.unwrap_err();
    let sentence = "must have the content-type image/png or image/jpeg or image/webp";
    assert_eq!(refusal.to_string(), sentence);
    let head = &host.heads()[0];
    assert!(
        head.contains("\r\naccept: image/png, image/jpeg, image/webp\r\n"),
        "{head}"
    );
    let port = host.address().port();
    assert!(
        head.contains(&format!("\r\nhost: localhost:{port}\r\n")),
        "{head}"
    );
}

// the tests above, again, where the environment names a proxy for everything. A process of its own,
// since variables belong to a process.
#[tokio::test]
async fn a_proxy_that_the_environment_names_sees_nobody() {
    let proxy = Host::http(|_| document("{}")).await;
    let mut again = Command::new(std::env::current_exe().unwrap());
    again.args([
        "--exact",
        "fetch::tests::requests::a_request_is_one_get_with_these_fields_and_no_other",
    ]);
    again.args([
        "fetch::tests::requests::all_the_wanted_types_are_asked_for",
        "--test-threads=1",
    ]);
    for name in [
        "http_proxy",
        "https_proxy",
        "all_proxy",
        "HTTP_PROXY",
        "HTTPS_PROXY",
        "ALL_PROXY",
    ] {
        again.env(name, format!("http://{}", proxy.address()));
    }
    again.env_remove("no_proxy").env_remove("NO_PROXY");
    let ran = tokio::task::spawn_blocking(move || again.stdin(Stdio::null()).output()).await;
    let ran = ran.unwrap().unwrap();
    let said = String::from_utf8_lossy(&ran.stdout);
    assert!(
        ran.status.success() && said.contains("test result: ok. 2 passed"),
        "{said}"
    );
    assert_eq!(proxy.heads(), Vec::<String>::new());
}
