//! Operations of the PLC directory that are signed for a person and returned (A9, A11, A20, A21, contract 2.4).

use axum::body::Body;
use entryway_core::account::{Account, AccountStatus, PasswordHash};
use entryway_identity::did::SigningKey;
use entryway_identity::plc::{Operation, PlcData, PlcService, UnsignedOperation};
use entryway_oauth::time::Timestamp;
use entryway_sandbox::plc::Submission;
use entryway_scope::{Did, Handle};
use entryway_store::{Creation, NewAccount};
use entryway_tests::{Engine, Host, Reply, Resident, Trouble, World, both_engines};
use http::Request;
use serde_json::{Value, json};

use crate::scene::{CREATE_SESSION, REQUEST_PLC_SIGNATURE, SIGN_PLC_OPERATION, Session, code_of, lived_in};
use crate::service_tokens::token::{Signer, draw};
use crate::xrpc::{assert_refused, procedure};

both_engines!(
    an_operation_is_signed_on_top_of_the_last_one_and_returned_unsent,
    what_is_not_named_stays_as_it_is,
    without_a_code_nothing_is_signed,
    a_failed_signature_takes_another_code,
    a_did_without_our_key_or_without_a_life_is_not_signed_for,
    only_a_did_of_the_directory_is_signed_for,
    an_account_that_was_taken_down_may_leave,
    each_field_wrong_or_oversized_is_refused_by_its_name,
);

/// An account on a host, its session, and the fleet.
struct Leaving {
    world: World,
    host: Host,
    alice: Resident,
    session: Session,
}

impl Leaving {
    async fn begin(engine: Engine) -> Self {
        let (world, host, alice) = lived_in(engine).await;
        let session = Session::begin(&world.server, &alice).await;
        Self {
            world,
            host,
            alice,
            session,
        }
    }

    /// The code of a letter that is asked for now.
    async fn code(&self) -> String {
        let server = &self.world.server;
        let number = server.letters().len() + 1;
        let asked = procedure(REQUEST_PLC_SIGNATURE)
            .bearer(&self.session.access)
            .send(server)
            .await;
        assert_eq!((asked.code(), asked.text()), (200, ""));
        let letter = server.letter(number).await;
        assert_eq!(letter.subject, "Sign a change of your identity at localhost");
        code_of(&letter)
    }

    async fn sign(&self, body: &Value) -> Reply {
        let call = procedure(SIGN_PLC_OPERATION).bearer(&self.session.access);
        call.json(body).send(&self.world.server).await
    }

    /// With a new code.
    async fn signed(&self, mut body: Value) -> Reply {
        body["token"] = json!(self.code().await);
        self.sign(&body).await
    }

    fn last(&self) -> Operation {
        self.world.directory.last(&self.alice.did).unwrap()
    }

    fn submit(&self, operation: UnsignedOperation, key: &SigningKey) {
        let submission = self
            .world
            .directory
            .submit(&self.alice.did, operation.sign(key))
            .unwrap();
        assert_eq!(submission, Submission::Accepted);
    }
}

fn operation(reply: &Reply) -> Operation {
    assert_eq!(reply.code(), 200, "{reply:?}");
    let json = reply.json();
    assert_eq!(json.as_object().unwrap().len(), 1);
    serde_json::from_value(json["operation"].clone()).unwrap()
}

// A21
async fn an_operation_is_signed_on_top_of_the_last_one_and_returned_unsent(engine: Engine) {
    let leaving = Leaving::begin(engine).await;
    let before = leaving.last();
    let (theirs, repo) = (draw().public_key().to_did_key(), draw().public_key().to_did_key());
    let reply = leaving
        .signed(json!({
            "rotationKeys": [theirs],
            "verificationMethods": { "atproto": repo },
            "alsoKnownAs": ["at://alice.elsewhere.example"],
            "services": { "atproto_pds": { "type": "AtprotoPersonalDataServer", "endpoint": "https://elsewhere.example" } },
        }))
        .await;
    let signed = operation(&reply);
    assert_eq!(leaving.last(), before, "it is for its person to send");
    assert_eq!(signed.prev(), Some(before.cid().to_string().as_str()));
    let pds = PlcService {
        kind: "AtprotoPersonalDataServer".to_owned(),
        endpoint: "https://elsewhere.example".to_owned(),
    };
    let expected = PlcData {
        rotation_keys: vec![theirs],
        verification_methods: [("atproto".to_owned(), repo)].into(),
        also_known_as: vec!["at://alice.elsewhere.example".to_owned()],
        services: [("atproto_pds".to_owned(), pds)].into(),
    };
    assert_eq!(signed.data(), Some(&expected));
    let submission = leaving
        .world
        .directory
        .submit(&leaving.alice.did, signed)
        .unwrap();
    assert_eq!(submission, Submission::Accepted);
}

