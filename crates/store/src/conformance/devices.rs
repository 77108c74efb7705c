use super::bench::{Bench, NOON, RACERS, count, execute, hash, race, request, scope};
use super::on_both_engines;
use crate::{
    Approval, Basis, ConnectedApp, DEVICES_MAX, Decision, NewSession, PasswordChange, Redemption,
    SignInBegin, SignInEnd,
};
use entryway_core::account::Account;
use entryway_core::device::{BrowserFamily, Device, System};
use entryway_core::policy::Policy;
use entryway_core::sign_in::{SEEN_EVERY, SignIn, SignInId};
use entryway_oauth::secret::Digest;
use entryway_oauth::time::{Seconds, Timestamp};
use entryway_scope::Did;

const PHONE: Device = Device {
    browser: Some(BrowserFamily::Firefox),
    system: Some(System::Android),
};

fn new_id(bench: &Bench) -> SignInId {
    let mut entropy = [9; 16];
    entropy[..4].copy_from_slice(&bench.fresh().to_be_bytes());
    SignInId::from_entropy(entropy)
}

/// A sign-in as it could begin in this browser at noon, for eight days.
pub(super) fn new_sign_in(bench: &Bench, did: &Did, browser: Digest) -> SignIn {
    SignIn {
        id: new_id(bench),
        did: did.clone(),
        browser,
        device: PHONE,
        created_at: NOON,
        last_seen_at: NOON,
        expires_at: NOON + Seconds::days(8),
    }
}

/// A sign-in that counts.
pub(super) async fn sign_in_at(bench: &Bench, did: &Did, browser: Digest) -> SignIn {
    let one = new_sign_in(bench, did, browser);
    let begun = bench.store.begin_sign_in(one.clone()).await.unwrap();
    assert_eq!(begun, SignInBegin::Begun);
    one
}

/// The same, in a browser of its own.
pub(super) async fn sign_in(bench: &Bench, did: &Did) -> SignIn {
    sign_in_at(bench, did, bench.digest()).await
}

async fn live(bench: &Bench, ids: &[SignInId], now: Timestamp) -> Vec<(SignInId, Account)> {
    let live = bench.store.live_sign_ins(ids, now).await.unwrap();
    live.into_iter().map(|one| (one.id, one.account)).collect()
}

pub(super) async fn is_live(bench: &Bench, one: &SignIn, now: Timestamp) -> bool {
    !live(bench, &[one.id], now).await.is_empty()
}

/// As seen from nowhere.
async fn listed(bench: &Bench, did: &Did, now: Timestamp) -> Vec<SignIn> {
    let devices = bench
        .store
        .devices(did, Digest::of(b"nowhere"), now)
        .await
        .unwrap();
    assert_eq!(devices.count, devices.listed.len() as u64);
    devices.listed
}

async fn a_sign_in_counts_and_is_listed_until_it_is_over(bench: &Bench) {
    let account = bench.account().await;
    let one = sign_in(bench, &account.did).await;
    for (late, counts) in [(-1, true), (0, false), (1, false)] {
        let now = one.expires_at + Seconds(late);
        let expected: &[_] = if counts { &[(one.id, account.clone())] } else { &[] };
        assert_eq!(live(bench, &[one.id], now).await, expected, "{now}");
        let expected = if counts { std::slice::from_ref(&one) } else { &[] };
        assert_eq!(listed(bench, &account.did, now).await, expected, "{now}");
    }
    let nobody = new_sign_in(bench, &super::bench::account(9_999).did, bench.digest());
    let begun = bench.store.begin_sign_in(nobody).await.unwrap();
    assert_eq!(begun, SignInBegin::Unknown);
}

async fn sign_ins_come_in_the_order_asked(bench: &Bench) {
    let mut made = Vec::new();
    for _ in 0..17 {
        let account = bench.account().await;
        made.push((sign_in(bench, &account.did).await.id, account));
    }
    let asked = [made[2].0, new_id(bench), made[0].0, made[2].0];
    assert_eq!(
        live(bench, &asked, NOON).await,
        [made[2].clone(), made[0].clone()]
    );
    assert_eq!(live(bench, &[], NOON).await, []);
    let all: Vec<_> = made.iter().map(|(id, _)| *id).collect();
    assert_eq!(live(bench, &all, NOON).await, made[..16], "sixteen are looked up");
}

