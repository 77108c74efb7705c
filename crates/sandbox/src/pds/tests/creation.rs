//! Accounts, as an entryway makes them (contract section 2.3).

use super::*;

#[tokio::test]
async fn an_account_is_made_in_three_steps() {
    let (fixture, did) = Fixture::with_alice().await;
    let document = fixture
        .directory
        .last(&did)
        .unwrap()
        .data()
        .unwrap()
        .document(&did);
    assert_eq!(document.pds_endpoint(), Some(ORIGIN));
    let described = fixture
        .query("com.atproto.repo.describeRepo", &[("repo", "alice.test")])
        .await
        .json();
    assert_eq!(
        described,
        json!({
            "did": did,
            "handle": "alice.test",
            "didDoc": document,
            "collections": [],
            "handleIsCorrect": true,
        })
    );
    let resolved = fixture
        .query("com.atproto.identity.resolveHandle", &[("handle", "alice.test")])
        .await;
    assert_eq!(resolved.json(), json!({ "did": did }));
}

#[tokio::test]
async fn a_reservation_for_a_did_is_the_same_every_time() {
    let fixture = Fixture::new().await;
    let reserve = async |input: Value| {
        let answer = fixture
            .procedure("com.atproto.server.reserveSigningKey", input)
            .await;
        answer.json()["signingKey"].as_str().unwrap().to_owned()
    };
    let did = json!({ "did": "did:plc:aaaaaaaaaaaaaaaaaaaaaaaa" });
    let first = reserve(did.clone()).await;
    assert!(PublicKey::from_did_key(&first).is_ok());
    assert_eq!(reserve(did).await, first);
    let anonymous = reserve(json!({})).await;
    assert_ne!(anonymous, first);
    assert_ne!(reserve(json!({})).await, anonymous);
}

// contract section 2.3, the errors
#[tokio::test]
async fn an_operation_that_does_not_fit_is_refused_and_the_directory_never_hears_of_it() {
    let fixture = Fixture::new().await;
    let key = fixture.reserve_key().await;
    let good = account_data("alice.test", &key);
    let by_another_key = PlcData {
        rotation_keys: [
            vec![foreign_key().public_key().to_did_key()],
            good.rotation_keys.clone(),
        ]
        .concat(),
        ..good.clone()
    };
    let genesis = UnsignedOperation::genesis;
    for (handle, operation, message) in [
        (
            "alice.test",
            genesis(by_another_key).sign(&foreign_key()),
            "invalid plc operation",
        ),
        (
            "alice.test",
            genesis(PlcData {
                rotation_keys: vec![foreign_key().public_key().to_did_key()],
                ..good.clone()
            })
            .sign(&entryway_key()),
            "PLC DID does not include service rotation key",
        ),
        (
            "bob.test",
            genesis(good.clone()).sign(&entryway_key()),
            "provided handle does not match DID document handle",
        ),
        (
            "alice.test",
            genesis(good.clone().on_pds("http://localhost:1")).sign(&entryway_key()),
            "DID document pds endpoint does not match service endpoint",
        ),
    ] {
        let answer = fixture.create_account(handle, &operation).await;
        assert_eq!(answer.error(), (400, "IncompatibleDidDoc".to_owned()));
        assert_eq!(answer.json()["message"], message);
        assert_eq!(fixture.directory.last(&operation.did()), None);
    }
    let unreserved = genesis(account_data("alice.test", &foreign_key().public_key())).sign(&entryway_key());
    let answer = fixture.create_account("alice.test", &unreserved).await;
    assert_eq!(answer.json()["message"], "reserved signing key does not exist");
    assert_eq!(fixture.directory.last(&unreserved.did()), None);
}

#[tokio::test]
async fn input_that_is_incomplete_is_refused() {
    let fixture = Fixture::new().await;
    let operation = fixture.genesis("alice.test").await;
    let input = json!({ "did": operation.did(), "handle": "alice.test", "plcOp": operation });
    for (field, value, error) in [
        ("handle", Value::Null, "InvalidHandle"),
        ("handle", json!("alice"), "InvalidHandle"),
        ("did", Value::Null, "InvalidRequest"),
        ("did", json!("did:key:zQ3sh"), "InvalidRequest"),
        ("plcOp", Value::Null, "InvalidRequest"),
        ("plcOp", json!({}), "IncompatibleDidDoc"),
        ("plcOp", json!("op"), "IncompatibleDidDoc"),
    ] {
        let mut input = input.clone();
        input[field] = value;
        let answer = fixture.procedure("com.atproto.server.createAccount", input).await;
        assert_eq!(answer.error(), (400, error.to_owned()), "{field}");
    }
    let mut request = procedure("com.atproto.server.createAccount", &input);
    request
        .headers_mut()
        .insert("authorization", "Bearer x".parse().unwrap());
    assert_eq!(
        fixture.send(request).await.error(),
        (401, "AuthenticationRequired".to_owned())
    );
}