async fn what_is_not_named_stays_as_it_is(engine: Engine) {
    let leaving = Leaving::begin(engine).await;
    let before = leaving.last().data().unwrap().clone();
    let unchanged = operation(&leaving.signed(json!({})).await);
    assert_eq!(unchanged.data(), Some(&before));
    let none = operation(
        &leaving
            .signed(json!({ "rotationKeys": null, "alsoKnownAs": [] }))
            .await,
    );
    let expected = PlcData {
        also_known_as: Vec::new(),
        ..before.clone()
    };
    assert_eq!(none.data(), Some(&expected));
    // through the PDS, as a person's app asks there
    let signer = Signer::settle(engine).await;
    let server = &signer.world.server;
    let asked = procedure(REQUEST_PLC_SIGNATURE).bearer(&signer.token(REQUEST_PLC_SIGNATURE));
    assert_eq!(asked.send(server).await.code(), 200);
    let code = code_of(&server.letter(1).await);
    let body = json!({ "token": code, "alsoKnownAs": ["at://carol.example"] });
    let call = procedure(SIGN_PLC_OPERATION)
        .bearer(&signer.token(SIGN_PLC_OPERATION))
        .json(&body);
    let told = operation(&call.send(server).await);
    assert_eq!(told.data().unwrap().also_known_as, ["at://carol.example"]);
}

async fn without_a_code_nothing_is_signed(engine: Engine) {
    let leaving = Leaving::begin(engine).await;
    let text = "email confirmation token required to sign PLC operations";
    for body in [json!({}), json!({ "token": null }), json!({ "token": "" })] {
        assert_refused(&leaving.sign(&body).await, 400, "InvalidRequest", text);
    }
    assert_eq!(leaving.world.server.letters().len(), 0);
}

// A9
async fn a_failed_signature_takes_another_code(engine: Engine) {
    let world = World::start_behind_fronts(engine, 1, |_| ()).await;
    let host = world.hosts[0].clone();
    let alice = world.settle(&host, "alice.test").await;
    let session = Session::begin(&world.server, &alice).await;
    let leaving = Leaving {
        world,
        host,
        alice,
        session,
    };
    let code = leaving.code().await;
    let directory = leaving.world.directory_front.as_ref().unwrap();
    directory.fail("log/last", 1, Trouble::HangsUp);
    let ask = async |code: &str| {
        let request = Request::post(format!("/xrpc/{SIGN_PLC_OPERATION}"))
            .header("authorization", format!("Bearer {}", leaving.session.access))
            .header("content-type", "application/json")
            .body(Body::from(json!({ "token": code }).to_string()));
        leaving.world.ask(request.unwrap()).await
    };
    let text = "the PLC directory could not be reached, send the same request again later";
    assert_refused(&ask(&code).await, 502, "UpstreamFailure", text);
    assert_refused(&ask(&code).await, 400, "InvalidToken", "Token is invalid");
    operation(&ask(&leaving.code().await).await);
    drop(leaving.host);
}

// contract 6, item 8
async fn a_did_without_our_key_or_without_a_life_is_not_signed_for(engine: Engine) {
    let leaving = Leaving::begin(engine).await;
    let ours = leaving.world.server.app().keys().plc_rotation.clone();
    let theirs = draw();
    let data = PlcData {
        rotation_keys: vec![theirs.public_key().to_did_key()],
        ..leaving.last().data().unwrap().clone()
    };
    leaving.submit(UnsignedOperation::update(&leaving.last(), data), &ours);
    let reply = leaving.signed(json!({})).await;
    let text = "the DID document must list our rotation key, without it only its owner can sign an operation";
    assert_refused(&reply, 400, "IncompatibleDidDoc", text);
    leaving.submit(UnsignedOperation::tombstone(&leaving.last()), &theirs);
    let reply = leaving.signed(json!({})).await;
    let text = "the DID document must be that of a DID that has not ended";
    assert_refused(&reply, 400, "IncompatibleDidDoc", text);
}