async fn a_browser_has_one_sign_in_for_each_account(bench: &Bench) {
    let [alice, bob] = [bench.account().await.did, bench.account().await.did];
    let browser = bench.digest();
    let first = sign_in_at(bench, &alice, browser).await;
    let others = [
        sign_in_at(bench, &bob, browser).await,
        sign_in(bench, &alice).await,
    ];
    let second = sign_in_at(bench, &alice, browser).await;
    assert!(!is_live(bench, &first, NOON).await);
    assert!(is_live(bench, &second, NOON).await);
    for other in &others {
        assert!(is_live(bench, other, NOON).await);
    }
    assert_eq!(listed(bench, &alice, NOON).await.len(), 2);
}

async fn only_the_account_s_own_devices_end_and_each_once(bench: &Bench) {
    let [alice, bob] = [bench.account().await.did, bench.account().await.did];
    let one = sign_in(bench, &alice).await;
    let end = async |did: &Did, id, now| bench.store.end_sign_in(did, id, now).await.unwrap();
    // another's, and one that never was, get the same answer
    assert_eq!(end(&bob, one.id, NOON).await, SignInEnd::Gone);
    assert_eq!(end(&alice, new_id(bench), NOON).await, SignInEnd::Gone);
    assert_eq!(end(&alice, one.id, one.expires_at).await, SignInEnd::Gone);
    assert!(is_live(bench, &one, NOON).await);
    assert_eq!(end(&alice, one.id, NOON).await, SignInEnd::Ended);
    assert!(!is_live(bench, &one, NOON).await);
    assert_eq!(end(&alice, one.id, NOON).await, SignInEnd::Gone);
}

async fn the_others_end_and_this_one_stays(bench: &Bench) {
    let [alice, bob] = [bench.account().await.did, bench.account().await.did];
    let here = sign_in(bench, &alice).await;
    let others = [sign_in(bench, &alice).await, sign_in(bench, &alice).await];
    let bobs = sign_in_at(bench, &bob, here.browser).await;
    let end = async |kept| bench.store.end_other_sign_ins(&alice, kept, NOON).await.unwrap();
    assert_eq!(end(here.id).await, 2);
    assert_eq!(end(here.id).await, 0);
    // ended meanwhile, it ends nobody; nor does one of another account
    assert_eq!(end(others[0].id).await, 0);
    assert_eq!(end(bobs.id).await, 0);
    assert_eq!(listed(bench, &alice, NOON).await, [here]);
    assert!(is_live(bench, &bobs, NOON).await);
}

//
async fn signing_out_of_a_browser_ends_all_its_sign_ins_and_no_others(bench: &Bench) {
    let [alice, bob] = [bench.account().await.did, bench.account().await.did];
    let browser = bench.digest();
    let here = [
        sign_in_at(bench, &alice, browser).await,
        sign_in_at(bench, &bob, browser).await,
    ];
    let elsewhere = sign_in(bench, &alice).await;
    let end = async || bench.store.end_sign_ins_of_browser(browser, NOON).await.unwrap();
    assert_eq!((end().await, end().await), (2, 0));
    for one in &here {
        assert!(!is_live(bench, one, NOON).await);
    }
    assert!(is_live(bench, &elsewhere, NOON).await);
}

//
async fn a_changed_password_ends_every_sign_in_of_its_account(bench: &Bench) {
    let [alice, bob] = [bench.account().await.did, bench.account().await.did];
    let [first, second] = [sign_in(bench, &alice).await, sign_in(bench, &alice).await];
    let bobs = sign_in(bench, &bob).await;
    let later = NOON + Seconds(60);
    let changed = bench.store.change_password(&alice, &hash("second"), later).await;
    assert_eq!(changed.unwrap(), PasswordChange::Changed);
    for one in [&first, &second] {
        assert!(!is_live(bench, one, later).await);
    }
    assert!(is_live(bench, &bobs, later).await);
    // attack: the old password was checked before the change, and comes to sign in after it
    let late = new_sign_in(bench, &alice, bench.digest());
    let begun = bench.store.begin_sign_in(late).await.unwrap();
    assert_eq!(begun, SignInBegin::Unknown);
    let anew = SignIn {
        created_at: later,
        ..new_sign_in(bench, &alice, bench.digest())
    };
    assert_eq!(bench.store.begin_sign_in(anew).await.unwrap(), SignInBegin::Begun);
}

