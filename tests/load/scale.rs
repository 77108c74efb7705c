//! The same refreshes among few sessions and among many: what the size of the tables costs.

use std::collections::{BTreeSet, VecDeque};

use anyhow::Context as _;
use clap::Args;
use entryway_core::refresh_token::RefreshTokenKey;
use entryway_oauth::secret::SessionId;
use entryway_server::Clock;
use entryway_store::ENDED_SESSION_KEPT;
use entryway_tests::{Database, Fill};
use serde_json::json;
use sqlx::{AnyConnection, Connection as _, Row as _};

use crate::client::{Client, SCOPE};
use crate::cores;
use crate::drive::{Callers, drive};
use crate::figures::{Figures, Load, median};
use crate::floor::Floor;
use crate::options::Options;
use crate::refresh::refresher;
use crate::target::Target;

#[derive(Args, Debug)]
pub(crate) struct Arguments {
    #[command(flatten)]
    options: Options,
    /// Sessions in the database, from few to many; there is an account for every ten of them.
    #[arg(long, value_delimiter = ',', default_values_t = [10_000, 10_000_000])]
    sizes: Vec<u64>,
    /// How many of them are refreshed at most, spread over all.
    #[arg(long, default_value_t = 4_000)]
    spread: usize,
    /// Sessions to add at the end that are long over, so that the last rounds are beside their sweep.
    #[arg(long, default_value_t = 0)]
    long_over: u64,
}

/// Measures at each size, on SQLite and then on PostgreSQL.
pub(crate) async fn measure(arguments: &Arguments) -> anyhow::Result<()> {
    cores::keep_to(arguments.options.own_core())?;
    measure_on(None, arguments).await?;
    if let Some(cluster) = &arguments.options.database {
        measure_on(Some(Database::create_on(cluster).await), arguments).await?;
    }
    Ok(())
}

async fn measure_on(database: Option<Database>, arguments: &Arguments) -> anyhow::Result<()> {
    let options = &arguments.options;
    let mut target = Target::start(&options.server, options, database).await;
    let (mut there, mut first) = (0, None);
    for &size in &arguments.sizes {
        let sessions = size.saturating_sub(there);
        there += sessions;
        let load = refreshes(&mut target, sessions, 0, arguments).await?;
        let first = first.get_or_insert_with(|| load.clone());
        println!("{}", line(&target, there, &load, first));
    }
    if let (1.., Some(first)) = (arguments.long_over, first) {
        let load = refreshes(&mut target, 0, arguments.long_over, arguments).await?;
        let left = over(&target.database_url()?).await?;
        let mut line = line(&target, there, &load, &first);
        line["long_over"] = json!({ "before": arguments.long_over, "after": left });
        println!("{line}");
    }
    Ok(())
}

/// Adds sessions, starts the server on them and refreshes some: the median of the rounds.
async fn refreshes(
    target: &mut Target,
    sessions: u64,
    long_over: u64,
    arguments: &Arguments,
) -> anyhow::Result<Load> {
    let options = &arguments.options;
    let url = target.database_url()?;
    let key = RefreshTokenKey::new(&target.root_key()?.derive("refresh tokens"));
    target.stop().await?;
    let fill = Fill {
        accounts: sessions / 10,
        sessions,
        long_over,
        now: Clock::system().now().seconds(),
    };
    fill.into(&url).await?;
    let connections = options.connections.first().copied().unwrap_or(16);
    let mut callers = spread(target, &url, &key, connections, arguments.spread).await?;
    target.start_again().await?;
    let mut rounds = Vec::new();
    for _ in 0..options.rounds {
        let (again, load) = drive(target, callers, options.window()).await?;
        callers = again;
        let floor = Floor::measure()?;
        rounds.push(Figures { load, floor });
    }
    Ok(median(&rounds).load)
}

fn line(target: &Target, sessions: u64, load: &Load, first: &Load) -> serde_json::Value {
    let failures = load.failures.iter();
    json!({
        "engine": target.name,
        "sessions": sessions,
        "per_second": load.per_second,
        "p50_ms": load.p50_ms,
        "p99_ms": load.p99_ms,
        "cpu_us": load.cpu_us,
        "resident_mib": load.resident_mib,
        "times_slower": first.per_second / load.per_second,
        "times_p99": load.p99_ms / first.p99_ms,
        "failures": failures.map(|(failure, count)| format!("{count} {failure}")).collect::<Vec<_>>(),
    })
}

/// Sessions that the sweep has not reached.
async fn over(url: &str) -> anyhow::Result<i64> {
    let mut db = AnyConnection::connect(url).await?;
    let kept_since = Clock::system().now() - ENDED_SESSION_KEPT;
    let left = sqlx::query(OVER)
        .bind(kept_since.seconds())
        .fetch_one(&mut db)
        .await?
        .get("n");
    db.close().await?;
    Ok(left)
}

/// Makes random ones of the sessions those of our clients, and gives each client the tokens of its own.
async fn spread(
    target: &Target,
    url: &str,
    key: &RefreshTokenKey,
    connections: usize,
    count: usize,
) -> anyhow::Result<Callers> {
    let now = Clock::system().now().seconds();
    let mut db = AnyConnection::connect(url).await?;
    let did: String = sqlx::query(OURS)
        .bind(&target.account(0).handle)
        .fetch_one(&mut db)
        .await?
        .get("did");
    let (mut callers, mut taken): (Callers, BTreeSet<String>) = Default::default();
    for number in 0..connections {
        let client = Client::new(target, number)?;
        let mut tokens = VecDeque::new();
        for _ in (number..count.max(connections)).step_by(connections) {
            let somewhere = format!("ses-{}", random_hex()?);
            let found = sqlx::query(NEXT).bind(somewhere).fetch_optional(&mut db).await?;
            // nothing behind all of them
            let Some(row) = found else { continue };
            let (id, salt): (String, Vec<u8>) = (row.get("id"), row.get("salt"));
            if !taken.insert(id.clone()) {
                continue;
            }
            let take = sqlx::query(TAKE)
                .bind(&id)
                .bind(&did)
                .bind(client.id())
                .bind(SCOPE)
                .bind(client.thumbprint())
                .bind(now)
                .bind(now + 1_209_600);
            take.execute(&mut db).await?;
            let id = SessionId::parse(&id).context("the name of a session")?;
            let salt = salt.try_into().ok().context("a salt of 16 bytes")?;
            tokens.push_back(key.mint(id, &salt, 0).expose().to_owned());
        }
        callers.push(refresher(client, tokens));
    }
    db.close().await?;
    Ok(callers)
}

fn random_hex() -> anyhow::Result<String> {
    let mut bytes = [0; 16];
    aws_lc_rs::rand::fill(&mut bytes)?;
    Ok(format!("{:032x}", u128::from_be_bytes(bytes)))
}

const OURS: &str = "select did from account where handle = $1";
const OVER: &str = "select count(*) as n from oauth_session where coalesce(ended_at, expires_at) <= $1";
const NEXT: &str = "select id, salt from oauth_session where id >= $1 order by id limit 1";
const TAKE: &str = "
update oauth_session
set did = $2, client_id = $3, scope = $4, jkt = $5, generation = 0, created_at = $6, rotated_at = $6, expires_at = $7,
  ended_at = null, end_reason = null, client_key = null
where id = $1";
