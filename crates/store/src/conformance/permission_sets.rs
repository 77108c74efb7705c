use super::bench::{Bench, NOON, count, race, request};
use super::on_both_engines;
use crate::{
    Admission, Approval, Basis, Binding, Decision, Keeping, NewRequest, NewSession, PendingRequest,
    Redemption, StoredSet,
};
use entryway_core::request::AuthorizationRequest;
use entryway_core::session::Session;
use entryway_oauth::time::{Seconds, Timestamp};
use entryway_scope::{Did, Nsid, ScopeSet};

/// TIDs, the earlier first: digits come before letters.
const REVISIONS: [&str; 6] = [
    "2222222222222",
    "3jzfcijpj2z2a",
    "3jzfcijpj2z2b",
    "3jzfcijpj37aa",
    "3jzfcijpja222",
    "3kzfcijpj2222",
];

fn did(letter: char) -> Did {
    Did::parse(&format!("did:plc:{}", letter.to_string().repeat(24))).unwrap()
}

fn read(rev: &str, read_at: Timestamp) -> StoredSet {
    StoredSet {
        name: Nsid::parse("app.example.authFull").unwrap(),
        did: did('a'),
        rev: rev.to_owned(),
        cid: format!("cid of {rev}"),
        record: format!("{{\"rev\":\"{rev}\"}}"),
        read_at,
    }
}

async fn keep(bench: &Bench, set: &StoredSet) -> Keeping {
    bench.store.keep_permission_set(set).await.unwrap()
}

async fn kept(bench: &Bench) -> StoredSet {
    let name = read("", NOON).name;
    bench.store.permission_set(&name).await.unwrap().unwrap()
}

async fn a_set_is_found_as_it_was_read(bench: &Bench) {
    let longest = format!("{}a.{}", "abcdefg.".repeat(31), "o".repeat(63));
    let set = StoredSet {
        name: Nsid::parse(&longest).unwrap(),
        did: Did::parse("did:web:app.example").unwrap(),
        record: format!(
            r#"{{"title":"Caf\u0000 {} 'n' \"friends\"","detail":"{}"}}"#,
            '\u{1f308}',
            "e\u{301}".repeat(30_000)
        ),
        ..read(REVISIONS[1], NOON)
    };
    assert_eq!(bench.store.permission_set(&set.name).await.unwrap(), None);
    assert_eq!(keep(bench, &set).await, Keeping::Kept);
    let other = read(REVISIONS[2], NOON);
    assert_eq!(keep(bench, &other).await, Keeping::Kept);
    assert_eq!(
        bench.store.permission_set(&set.name).await.unwrap(),
        Some(set.clone())
    );
    assert_eq!(kept(bench).await, other);
    // the last part of a name has a case
    let shouted = Nsid::parse("app.example.AuthFull").unwrap();
    assert_eq!(bench.store.permission_set(&shouted).await.unwrap(), None);
}

// R-398
async fn what_an_authority_said_earlier_never_comes_back(bench: &Bench) {
    for (stored, rev) in REVISIONS.iter().enumerate() {
        let newest = read(rev, NOON);
        assert_eq!(keep(bench, &newest).await, Keeping::Kept, "{rev}");
        for earlier in &REVISIONS[..stored] {
            let replayed = read(earlier, NOON + Seconds::days(1));
            assert_eq!(keep(bench, &replayed).await, Keeping::Older, "{earlier} {rev}");
            assert_eq!(kept(bench).await, newest);
        }
    }
}

/// The repository changed, the record did not.
async fn a_later_revision_of_the_same_record_counts(bench: &Bench) {
    let first = read(REVISIONS[1], NOON);
    keep(bench, &first).await;
    let later = StoredSet {
        rev: REVISIONS[2].to_owned(),
        // another instance read it, and its clock is behind
        read_at: NOON - Seconds(1),
        ..first.clone()
    };
    assert_eq!(keep(bench, &later).await, Keeping::Kept);
    assert_eq!(kept(bench).await, later);
    assert_eq!(keep(bench, &first).await, Keeping::Older);
    assert_eq!(kept(bench).await, later);
}

// R-400
async fn the_same_revision_read_again_only_gets_fresher(bench: &Bench) {
    keep(bench, &read(REVISIONS[1], NOON)).await;
    for (read_at, expected) in [
        (NOON - Seconds(1), NOON),
        (NOON, NOON),
        (NOON + Seconds(1), NOON + Seconds(1)),
        (NOON, NOON + Seconds(1)),
    ] {
        let again = read(REVISIONS[1], read_at);
        assert_eq!(keep(bench, &again).await, Keeping::Kept, "{read_at}");
        assert_eq!(kept(bench).await, read(REVISIONS[1], expected), "{read_at}");
    }
}

/// Who signed two things as one revision is believed again once there is a later one.
async fn an_authority_says_one_thing_in_one_revision(bench: &Bench) {
    let first = read(REVISIONS[1], NOON);
    keep(bench, &first).await;
    let other = StoredSet {
        cid: "another".to_owned(),
        record: "{}".to_owned(),
        read_at: NOON + Seconds(60),
        ..first.clone()
    };
    assert_eq!(keep(bench, &other).await, Keeping::Older);
    assert_eq!(kept(bench).await, first);
    let later = StoredSet {
        rev: REVISIONS[2].to_owned(),
        ..other
    };
    assert_eq!(keep(bench, &later).await, Keeping::Kept);
    assert_eq!(kept(bench).await, later);
}