async fn a_browser_is_written_down_as_seen_once_an_hour(bench: &Bench) {
    let did = bench.account().await.did;
    let (one, other) = (sign_in(bench, &did).await, sign_in(bench, &did).await);
    for (now, seen_at) in [
        (NOON + Seconds(SEEN_EVERY.0 - 1), NOON),
        (NOON + SEEN_EVERY, NOON + SEEN_EVERY),
        (NOON + Seconds(2 * SEEN_EVERY.0 - 1), NOON + SEEN_EVERY),
        // a clock that went back takes nothing back
        (NOON, NOON + SEEN_EVERY),
    ] {
        bench.store.see_browser(one.browser, now).await.unwrap();
        let live = bench
            .store
            .live_sign_ins(&[one.id, other.id], NOON)
            .await
            .unwrap();
        let seen: Vec<_> = live.iter().map(|one| one.last_seen_at).collect();
        assert_eq!(seen, [seen_at, NOON], "{now}");
    }
}

async fn devices_are_listed_this_one_first_and_then_as_they_were_seen(bench: &Bench) {
    let did = bench.account().await.did;
    let mut made = Vec::new();
    for seconds in 0..i64::from(DEVICES_MAX) + 2 {
        let one = SignIn {
            last_seen_at: NOON + Seconds(seconds),
            ..new_sign_in(bench, &did, bench.digest())
        };
        bench.store.begin_sign_in(one.clone()).await.unwrap();
        made.push(one);
    }
    let here = made.remove(0);
    let devices = bench.store.devices(&did, here.browser, NOON).await.unwrap();
    let newest = made.into_iter().rev().take(DEVICES_MAX as usize - 1);
    let expected: Vec<_> = std::iter::once(here).chain(newest).collect();
    assert_eq!(devices.listed, expected);
    assert_eq!(devices.count, u64::from(DEVICES_MAX) + 2);
}

async fn apps(bench: &Bench, did: &Did) -> Vec<ConnectedApp> {
    let policy = Policy::default();
    let apps = bench.store.connected_apps(did, &policy, NOON).await;
    apps.unwrap().listed
}

/// What a session tells of the device it was approved on.
async fn device_of_session(bench: &Bench, did: &Did, is_signed_in: bool) -> (Option<Device>, bool) {
    let (id, browser) = bench.opened_request().await;
    if is_signed_in {
        sign_in_at(bench, did, browser).await;
    }
    let (scope, code) = (scope(), bench.digest());
    let approval = Approval {
        basis: Basis::Page,
        did,
        scope: &scope,
        code,
        code_expires_at: NOON + Seconds(60),
        authenticated_at: NOON,
    };
    let decided = bench.store.approve_request(id, browser, approval, NOON).await;
    assert_eq!(decided.unwrap(), Decision::Decided(request()));
    let session = bench.new_session(did);
    let new = NewSession { session: &session };
    let redeemed = bench.store.redeem_code(code, new, bench.mark(), NOON).await;
    assert_eq!(redeemed.unwrap(), Redemption::Redeemed);
    let apps = apps(bench, did).await;
    let session = apps
        .iter()
        .flat_map(|app| &app.sessions)
        .find(|one| one.id == session.id);
    let session = session.unwrap();
    (session.device, session.browser == Some(browser))
}

// R-198, demand 5
async fn a_session_knows_the_device_it_was_approved_on(bench: &Bench) {
    let did = bench.account().await.did;
    assert_eq!(device_of_session(bench, &did, true).await, (Some(PHONE), true));
    // whatever becomes of the sign-in; and as before there were any
    execute(&bench.database.url, "delete from browser_sign_in").await;
    assert_eq!(device_of_session(bench, &did, false).await, (None, true));
    let sessions = &apps(bench, &did).await[0].sessions;
    assert_eq!(sessions.iter().filter(|one| one.device == Some(PHONE)).count(), 1);
}

