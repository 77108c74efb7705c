//! One person, and nothing that breaks.

use entryway_core::invite::{Invite, InviteCode};
use entryway_identity::did::SigningKey;
use entryway_store::InviteCreation;
use entryway_tests::both_engines;

use super::*;

both_engines!(
    an_account_is_made_on_a_pds_in_the_directory_and_here,
    a_recovery_key_comes_first_among_the_rotation_keys,
    what_is_typed_is_refused_with_the_name_its_fault_has,
    an_account_that_exists_elsewhere_moves_in_with_a_service_token_alone,
    a_name_that_somebody_has_is_refused_before_anything_is_made,
    an_invite_is_used_once_and_given_back_where_nothing_comes_of_it,
    a_request_whose_answer_was_lost_gets_its_session_when_sent_again,
    without_an_open_host_nothing_is_made,
    accounts_are_placed_on_the_emptiest_host_and_its_tokens_are_for_that,
);

async fn an_account_is_made_on_a_pds_in_the_directory_and_here(engine: Engine) {
    let world = fronted(engine).await;
    let reply = ALICE.signs_up(&world).await;
    let did = made(&reply);
    let body = reply.json();
    assert_eq!(body["handle"], "alice.test");
    assert_eq!(body["didDoc"]["id"], did.as_str());
    let account = stored(&world.server, &ALICE.handle()).await.unwrap();
    assert_eq!(account.email.as_deref(), Some("alice@mail.example"));
    assert_eq!(account.email_confirmed_at, None);
    assert_eq!(
        world.directory.last(&did).unwrap().data().unwrap().rotation_keys,
        [world.server.app().keys().plc_rotation_did_key()]
    );
    // contract 0, item 7: who has the handle was asked before the key was reserved
    let host = front(&world.hosts[0]);
    let methods: Vec<String> = host
        .asked("/xrpc/")
        .iter()
        .map(|asked| method(&asked.line))
        .collect();
    assert_eq!(
        methods,
        [
            "com.atproto.repo.describeRepo",
            "com.atproto.server.reserveSigningKey",
            "com.atproto.server.createAccount",
            "com.atproto.sync.getRepoStatus",
        ]
    );
    assert_eq!(assert_one_account(&world, ALICE).await, did);
    // contract 0, item 6: the tokens are ours, and so is the refusal of a password
    let sign_in = |password: &str| {
        let input = json!({ "identifier": "alice.test", "password": password });
        Request::post("/xrpc/com.atproto.server.createSession")
            .header("content-type", "application/json")
            .body(Body::from(input.to_string()))
            .unwrap()
    };
    assert_eq!(world.ask(sign_in(ALICE.password)).await.code(), 200);
    assert_eq!(world.ask(sign_in("another password")).await.code(), 401);
    let session = Request::get("/xrpc/com.atproto.server.getSession")
        .header("authorization", format!("Bearer {}", reply.member("accessJwt")))
        .body(Body::empty())
        .unwrap();
    assert_eq!(world.ask(session).await.member("did"), did.as_str());
}

fn method(line: &str) -> String {
    let path = line.split(' ').nth(1).unwrap();
    let path = path.split('?').next().unwrap();
    path.trim_start_matches("/xrpc/").to_owned()
}

// contract 2.3, step 3
async fn a_recovery_key_comes_first_among_the_rotation_keys(engine: Engine) {
    let world = fronted(engine).await;
    let recovery = SigningKey::from_bytes(&[9; 32])
        .unwrap()
        .public_key()
        .to_did_key();
    let mut input = ALICE.input();
    input["recoveryKey"] = json!(recovery);
    let did = made(&world.ask(create(&input)).await);
    let ours = world.server.app().keys().plc_rotation_did_key();
    assert_eq!(
        world.directory.last(&did).unwrap().data().unwrap().rotation_keys,
        [recovery, ours]
    );
}

