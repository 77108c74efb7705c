use serde_json::json;

use entryway_identity::did::SigningKey;
use entryway_identity::plc::UnsignedOperation;
use entryway_scope::Handle;

use super::*;
use crate::upstream::scene::{Host, client, nobody, silence};

fn plc(url: &str) -> PlcClient {
    PlcClient::new(client(), url.parse().unwrap())
}

fn key() -> SigningKey {
    SigningKey::from_bytes(&[7; 32]).unwrap()
}

fn genesis() -> Operation {
    let key = key();
    let keys = vec![key.public_key().to_did_key()];
    let handle = Handle::parse("alice.test").unwrap();
    let data = PlcData::account(&handle, &key.public_key(), "https://pds.example", keys);
    UnsignedOperation::genesis(data).sign(&key)
}

#[tokio::test]
async fn the_newest_operation_says_whether_a_did_lives() {
    let genesis = genesis();
    let tombstone = UnsignedOperation::tombstone(&genesis).sign(&key());
    let live = Registered::Live {
        last: genesis.cid().to_string(),
        data: Box::new(genesis.data().unwrap().clone()),
    };
    for (status, body, expected) in [
        (200, json!(genesis), live),
        (200, json!(tombstone), Registered::Tombstoned),
        (
            404,
            json!({ "message": "DID not registered: x" }),
            Registered::Absent,
        ),
        (
            410,
            json!({ "message": "DID not available: x" }),
            Registered::Tombstoned,
        ),
    ] {
        let host = Host::saying(status, &body).await;
        let did = genesis.did();
        assert_eq!(plc(host.url.as_str()).last(&did).await.unwrap(), expected);
        assert_eq!(host.asked().line, format!("GET /{did}/log/last"));
    }
}

#[tokio::test]
async fn a_directory_may_lie_below_a_path() {
    let host = Host::saying(404, &json!({ "message": "DID not registered: x" })).await;
    let did = genesis().did();
    plc(&host.url.url("/directory/")).last(&did).await.unwrap();
    assert_eq!(host.asked().line, format!("GET /directory/{did}/log/last"));
}

// C26
#[tokio::test]
async fn an_operation_is_posted_to_its_did_and_taken_or_refused() {
    let genesis = genesis();
    let host = Host::answering(200, "text/plain", "").await;
    let sent = plc(host.url.as_str()).submit(&genesis.did(), &genesis).await;
    assert_eq!(sent.unwrap(), Submitted::Accepted);
    let asked = host.asked();
    assert_eq!(
        (asked.line, asked.body),
        (format!("POST /{}", genesis.did()), json!(genesis))
    );
    let host = Host::saying(400, &json!({ "message": "Operations not correctly\nordered" })).await;
    let sent = plc(host.url.as_str()).submit(&genesis.did(), &genesis).await;
    assert_eq!(
        sent.unwrap(),
        Submitted::Refused {
            status: 400,
            message: "Operations not correctly ordered".to_owned(),
        }
    );
}

#[tokio::test]
async fn what_no_directory_says_is_no_answer() {
    let did = genesis().did();
    for (status, body) in [
        (404, "<html>not here</html>"),
        (200, "<html>welcome</html>"),
        (200, "{}"),
        (302, ""),
        (500, "{\"message\":\"oh\"}"),
        (429, "{\"message\":\"too many\"}"),
    ] {
        let host = Host::answering(status, "text/html", body).await;
        let fault = plc(host.url.as_str()).last(&did).await.unwrap_err();
        assert!(
            matches!(fault, PlcFault::Broken { .. }),
            "{status} {body}: {fault}"
        );
        let host = Host::answering(status, "text/html", body).await;
        let sent = plc(host.url.as_str()).submit(&did, &genesis()).await;
        // 200 is all that the directory says of what it took
        assert_eq!(sent.is_ok(), status == 200, "{status} {body}");
    }
    let fault = plc(nobody().await.as_str()).last(&did).await.unwrap_err();
    assert!(matches!(fault, PlcFault::Unreachable(_)), "{fault}");
    let (url, _listening) = silence().await;
    let fault = plc(url.as_str()).last(&did).await.unwrap_err();
    assert!(matches!(fault, PlcFault::Silent), "{fault}");
    let fault = plc("mailto:plc@mail.example").last(&did).await.unwrap_err();
    assert!(matches!(fault, PlcFault::Url), "{fault}");
}