async fn of_many_ends_of_one_device_at_once_one_counts(bench: &Bench) {
    let did = bench.account().await.did;
    let one = sign_in(bench, &did).await;
    let answers = race(|_| {
        let (store, did) = (bench.store.clone(), did.clone());
        async move { store.end_sign_in(&did, one.id, NOON).await.unwrap() }
    })
    .await;
    assert_eq!(count(&answers, &SignInEnd::Ended), 1);
    assert_eq!(count(&answers, &SignInEnd::Gone), 63);
}

/// The first one stays: it had ended the others before they could end it.
async fn of_many_devices_that_end_each_other_one_stays(bench: &Bench) {
    let did = bench.account().await.did;
    let mut made = Vec::new();
    for _ in 0..RACERS {
        made.push(sign_in(bench, &did).await.id);
    }
    let answers = race(|number| {
        let (store, did, kept) = (bench.store.clone(), did.clone(), made[number]);
        async move { store.end_other_sign_ins(&did, kept, NOON).await.unwrap() }
    })
    .await;
    assert_eq!((count(&answers, &63), count(&answers, &0)), (1, 63));
    assert_eq!(listed(bench, &did, NOON).await.len(), 1);
}

async fn of_many_sign_ins_of_one_browser_at_once_one_counts(bench: &Bench) {
    let did = bench.account().await.did;
    let browser = bench.digest();
    race(|_| {
        let (store, one) = (bench.store.clone(), new_sign_in(bench, &did, browser));
        async move { assert_eq!(store.begin_sign_in(one).await.unwrap(), SignInBegin::Begun) }
    })
    .await;
    assert_eq!(listed(bench, &did, NOON).await.len(), 1);
}

/// Sign-ins, ends of every kind and a change of password at once: nobody waits in a circle.
async fn everything_about_devices_at_once_comes_to_an_end(bench: &Bench) {
    let did = bench.account().await.did;
    let mut made = Vec::new();
    for _ in 0..RACERS {
        made.push(sign_in(bench, &did).await);
    }
    let later = NOON + Seconds(1);
    race(|number| {
        let (store, did, one) = (bench.store.clone(), did.clone(), made[number].clone());
        let anew = new_sign_in(bench, &did, one.browser);
        async move {
            match number % 6 {
                0 => drop(store.begin_sign_in(anew).await.unwrap()),
                1 => drop(store.end_sign_in(&did, one.id, NOON).await.unwrap()),
                2 => drop(store.end_other_sign_ins(&did, one.id, NOON).await.unwrap()),
                3 => drop(store.end_sign_ins_of_browser(one.browser, NOON).await.unwrap()),
                4 => store.see_browser(one.browser, NOON + SEEN_EVERY).await.unwrap(),
                _ => drop(store.change_password(&did, &hash("second"), later).await.unwrap()),
            }
        }
    })
    .await;
    assert_eq!(listed(bench, &did, later).await, []);
}

async fn a_device_that_no_verb_wrote_is_our_fault(bench: &Bench) {
    for (change, column) in [("device = 'netscape/beos'", "device"), ("id = browser", "id")] {
        let did = bench.account().await.did;
        let one = sign_in(bench, &did).await;
        let statement = format!("update browser_sign_in set {change} where did = '{did}'");
        execute(&bench.database.url, &statement).await;
        let fault = bench.store.devices(&did, one.browser, NOON).await.unwrap_err();
        assert_eq!(
            fault.to_string(),
            format!("table browser_sign_in holds an impossible value in column {column}")
        );
    }
}

on_both_engines![
    a_sign_in_counts_and_is_listed_until_it_is_over,
    sign_ins_come_in_the_order_asked,
    a_browser_has_one_sign_in_for_each_account,
    only_the_account_s_own_devices_end_and_each_once,
    the_others_end_and_this_one_stays,
    signing_out_of_a_browser_ends_all_its_sign_ins_and_no_others,
    a_changed_password_ends_every_sign_in_of_its_account,
    a_browser_is_written_down_as_seen_once_an_hour,
    devices_are_listed_this_one_first_and_then_as_they_were_seen,
    a_session_knows_the_device_it_was_approved_on,
    of_many_ends_of_one_device_at_once_one_counts,
    of_many_devices_that_end_each_other_one_stays,
    of_many_sign_ins_of_one_browser_at_once_one_counts,
    everything_about_devices_at_once_comes_to_an_end,
    a_device_that_no_verb_wrote_is_our_fault,
];