async fn what_is_typed_is_refused_with_the_name_its_fault_has(engine: Engine) {
    let world = fronted(engine).await;
    let long = "x".repeat(10_000);
    for (member, value, error) in [
        ("handle", json!(null), "InvalidRequest"),
        ("handle", json!(1), "InvalidRequest"),
        ("handle", json!("alice"), "InvalidHandle"),
        ("handle", json!("a.test"), "InvalidHandle"),
        ("handle", json!("two.labels.test"), "InvalidHandle"),
        ("handle", json!(long), "InvalidHandle"),
        ("handle", json!("alice.elsewhere.org"), "UnsupportedDomain"),
        ("handle", json!("admin.test"), "HandleNotAvailable"),
        ("email", json!(null), "InvalidRequest"),
        ("email", json!("alice"), "InvalidRequest"),
        ("email", json!(["alice@mail.example"]), "InvalidRequest"),
        ("email", json!(long), "InvalidRequest"),
        ("password", json!(null), "InvalidRequest"),
        ("password", json!("short"), "InvalidPassword"),
        ("password", json!(long), "InvalidPassword"),
        ("inviteCode", json!("nonsense"), "InvalidInviteCode"),
        ("inviteCode", json!("host-aaaaa-aaaaa"), "InvalidInviteCode"),
        ("inviteCode", json!(7), "InvalidRequest"),
        ("recoveryKey", json!("did:key:hello"), "InvalidRequest"),
        ("recoveryKey", json!(7), "InvalidRequest"),
    ] {
        let mut input = ALICE.input();
        input[member] = value.clone();
        let reply = world.ask(create(&input)).await;
        assert_eq!(refused(&reply), (400, error.to_owned()), "{member} {value:.40}");
    }
    for body in ["", "[]", "{\"handle\":\"a.test\",\"handle\":\"b.test\"}"] {
        let request = Request::post(CREATE)
            .header("content-type", "application/json")
            .body(Body::from(body))
            .unwrap();
        assert_eq!(
            refused(&world.ask(request).await),
            (400, "InvalidRequest".to_owned())
        );
    }
    assert_eq!(published(&world), BTreeSet::new());
    assert_eq!(front(&world.hosts[0]).asked("").len(), 0);
}

async fn an_account_that_exists_elsewhere_moves_in_with_a_service_token_alone(engine: Engine) {
    let world = fronted(engine).await;
    for (member, value, expected) in [
        (
            "did",
            json!("did:plc:ewvi7nxzyoun6zhxrhs64oiz"),
            (401, "AuthMissing"),
        ),
        ("plcOp", json!({}), (400, "InvalidRequest")),
    ] {
        let mut input = ALICE.input();
        input[member] = value;
        let reply = world.ask(create(&input)).await;
        assert_eq!(refused(&reply), (expected.0, expected.1.to_owned()), "{member}");
    }
    assert_eq!(front(&world.hosts[0]).asked("").len(), 0);
}

// contract 0, item 7
async fn a_name_that_somebody_has_is_refused_before_anything_is_made(engine: Engine) {
    let world = fronted(engine).await;
    let alice = made(&ALICE.signs_up(&world).await);
    // here
    let by_handle = Person {
        email: "other@mail.example",
        ..ALICE
    };
    let by_email = Person {
        handle: "other.test",
        ..ALICE
    };
    let by_both = Person {
        password: "another password",
        ..ALICE
    };
    for (person, error) in [
        (by_handle, "HandleNotAvailable"),
        (by_email, "InvalidRequest"),
        (by_both, "HandleNotAvailable"),
    ] {
        let reply = person.signs_up(&world).await;
        assert_eq!(refused(&reply), (400, error.to_owned()), "{person:?}");
    }
    // on the PDS, where somebody is whom we do not know
    let host = &world.hosts[0];
    let stranger = world.settle(host, "carol.test").await;
    world
        .server
        .database()
        .execute("delete from taken_name where name = 'carol.test'")
        .await;
    world
        .server
        .database()
        .execute("delete from account where handle = 'carol.test'")
        .await;
    let before = published(&world);
    let carol = Person {
        handle: "carol.test",
        email: "caroline@mail.example",
        ..ALICE
    };
    assert_eq!(
        refused(&carol.signs_up(&world).await),
        (400, "HandleNotAvailable".to_owned())
    );
    assert_eq!(published(&world), before);
    assert!(lives(&world, &stranger.did) && lives(&world, &alice));
    // and the address is free for another try
    let again = Person {
        handle: "caroline.test",
        ..carol
    };
    made(&again.signs_up(&world).await);
}

