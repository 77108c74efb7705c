//! Who may not move here, and what they are told.

use super::*;

both_engines!(
    only_the_holder_of_the_did_may_bring_it,
    a_did_that_we_may_not_change_is_told_what_it_lacks,
    an_operation_that_is_not_the_next_is_not_sent,
    a_did_that_is_not_there_any_more_or_here_already_does_not_come,
);

async fn told(world: &World, newcomer: &Newcomer, input: &Value, claims: &Value) -> (u16, String, String) {
    let reply = world.ask(with_bearer(input, &newcomer.signed(claims))).await;
    let (status, name) = refused(&reply);
    (status, name, reply.member("message"))
}

// A7, A8, A17, R-491 to R-496
async fn only_the_holder_of_the_did_may_bring_it(engine: Engine) {
    let world = fronted(engine).await;
    let (newcomer, other) = (Newcomer::known(&world), Newcomer::known(&world));
    let service = world.server.config().service_did.to_string();
    let now = world.server.now();
    let input = newcomer.input(ALICE);
    let claims = || newcomer.claims(&service, now);
    let with = |name: &str, value: Value| {
        let mut claims = claims();
        claims[name] = value;
        claims
    };
    for (claims, status, name) in [
        (with("exp", json!(now)), 401, "JwtExpired"),
        (with("exp", json!(now + 3601)), 401, "BadJwt"),
        (
            with("lxm", json!("com.atproto.server.getSession")),
            401,
            "BadJwtLexiconMethod",
        ),
        (with("lxm", Value::Null), 401, "BadJwtLexiconMethod"),
        (with("aud", json!("did:web:other.test")), 401, "BadJwtAudience"),
        (with("sub", json!(other.did)), 401, "BadJwtIss"),
        (with("iss", json!(other.did)), 401, "BadJwtSignature"),
        (other.claims(&service, now), 401, "BadJwtSignature"),
    ] {
        let (told_status, told_name, _) = told(&world, &newcomer, &input, &claims).await;
        assert_eq!((told_status, told_name.as_str()), (status, name), "{claims}");
    }
    // attack: with one's own token for somebody else's DID
    let reply = world.ask(with_bearer(&input, &other.token(&world))).await;
    assert_eq!(refused(&reply), (400, "InvalidRequest".to_owned()));
    // A8: the hint is what to ask for instead
    let url = with("aud", json!(world.server.issuer()));
    let (status, name, message) = told(&world, &newcomer, &input, &url).await;
    assert_eq!((status, name.as_str()), (400, "InvalidRequest"));
    assert!(message.contains(&service), "{message}");
    let bare = world.ask(create(&input)).await;
    assert_eq!(refused(&bare), (401, "AuthMissing".to_owned()));
    assert!(world.hosts[0].pds.accounts().is_empty());
    // replay
    let (token, bad) = (
        newcomer.token(&world),
        Person {
            handle: "ab.test",
            ..ALICE
        },
    );
    let reply = world.ask(with_bearer(&newcomer.input(bad), &token)).await;
    assert_eq!(refused(&reply), (400, "InvalidHandle".to_owned()));
    let replayed = world.ask(with_bearer(&input, &token)).await;
    assert_eq!(refused(&replayed), (401, "BadJwt".to_owned()));
    assert_eq!(newcomer.says(&world.directory), newcomer.before);
    // a person carries a token from window to window
    let long = with("exp", json!(now + 3600));
    made(&world.ask(with_bearer(&input, &newcomer.signed(&long))).await);
}

async fn a_did_that_we_may_not_change_is_told_what_it_lacks(engine: Engine) {
    let world = fronted(engine).await;
    let newcomer = Newcomer::settle(&world.directory, &[]);
    let reply = newcomer.arrives(&world, ALICE).await;
    assert_eq!(refused(&reply), (400, "IncompatibleDidDoc".to_owned()));
    let ours = world.server.app().keys().plc_rotation_did_key();
    assert!(reply.member("message").contains(&ours), "{reply:?}");
    assert_eq!(newcomer.says(&world.directory), newcomer.before);
    // a handle elsewhere that does not lead to the DID
    let known = Newcomer::known(&world);
    let elsewhere = Person {
        handle: "alice.nowhere.test.example.org",
        ..ALICE
    };
    let reply = known.arrives(&world, elsewhere).await;
    assert_eq!(reply.member("message"), "External handle did not resolve to DID");
    // without a DID there is nothing to change
    let mut input = BOB.input();
    input["plcOp"] = json!({});
    assert_eq!(refused(&world.ask(create(&input)).await).0, 400);
}

