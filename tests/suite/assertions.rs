//! Client authentication by `private_key_jwt`, at every endpoint.

mod claims;
mod class;
mod confirmation;
mod forgeries;
mod replay;
mod rotation;

use entryway_tests::{
    Call, Client, ClientSite, Engine, Key, NamedKey, Reply, TestServer, Tokens, alice, login,
};

/// A confidential client with a session.
struct Scene {
    site: ClientSite,
    server: TestServer,
    client: Client,
    key: NamedKey,
    tokens: Tokens,
}

/// Its document is there.
const PATH: &str = "/client.json";

impl Scene {
    async fn begin(engine: Engine) -> Self {
        let (site, server) = (ClientSite::http().await, TestServer::start(engine).await);
        let key = NamedKey::generate("key-1");
        let client = site.confidential_client(PATH, &key);
        let tokens = login(&server, &client, alice()).await;
        Self {
            site,
            server,
            client,
            key,
            tokens,
        }
    }

    /// A call of each endpoint that takes assertions, which would go well.
    fn calls(&self) -> [Call; 3] {
        [
            self.client.par(),
            self.client.refresh(&self.tokens.refresh_token),
            self.client.revoke(&self.tokens.access_token),
        ]
    }

    /// Every endpoint refuses a call that is changed so, in the same words, and the session lives.
    async fn refuse(&self, name: &str, change: impl Fn(Call) -> Call, sentence: &str) {
        for call in self.calls() {
            let named = format!("{call:?}: {name}");
            let reply = change(call).send(&self.server).await;
            assert_eq!(fault_of(&reply), sentence, "{named}");
        }
    }

    /// The owner goes on as if nothing had happened.
    async fn assert_unharmed(mut self) {
        let reply = self
            .client
            .refresh(&self.tokens.refresh_token)
            .send(&self.server)
            .await;
        self.tokens = Tokens::of(&reply);
        for call in self.calls() {
            let reply = call.send(&self.server).await;
            assert!(reply.status.is_success(), "{reply:?}");
        }
        self.server.assert_well().await;
    }
}

/// The sentence of a refusal that is about the assertion, without what each begins with.
#[track_caller]
fn fault_of(reply: &Reply) -> String {
    assert_eq!(reply.refusal(), (400, "invalid_client".to_owned()), "{reply:?}");
    let sentence = reply.member("error_description");
    let rest = sentence.strip_prefix("client_assertion: ");
    rest.unwrap_or(&sentence).to_owned()
}

/// An assertion that an owner of this key would sign, for one call.
fn asserted(scene: &Scene, key: &Key) -> NamedKey {
    NamedKey {
        kid: scene.key.kid.clone(),
        key: key.clone(),
    }
}
