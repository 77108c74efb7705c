use serde_json::{Value, json};

use entryway_core::account_change::StatusChange;
use entryway_core::sign_up::{Failure, HostRefusal};
use entryway_identity::did::SigningKey;
use entryway_identity::plc::{PlcData, UnsignedOperation};

use super::*;
use crate::upstream::scene::{Host, client, nobody, silence};

const PASSWORD: &[u8] = b"an-admin-password";

fn pds(host: &Host) -> PdsClient {
    PdsClient::new(client(), host.url.clone())
}

fn did() -> Did {
    operation().did()
}

fn handle() -> Handle {
    Handle::parse("alice.test").unwrap()
}

fn operation() -> Operation {
    let key = SigningKey::from_bytes(&[7; 32]).unwrap();
    let keys = vec![key.public_key().to_did_key()];
    UnsignedOperation::genesis(PlcData::account(
        &handle(),
        &key.public_key(),
        "https://pds.example",
        keys,
    ))
    .sign(&key)
}

fn refusal(name: &str, message: &str) -> Value {
    json!({ "error": name, "message": message })
}

#[tokio::test]
async fn a_pds_says_who_it_is() {
    let host = Host::saying(
        200,
        &json!({ "did": "did:web:pds.example", "availableUserDomains": [".pds.example"], "links": {} }),
    )
    .await;
    assert_eq!(
        pds(&host).describe_server().await.unwrap(),
        ServerDescription {
            did: Did::parse("did:web:pds.example").unwrap(),
            user_domains: vec![".pds.example".to_owned()],
        }
    );
    assert_eq!(host.asked().line, "GET /xrpc/com.atproto.server.describeServer");
    for nonsense in [
        json!({}),
        json!({ "did": "pds.example" }),
        json!({ "did": "did:web:pds.example", "availableUserDomains": ["pds example"] }),
        json!({ "did": "did:web:pds.example", "availableUserDomains": ["pds.example"] }),
        json!({ "did": "did:web:pds.example", "availableUserDomains": vec![".a.b"; 1001] }),
        json!([]),
    ] {
        let host = Host::saying(200, &nonsense).await;
        let fault = pds(&host).describe_server().await.unwrap_err();
        assert_eq!(fault.failure(), Failure::HostBroken, "{nonsense}");
    }
}

// contract 0, item 7
#[tokio::test]
async fn who_has_a_handle_is_known_before_anything_is_made() {
    let did = did();
    for (status, body, expected) in [
        (
            200,
            json!({ "did": did, "handle": "alice.test" }),
            HandleHolder::Account(did.clone()),
        ),
        (400, refusal("RepoNotFound", "gone"), HandleHolder::Nobody),
        (
            400,
            refusal("InvalidRequest", "Could not find user: alice.test"),
            HandleHolder::Nobody,
        ),
        (400, refusal("RepoDeactivated", ""), HandleHolder::Hidden),
        (400, refusal("RepoTakendown", ""), HandleHolder::Hidden),
        (
            400,
            refusal("InvalidRequest", "Could not resolve DID: did:plc:x"),
            HandleHolder::Hidden,
        ),
    ] {
        let host = Host::saying(status, &body).await;
        let holder = pds(&host).holder(&handle()).await.unwrap();
        assert_eq!(holder, expected, "{body}");
        let asked = host.asked();
        assert_eq!(
            asked.line,
            "GET /xrpc/com.atproto.repo.describeRepo?repo=alice.test"
        );
        assert_eq!(asked.headers.get("authorization"), None);
    }
    let host = Host::saying(400, &refusal("InvalidRequest", "something else")).await;
    assert!(pds(&host).holder(&handle()).await.is_err());
}

#[tokio::test]
async fn a_look_at_a_did_tells_an_active_account_from_a_resting_one_and_from_none() {
    let did = did();
    for (status, body, expected) in [
        (200, json!({ "did": did, "active": true }), RepoStatus::Active),
        (
            200,
            json!({ "did": did, "active": false, "status": "deactivated" }),
            RepoStatus::Deactivated,
        ),
        (
            200,
            json!({ "did": did, "active": false, "status": "takendown" }),
            RepoStatus::Inactive,
        ),
        (
            400,
            refusal("RepoNotFound", "Could not find repo for DID"),
            RepoStatus::Absent,
        ),
    ] {
        let host = Host::saying(status, &body).await;
        assert_eq!(pds(&host).repo_status(&did).await.unwrap(), expected, "{body}");
    }
    let other = json!({ "did": "did:plc:ewvi7nxzyoun6zhxrhs64oiz", "active": true });
    let host = Host::saying(200, &other).await;
    let fault = pds(&host).repo_status(&did).await.unwrap_err();
    assert_eq!(fault.failure(), Failure::HostBroken);
}