async fn invite(world: &World, uses_max: u32) -> InviteCode {
    let store = world.server.app().store();
    let invite = Invite {
        code: InviteCode::from_entropy("entryway.example", [7; 10]),
        uses_max,
        disabled: false,
        for_account: "admin".to_owned(),
        created_by: "admin".to_owned(),
        created_at: world.server.clock().now(),
        used: 0,
        uses: Vec::new(),
    };
    let made = store.create_invites(std::slice::from_ref(&invite)).await.unwrap();
    assert_eq!(made, InviteCreation::Created);
    invite.code
}

async fn an_invite_is_used_once_and_given_back_where_nothing_comes_of_it(engine: Engine) {
    let world = World::start_behind_fronts(engine, 1, inviting).await;
    assert_eq!(
        refused(&ALICE.signs_up(&world).await),
        (400, "InvalidInviteCode".to_owned())
    );
    let code = invite(&world, 1).await;
    let with_code = |person: Person| {
        let mut input = person.input();
        input["inviteCode"] = json!(code.as_str());
        world.ask(create(&input))
    };
    // an account of a stranger has the handle on the PDS
    world.settle(&world.hosts[0], "alice.test").await;
    world.server.database().execute("delete from taken_name").await;
    world.server.database().execute("delete from account").await;
    assert_eq!(
        refused(&with_code(ALICE).await),
        (400, "HandleNotAvailable".to_owned())
    );
    made(&with_code(BOB).await);
    let carol = Person {
        handle: "carol.test",
        email: "carol@mail.example",
        ..ALICE
    };
    assert_eq!(
        refused(&with_code(carol).await),
        (400, "InvalidInviteCode".to_owned())
    );
}

async fn a_request_whose_answer_was_lost_gets_its_session_when_sent_again(engine: Engine) {
    let world = fronted(engine).await;
    let did = made(&ALICE.signs_up(&world).await);
    for _ in 0..2 {
        let again = ALICE.signs_up(&world).await;
        assert_eq!(made(&again), did);
        assert!(!again.member("refreshJwt").is_empty());
    }
    // not for long
    world.server.clock().advance(15 * 60);
    assert_eq!(
        refused(&ALICE.signs_up(&world).await),
        (400, "HandleNotAvailable".to_owned())
    );
    assert_eq!(assert_one_account(&world, ALICE).await, did);
}

async fn without_an_open_host_nothing_is_made(engine: Engine) {
    let world = World::start_behind_fronts(engine, 0, |_| ()).await;
    assert_eq!(
        refused(&ALICE.signs_up(&world).await),
        (502, "UpstreamFailure".to_owned())
    );
    assert_eq!(stored(&world.server, &ALICE.handle()).await, None);
}

async fn accounts_are_placed_on_the_emptiest_host_and_its_tokens_are_for_that(engine: Engine) {
    let world = World::start_behind_fronts(engine, 2, |_| ()).await;
    let (alice, bob) = (ALICE.signs_up(&world).await, BOB.signs_up(&world).await);
    let homes: BTreeSet<String> = [&alice, &bob]
        .map(|reply| audience(&reply.member("accessJwt")))
        .into();
    let hosts: BTreeSet<String> = world.hosts.iter().map(|host| host.did.to_string()).collect();
    assert_eq!(homes, hosts);
    assert_one_account(&world, ALICE).await;
    assert_one_account(&world, BOB).await;
}

fn audience(token: &str) -> String {
    let (_, claims) = crate::xrpc::unverified(token);
    claims["aud"].as_str().unwrap().to_owned()
}