#[tokio::test]
async fn a_refusal_of_the_directory_is_passed_on() {
    let fixture = Fixture::new().await;
    let operation = fixture.genesis("alice.test").await;
    let input =
        json!({ "did": "did:plc:aaaaaaaaaaaaaaaaaaaaaaaa", "handle": "alice.test", "plcOp": operation });
    let answer = fixture.procedure("com.atproto.server.createAccount", input).await;
    assert_eq!(answer.error(), (400, "InvalidRequest".to_owned()));
    let message = answer.json()["message"].as_str().unwrap().to_owned();
    assert!(message.ends_with(operation.did().as_str()), "{message}");

    // nothing was claimed by the attempt
    assert_eq!(fixture.create_account("alice.test", &operation).await.status, 200);
}

// contract 0, item 7
#[tokio::test]
async fn a_handle_that_is_taken_breaks_it_down_after_the_directory_took_the_operation() {
    let (fixture, alice) = Fixture::with_alice().await;
    let second = fixture.genesis("alice.test").await;
    let answer = fixture.create_account("alice.test", &second).await;
    assert_eq!(answer.error(), (500, "InternalServerError".to_owned()));
    assert_eq!(fixture.directory.last(&second.did()), Some(second.clone()));
    assert_eq!(
        fixture.names.resolve(&Handle::parse("alice.test").unwrap()),
        Some(alice)
    );
    // the same again is refused by the directory, which has it; what follows it is taken
    let again = fixture.create_account("alice.test", &second).await;
    assert_eq!(again.error(), (400, "InvalidRequest".to_owned()));
}

// contract 2.3: what recovers from that
#[tokio::test]
async fn an_operation_that_follows_makes_the_account_of_a_did_that_exists() {
    let fixture = Fixture::new().await;
    let genesis = fixture.genesis("alice.test").await;
    fixture.directory.submit(&genesis.did(), genesis.clone()).unwrap();
    let did = genesis.did();
    let update = UnsignedOperation::update(&genesis, genesis.data().unwrap().clone()).sign(&entryway_key());
    let input = json!({ "did": did, "handle": "alice.test", "plcOp": update });
    let answer = fixture.procedure("com.atproto.server.createAccount", input).await;
    assert_eq!(answer.status, 200, "{}", answer.json());
    assert_eq!(fixture.directory.last(&did), Some(update));
}

#[tokio::test]
async fn of_many_accounts_with_one_handle_one_is_made() {
    let fixture = Fixture::new().await;
    let mut operations = Vec::new();
    for _ in 0..16 {
        operations.push(fixture.genesis("alice.test").await);
    }
    let tasks = operations.into_iter().map(|operation| {
        let input = json!({ "did": operation.did(), "handle": "alice.test", "plcOp": operation });
        let router = fixture.pds.router();
        tokio::spawn(router.oneshot(procedure("com.atproto.server.createAccount", &input)))
    });
    let mut made = 0;
    for task in tasks.collect::<Vec<_>>() {
        made += usize::from(task.await.unwrap().unwrap().status() == 200);
    }
    assert_eq!((made, fixture.pds.accounts().len()), (1, 1));
}

#[tokio::test]
async fn a_directory_that_is_down_is_said_to_be() {
    let stored = tempfile::tempdir().unwrap();
    let directory = Directory::open(stored.path(), clock()).unwrap();
    // a port that was free a moment ago, and is again
    let plc_url = {
        let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
        format!("http://localhost:{}", listener.local_addr().unwrap().port())
    };
    let (names, pds) = open(&stored, &plc_url);
    let fixture = Fixture {
        stored,
        plc_url,
        directory,
        names,
        pds,
    };
    let operation = fixture.genesis("alice.test").await;
    let answer = fixture.create_account("alice.test", &operation).await;
    assert_eq!(answer.error(), (502, "UpstreamFailure".to_owned()));
    assert!(fixture.pds.accounts().is_empty());
}

fn foreign_key() -> SigningKey {
    SigningKey::from_bytes(&[9; 32]).unwrap()
}
