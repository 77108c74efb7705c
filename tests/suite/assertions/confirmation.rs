//! A key is gone when the client's host says so, and not before.

use entryway_tests::{
    Answer, Client, Document, Engine, NamedKey, Reply, TestServer, Tokens, alice, both_engines, login,
};
use serde_json::json;

use super::{PATH, Scene};

/// Longer than any document is fresh.
const LATER: i64 = 15 * 60;
const KEYS: &str = "/jwks.json";

/// From now on the keys are at a URL of their own.
fn move_keys(scene: &Scene) {
    let document = Document::confidential(scene.client.id(), &[&scene.key]);
    let document = document.with_keys_at(&scene.site.url(KEYS));
    scene.site.serve(PATH, document);
    scene.site.publish_keys(KEYS, &[&scene.key]);
    scene.server.clock().advance(LATER);
}

/// Two instances that know the one key of a client, which now publishes two, and a session by the new one that began
/// at the first instance.
struct Introduced {
    scene: Scene,
    other: TestServer,
    client: Client,
    tokens: Tokens,
}

impl Introduced {
    async fn begin(engine: Engine) -> Self {
        let scene = Scene::begin(engine).await;
        move_keys(&scene);
        let other = scene.server.another_instance().await;
        for server in [&scene.server, &other] {
            assert_eq!(scene.client.par().send(server).await.code(), 201);
        }
        let next = NamedKey::generate("key-2");
        scene.site.publish_keys(KEYS, &[&scene.key, &next]);
        let client = scene.client.asserting_with(&next);
        let tokens = login(&scene.server, &client, alice()).await;
        Self {
            scene,
            other,
            client,
            tokens,
        }
    }

    async fn refresh_at(&self, server: &TestServer) -> Reply {
        self.client.refresh(&self.tokens.refresh_token).send(server).await
    }
}

// the copy of one instance is older than the key
async fn a_key_that_an_instance_has_not_heard_of_is_not_gone(engine: Engine) {
    for answer in [Answer::status(503), Answer::raw(b"")] {
        let introduced = Introduced::begin(engine).await;
        let Introduced { scene, other, .. } = &introduced;
        scene.site.serve(PATH, answer.clone());
        scene.site.serve(KEYS, answer);
        let refused = introduced.refresh_at(other).await;
        assert!(refused.status.as_u16() >= 400, "{refused:?}");
        // the instance that knows the key goes on with it
        Tokens::of(&introduced.refresh_at(&scene.server).await);
    }
}

// nor is it for strangers to say how old the copy is
async fn guessing_names_of_keys_ends_nobody_s_session(engine: Engine) {
    let introduced = Introduced::begin(engine).await;
    let Introduced { scene, other, .. } = &introduced;
    // just before the new key was published
    scene.site.publish_keys(KEYS, &[&scene.key]);
    let stranger = Client::with(scene.client.id(), scene.client.redirect_uri(), "atproto");
    let guess = stranger.par().asserted_by(&NamedKey::generate("guess"));
    assert_eq!(
        guess.send(other).await.refusal(),
        (400, "invalid_client".to_owned())
    );
    let next = introduced.client.assertion_key().unwrap();
    scene.site.publish_keys(KEYS, &[&scene.key, next]);
    // whether or not it is known already, the session is not over
    introduced.refresh_at(other).await;
    Tokens::of(&introduced.refresh_at(&scene.server).await);
}

// the emergency stop of a client whose only key leaked
async fn a_key_set_without_any_key_of_use_ends_the_sessions_of_its_keys(engine: Engine) {
    let other = NamedKey::of("ES384", "key-1");
    for keys in [json!([]), json!([other.public()])] {
        let scene = Scene::begin(engine).await;
        move_keys(&scene);
        let first = scene.client.refresh(&scene.tokens.refresh_token);
        let tokens = Tokens::of(&first.send(&scene.server).await);
        let refresh = || scene.client.refresh(&tokens.refresh_token);
        scene.site.serve(KEYS, Answer::json(&json!({ "keys": keys })));
        scene.server.clock().advance(LATER);
        let reply = refresh().send(&scene.server).await;
        assert!(reply.status.is_client_error(), "{reply:?}");
        scene.site.publish_keys(KEYS, &[&scene.key]);
        scene.server.clock().advance(LATER);
        let over = refresh().send(&scene.server).await;
        assert_eq!(over.refusal(), (400, "invalid_grant".to_owned()));
    }
}

both_engines! {
    a_key_that_an_instance_has_not_heard_of_is_not_gone,
    guessing_names_of_keys_ends_nobody_s_session,
    a_key_set_without_any_key_of_use_ends_the_sessions_of_its_keys,
}