async fn an_authority_that_moved_says_what_counts(bench: &Bench) {
    let stays = read(REVISIONS[3], NOON);
    for (letter, rev, read_at) in [
        ('a', REVISIONS[3], NOON),
        // the new repository is younger
        ('b', REVISIONS[2], NOON + Seconds(60)),
        // and may have been read by an instance whose clock is behind
        ('a', REVISIONS[3], NOON),
        ('b', REVISIONS[3], NOON),
        ('c', REVISIONS[4], NOON),
    ] {
        let moved = StoredSet {
            did: did(letter),
            read_at,
            rev: rev.to_owned(),
            ..stays.clone()
        };
        assert_eq!(keep(bench, &moved).await, Keeping::Kept, "{letter} {rev}");
        assert_eq!(kept(bench).await, moved, "{letter} {rev}");
    }
}

/// Sixty-four instances read it at once, each from a host that is behind by as much as it likes.
async fn of_many_readings_at_once_the_latest_revision_is_kept(bench: &Bench) {
    let reading = |number: usize| {
        // each revision is there once, in no order
        let digits = b"234567abcdefghijklmnopqrstuvwxyz";
        let place = number * 37 % 64;
        let rev = format!(
            "3jzfcijpj2z{}{}",
            char::from(digits[place / 32]),
            char::from(digits[place % 32])
        );
        read(&rev, NOON + Seconds(i64::try_from(64 - place).unwrap()))
    };
    let mut readings: Vec<_> = (0..64).map(reading).collect();
    let answers = race(|number| {
        let (store, set) = (bench.store.clone(), readings[number].clone());
        async move {
            let keeping = store.keep_permission_set(&set).await.unwrap();
            (set.rev, keeping)
        }
    })
    .await;
    readings.sort_by(|one, other| one.rev.cmp(&other.rev));
    let latest = readings.pop().unwrap();
    assert_eq!(kept(bench).await, latest);
    assert_eq!(count(&answers, &(latest.rev, Keeping::Kept)), 1);
}

async fn of_many_readings_of_one_revision_the_freshest_counts(bench: &Bench) {
    let answers = race(|number| {
        let seconds = i64::try_from(number * 37 % 64).unwrap();
        let (store, set) = (bench.store.clone(), read(REVISIONS[1], NOON + Seconds(seconds)));
        async move { store.keep_permission_set(&set).await.unwrap() }
    })
    .await;
    assert_eq!(count(&answers, &Keeping::Kept), 64);
    assert_eq!(kept(bench).await, read(REVISIONS[1], NOON + Seconds(63)));
}

/// What was asked and granted names the set; what the set holds is found out at each token (R-401).
async fn a_permission_set_keeps_its_name_from_request_to_session(bench: &Bench) {
    let wire = "atproto include:app.example.authFull?aud=did:web:api.example%23svc include:app.example.other repo:app.example.post";
    let scope = ScopeSet::parse(wire).unwrap();
    let asked = AuthorizationRequest {
        scope: scope.clone(),
        ..request()
    };
    let (id, browser, code) = (bench.digest(), bench.digest(), bench.digest());
    let end = NOON + Seconds::minutes(5);
    let new = NewRequest {
        id,
        request: &asked,
        challenge: bench.mark(),
        proof: None,
        expires_at: end,
    };
    assert_eq!(
        bench.store.admit_request(new, NOON).await.unwrap(),
        Admission::Admitted
    );
    let pending = PendingRequest {
        request: asked.clone(),
        admitted_at: NOON,
        expires_at: end,
    };
    assert_eq!(
        bench.store.peek_request(id, NOON).await.unwrap(),
        Some(pending.clone())
    );
    let bound = bench
        .store
        .bind_request(id, browser, NOON, end, Seconds::minutes(30));
    assert_eq!(bound.await.unwrap(), Binding::Bound(pending));
    let did = bench.account().await.did;
    let approval = Approval {
        basis: Basis::Page,
        did: &did,
        scope: &scope,
        code,
        code_expires_at: end,
        authenticated_at: NOON,
    };
    let decision = bench.store.approve_request(id, browser, approval, NOON);
    assert_eq!(decision.await.unwrap(), Decision::Decided(asked.clone()));
    let facts = bench.store.code(code).await.unwrap().unwrap();
    assert_eq!((facts.request, facts.scope), (asked.clone(), scope.clone()));
    let session = Session {
        scope: scope.clone(),
        ..bench.new_session(&did)
    };
    let new = NewSession { session: &session };
    let redeemed = bench.store.redeem_code(code, new, bench.mark(), NOON);
    assert_eq!(redeemed.await.unwrap(), Redemption::Redeemed);
    assert_eq!(bench.stored(session.id).await, session);
    let standing = bench
        .store
        .standing(&asked.client_id, std::slice::from_ref(&did))
        .await;
    assert_eq!(standing.unwrap().granted_by(&did), Some(&scope));
}

on_both_engines![
    a_set_is_found_as_it_was_read,
    what_an_authority_said_earlier_never_comes_back,
    a_later_revision_of_the_same_record_counts,
    the_same_revision_read_again_only_gets_fresher,
    an_authority_says_one_thing_in_one_revision,
    an_authority_that_moved_says_what_counts,
    of_many_readings_at_once_the_latest_revision_is_kept,
    of_many_readings_of_one_revision_the_freshest_counts,
    a_permission_set_keeps_its_name_from_request_to_session,
];
