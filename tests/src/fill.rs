//! A database with as many accounts and sessions as a large deployment has.

use entryway_store::Store;
use sqlx::{AnyConnection, AssertSqlSafe, Connection as _, Executor as _, Row as _};

/// How much to put into a database.
#[derive(Clone, Copy, Debug)]
pub struct Fill {
    /// Accounts, on twenty hosts that are none of the fleet.
    pub accounts: u64,
    /// Sessions of these accounts with seventeen apps, a third of them confidential: of a hundred 85 are alive, ten
    /// are over and five were ended, all of which a sweep still keeps.
    pub sessions: u64,
    /// More sessions, which the next sweep removes.
    pub long_over: u64,
    /// Seconds since the epoch.
    pub now: i64,
}

impl Fill {
    /// Puts it into the database of this URL, which is made and migrated if it is not there and may hold other
    /// things. Nobody else may use it meanwhile: on SQLite a crash would spoil the file.
    ///
    /// # Errors
    /// Those of the database, and accounts that are there from an earlier time.
    pub async fn into(self, url: &str) -> anyhow::Result<()> {
        Store::open(url).await?.close().await;
        sqlx::any::install_default_drivers();
        let words = if url.starts_with("sqlite:") {
            SQLITE
        } else {
            POSTGRES
        };
        let mut db = AnyConnection::connect(url).await?;
        db.execute(words.before).await?;
        let written = self.write(&words, &mut db).await;
        for statement in words.after {
            db.execute(*statement).await?;
        }
        db.close().await?;
        // else the first who use it share the disk with all that is still to be written
        if let Some(path) = url.strip_prefix("sqlite://") {
            let path = path.split_once('?').map_or(path, |(path, _)| path);
            std::fs::File::open(path)?.sync_all()?;
        }
        written
    }

    async fn write(self, words: &Words, db: &mut AnyConnection) -> anyhow::Result<()> {
        let counted = "select count(*) from account where handle like '%.fill.test'";
        let known: i64 = sqlx::query(counted).fetch_one(&mut *db).await?.try_get(0)?;
        db.execute(SCRATCH).await?;
        // those of an earlier fill get sessions too
        let known = u64::try_from(known)?;
        let again = "insert into fill_account (n, did)
            select row_number() over (order by did), did from account where handle like '%.fill.test'";
        db.execute(again).await?;
        for (first, last) in batches(known + 1, known + self.accounts) {
            for statement in ACCOUNTS.split(';') {
                self.run(words, statement, "", first, last, db).await?;
            }
        }
        for (n, (client_id, scope, key, life)) in (0_i64..).zip(clients()) {
            sqlx::query(
                "insert into fill_client (n, client_id, scope, client_key, life) values ($1, $2, $3, $4, $5)",
            )
            .bind(n)
            .bind(client_id)
            .bind(scope)
            .bind(key)
            .bind(life)
            .execute(&mut *db)
            .await?;
        }
        if words.analyzes {
            db.execute("analyze fill_account; analyze fill_client").await?;
        }
        for (state, count) in [(MIXED, self.sessions), (LONG_OVER, self.long_over)] {
            for (first, last) in batches(1, count) {
                self.run(words, SESSIONS, state, first, last, db).await?;
            }
        }
        if words.analyzes {
            db.execute("analyze account; analyze taken_name; analyze oauth_session")
                .await?;
        }
        Ok(())
    }

    async fn run(
        self,
        words: &Words,
        statement: &str,
        state: &str,
        first: u64,
        last: u64,
        db: &mut AnyConnection,
    ) -> anyhow::Result<()> {
        let accounts = self.accounts.max(1).to_string();
        let sql = statement
            .replace("{state}", state)
            .replace("{series}", words.series)
            .replace("{random}", words.random)
            .replace("{hex}", words.hex)
            .replace("{salt}", words.salt)
            .replace("{digest}", words.digest)
            .replace("{accounts}", &accounts)
            .replace("{now}", &self.now.to_string())
            .replace("{first}", &first.to_string())
            .replace("{last}", &last.to_string());
        db.execute(AssertSqlSafe(sql)).await?;
        Ok(())
    }
}

/// What the engines have different words for.
struct Words {
    before: &'static str,
    after: &'static [&'static str],
    analyzes: bool,
    series: &'static str,
    random: &'static str,
    hex: &'static str,
    salt: &'static str,
    digest: &'static str,
}

const SQLITE: Words = Words {
    before: "pragma journal_mode = off; pragma synchronous = off; pragma foreign_keys = off;
        pragma cache_size = -2000000; pragma temp_store = memory",
    after: &["pragma journal_mode = wal"],
    analyzes: false,
    series: "with recursive series (n) as (select {first} union all select n + 1 from series where n < {last})",
    random: "abs(random() % 1000000007)",
    hex: "lower(hex(randomblob(16)))",
    salt: "randomblob(16)",
    digest: "randomblob(32)",
};

