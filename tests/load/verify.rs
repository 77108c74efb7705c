//! What it costs to verify a request in front of a resource, in this process and on this core alone.
//!
//! Nothing is sent: proofs are signed ahead of time in batches, and only their verification is timed. The
//! first round of every session verifies its token too; the timed ones find it believed already.

use std::fmt;
use std::fs::File;
use std::io::{BufWriter, Write as _};
use std::path::{Path, PathBuf};
use std::time::Instant;

use anyhow::{Context as _, ensure};
use clap::Args;
use entryway_oauth::access_token::{AccessTokenClaims, AccessTokenKey, Confirmation, TokenId, TokenScope};
use entryway_oauth::dpop::access_token_hash;
use entryway_oauth::issuer::Issuer;
use entryway_oauth::jwk::PublicKey;
use entryway_oauth::nonce::NonceKey;
use entryway_oauth::secret::{ServerKey, SessionId};
use entryway_oauth::time::{Seconds, Timestamp};
use entryway_resource::{Clock, IssuerKeys, Limits, TrustedIssuer, Verifier, VerifierConfig, system_clock};
use entryway_scope::{Did, ScopeSet};
use entryway_tests::Key;
use http::HeaderMap;
use http::header::AUTHORIZATION;
use serde_json::json;

use crate::cores;
use crate::figures::median_of;
use crate::floor::Floor;
use crate::options::Options;
use crate::signer::{Es256, random_text};

#[derive(Args, Clone, Debug)]
pub(crate) struct Arguments {
    /// Sessions, each with a token of its own.
    #[arg(long, default_value_t = 64)]
    sessions: usize,
    /// Calls that are verified in each round.
    #[arg(long, default_value_t = 20_000)]
    calls: usize,
    /// How often.
    #[arg(long, default_value_t = 1)]
    rounds: usize,
    /// The core of this program.
    #[arg(long, default_value_t = 1)]
    core: usize,
    /// Write the calls that would be timed to this file instead, for another verifier.
    #[arg(long, value_name = "FILE")]
    write_calls: Option<PathBuf>,
}

const ISSUER: &str = "http://localhost:2583";
const RESOURCE: &str = "http://localhost:2584";
const AUDIENCE: &str = "did:web:pds.test";
const METHOD: &str = "POST";
const PATH: &str = "/xrpc/com.atproto.repo.createRecord";
const SCOPE: &str = "atproto repo:app.bsky.feed.post repo:app.bsky.feed.like blob:image/* \
                     rpc:app.bsky.feed.getTimeline?aud=did:web:api.bsky.app%23bsky_appview";
/// Keys of clients: making one for each session would take longer than everything else.
const CLIENT_KEYS: usize = 64;

/// Measures, and prints a line for each round and one for the memory.
pub(crate) async fn measure(size: &Arguments) -> anyhow::Result<()> {
    cores::keep_to(size.core)?;
    let scene = Scene::new(size.sessions)?;
    if let Some(path) = &size.write_calls {
        return scene.write_requests(path, size.calls);
    }
    let before = cores::resident_mib(std::process::id())?;
    let mut first = Vec::with_capacity(size.sessions);
    for batch in 0..size.sessions.div_ceil(BATCH) {
        let range = batch * BATCH..size.sessions.min((batch + 1) * BATCH);
        first.push(scene.timed(range).await? * 1e6);
    }
    let first: f64 = first.iter().sum::<f64>() / f64::from(u32::try_from(size.sessions)?);
    println!(
        "verify     first call of a session {first:>6.1} us   {} sessions in {:.0} MiB",
        size.sessions,
        cores::resident_mib(std::process::id())? - before
    );
    let mut all = Vec::new();
    for round in 0..size.rounds {
        let figures = scene.round(round * size.calls, size.calls).await?;
        println!("{figures}");
        all.push(figures.wall / figures.floor);
    }
    println!("verify     median {:.2} times the floor", median_of(all));
    Ok(())
}

/// Microseconds of a call.
struct Figures {
    wall: f64,
    cpu: f64,
    /// Of one ES256 verification here and now.
    floor: f64,
}

impl fmt::Display for Figures {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { wall, cpu, floor } = self;
        write!(
            formatter,
            "verify     {:>7.0} requests/s on one core   {wall:>5.1} us ({cpu:>5.1} us CPU) = {:.2} times \
             {floor:.1} us of one ES256 verification, which is {:.0} %",
            1e6 / wall,
            wall / floor,
            100.0 * floor / cpu,
        )
    }
}