// contract 2.3, steps 2 and 4
#[tokio::test]
async fn a_key_is_reserved_and_an_account_made_without_any_credential() {
    let (did, key) = (did(), SigningKey::from_bytes(&[3; 32]).unwrap().public_key());
    for (of, input) in [(None, json!({})), (Some(&did), json!({ "did": did }))] {
        let host = Host::saying(200, &json!({ "signingKey": key.to_did_key() })).await;
        assert_eq!(pds(&host).reserve_signing_key(of).await.unwrap(), key);
        let asked = host.asked();
        assert_eq!(
            (asked.line.as_str(), asked.body),
            ("POST /xrpc/com.atproto.server.reserveSigningKey", input)
        );
        assert_eq!(asked.headers["content-type"], "application/json");
        assert_eq!(asked.headers.get("authorization"), None);
    }
    let answer =
        json!({ "did": did, "handle": "alice.test", "accessJwt": "x", "refreshJwt": 1, "didDoc": null });
    let host = Host::saying(200, &answer).await;
    pds(&host)
        .create_account(&did, &handle(), &operation())
        .await
        .unwrap();
    let asked = host.asked();
    assert_eq!(asked.headers.get("authorization"), None);
    assert_eq!(
        asked.body,
        json!({ "did": did, "handle": "alice.test", "plcOp": operation() })
    );
}

#[tokio::test]
async fn an_answer_about_another_key_or_account_is_nonsense() {
    for (body, is_key) in [
        (json!({ "signingKey": "did:key:hello" }), true),
        (json!({ "signingKey": 1 }), true),
        (
            json!({ "did": "did:plc:ewvi7nxzyoun6zhxrhs64oiz", "handle": "alice.test" }),
            false,
        ),
        (json!({ "handle": "alice.test" }), false),
    ] {
        let host = Host::saying(200, &body).await;
        let failure = if is_key {
            pds(&host).reserve_signing_key(None).await.map(drop)
        } else {
            pds(&host).create_account(&did(), &handle(), &operation()).await
        };
        assert_eq!(failure.unwrap_err().failure(), Failure::HostBroken, "{body}");
    }
}

#[tokio::test]
async fn a_refusal_is_told_from_a_breakdown_and_from_what_is_no_pds() {
    use Failure::{HostBroken, HostRefused};
    let json = |error: &str, message: &str| ("application/json", refusal(error, message).to_string());
    let html = ("text/html", "<html><h1>Not here</h1></html>".to_owned());
    for (status, (kind, body), expected) in [
        (
            400,
            json("InvalidRequest", "reserved signing key does not exist"),
            HostRefused(HostRefusal::KeyUnknown),
        ),
        (
            400,
            json("IncompatibleDidDoc", "invalid plc operation"),
            HostRefused(HostRefusal::Operation),
        ),
        (
            400,
            json("InvalidHandle", "handle"),
            HostRefused(HostRefusal::Handle),
        ),
        (
            400,
            json("InvalidRequest", "DID not the hash"),
            HostRefused(HostRefusal::Other),
        ),
        (429, json("RateLimitExceeded", ""), HostRefused(HostRefusal::Busy)),
        (429, html.clone(), HostRefused(HostRefusal::Busy)),
        (500, json("InternalServerError", "oh"), HostBroken),
        (502, html.clone(), HostBroken),
        (400, html.clone(), HostBroken),
        (404, html.clone(), HostBroken),
        (200, html, HostBroken),
        (302, ("text/plain", String::new()), HostBroken),
        (204, ("text/plain", String::new()), HostBroken),
        (200, ("application/json", "{".to_owned()), HostBroken),
        (200, ("application/json", "[".repeat(200_000)), HostBroken),
        (
            200,
            ("application/json", format!("\"{}\"", "x".repeat(300_000))),
            HostBroken,
        ),
        (400, ("application/json", "\u{0}\u{1}".to_owned()), HostBroken),
    ] {
        let host = Host::answering(status, kind, body.clone()).await;
        let answer = pds(&host).create_account(&did(), &handle(), &operation()).await;
        let shown: String = body.chars().take(60).collect();
        assert_eq!(answer.unwrap_err().failure(), expected, "{status} {shown}");
    }
}

