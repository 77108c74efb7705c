use super::*;
use crate::fixtures;
use crate::session::{EndReason, Ended};

fn signed_in(other: bool, age: Seconds) -> SignedIn {
    let did = if other {
        fixtures::other_did()
    } else {
        fixtures::account().did
    };
    SignedIn {
        account: Account {
            did,
            ..fixtures::account()
        },
        authenticated_at: fixtures::NOW - age,
    }
}

fn page(signed_in: &[SignedIn], wanted: Option<&str>) -> String {
    page_for(Visit::Look, signed_in, wanted)
}

fn page_for(visit: Visit, signed_in: &[SignedIn], wanted: Option<&str>) -> String {
    let name = |account: &Account| {
        if account.did == fixtures::other_did() {
            "other"
        } else {
            "alice"
        }
    };
    match own_page(signed_in, wanted, visit, &Policy::default(), fixtures::NOW) {
        OwnPage::SignIn(None) => "sign in".to_owned(),
        OwnPage::SignIn(Some(account)) => format!("sign in as {}", name(account)),
        OwnPage::Choose(among) => format!("choose among {}", among.len()),
        OwnPage::Show(one) => format!("show {}", name(&one.account)),
        OwnPage::Asleep(one) => format!("asleep {}", name(&one.account)),
    }
}

//
#[test]
fn an_account_is_shown_to_who_signed_in_to_it_here_within_a_week() {
    let week = Seconds::days(7);
    let (alice, stale) = (signed_in(false, week), signed_in(false, Seconds(week.0 + 1)));
    let young = signed_in(false, Seconds(week.0 - 1));
    let other = signed_in(true, Seconds(0));
    let (alices, others) = (
        fixtures::account().did.to_string(),
        fixtures::other_did().to_string(),
    );
    let both = [alice.clone(), other.clone()];
    let stale_and_other = [stale.clone(), other];
    let stale = [stale];
    for (browser, wanted, expected) in [
        (&[][..], None, "sign in"),
        (&[], Some(alices.as_str()), "sign in"),
        (&[young], None, "show alice"),
        (&[alice], None, "show alice"),
        (&stale, None, "sign in as alice"),
        (&stale, Some(&alices), "sign in as alice"),
        (&stale, Some(&others), "choose among 1"),
        (&both, None, "choose among 2"),
        (&both, Some(&alices), "show alice"),
        (&both, Some(&others), "show other"),
        (&both, Some("did:plc:nobody"), "choose among 2"),
        (&both, Some(""), "choose among 2"),
        (&stale_and_other, Some(&alices), "sign in as alice"),
    ] {
        assert_eq!(page(browser, wanted), expected, "{wanted:?}");
    }
    //
    for account in [
        Account {
            status: AccountStatus::TakenDown,
            ..fixtures::account()
        },
        Account {
            credentials_changed_at: fixtures::NOW + Seconds(1),
            ..fixtures::account()
        },
    ] {
        let one = SignedIn {
            account,
            ..signed_in(false, Seconds(0))
        };
        assert_eq!(page(&[one], None), "sign in as alice");
    }
}

//
#[test]
fn what_is_grave_takes_a_password_of_the_last_quarter_of_an_hour_and_as_much_to_fill_it_in() {
    let (quarter, half) = (15 * 60, 30 * 60);
    for (visit, age, shown) in [
        (Visit::OpenGrave, quarter - 1, true),
        (Visit::OpenGrave, quarter, true),
        (Visit::OpenGrave, quarter + 1, false),
        (Visit::SendGrave, half - 1, true),
        (Visit::SendGrave, half, true),
        (Visit::SendGrave, half + 1, false),
        (Visit::Look, half + 1, true),
    ] {
        let expected = if shown { "show alice" } else { "sign in as alice" };
        let one = signed_in(false, Seconds(age));
        assert_eq!(page_for(visit, &[one], None), expected, "{visit:?} {age}");
    }
    // an operator who wants passwords more often gets them here too
    let strict = Policy {
        sign_in_max_age: Seconds::minutes(5),
        ..Policy::default()
    };
    for visit in [Visit::Look, Visit::OpenGrave, Visit::SendGrave] {
        for (age, shown) in [(300, true), (301, false)] {
            let one = [signed_in(false, Seconds(age))];
            let page = own_page(&one, None, visit, &strict, fixtures::NOW);
            assert_eq!(matches!(page, OwnPage::Show(_)), shown, "{visit:?} {age}");
        }
    }
}