/// Ours beside npm `OAuthVerifier` on the same calls: CPU of a call in microseconds.
pub(crate) struct Comparison {
    pub(crate) own_us: f64,
    pub(crate) reference_us: f64,
    /// The median over pairs.
    pub(crate) ratio: f64,
    /// Percent of ours that is the one signature of a call.
    pub(crate) share: f64,
}

/// Has both verify the same number of calls in turn, on this core.
pub(crate) async fn compare(node: &Path, options: &Options) -> anyhow::Result<Comparison> {
    let scene = Scene::new(options.sessions)?;
    scene.timed(0..options.sessions).await?;
    let folder = tempfile::tempdir()?;
    let file = folder.path().join("calls");
    let mut rounds = Vec::new();
    for round in 0..options.rounds {
        scene.write_requests(&file, CALLS)?;
        let reference_us = reference_us(node, &file).await?;
        let own = scene.round(round * CALLS, CALLS).await?;
        eprintln!("reference  {reference_us:.1} us CPU for a verified call\n{own}");
        rounds.push((reference_us, own));
    }
    let median = |of: fn(&(f64, Figures)) -> f64| median_of(rounds.iter().map(of).collect());
    Ok(Comparison {
        own_us: median(|(_, own)| own.cpu),
        reference_us: median(|(reference_us, _)| *reference_us),
        ratio: median(|(reference_us, own)| reference_us / own.cpu),
        share: median(|(_, own)| 100.0 * own.floor / own.cpu),
    })
}

/// In each round of a comparison.
const CALLS: usize = 20_000;
const PROGRAM: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/load/oauth-verifier.mjs");

async fn reference_us(node: &Path, calls: &Path) -> anyhow::Result<f64> {
    let mut command = tokio::process::Command::new(node);
    let output = command.arg(PROGRAM).arg(calls).arg("--json").output().await;
    let output = output.context("starting node")?;
    ensure!(
        output.status.success(),
        "{}",
        String::from_utf8_lossy(&output.stderr)
    );
    let timed: serde_json::Value = serde_json::from_slice(&output.stdout)?;
    timed["cpu_us"].as_f64().context("microseconds")
}

struct Scene {
    verifier: Verifier,
    clock: Clock,
    nonces: NonceKey,
    keys: Vec<(Es256, String)>,
    tokens: Vec<String>,
}

/// Requests signed at a time.
const BATCH: usize = 5_000;
/// Everybody's who wants to verify the same requests.
const NONCE_SECRET: [u8; 32] = [5; 32];
const TOKEN_KEY: [u8; 32] = [7; 32];

impl Scene {
    fn new(sessions: usize) -> anyhow::Result<Self> {
        let token_key = AccessTokenKey::from_bytes(&TOKEN_KEY).context("a scalar")?;
        let clock = system_clock();
        let client_keys: Vec<Key> = (0..CLIENT_KEYS).map(|_| Key::generate()).collect();
        let tokens = (0..sessions)
            .map(|n| token(&token_key, &client_keys[n % CLIENT_KEYS], n, clock().wall))
            .collect::<anyhow::Result<_>>()?;
        let keys = client_keys.iter().map(|key| {
            let header = json!({ "typ": "dpop+jwt", "alg": "ES256", "jwk": key.public() });
            Ok((Es256::of(key)?, Es256::header(&header)))
        });
        let keys = keys.collect::<anyhow::Result<_>>()?;
        let pinned = IssuerKeys::pinned(vec![token_key.public().clone()])?;
        let verifier = Verifier::new(VerifierConfig {
            issuers: vec![TrustedIssuer::new(Issuer::parse(ISSUER)?, pinned)],
            audience: Did::parse(AUDIENCE)?,
            public_url: Issuer::parse(RESOURCE)?,
            nonces: NonceKey::new(ServerKey::new(NONCE_SECRET)),
            limits: Limits {
                cached_token_bytes_max: 1024 * 1024 * 1024,
                ..Limits::default()
            },
        });
        Ok(Self {
            verifier,
            clock,
            nonces: NonceKey::new(ServerKey::new(NONCE_SECRET)),
            keys,
            tokens,
        })
    }

    /// One request of each of these sessions, from the first again after the last.
    fn requests(&self, sessions: std::ops::Range<usize>) -> anyhow::Result<Vec<HeaderMap>> {
        sessions
            .map(|session| self.request(session % self.tokens.len()))
            .collect()
    }

