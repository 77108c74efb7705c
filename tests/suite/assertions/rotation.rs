//! Keys that come and go: a session belongs to the key it began with, for as long as that is published (R-231,
//!

use entryway_tests::{
    Answer, Client, Document, Engine, Key, NamedKey, TestServer, Tokens, alice, at_once, both_engines, login,
    push_and_approve,
};

use super::{PATH, Scene, fault_of};

/// Longer than any document is fresh.
const LATER: i64 = 15 * 60;
const KEYS: &str = "/jwks.json";

const CHANGED: &str = "client_assertion is signed by another key than the one this grant is bound to";
const REMOVED: &str = "the client no longer publishes the key of this session, which has been ended";
const UNKNOWN: &str = "kid must name a key of the client's jwks that fits alg";

/// A client whose keys are elsewhere, or in its document.
struct Rotating {
    scene: Scene,
    elsewhere: bool,
}

impl Rotating {
    async fn begin(engine: Engine, elsewhere: bool) -> Self {
        let rotating = Self {
            scene: Scene::begin(engine).await,
            elsewhere,
        };
        rotating.publish(&[&rotating.scene.key]);
        rotating
    }

    /// Publishes these keys, and waits until that is known.
    fn publish(&self, keys: &[&NamedKey]) {
        self.publish_now(keys);
        self.scene.server.clock().advance(LATER);
    }

    fn publish_now(&self, keys: &[&NamedKey]) {
        let Scene { site, client, .. } = &self.scene;
        let document = Document::confidential(client.id(), keys);
        if self.elsewhere {
            site.serve(PATH, document.with_keys_at(&site.url(KEYS)));
            site.publish_keys(KEYS, keys);
        } else {
            site.serve(PATH, document);
        }
    }

    fn server(&self) -> &TestServer {
        &self.scene.server
    }

    fn client(&self) -> &Client {
        &self.scene.client
    }

    async fn refresh(&self, client: &Client, tokens: &Tokens) -> Tokens {
        Tokens::of(&client.refresh(&tokens.refresh_token).send(self.server()).await)
    }

    /// A refresh is refused, and the session is over or not.
    async fn refused(&self, client: &Client, tokens: &Tokens, sentence: &str) {
        let reply = client.refresh(&tokens.refresh_token).send(self.server()).await;
        assert_eq!(reply.refusal(), (400, "invalid_grant".to_owned()));
        assert_eq!(reply.member("error_description"), sentence);
    }
}

// while both are published, each session has its own
async fn a_session_goes_on_with_its_key_while_the_next_one_is_introduced(engine: Engine) {
    for elsewhere in [false, true] {
        let rotating = Rotating::begin(engine, elsewhere).await;
        let (old, next) = (rotating.client(), NamedKey::generate("key-2"));
        rotating.publish(&[&rotating.scene.key, &next]);
        let new = old.asserting_with(&next);
        let old_tokens = rotating.refresh(old, &rotating.scene.tokens).await;
        let new_tokens = login(rotating.server(), &new, alice()).await;
        // another of its keys is refused, and ends nothing
        rotating.refused(&new, &old_tokens, CHANGED).await;
        rotating.refused(old, &new_tokens, CHANGED).await;
        rotating.refresh(old, &old_tokens).await;
        rotating.refresh(&new, &new_tokens).await;
    }
}

// at the next refresh, by whichever key it is asked for; for good, and that session alone
async fn a_session_ends_with_its_key(engine: Engine) {
    for elsewhere in [false, true] {
        for with_its_own in [true, false] {
            let rotating = Rotating::begin(engine, elsewhere).await;
            let (old, next) = (rotating.client(), NamedKey::generate("key-2"));
            rotating.publish(&[&rotating.scene.key, &next]);
            let new = old.asserting_with(&next);
            let new_tokens = login(rotating.server(), &new, alice()).await;
            rotating.publish(&[&next]);
            let presenter = if with_its_own { old } else { &new };
            rotating.refused(presenter, &rotating.scene.tokens, REMOVED).await;
            // publishing it again brings nothing back
            rotating.publish(&[&rotating.scene.key, &next]);
            let over = "refresh_token is unknown or expired, or its session has ended";
            rotating.refused(old, &rotating.scene.tokens, over).await;
            rotating.refresh(&new, &new_tokens).await;
            login(rotating.server(), old, alice()).await;
        }
    }
}