async fn only_a_did_of_the_directory_is_signed_for(engine: Engine) {
    let (world, host, _) = lived_in(engine).await;
    let server = &world.server;
    let account = Account {
        did: Did::parse("did:web:dave.example").unwrap(),
        handle: Handle::parse("dave.example").unwrap(),
        email: Some("dave@mail.example".to_owned()),
        email_confirmed_at: None,
        email_auth_factor: false,
        pds_did: host.did.to_string(),
        status: AccountStatus::Active,
        credentials_changed_at: Timestamp::from_seconds(0),
    };
    let password_hash: PasswordHash = server
        .app()
        .passwords()
        .hash(&entryway_core::password::NewPassword::parse("dave's password").unwrap())
        .await
        .unwrap();
    let new = NewAccount {
        account: &account,
        password_hash: &password_hash,
    };
    let created = server
        .app()
        .store()
        .create_account(new, server.clock().now())
        .await
        .unwrap();
    assert_eq!(created, Creation::Created);
    let body = json!({ "identifier": "did:web:dave.example", "password": "dave's password" });
    let session = Session::of(&procedure(CREATE_SESSION).json(&body).send(server).await);
    let text = "only a did:plc has operations to be signed, change a did:web where its document is";
    for call in [
        procedure(REQUEST_PLC_SIGNATURE),
        procedure(SIGN_PLC_OPERATION).json(&json!({ "token": "AAAAA-AAAAA" })),
    ] {
        let reply = call.bearer(&session.access).send(server).await;
        assert_refused(&reply, 400, "InvalidRequest", text);
    }
    assert_eq!(server.letters().len(), 0);
    // one that the directory does not know
    let lost = world.lodge(&host.did, "lost.test").await;
    let session = Session::begin(server, &lost).await;
    let asked = procedure(REQUEST_PLC_SIGNATURE)
        .bearer(&session.access)
        .send(server)
        .await;
    assert_eq!(asked.code(), 200, "{asked:?}");
    let body = json!({ "token": code_of(&server.letter(1).await) });
    let reply = procedure(SIGN_PLC_OPERATION)
        .bearer(&session.access)
        .json(&body)
        .send(server)
        .await;
    assert_refused(&reply, 400, "UnresolvableDid", "did could not be resolved");
}

// contract 6, item 10
async fn an_account_that_was_taken_down_may_leave(engine: Engine) {
    let leaving = Leaving::begin(engine).await;
    let server = &leaving.world.server;
    let statement = format!(
        "update account set status = 'taken_down' where did = '{}'",
        leaving.alice.did
    );
    server.database().execute(&statement).await;
    let body =
        json!({ "identifier": "alice.test", "password": leaving.alice.password, "allowTakendown": true });
    let session = Session::of(&procedure(CREATE_SESSION).json(&body).send(server).await);
    let leaving = Leaving { session, ..leaving };
    operation(&leaving.signed(json!({})).await);
}

async fn each_field_wrong_or_oversized_is_refused_by_its_name(engine: Engine) {
    let leaving = Leaving::begin(engine).await;
    let key = draw().public_key().to_did_key();
    let long = "a".repeat(5_000);
    let service = json!({ "type": "x", "endpoint": "https://x.example" });
    let (strings, object) = ("must be an array of strings", "must be an object of strings");
    let services = "must be an object of services, each with type and endpoint and nothing else";
    // what has another shape costs no code
    let code = leaving.code().await;
    for (name, value, text) in [
        ("rotationKeys", json!("x"), strings),
        ("rotationKeys", json!([1]), strings),
        ("alsoKnownAs", json!({}), strings),
        ("alsoKnownAs", json!([null]), strings),
        ("verificationMethods", json!([]), object),
        ("verificationMethods", json!({ "atproto": 1 }), object),
        ("services", json!([]), services),
        ("services", json!({ "x": "https://x.example" }), services),
        ("services", json!({ "x": { "type": "x" } }), services),
        (
            "services",
            json!({ "x": { "type": "x", "endpoint": "y", "more": 1 } }),
            services,
        ),
        ("token", json!(1), "must be a string"),
    ] {
        let mut body = json!({ "token": code });
        body[name] = value.clone();
        let reply = leaving.sign(&body).await;
        assert_refused(&reply, 400, "InvalidRequest", &format!("{name} {text}"));
    }
    assert_eq!(leaving.sign(&json!({ "token": code })).await.code(), 200);
    // what no directory takes is found when it is signed
    let many: Vec<String> = (0..11).map(|n| format!("at://alice{n}.test")).collect();
    for (name, value, text) in [
        ("rotationKeys", json!([]), "rotationKeys: expected at least one"),
        (
            "rotationKeys",
            json!(["did:key:zQ3sh"]),
            "rotationKeys: expected did:key of secp256k1 or P-256",
        ),
        (
            "rotationKeys",
            json!(vec![key.clone(); 11]),
            "rotationKeys: expected at most 10 entries",
        ),
        (
            "alsoKnownAs",
            json!(many),
            "alsoKnownAs: expected at most 10 entries",
        ),
        (
            "alsoKnownAs",
            json!(["at://a.test", "at://a.test"]),
            "alsoKnownAs: expected every entry once",
        ),
        (
            "alsoKnownAs",
            json!(["a".repeat(259)]),
            "alsoKnownAs: expected entries of at most 258 bytes",
        ),
        (
            "verificationMethods",
            json!({ "atproto": "https://x.example" }),
            "verificationMethods: expected did:key in base58btc of at most 256 bytes",
        ),
        (
            "services",
            json!({ "a".repeat(33): service }),
            "services: expected at most 10 entries with ids of at most 32 bytes",
        ),
        (
            "alsoKnownAs",
            json!([long]),
            "expected an operation of at most 4000 bytes of DAG-CBOR",
        ),
    ] {
        let mut body = json!({});
        body[name] = value;
        assert_refused(&leaving.signed(body).await, 400, "InvalidRequest", text);
    }
}
