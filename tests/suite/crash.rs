//! What a sudden end of the program costs: nothing that a client was told.

use std::hash::{BuildHasher as _, RandomState};
use std::sync::Arc;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use entryway_tests::{
    Client, Database, Engine, Launch, Process, Tokens, alice, at_once, binary, bob, both_engines, login,
};
use tokio::sync::watch;

const SESSIONS: usize = 16;
const ROTATIONS: usize = 1_000;
const KILLS: usize = 6;

// D1, D3, D4
async fn kill_dash_nine_amid_a_thousand_rotations_loses_no_session_and_forks_none(engine: Engine) {
    let process = Arc::new(Process::start(launch(engine).await).await);
    let holders = (0..SESSIONS).map(|number| Holder::log_in(process.clone(), number));
    let holders = at_once(holders).await;

    let (sent, mut progress) = watch::channel(0);
    let sent = Arc::new(sent);
    let rotating = holders
        .into_iter()
        .map(move |holder| holder.rotate_amid(sent.clone()));
    let rotating = tokio::spawn(at_once(rotating));
    for moment in (1..=KILLS).map(|kill| kill * ROTATIONS / (KILLS + 1) - random_below(60)) {
        progress.wait_for(|sent| *sent >= moment).await.unwrap();
        // somewhere into what the others are doing
        for _ in 0..random_below(200) {
            tokio::task::yield_now().await;
        }
        process.kill().await;
        process.start_again().await;
    }
    let holders = rotating.await.unwrap();

    let cut_off: usize = holders.iter().map(|holder| holder.cut_off).sum();
    assert!(
        cut_off >= KILLS,
        "only {cut_off} requests were cut off by {KILLS} kills"
    );
    at_once(holders.into_iter().map(Holder::prove_one_lineage)).await;
}

both_engines! { kill_dash_nine_amid_a_thousand_rotations_loses_no_session_and_forks_none }

async fn launch(engine: Engine) -> Launch {
    let (name, database) = match engine {
        Engine::Sqlite => ("crash-sqlite", None),
        Engine::Postgres => ("crash-postgresql", Some(Database::create(engine).await)),
    };
    Launch {
        binary: binary(),
        database,
        core: None,
        log_filter: "trace",
        log_name: name.to_owned(),
    }
}

/// A client with one session, and every refresh token it ever received.
struct Holder {
    process: Arc<Process>,
    client: Client,
    session: Vec<u8>,
    newest: String,
    spent: Vec<String>,
    cut_off: usize,
}

impl Holder {
    async fn log_in(process: Arc<Process>, number: usize) -> Self {
        let client = Client::named(&format!("callback/{number}"));
        let account = if number.is_multiple_of(2) { alice() } else { bob() };
        let tokens = login(&*process, &client, account).await;
        let (session, generation) = lineage(&tokens.refresh_token);
        assert_eq!(generation, 0);
        Self {
            process,
            client,
            session,
            newest: tokens.refresh_token,
            spent: Vec::new(),
            cut_off: 0,
        }
    }

    /// Rotates until all together have sent enough.
    async fn rotate_amid(mut self, sent: Arc<watch::Sender<usize>>) -> Self {
        while *sent.borrow() < ROTATIONS {
            sent.send_modify(|sent| *sent += 1);
            self.rotate().await;
        }
        // the last request may have been cut off
        self.rotate_once().await;
        self
    }

    /// Presents the token it received last, with the key it always uses.
    async fn rotate(&mut self) {
        let call = self.client.refresh(&self.newest);
        let Some(reply) = call.try_send(&*self.process).await else {
            self.cut_off += 1;
            self.process.is_up().await;
            return;
        };
        let received = Tokens::of(&reply).refresh_token;
        let spent = std::mem::replace(&mut self.newest, received);
        self.spent.push(spent);
        // the session is the same, and no generation was ever left out or given twice
        let expected = u32::try_from(self.spent.len()).unwrap();
        assert_eq!(lineage(&self.newest), (self.session.clone(), expected));
    }

    async fn rotate_once(&mut self) {
        let spent = self.spent.len();
        while self.spent.len() == spent {
            self.rotate().await;
        }
    }

    /// The newest token works and every older one is refused, whichever comes first.
    async fn prove_one_lineage(mut self) {
        self.rotate_once().await;
        // the last spent one may come again: for all the server knows, its answer was lost (D4)
        self.spent.pop();
        let first = random_below(self.spent.len());
        self.spent.rotate_left(first);
        for token in &self.spent {
            let reply = self.client.refresh(token).send(&*self.process).await;
            assert_eq!(reply.refusal(), (400, "invalid_grant".to_owned()));
        }
    }
}

/// Session and generation, where a refresh token carries them (D3).
fn lineage(refresh_token: &str) -> (Vec<u8>, u32) {
    let bytes = URL_SAFE_NO_PAD.decode(refresh_token.strip_prefix("ref-").unwrap());
    let bytes = bytes.unwrap();
    let (session, rest) = bytes.split_at(16);
    (session.to_vec(), u32::from_be_bytes(*rest.first_chunk().unwrap()))
}

fn random_below(limit: usize) -> usize {
    let random = RandomState::new().hash_one(limit);
    usize::try_from(random % u64::try_from(limit).unwrap()).unwrap()
}
