//! Sign-in without a question: for clients nobody can pass for, and for what was granted before.

mod clients;
mod consents;
mod sign_ins;

use entryway_tests::{
    Browser, Call, Client, ClientSite, Engine, NamedKey, Page, Pushed, Step, TestServer, Tokens, alice,
};

const BOTH: &str = "atproto transition:generic";

/// A client that has alice's consent for [`BOTH`], and the browser she gave it in.
struct Scene {
    site: ClientSite,
    server: TestServer,
    client: Client,
    browser: Browser,
}

impl Scene {
    async fn confidential(engine: Engine) -> Self {
        let (site, key) = (ClientSite::http().await, NamedKey::generate("key-1"));
        let client = site.confidential_client("/client.json", &key);
        Self::begin(engine, site, client).await
    }

    async fn public(engine: Engine) -> Self {
        let site = ClientSite::http().await;
        let client = site.public_client("/client.json");
        Self::begin(engine, site, client).await
    }

    async fn begin(engine: Engine, site: ClientSite, client: Client) -> Self {
        Self::at(TestServer::start(engine).await, site, client).await
    }

    async fn at(server: TestServer, site: ClientSite, client: Client) -> Self {
        let mut browser = Browser::new();
        let pushed = client.push(&server).await;
        browser.approve(&server, &pushed, alice()).await.code();
        Self {
            site,
            server,
            client,
            browser,
        }
    }

    /// Pushes a request that is changed so, and opens it.
    async fn open(&mut self, change: impl FnOnce(Call) -> Call) -> (Pushed, Step) {
        let pushed = self.client.push_with(&self.server, change).await;
        let url = pushed.url(&self.server);
        let step = self.browser.open_url(&self.server, &url).await;
        (pushed, step)
    }

    /// A request is granted without a page, and its code is good for tokens of this scope.
    async fn assert_silent(&mut self, change: impl FnOnce(Call) -> Call, scope: &str) {
        let (pushed, step) = self.open(change).await;
        let landing = step.left();
        assert_eq!(landing.parameter("state"), Some(pushed.state.as_str()));
        assert_eq!(landing.parameter("iss"), Some(self.server.issuer()));
        let exchange = self.client.exchange(&pushed, landing.code());
        let tokens = Tokens::of(&exchange.send(&self.server).await);
        assert_eq!((tokens.scope.as_str(), tokens.sub.as_str()), (scope, alice().did));
        assert_eq!(tokens.unverified().1["sub"], alice().did);
    }

    /// A request that must not be asked about is refused with this code.
    async fn assert_refused(&mut self, change: impl FnOnce(Call) -> Call, code: &str) {
        let (_, step) = self.open(|call| change(none(call))).await;
        let landing = step.left();
        assert_eq!(landing.parameter("error"), Some(code));
        assert_eq!(landing.parameter("code"), None);
    }

    /// The person says yes on the page.
    async fn authorize(&mut self, page: &Page) {
        let step = self.browser.press(&self.server, page, "Authorize", &[]).await;
        step.left().code();
    }

    /// A request leads to the consent page.
    async fn assert_asked(&mut self, change: impl FnOnce(Call) -> Call) -> Page {
        let (_, step) = self.open(change).await;
        let page = step.page();
        assert!(page.buttons().contains(&"Authorize"), "{}", page.text);
        page
    }
}

fn none(call: Call) -> Call {
    call.with("prompt", "none")
}

fn hinted(call: Call) -> Call {
    call.with("login_hint", "alice.test")
}
