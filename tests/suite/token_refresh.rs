//! Refresh and its tolerance for lost answers (D4).

use entryway_tests::{Client, Engine, TestServer, Tokens, alice, both_engines, login};

//
async fn a_refresh_gives_new_tokens_of_the_same_session(engine: Engine) {
    let (server, client) = (TestServer::start(engine).await, Client::new());
    let first = login(&server, &client, alice()).await;
    let second = Tokens::of(&client.refresh(&first.refresh_token).send(&server).await);
    assert_ne!(
        (&first.access_token, &first.refresh_token),
        (&second.access_token, &second.refresh_token)
    );
    assert_eq!((first.scope, first.sub), (second.scope, second.sub));
}

both_engines! { a_refresh_gives_new_tokens_of_the_same_session }