// the name of a key is not the key
async fn another_key_of_the_same_name_is_another_key(engine: Engine) {
    let rotating = Rotating::begin(engine, true).await;
    let replaced = NamedKey::generate("key-1");
    rotating.publish(&[&replaced]);
    let client = rotating.client().asserting_with(&replaced);
    rotating.refused(&client, &rotating.scene.tokens, REMOVED).await;
    // and the same key by another name cannot be told from it
    let tokens = login(rotating.server(), &client, alice()).await;
    let renamed = NamedKey {
        kid: "key-2".to_owned(),
        ..replaced
    };
    rotating.publish(&[&renamed]);
    let client = client.asserting_with(&renamed);
    rotating.refused(&client, &tokens, REMOVED).await;
}

// whoever holds neither token nor key of the session ends nothing, even where it is to end
async fn a_stranger_does_not_end_a_session_whose_key_is_gone(engine: Engine) {
    let rotating = Rotating::begin(engine, false).await;
    let next = NamedKey::generate("key-2");
    let (client, tokens) = (rotating.client(), &rotating.scene.tokens);
    rotating.publish(&[&next]);
    let refresh = || client.asserting_with(&next).refresh(&tokens.refresh_token);
    let stranger = refresh()
        .signed_by(&Key::generate())
        .send(rotating.server())
        .await;
    assert_eq!(stranger.refusal(), (400, "invalid_grant".to_owned()));
    let without = refresh().without_proof().send(rotating.server()).await;
    assert_eq!(without.refusal(), (400, "invalid_dpop_proof".to_owned()));
    let forged = client.refresh("ref-").send(rotating.server()).await;
    assert!(forged.status.is_client_error());
    rotating.publish(&[&rotating.scene.key]);
    rotating.refresh(client, tokens).await;
}

// another algorithm is registered, the key is still published: the session waits for it
async fn another_algorithm_holds_a_session_up_and_ends_it_not(engine: Engine) {
    let rotating = Rotating::begin(engine, false).await;
    let (client, tokens, site) = (rotating.client(), &rotating.scene.tokens, &rotating.scene.site);
    let other = NamedKey::of("ES384", "key-2");
    let both = Document::confidential(client.id(), &[&other, &rotating.scene.key]);
    site.serve(PATH, both);
    rotating.server().clock().advance(LATER);
    let reply = client
        .refresh(&tokens.refresh_token)
        .send(rotating.server())
        .await;
    assert_eq!(
        fault_of(&reply),
        "alg must be the token_endpoint_auth_signing_alg of the client metadata"
    );
    rotating
        .refused(&client.asserting_with(&other), tokens, CHANGED)
        .await;
    rotating.publish(&[&rotating.scene.key]);
    rotating.refresh(client, tokens).await;
}

// what was asked for with one key is not fetched with another
async fn a_code_is_exchanged_with_the_key_it_was_asked_for_with(engine: Engine) {
    let rotating = Rotating::begin(engine, false).await;
    let (client, next) = (rotating.client(), NamedKey::generate("key-2"));
    rotating.publish(&[&rotating.scene.key, &next]);
    let (pushed, landing) = push_and_approve(rotating.server(), client, alice()).await;
    let exchange = |client: &Client| client.exchange(&pushed, landing.code());
    let reply = exchange(&client.asserting_with(&next))
        .send(rotating.server())
        .await;
    assert_eq!(reply.refusal(), (400, "invalid_grant".to_owned()));
    assert_eq!(reply.member("error_description"), CHANGED);
    let tokens = Tokens::of(&exchange(client).send(rotating.server()).await);
    rotating.refresh(client, &tokens).await;
}

// any published key revokes; it is the client that takes back, not the key
async fn any_of_a_client_s_keys_revokes(engine: Engine) {
    let rotating = Rotating::begin(engine, false).await;
    let next = NamedKey::generate("key-2");
    rotating.publish(&[&rotating.scene.key, &next]);
    let client = rotating.client().asserting_with(&next);
    let tokens = &rotating.scene.tokens;
    assert_eq!(
        client
            .revoke(&tokens.refresh_token)
            .send(rotating.server())
            .await
            .code(),
        200
    );
    let over = "refresh_token is unknown or expired, or its session has ended";
    rotating.refused(rotating.client(), tokens, over).await;
}

