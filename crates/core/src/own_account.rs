//! What a person sees of their own account, and what they may end.

use entryway_oauth::client_id::ClientId;
use entryway_oauth::denial::Denial;
use entryway_oauth::form::Parameters;
use entryway_oauth::secret::SessionId;
use entryway_oauth::time::Timestamp;

use crate::account::Account;
use crate::authorize::{self, Candidate, SignedIn};
use crate::policy::{Policy, SessionLifetime};
use crate::session::Session;
use crate::sign_in::SignInId;

/// The page to show to somebody who wants to see their account.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum OwnPage<'a> {
    /// Ask for the password, of this account if it was signed in here before.
    SignIn(Option<&'a Account>),
    /// Ask which of these accounts.
    Choose(Vec<Candidate<'a>>),
    /// Show this one.
    Show(&'a SignedIn),
}

/// Decides which page that is. `wanted` is the DID that the address or the form names, if it names one.
///
/// To look and to end takes a sign-in as recent as to approve does, and no second password: who can
/// approve can do more than who can end. An account that is not signed in here is as good as none.
pub fn own_page<'a>(
    signed_in: &'a [SignedIn],
    wanted: Option<&str>,
    policy: &Policy,
    now: Timestamp,
) -> OwnPage<'a> {
    let recent = |one: &SignedIn| authorize::is_recent(one, policy, now);
    let named = wanted.map(|did| signed_in.iter().find(|one| one.account.did.as_str() == did));
    let one = match (named, signed_in) {
        (Some(Some(one)), _) | (None, [one]) => one,
        (_, []) => return OwnPage::SignIn(None),
        _ => {
            let candidates = signed_in.iter().map(|one| Candidate {
                account: &one.account,
                fresh: recent(one),
            });
            return OwnPage::Choose(candidates.collect());
        }
    };
    if recent(one) {
        OwnPage::Show(one)
    } else {
        OwnPage::SignIn(Some(&one.account))
    }
}

/// What a person ends.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum End {
    /// Everything an app was granted, with all its sessions.
    App(ClientId),
    /// One session of an app.
    Session(SessionId),
    /// Everything that every app was granted.
    EveryApp,
    /// The sign-in on one device.
    Device(SignInId),
    /// The sign-ins on all devices but this one.
    OtherDevices,
    /// The sign-ins on all devices, and everything that every app was granted.
    Everything,
}

impl End {
    /// Reads a form: `end` says what, and `client_id`, `session` or `device` which.
    ///
    /// Whose it is, is not looked at.
    ///
    /// # Errors
    /// [`Denial::ParameterMissing`] and [`Denial::ParameterInvalid`], [`Denial::ClientIdInvalid`].
    pub fn parse(form: &Parameters) -> Result<Self, Denial> {
        match form.required("end")? {
            "app" => Ok(Self::App(ClientId::parse(form.required("client_id")?)?)),
            "session" => match SessionId::parse(form.required("session")?) {
                Some(id) => Ok(Self::Session(id)),
                None => Err(invalid("session", "is not one that this page shows")),
            },
            "apps" => Ok(Self::EveryApp),
            "device" => match SignInId::parse(form.required("device")?) {
                Some(id) => Ok(Self::Device(id)),
                None => Err(invalid("device", "is not one that this page shows")),
            },
            "devices" => Ok(Self::OtherDevices),
            "everything" => Ok(Self::Everything),
            _ => Err(invalid(
                "end",
                "must be app, session, apps, device, devices or everything",
            )),
        }
    }
}

fn invalid(name: &'static str, expected: &'static str) -> Denial {
    Denial::ParameterInvalid { name, expected }
}

/// Whether this is a session that the account may end. Somebody else's is as good as none.
pub fn may_end(session: &Session, account: &Account, now: Timestamp) -> bool {
    session.did == account.did && !session.is_over(now)
}

/// When a session ends by itself (demand 7).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SelfEnd {
    /// Then, if it is not used before.
    pub at: Timestamp,
    /// How long using it can put that off; not past this instant.
    pub at_the_latest: Timestamp,
}

impl SelfEnd {
    /// Of a session that was last used then and is over at `expires_at` in any case.
    pub fn of(rotated_at: Timestamp, expires_at: Timestamp, lifetime: SessionLifetime) -> Self {
        Self {
            at: expires_at.min(rotated_at + lifetime.refresh_token),
            at_the_latest: expires_at,
        }
    }

    /// Whether using the session puts its end off.
    pub fn is_put_off_by_use(self) -> bool {
        self.at < self.at_the_latest
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::account::AccountStatus;
    use crate::fixtures;
    use crate::session::{EndReason, Ended};
    use entryway_oauth::time::Seconds;

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
        let name = |account: &Account| {
            if account.did == fixtures::other_did() {
                "other"
            } else {
                "alice"
            }
        };
        match own_page(signed_in, wanted, &Policy::default(), fixtures::NOW) {
            OwnPage::SignIn(None) => "sign in".to_owned(),
            OwnPage::SignIn(Some(account)) => format!("sign in as {}", name(account)),
            OwnPage::Choose(among) => format!("choose among {}", among.len()),
            OwnPage::Show(one) => format!("show {}", name(&one.account)),
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
}
