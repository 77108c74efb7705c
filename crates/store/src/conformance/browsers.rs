use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};

use serde_json::json;
use time::OffsetDateTime;
use tower_sessions::session::{Id, Record};
use tower_sessions::{Expiry, Session, SessionStore as _};

use super::bench::{Bench, NOON, connect, count, race};
use super::on_both_engines;
use crate::{BrowserSessions, Sealer};
use entryway_oauth::secret::ServerKey;
use entryway_oauth::time::{Seconds, Timestamp};

/// A clock that tests set.
#[derive(Clone)]
struct Clock(Arc<AtomicI64>);

impl Clock {
    fn set(&self, now: Timestamp) {
        self.0.store(now.seconds(), Ordering::Relaxed);
    }
}

fn sessions(bench: &Bench) -> (BrowserSessions, Clock) {
    sealed_with(bench, 1)
}

fn sealed_with(bench: &Bench, key: u8) -> (BrowserSessions, Clock) {
    let clock = Clock(Arc::new(AtomicI64::new(NOON.seconds())));
    let sealer = Sealer::new(&ServerKey::new([key; 32]));
    let now = clock.clone();
    let read = move || Timestamp::from_seconds(now.0.load(Ordering::Relaxed));
    (BrowserSessions::new(bench.store.clone(), sealer, read), clock)
}

fn record() -> Record {
    let data = json!({"browser": "b-1", "sign_ins": ["did:plc:x"], "csrf": "secret"});
    Record {
        id: Id::default(),
        data: serde_json::from_value(data).unwrap(),
        expiry_date: date(NOON + BrowserSessions::LIFETIME),
    }
}

fn date(instant: Timestamp) -> OffsetDateTime {
    OffsetDateTime::from_unix_timestamp(instant.seconds()).unwrap()
}

async fn a_session_is_loaded_as_it_was_saved_until_it_is_over(bench: &Bench) {
    let (sessions, clock) = sessions(bench);
    let mut record = record();
    sessions.create(&mut record).await.unwrap();
    assert_eq!(sessions.load(&record.id).await.unwrap().as_ref(), Some(&record));
    record.data.insert("more".to_owned(), json!(1));
    // each change gives it its whole life again
    let changed = NOON + Seconds(300);
    clock.set(changed);
    record.expiry_date = date(changed + BrowserSessions::LIFETIME);
    sessions.save(&record).await.unwrap();
    for (late, is_there) in [(-1, true), (0, false), (1, false)] {
        let now = changed + BrowserSessions::LIFETIME + Seconds(late);
        clock.set(now);
        let expected = is_there.then_some(&record);
        assert_eq!(
            sessions.load(&record.id).await.unwrap().as_ref(),
            expected,
            "{now}"
        );
    }
}

async fn a_session_that_nobody_signed_in_to_lives_for_a_day(bench: &Bench) {
    let (sessions, clock) = sessions(bench);
    let mut record = record();
    record.data.remove(BrowserSessions::SIGN_INS_KEY);
    sessions.create(&mut record).await.unwrap();
    for (late, is_there) in [(-1, true), (0, false), (1, false)] {
        clock.set(NOON + BrowserSessions::VISIT_LIFETIME + Seconds(late));
        let loaded = sessions.load(&record.id).await.unwrap();
        assert_eq!(loaded.is_some(), is_there, "{late}");
    }
}

//
async fn an_id_nobody_was_given_finds_and_makes_nothing(bench: &Bench) {
    let (sessions, _) = sessions(bench);
    let record = record();
    assert_eq!(sessions.load(&record.id).await.unwrap(), None);
    sessions.save(&record).await.unwrap();
    assert_eq!(sessions.load(&record.id).await.unwrap(), None);
    sessions.delete(&record.id).await.unwrap();
    assert_eq!(sessions.load(&record.id).await.unwrap(), None);
}

async fn a_taken_id_is_exchanged(bench: &Bench) {
    let (sessions, _) = sessions(bench);
    let mut first = record();
    sessions.create(&mut first).await.unwrap();
    let mut second = Record {
        id: first.id,
        ..record()
    };
    second.data.clear();
    second.expiry_date = date(NOON + BrowserSessions::VISIT_LIFETIME);
    sessions.create(&mut second).await.unwrap();
    assert_ne!(first.id, second.id);
    for record in [first, second] {
        assert_eq!(sessions.load(&record.id).await.unwrap(), Some(record));
    }
}

async fn of_many_sessions_with_one_id_each_gets_its_own(bench: &Bench) {
    let (sessions, _) = sessions(bench);
    let wanted = Id::default();
    let ids = race(|_| {
        let sessions = sessions.clone();
        async move {
            let mut record = Record {
                id: wanted,
                ..record()
            };
            sessions.create(&mut record).await.unwrap();
            record.id
        }
    })
    .await;
    assert_eq!(count(&ids, &wanted), 1);
    for id in &ids {
        assert_eq!(count(&ids, id), 1);
    }
}