async fn an_operation_that_is_not_the_next_is_not_sent(engine: Engine) {
    let world = fronted(engine).await;
    let newcomer = Newcomer::settle(&world.directory, &[]);
    let ours = world.server.app().keys().plc_rotation_did_key();
    let mut data = newcomer.before.clone();
    data.rotation_keys.push(ours);
    let moved = data.clone().on_pds("https://mallory.test");
    let stale = UnsignedOperation::following(
        "bafyreigp6shzy6dlcxuowwoxz7u5nemdrkad2my5zwzpwilcnhih7bw6zm",
        data.clone(),
    );
    let forged = UnsignedOperation::update(&world.directory.last(&newcomer.did).unwrap(), data.clone());
    let ends = UnsignedOperation::tombstone(&world.directory.last(&newcomer.did).unwrap());
    for (operation, name) in [
        (
            newcomer.operation(&world.directory, newcomer.before.clone()),
            "IncompatibleDidDoc",
        ),
        (ends.sign(&newcomer.owner), "IncompatibleDidDoc"),
        (newcomer.operation(&world.directory, moved), "InvalidRequest"),
        (stale.sign(&newcomer.owner), "InvalidRequest"),
        (forged.sign(&draw()), "InvalidRequest"),
    ] {
        let mut input = newcomer.input(ALICE);
        input["plcOp"] = serde_json::to_value(&operation).unwrap();
        let reply = world.ask(with_bearer(&input, &newcomer.token(&world))).await;
        assert_eq!(refused(&reply), (400, name.to_owned()), "{operation:?}");
    }
    let mut input = newcomer.input(ALICE);
    input["plcOp"] = json!("not an operation");
    let reply = world.ask(with_bearer(&input, &newcomer.token(&world))).await;
    assert_eq!(refused(&reply), (400, "InvalidRequest".to_owned()));
    assert_eq!(newcomer.says(&world.directory), newcomer.before);
}

async fn a_did_that_is_not_there_any_more_or_here_already_does_not_come(engine: Engine) {
    let world = fronted(engine).await;
    let newcomer = Newcomer::known(&world);
    // of somebody who has an account here under it
    let resident = world.settle(&world.hosts[0], "carol.test").await;
    let last = world.directory.last(&resident.did).unwrap();
    let mut data = last.data().unwrap().clone();
    let key = draw();
    data.verification_methods
        .insert("atproto".to_owned(), key.public_key().to_did_key());
    let rotated =
        UnsignedOperation::update(&last, data.clone()).sign(&world.server.app().keys().plc_rotation);
    assert_eq!(
        world.directory.submit(&resident.did, rotated).unwrap(),
        Submission::Accepted
    );
    let here = Newcomer {
        did: resident.did,
        owner: draw(),
        key,
        before: data,
    };
    let reply = here.arrives(&world, ALICE).await;
    assert_eq!(refused(&reply), (400, "AlreadyExists".to_owned()));

    // ended while its document is still remembered
    made_known(&world, &newcomer).await;
    let last = world.directory.last(&newcomer.did).unwrap();
    let end = UnsignedOperation::tombstone(&last).sign(&newcomer.owner);
    assert_eq!(
        world.directory.submit(&newcomer.did, end).unwrap(),
        Submission::Accepted
    );
    let reply = newcomer.arrives(&world, ALICE).await;
    assert_eq!(refused(&reply), (400, "UnresolvableDid".to_owned()));
    assert!(reply.member("message").contains("tombstoned"), "{reply:?}");

    let mut web = newcomer.input(ALICE);
    web["did"] = json!("did:key:zQ3sh");
    let reply = world.ask(with_bearer(&web, &newcomer.token(&world))).await;
    assert_eq!(refused(&reply), (400, "InvalidRequest".to_owned()));
}

/// Has the service look at the document.
async fn made_known(world: &World, newcomer: &Newcomer) {
    let bad = Person {
        handle: "ab.test",
        ..ALICE
    };
    let reply = newcomer.arrives(world, bad).await;
    assert_eq!(refused(&reply), (400, "InvalidHandle".to_owned()));
}