    fn request(&self, session: usize) -> anyhow::Result<HeaderMap> {
        let token = &self.tokens[session];
        let (key, header) = &self.keys[session % CLIENT_KEYS];
        let now = (self.clock)().wall;
        let claims = format!(
            r#"{{"jti":"{}","htm":"{METHOD}","htu":"{RESOURCE}{PATH}","iat":{},"nonce":"{}","ath":"{}"}}"#,
            random_text()?,
            now.seconds(),
            self.nonces.issue(now),
            access_token_hash(token),
        );
        let mut headers = HeaderMap::new();
        headers.insert(AUTHORIZATION, format!("DPoP {token}").parse()?);
        headers.insert("dpop", key.compact(header, &claims)?.parse()?);
        Ok(headers)
    }

    /// Calls of the sessions from `first` on, so that all of them stay in use.
    async fn round(&self, first: usize, calls: usize) -> anyhow::Result<Figures> {
        let floor_before = Floor::measure()?;
        let (mut seconds, mut done, mut cpu) = (0.0, 0, 0.0);
        while done < calls {
            let count = BATCH.min(calls - done);
            let requests = self.requests(first + done..first + done + count)?;
            let cpu_before = cores::own_seconds()?;
            seconds += self.verify(&requests).await?;
            cpu += cores::own_seconds()? - cpu_before;
            done += count;
        }
        let count = f64::from(u32::try_from(done)?);
        Ok(Figures {
            wall: seconds * 1e6 / count,
            cpu: cpu * 1e6 / count,
            floor: floor_before.between(Floor::measure()?).verify_us,
        })
    }

    async fn timed(&self, sessions: std::ops::Range<usize>) -> anyhow::Result<f64> {
        let requests = self.requests(sessions)?;
        self.verify(&requests).await
    }

    /// Seconds for all of them.
    async fn verify(&self, requests: &[HeaderMap]) -> anyhow::Result<f64> {
        let begun = Instant::now();
        let mut verified = 0;
        for headers in requests {
            let answer = self.verifier.verify(METHOD, PATH, headers, &self.clock).await;
            verified += usize::from(answer.is_ok());
        }
        let seconds = begun.elapsed().as_secs_f64();
        ensure!(verified == requests.len(), "a request was refused");
        Ok(seconds)
    }

    /// The same work for another verifier: a line with what it must know, then a line for each request.
    fn write_requests(&self, path: &Path, count: usize) -> anyhow::Result<()> {
        let mut file = BufWriter::new(File::create(path)?);
        let key = AccessTokenKey::from_bytes(&TOKEN_KEY).context("a scalar")?;
        let known = json!({
            "issuer": ISSUER, "resource": RESOURCE, "audience": AUDIENCE, "method": METHOD, "path": PATH,
            "key_hex": key.public_hex(), "dpop_secret": NONCE_SECRET,
        });
        writeln!(file, "{known}")?;
        for n in 0..count {
            let headers = self.request(n % self.tokens.len())?;
            let text = |name: &str| headers[name].to_str().map(str::to_owned);
            let request = json!({ "authorization": text("authorization")?, "dpop": text("dpop")? });
            writeln!(file, "{request}")?;
        }
        Ok(file.flush()?)
    }
}

fn token(key: &AccessTokenKey, client: &Key, n: usize, now: Timestamp) -> anyhow::Result<String> {
    let mut id = [0; 16];
    id[..8].copy_from_slice(&(n as u64).to_be_bytes());
    let jwk = PublicKey::from_json(&client.public().to_string()).map_err(|_| anyhow::anyhow!("a key"))?;
    Ok(key.sign(&AccessTokenClaims {
        iss: Issuer::parse(ISSUER)?,
        aud: AUDIENCE.to_owned(),
        sub: Did::parse("did:plc:ewvi7nxzyoun6zhxrhs64oiz")?,
        jti: TokenId::from_entropy(id),
        iat: now,
        exp: now + Seconds::minutes(60),
        client_id: "https://app.example.com/oauth-client-metadata.json".to_owned(),
        scope: TokenScope::Permissions(ScopeSet::parse(SCOPE)?),
        cnf: Confirmation {
            jkt: jwk.thumbprint(),
        },
        sid: SessionId::from_entropy(id),
    }))
}