//
async fn a_retired_session_keeps_only_the_browser_for_a_minute(bench: &Bench) {
    let (sessions, clock) = sessions(bench);
    let mut record = record();
    sessions.create(&mut record).await.unwrap();
    sessions.delete(&record.id).await.unwrap();
    let end = NOON + BrowserSessions::RETIRED_SECONDS;
    let left = Record {
        id: record.id,
        data: [("browser".to_owned(), json!("b-1"))].into(),
        expiry_date: date(end),
    };
    let check = async |now: Timestamp, is_there: bool| {
        clock.set(now);
        let expected = is_there.then(|| left.clone());
        assert_eq!(sessions.load(&record.id).await.unwrap(), expected, "{now}");
    };
    check(NOON, true).await;
    // what was under way cannot bring it back, nor make it last
    sessions.save(&record).await.unwrap();
    check(end - Seconds(1), true).await;
    sessions.delete(&record.id).await.unwrap();
    check(end - Seconds(1), true).await;
    check(end, false).await;
    sessions.save(&record).await.unwrap();
    check(end, false).await;
}

async fn saves_at_once_with_a_sign_out_do_not_undo_it(bench: &Bench) {
    let (sessions, _) = sessions(bench);
    let mut record = record();
    sessions.create(&mut record).await.unwrap();
    race(|number| {
        let (sessions, record) = (sessions.clone(), record.clone());
        async move {
            match number % 4 {
                0 => sessions.delete(&record.id).await.unwrap(),
                _ => sessions.save(&record).await.unwrap(),
            }
        }
    })
    .await;
    let left = sessions.load(&record.id).await.unwrap().unwrap().data;
    assert_eq!(left, [("browser".to_owned(), json!("b-1"))].into());
}

//
async fn after_a_rotation_the_old_cookie_is_a_browser_nobody_is_signed_in_to(bench: &Bench) {
    let (sessions, _) = sessions(bench);
    let store = Arc::new(sessions);
    // left to itself the layer counts from the clock on the wall
    let expiry = Some(Expiry::AtDateTime(date(NOON + Seconds(600))));
    let before = Session::new(None, store.clone(), expiry);
    before.insert("browser", "b-1").await.unwrap();
    before.save().await.unwrap();
    let old = before.id();
    before.cycle_id().await.unwrap();
    before.insert("account", "did:plc:x").await.unwrap();
    before.save().await.unwrap();
    assert_ne!(before.id(), old);
    let late = Session::new(old, store, expiry);
    assert_eq!(
        late.get::<String>("browser").await.unwrap().as_deref(),
        Some("b-1")
    );
    assert_eq!(late.get::<String>("account").await.unwrap(), None);
    // an empty one would have the layer take the cookie away, which by now is the new one
    assert!(!late.is_empty().await && !late.is_modified());
}

//
async fn the_database_shows_neither_ids_nor_data(bench: &Bench) {
    let (sessions, _) = sessions(bench);
    let mut record = record();
    sessions.create(&mut record).await.unwrap();
    let row = sqlx::query("select id, data from browser_session")
        .fetch_one(&mut connect(&bench.database.url).await)
        .await
        .unwrap();
    let id: &[u8] = sqlx::Row::get(&row, "id");
    assert_eq!(id.len(), 32);
    assert!(!id.windows(16).any(|part| part == record.id.0.to_be_bytes()));
    let data: &[u8] = sqlx::Row::get(&row, "data");
    assert!(!data.windows(6).any(|part| part == b"secret"));
}

async fn data_sealed_with_another_key_or_for_another_session_is_a_fault(bench: &Bench) {
    let (sessions, _) = sessions(bench);
    let (mut first, mut second) = (record(), record());
    sessions.create(&mut first).await.unwrap();
    sessions.create(&mut second).await.unwrap();
    let (others, _) = sealed_with(bench, 2);
    let refused = others.load(&first.id).await.unwrap_err().to_string();
    let expected = "the sealed value in column data of table browser_session does not open with this key";
    assert_eq!(refused, expected);
    super::bench::execute(
        &bench.database.url,
        "update browser_session set data = (select data from browser_session order by id limit 1)",
    )
    .await;
    let loads = [sessions.load(&first.id).await, sessions.load(&second.id).await];
    assert_eq!(loads.iter().filter(|load| load.is_err()).count(), 1);
}

on_both_engines![
    a_session_is_loaded_as_it_was_saved_until_it_is_over,
    a_session_that_nobody_signed_in_to_lives_for_a_day,
    an_id_nobody_was_given_finds_and_makes_nothing,
    a_taken_id_is_exchanged,
    of_many_sessions_with_one_id_each_gets_its_own,
    a_retired_session_keeps_only_the_browser_for_a_minute,
    saves_at_once_with_a_sign_out_do_not_undo_it,
    after_a_rotation_the_old_cookie_is_a_browser_nobody_is_signed_in_to,
    the_database_shows_neither_ids_nor_data,
    data_sealed_with_another_key_or_for_another_session_is_a_fault,
];