const POSTGRES: Words = Words {
    // whom a session refers to is known to be there
    before: "set synchronous_commit = off; set session_replication_role = replica",
    after: &["reset session_replication_role", "checkpoint"],
    analyzes: true,
    series: "with series (n) as (select generate_series(cast({first} as bigint), cast({last} as bigint)))",
    random: "cast(floor(random() * 1000000007) as bigint)",
    hex: "md5(cast(random() as text) || cast(random() as text))",
    salt: "uuid_send(gen_random_uuid())",
    digest: "decode(md5(cast(random() as text)) || md5(cast(random() as text)), 'hex')",
};

const SCRATCH: &str = "
create temp table fill_account (n bigint primary key, did text not null);
create temp table fill_client
  (n bigint primary key, client_id text not null, scope text not null, client_key text, life bigint not null)";

const ACCOUNTS: &str = "
{series}
insert into fill_account (n, did)
select n, 'did:plc:' || replace(replace(replace(replace(substr({hex}, 1, 24), '0', 'g'), '1', 'h'), '8', 'i'), '9', 'j')
from series;
insert into account
  (did, handle, email, pds_did, status, password_hash, credentials_changed_at, created_at, email_confirmed_at,
  email_auth_factor)
select did, 'person' || n || '.fill.test', 'person' || n || '@mail.fill.test', 'did:web:pds' || (n % 20) || '.fill.test',
  'active', '$argon2id$v=19$m=19456,t=2,p=1$' || substr({hex}, 1, 22) || '$' || substr({hex} || {hex}, 1, 43),
  {now} - 34560000, {now} - 34560000, {now} - 34560000, 0
from fill_account where n between {first} and {last};
insert into taken_name (kind, name, owner, did)
select 'handle', 'person' || n || '.fill.test', did, did from fill_account where n between {first} and {last};
insert into taken_name (kind, name, owner, did)
select 'email', 'person' || n || '@mail.fill.test', did, did from fill_account where n between {first} and {last}";

/// Of two accounts the earlier one: so some have many sessions and others few.
const SESSIONS: &str = "
{series},
drawn as materialized (
  select n, {random} % {accounts} as one, {random} % {accounts} as other, {random} as client, {random} % 100 as fate,
    {random} as age, {random} as used
  from series
),
told as materialized (
  select d.used, c.client_id, c.scope, c.client_key, d.age, c.life, {state} as state,
    case when d.one < d.other then d.one else d.other end as account
  from drawn d join fill_client c on c.n = d.client % 100
),
aged as materialized (
  select used, client_id, scope, client_key, life, state, account,
    {now} - case state when 'over' then life + age % 2505600 when 'long over' then life + 2678400 + age % 86400
      else age % 1209600 end as created_at
  from told
)
insert into oauth_session
  (id, did, client_id, scope, jkt, salt, generation, created_at, rotated_at, expires_at, ended_at, end_reason,
  client_key, device, browser)
select 'ses-' || {hex}, a.did, s.client_id, s.scope, upper(substr({hex} || {hex}, 1, 42)) || 'A', {salt}, s.used % 300,
  s.created_at,
  case when s.state = 'live' then s.created_at + s.used % ({now} - s.created_at + 1) else s.created_at end,
  s.created_at + s.life,
  case when s.state = 'ended' then s.created_at + s.used % ({now} - s.created_at + 1) end,
  case when s.state = 'ended' then 'revoked' end,
  s.client_key, 'firefox/windows', {digest}
from aged s join fill_account a on a.n = s.account + 1";

const MIXED: &str = "case when d.fate < 85 then 'live' when d.fate < 95 then 'over' else 'ended' end";
const LONG_OVER: &str = "'long over'";

/// A hundred, of which each session has one: identifier, scope, key and life.
fn clients() -> impl Iterator<Item = (String, &'static str, Option<&'static str>, i64)> {
    (0..100).map(|n| {
        let client_id = format!("https://app{}.fill.test/oauth-client-metadata.json", n % 17);
        let scope = if n % 2 == 0 { COARSE } else { FINE };
        match n % 3 {
            0 => (client_id, scope, Some(KEY), 63_072_000),
            _ => (client_id, scope, None, 1_209_600),
        }
    })
}

const COARSE: &str = "atproto transition:generic";
const FINE: &str = "atproto repo:app.bsky.feed.post repo:app.bsky.feed.like blob:image/* \
                    rpc:app.bsky.feed.getTimeline?aud=did:web:api.bsky.app%23bsky_appview";
const KEY: &str =
    r#"{"kid":"key-1","algorithm":"ES256","jkt":"BBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBA"}"#;

/// From one number to another, both included, a batch at a time.
fn batches(first: u64, last: u64) -> impl Iterator<Item = (u64, u64)> {
    let starts = (first..=last).step_by(BATCH);
    starts.map(move |start| (start, last.min(start + BATCH as u64 - 1)))
}

const BATCH: usize = 100_000;