//
#[test]
fn a_deactivated_account_is_shown_asleep_to_who_signed_in_to_it() {
    let asleep = |age| SignedIn {
        account: Account {
            status: AccountStatus::Deactivated,
            ..fixtures::account()
        },
        ..signed_in(false, age)
    };
    assert_eq!(page(&[asleep(Seconds(0))], None), "asleep alice");
    let stale = asleep(Seconds(Seconds::days(7).0 + 1));
    assert_eq!(page(&[stale], None), "sign in as alice");
    for (status, fine) in [
        (AccountStatus::Active, true),
        (AccountStatus::Deactivated, true),
        (AccountStatus::TakenDown, false),
    ] {
        let account = Account {
            status,
            ..fixtures::account()
        };
        assert_eq!(may_sign_in(&account), fine, "{status:?}");
    }
}

#[test]
fn a_form_says_what_is_to_end() {
    let session = SessionId::from_entropy([1; 16]);
    let device = SignInId::from_entropy([2; 16]);
    let app = ClientId::parse("http://localhost").unwrap();
    for (form, expected) in [
        ("end=app&client_id=http://localhost".to_owned(), Ok(End::App(app))),
        (
            format!("end=session&session={session}"),
            Ok(End::Session(session)),
        ),
        ("end=apps".to_owned(), Ok(End::EveryApp)),
        (format!("end=device&device={device}"), Ok(End::Device(device))),
        (format!("end=devices&device={device}"), Ok(End::OtherDevices)),
        ("end=everything".to_owned(), Ok(End::Everything)),
        (String::new(), Err("end")),
        ("end=".to_owned(), Err("end")),
        ("end=account".to_owned(), Err("end")),
        ("end=app".to_owned(), Err("client_id")),
        ("end=app&client_id=javascript:x".to_owned(), Err("client_id")),
        ("end=session".to_owned(), Err("session")),
        (format!("end=session&session={device}"), Err("session")),
        (format!("end=device&device={session}"), Err("device")),
    ] {
        let form_read = Parameters::from_form(form.as_bytes()).unwrap();
        match (End::parse(&form_read), expected) {
            (Ok(end), Ok(expected)) => assert_eq!(end, expected),
            (Err(denial), Err(name)) => assert!(denial.to_string().contains(name), "{form}: {denial}"),
            (parsed, _) => panic!("{form}: {parsed:?}"),
        }
    }
}

#[test]
fn a_form_says_what_of_a_password_s_is_to_end() {
    let session = SessionId::from_entropy([1; 16]);
    let name = AppPasswordName::parse("a bot").unwrap();
    for (form, expected) in [
        (
            "end=app-password&name=a+bot".to_owned(),
            Ok(PasswordEnd::AppPassword(name)),
        ),
        (
            format!("end=password-session&session={session}"),
            Ok(PasswordEnd::Session(session)),
        ),
        ("end=password-sessions".to_owned(), Ok(PasswordEnd::EverySession)),
        (String::new(), Err("end")),
        ("end=apps".to_owned(), Err("end")),
        ("end=app-password".to_owned(), Err("name")),
        (format!("end=app-password&name={}", "a".repeat(65)), Err("name")),
        ("end=password-session&session=x".to_owned(), Err("session")),
    ] {
        let form_read = Parameters::from_form(form.as_bytes()).unwrap();
        match (PasswordEnd::parse(&form_read), expected) {
            (Ok(end), Ok(expected)) => assert_eq!(end, expected),
            (Err(denial), Err(name)) => assert!(denial.to_string().contains(name), "{form}: {denial}"),
            (parsed, _) => panic!("{form}: {parsed:?}"),
        }
    }
}

#[test]
fn only_the_account_s_own_live_sessions_may_be_ended() {
    let (mine, now) = (fixtures::account(), fixtures::NOW);
    let live = fixtures::session();
    let ended = Some(Ended {
        at: now,
        reason: EndReason::Revoked,
    });
    let others = Account {
        did: fixtures::other_did(),
        ..fixtures::account()
    };
    assert!(may_end(&live, &mine, now));
    assert!(!may_end(&live, &others, now));
    assert!(!may_end(&live, &mine, live.expires_at));
    assert!(!may_end(&Session { ended, ..live }, &mine, now));
}

// demand 7
#[test]
fn the_end_of_a_session_is_put_off_by_use_up_to_its_whole_life() {
    let now = fixtures::NOW;
    let day = |days| now + Seconds::days(days);
    let (public, confidential) = (
        Policy::default().sessions(false),
        Policy::default().sessions(true),
    );
    for (rotated_at, expires_at, lifetime, at, put_off) in [
        (now, day(14), public, day(14), false),
        (day(3), day(14), public, day(14), false),
        (now, day(730), confidential, day(180), true),
        (day(549), day(730), confidential, day(729), true),
        (day(550), day(730), confidential, day(730), false),
        (day(600), day(730), confidential, day(730), false),
    ] {
        let end = SelfEnd::of(rotated_at, expires_at, lifetime);
        assert_eq!((end.at, end.is_put_off_by_use()), (at, put_off), "{rotated_at}");
    }
}