// a key that is new is known at once, and guessing names costs four fetches in half a minute
async fn an_unknown_name_asks_for_the_keys_now_and_then(engine: Engine) {
    for elsewhere in [false, true] {
        let rotating = Rotating::begin(engine, elsewhere).await;
        let (server, client) = (rotating.server(), rotating.client());
        let path = if elsewhere { KEYS } else { PATH };
        let hits = || rotating.scene.site.hits(path);
        assert_eq!(client.par().send(server).await.code(), 201);
        let before = hits();
        // introduced and used in the same second
        let next = NamedKey::generate("key-2");
        rotating.publish_now(&[&rotating.scene.key, &next]);
        let new = client.asserting_with(&next);
        assert_eq!(new.par().send(server).await.code(), 201);
        assert_eq!(hits(), before + 1);
        let guess = |number: usize| {
            let call = client.par();
            call.assertion(move |draft| draft.header["kid"] = format!("guess-{number}").into())
        };
        // the second it was asked in, the last of the half minute, the first after, and the one after that
        for (seconds, asked) in [(0, 4), (29, 4), (1, 8), (1, 8), (29, 12)] {
            server.clock().advance(seconds);
            for number in 0..20 {
                assert_eq!(fault_of(&guess(number).send(server).await), UNKNOWN);
            }
            assert_eq!(hits(), before + asked, "{seconds}");
        }
        // one name is asked for once in that time, however often it is said
        server.clock().advance(30);
        for _ in 0..20 {
            assert_eq!(fault_of(&guess(0).send(server).await), UNKNOWN);
        }
        assert_eq!(hits(), before + 13);
        assert_eq!(client.par().send(server).await.code(), 201);
    }
}

//
async fn sixty_four_unknown_names_at_once_ask_for_the_keys_four_times_at_most(engine: Engine) {
    let rotating = Rotating::begin(engine, true).await;
    let (server, client) = (rotating.server(), rotating.client());
    assert_eq!(client.par().send(server).await.code(), 201);
    let before = rotating.scene.site.hits(KEYS);
    let guesses = (0..64).map(|number| {
        let call = client.par();
        let call = call.assertion(move |draft| draft.header["kid"] = format!("guess-{number}").into());
        let server = server.clone();
        async move { fault_of(&call.send(&server).await) }
    });
    assert_eq!(at_once(guesses).await, vec![UNKNOWN; 64]);
    let asked = rotating.scene.site.hits(KEYS) - before;
    assert!((1..=4).contains(&asked), "{asked}");
}

// that nothing can be fetched for the moment takes no key away
async fn an_unknown_name_while_the_host_is_down_is_just_unknown(engine: Engine) {
    let rotating = Rotating::begin(engine, true).await;
    let (server, client) = (rotating.server(), rotating.client());
    let tokens = rotating.refresh(client, &rotating.scene.tokens).await;
    for answer in [Answer::status(503), Answer::status(404), Answer::raw(b"")] {
        rotating.scene.site.serve(KEYS, answer);
        server.clock().advance(30);
        let unknown = client.asserting_with(&NamedKey::generate("key-2"));
        assert_eq!(
            fault_of(&unknown.refresh(&tokens.refresh_token).send(server).await),
            UNKNOWN
        );
        assert_eq!(client.par().send(server).await.code(), 201);
    }
    rotating.refresh(client, &tokens).await;
}

both_engines! {
    a_session_goes_on_with_its_key_while_the_next_one_is_introduced,
    a_session_ends_with_its_key,
    another_key_of_the_same_name_is_another_key,
    a_stranger_does_not_end_a_session_whose_key_is_gone,
    another_algorithm_holds_a_session_up_and_ends_it_not,
    a_code_is_exchanged_with_the_key_it_was_asked_for_with,
    any_of_a_client_s_keys_revokes,
    an_unknown_name_asks_for_the_keys_now_and_then,
    sixty_four_unknown_names_at_once_ask_for_the_keys_four_times_at_most,
    an_unknown_name_while_the_host_is_down_is_just_unknown,
}
