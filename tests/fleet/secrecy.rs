//! What the log and the database hold of sessions: nothing that lets somebody in (R-513, R-521, A1).

use entryway_tests::{Engine, both_engines, log, secrets};
use serde_json::json;

use crate::scene::{
    CREATE_APP_PASSWORD, CREATE_SESSION, DELETE_SESSION, GET_SESSION, Session, lived_in, refresh, sign_in,
};
use crate::service_tokens::token::Signer;
use crate::xrpc::{procedure, query};

// R-513, A1, R-521
async fn the_most_talkative_log_holds_no_secret_of_a_session(engine: Engine) {
    let capture = log::capture();
    let before = secrets::count();
    let (world, _, alice) = lived_in(engine).await;
    let server = &world.server;
    let session = Session::begin(server, &alice).await;
    let made = procedure(CREATE_APP_PASSWORD).bearer(&session.access);
    let made = made.json(&json!({"name": "bot"})).send(server).await;
    let app = Session::of(&sign_in(server, "alice.test", &made.member("password")).await);
    let next = Session::of(&refresh(server, &session.refresh).await);
    // refused in every place a secret can stand
    for token in [&session.refresh, &app.access, &next.access] {
        refresh(server, token).await;
        let misplaced = query(GET_SESSION).header("authorization", token);
        misplaced.send(server).await;
        procedure(CREATE_SESSION)
            .bearer(token)
            .raw(token)
            .send(server)
            .await;
    }
    sign_in(server, &alice.password, &alice.password).await;
    sign_in(server, "bob.test", &alice.password).await;
    procedure(DELETE_SESSION).bearer(&next.refresh).send(server).await;
    let signer = Signer::settle(engine).await;
    let token = signer.token(GET_SESSION);
    for _ in 0..2 {
        query(GET_SESSION).bearer(&token).send(&signer.world.server).await;
    }
    let issued = secrets::since(before);
    assert!(issued.len() >= 10, "{}", issued.len());
    let heard = capture.heard();
    let found: Vec<&str> = secrets::found_in(&heard, &issued).into_iter().collect();
    assert_eq!(found, Vec::<&str>::new());
    let heard = String::from_utf8(heard).unwrap();
    for event in ["session begun", "app password made", "session ended"] {
        let did = format!("account.did={}", alice.did);
        let mut lines = heard.lines().filter(|line| line.contains(event));
        assert!(lines.any(|line| line.contains(&did)), "{event}");
    }
}

both_engines! {
    the_most_talkative_log_holds_no_secret_of_a_session,
}
