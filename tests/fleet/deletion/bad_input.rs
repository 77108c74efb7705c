//! Who may not delete an account, and what tells nothing of it.

use entryway_tests::both_engines;

use super::*;

both_engines! {
    a_wrong_password_and_an_unknown_did_are_refused_alike,
    a_code_is_the_accounts_own_for_this_and_new,
    a_body_that_is_none_deletes_nothing,
    whoever_guesses_is_stopped,
}

const NOBODY: &str = "did:plc:abcdefghijklmnopqrstuvwx";

async fn a_wrong_password_and_an_unknown_did_are_refused_alike(engine: Engine) {
    let scene = Scene::open(engine).await;
    let session = Session::begin(&scene.world.server, &scene.alice).await;
    let made = procedure(CREATE_APP_PASSWORD).bearer(&session.access);
    let made = made.json(&json!({"name": "bot"})).send(&scene.world.server).await;
    let code = scene.code().await;
    for (did, password) in [
        (scene.alice.did.as_str(), "not the password".to_owned()),
        (scene.alice.did.as_str(), made.member("password")),
        (scene.alice.did.as_str(), "x".repeat(513)),
        (NOBODY, scene.alice.password.clone()),
        ("did:web:nobody.test", scene.alice.password.clone()),
    ] {
        // a code that is none is not looked at
        for token in [code.as_str(), "AAAAA-AAAAA", "junk"] {
            let input = json!({ "did": did, "password": password, "token": token });
            let reply = scene.delete(&input).await;
            assert_refused(&reply, 401, "AuthenticationRequired", "Invalid did or password");
        }
    }
    assert!(scene.is_here().await && scene.is_there());
    // nothing of that used the code up
    assert_eq!(scene.delete(&scene.input(&code)).await.code(), 200);
}

async fn a_code_is_the_accounts_own_for_this_and_new(engine: Engine) {
    let scene = Scene::open(engine).await;
    let bob = scene.world.settle(&scene.host, "bobby.test").await;
    let purpose = EmailTokenPurpose::DeleteAccount;
    let of_bob = scene.world.code(&bob.did, purpose).await.expose().to_owned();
    let other = EmailTokenPurpose::PlcOperation;
    let for_another = scene
        .world
        .code(&scene.alice.did, other)
        .await
        .expose()
        .to_owned();
    let first = scene.code().await;
    let last = scene.code().await;
    for token in [&of_bob, &for_another, &first, "AAAAA-AAAAA", "junk", "AAAAA"] {
        let reply = scene.delete(&scene.input(token)).await;
        assert_refused(&reply, 400, "InvalidToken", "Token is invalid");
    }
    scene.world.server.clock().advance(899);
    let newer = scene.code().await;
    scene.world.server.clock().advance(900);
    let reply = scene.delete(&scene.input(&newer)).await;
    assert_refused(&reply, 400, "ExpiredToken", "Token is expired");
    let reply = scene.delete(&scene.input(&last)).await;
    assert_refused(&reply, 400, "InvalidToken", "Token is invalid");
    assert!(scene.is_here().await && scene.is_there());
    // in small letters, and to the last second
    let good = scene.code().await;
    scene.world.server.clock().advance(899);
    let reply = scene.delete(&scene.input(&good.to_lowercase())).await;
    assert_eq!(reply.code(), 200, "{reply:?}");
}

async fn a_body_that_is_none_deletes_nothing(engine: Engine) {
    let scene = Scene::open(engine).await;
    let (whole, did) = (scene.input(&scene.code().await), scene.alice.did.as_str());
    for member in ["did", "password", "token"] {
        let mut input = whole.clone();
        for wrong in [json!(null), json!(3), json!(""), json!([did])] {
            input[member] = wrong;
            assert_eq!(scene.delete(&input).await.code(), 400, "{input}");
        }
    }
    for wrong in [
        "alice.test",
        "alice@mail.example",
        "did:key:zQ3shokFTS3brHcDQrn82RUDfCZESWL1ZdCEJwekUDPQiYBme",
    ] {
        let mut input = whole.clone();
        input["did"] = json!(wrong);
        assert_eq!(scene.delete(&input).await.code(), 400, "{input}");
    }
    let repeated = format!("{{\"did\": \"{NOBODY}\",{}", &whole.to_string()[1..]);
    let reply = procedure(DELETE_ACCOUNT)
        .raw(&repeated)
        .send(&scene.world.server)
        .await;
    assert_eq!(reply.code(), 400);
    let reply = query(DELETE_ACCOUNT).send(&scene.world.server).await;
    assert_eq!(reply.code(), 405);
    assert!(scene.is_here().await && scene.is_there());
}

//
async fn whoever_guesses_is_stopped(engine: Engine) {
    let world = World::start_with(engine, 1, |config| config.limit_sign_ins = true).await;
    let host = world.hosts[0].clone();
    let alice = world.settle(&host, "alice.test").await;
    let scene = Scene { world, host, alice };
    let code = scene.code().await;
    let stranger = scene.world.server.seen_from("203.0.113.9");
    let guess = |password: &str, token: &str| {
        let input = json!({ "did": scene.alice.did, "password": password, "token": token });
        procedure(DELETE_ACCOUNT).json(&input)
    };
    for _ in 0..15 {
        assert_eq!(guess("not the password", &code).send(&stranger).await.code(), 401);
        // the code is guessed as slowly
        let reply = guess(&scene.alice.password, "AAAAA-AAAAA").send(&stranger).await;
        assert_eq!(reply.code(), 400);
    }
    let reply = guess(&scene.alice.password, &code).send(&stranger).await;
    assert_refused(&reply, 429, "RateLimitExceeded", "Rate Limit Exceeded");
    assert!(scene.is_here().await);
    let owner = scene.world.server.seen_from("203.0.113.10");
    assert_eq!(guess(&scene.alice.password, &code).send(&owner).await.code(), 200);
}