#[tokio::test]
async fn a_pds_that_is_away_is_told_from_one_that_is_silent() {
    let away = PdsClient::new(client(), nobody().await);
    let fault = away.reserve_signing_key(None).await.unwrap_err();
    assert_eq!(fault.failure(), Failure::HostBroken, "{fault}");
    let (url, _listening) = silence().await;
    let silent = PdsClient::new(client(), url);
    let fault = silent.reserve_signing_key(None).await.unwrap_err();
    assert_eq!(fault.failure(), Failure::HostSilent, "{fault}");
}

// contract 2.5
#[tokio::test]
async fn an_administrator_calls_with_basic_and_the_password_is_nowhere_to_be_read() {
    let did = did();
    let host = Host::saying(401, &refusal("AuthenticationRequired", "Bad\nauth")).await;
    let pds = pds(&host);
    let admin = pds.as_admin(PASSWORD);
    let fault = admin.delete_account(&did).await.unwrap_err();
    let asked = host.asked();
    assert_eq!(
        (asked.line.as_str(), asked.body),
        (
            "POST /xrpc/com.atproto.admin.deleteAccount",
            json!({ "did": did })
        )
    );
    // admin:an-admin-password
    let expected = "Basic YWRtaW46YW4tYWRtaW4tcGFzc3dvcmQ=";
    assert_eq!(asked.headers["authorization"], expected);
    let shown = format!("{fault} {fault:?} {admin:?}");
    assert!(
        !shown.contains("admin-password") && !shown.contains("YWRtaW46"),
        "{shown}"
    );
    assert_eq!(
        fault.to_string(),
        "com.atproto.admin.deleteAccount: the PDS refused with 401 AuthenticationRequired (Bad auth)"
    );
}

// contract 2.5
#[tokio::test]
async fn each_change_of_an_account_is_written_as_a_pds_reads_it() {
    let did = did();
    let subject = json!({ "$type": "com.atproto.admin.defs#repoRef", "did": did });
    for (change, expected) in [
        (
            StatusChange::Activated,
            json!({ "subject": subject, "deactivated": { "applied": false } }),
        ),
        (
            StatusChange::Deactivated,
            json!({ "subject": subject, "deactivated": { "applied": true } }),
        ),
        (
            StatusChange::TakenDown {
                reference: Some("case 1".to_owned()),
            },
            json!({ "subject": subject, "takedown": { "applied": true, "ref": "case 1" } }),
        ),
        (
            StatusChange::TakenDown { reference: None },
            json!({ "subject": subject, "takedown": { "applied": true } }),
        ),
        (
            StatusChange::Restored,
            json!({ "subject": subject, "takedown": { "applied": false } }),
        ),
    ] {
        let host = Host::answering(200, "text/plain", "").await;
        let pds = pds(&host);
        let done = pds.as_admin(PASSWORD).update_subject_status(&did, &change).await;
        done.unwrap();
        assert_eq!(host.asked().body, expected);
    }
    let host = Host::answering(200, "text/plain", "").await;
    let pds = pds(&host);
    let admin = pds.as_admin(PASSWORD);
    admin.update_account_handle(&did, &handle()).await.unwrap();
    let asked = host.asked();
    assert_eq!(
        (asked.line.as_str(), asked.body),
        (
            "POST /xrpc/com.atproto.admin.updateAccountHandle",
            json!({ "did": did, "handle": "alice.test" })
        )
    );
}

#[tokio::test]
async fn the_status_of_an_account_is_read_and_that_of_none_is_none() {
    let did = did();
    let of = |is_taken_down, is_deactivated| {
        Some(SubjectStatus {
            is_taken_down,
            is_deactivated,
        })
    };
    for (status, body, expected) in [
        (200, json!({ "subject": {} }), of(false, false)),
        (
            200,
            json!({ "takedown": { "applied": true, "ref": "1" }, "deactivated": { "applied": false } }),
            of(true, false),
        ),
        (
            200,
            json!({ "deactivated": { "applied": true } }),
            of(false, true),
        ),
        (400, refusal("NotFound", "Subject not found"), None),
    ] {
        let host = Host::saying(status, &body).await;
        let pds = pds(&host);
        let read = pds.as_admin(PASSWORD).subject_status(&did).await.unwrap();
        assert_eq!(read, expected, "{body}");
    }
}
