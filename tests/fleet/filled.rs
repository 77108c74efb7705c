//! A database with many sessions in it.

use entryway_oauth::secret::SessionId;
use entryway_oauth::time::Timestamp;
use entryway_store::Store;
use entryway_tests::{Database, Engine, Fill, both_engines};
use sqlx::{AnyConnection, Connection as _, Row as _};

const NOW: i64 = 1_800_000_000;
const BATCH: u32 = 200;

async fn what_a_fill_puts_there_is_read_like_anything_else_and_swept_in_batches(engine: Engine) {
    let database = Database::create(engine).await;
    let fill = Fill {
        accounts: 2_000,
        sessions: 20_000,
        long_over: 1_000,
        now: NOW,
    };
    fill.into(database.url()).await.unwrap();
    let store = Store::open(database.url()).await.unwrap();
    for id in some_sessions(database.url()).await {
        let facts = store.session(id).await.unwrap().unwrap();
        assert_eq!(facts.session.did, facts.account.did);
    }
    let (mut left, mut batches) = (1_000, 0);
    loop {
        let swept = store.sweep(Timestamp::from_seconds(NOW), BATCH).await.unwrap();
        assert!(swept.sessions <= u64::from(BATCH));
        left -= swept.sessions;
        batches += 1;
        if !swept.reached(BATCH) {
            break;
        }
    }
    // the last one finds nothing
    assert_eq!((left, batches), (0, 6));
}

async fn some_sessions(url: &str) -> Vec<SessionId> {
    let mut db = AnyConnection::connect(url).await.unwrap();
    let rows = sqlx::query("select id from oauth_session order by id limit 100");
    let rows = rows.fetch_all(&mut db).await.unwrap();
    rows.iter()
        .map(|row| SessionId::parse(row.get("id")).unwrap())
        .collect()
}

both_engines![what_a_fill_puts_there_is_read_like_anything_else_and_swept_in_batches];
