//! Which session may call what.

use entryway_oauth::service_token::ServiceMethod;

use super::*;

const PATHS: [&str; 5] = [
    "access",
    "appPass",
    "appPassPrivileged",
    "signupQueued",
    "takendown",
];

fn may_call(method: ServiceMethod) -> Vec<&'static str> {
    let scopes = scopes_of(method).iter();
    scopes
        .map(|scope| &scope.name()["com.atproto.".len()..])
        .collect()
}

// A10, R-482, contract 2.2
#[test]
fn what_an_app_password_may_not_do_here_is_in_the_table() {
    let own: &[&str] = &["access"];
    let own_and_down: &[&str] = &["access", "takendown"];
    for (nsid, scopes) in [
        ("com.atproto.admin.sendEmail", &[][..]),
        ("com.atproto.identity.requestPlcOperationSignature", own_and_down),
        ("com.atproto.identity.signPlcOperation", own_and_down),
        ("com.atproto.identity.updateHandle", &PATHS[..3]),
        ("com.atproto.server.activateAccount", own),
        ("com.atproto.server.confirmEmail", own),
        ("com.atproto.server.createAppPassword", own),
        ("com.atproto.server.deactivateAccount", own_and_down),
        ("com.atproto.server.getAccountInviteCodes", own),
        ("com.atproto.server.getSession", &PATHS[..4]),
        ("com.atproto.server.listAppPasswords", own),
        ("com.atproto.server.requestAccountDelete", own),
        ("com.atproto.server.requestEmailConfirmation", own),
        ("com.atproto.server.requestEmailUpdate", own),
        ("com.atproto.server.revokeAppPassword", own),
        ("com.atproto.server.updateEmail", own),
    ] {
        let method = ServiceMethod::parse(nsid).unwrap();
        assert_eq!(may_call(method), scopes, "{nsid}");
    }
    assert_eq!(SIGNUP_QUEUE_SCOPES, scopes_of(ServiceMethod::GetSession));
}

type Change = fn(&mut SessionAccessClaims, &mut Account, &mut Option<LegacySession>);

fn admitted(change: Change) -> Result<(), XrpcDenial> {
    let (mut account, mut stored) = (fixtures::account(), Some(session()));
    let mut claims = issued(&session(), 1, NOW).access;
    change(&mut claims, &mut account, &mut stored);
    let scopes = [SessionScope::Access, SessionScope::Takendown];
    admit(&claims, &account, stored.as_ref(), &scopes)
}

#[test]
fn each_reason_to_refuse_a_session_has_its_denial() {
    use XrpcDenial as D;
    let cases: [(&str, Change, Result<(), D>); 10] = [
        ("as it should be", |_, _, _| (), Ok(())),
        (
            "deactivated",
            |_, account, _| account.status = AccountStatus::Deactivated,
            Ok(()),
        ),
        // A10
        (
            "app password",
            |claims, _, _| claims.scope = SessionScope::AppPass,
            Err(D::TokenScope),
        ),
        (
            "privileged app password",
            |claims, _, _| claims.scope = SessionScope::AppPassPrivileged,
            Err(D::TokenScope),
        ),
        (
            "taken down since",
            |_, account, _| account.status = AccountStatus::TakenDown,
            Err(D::AccountTakedown),
        ),
        ("signed out", |_, _, stored| *stored = None, Err(D::TokenRevoked)),
        (
            "another session",
            |claims, _, _| claims.sid = SessionId::from_entropy([9; 16]),
            Err(D::TokenRevoked),
        ),
        (
            "new password",
            |_, account, _| account.credentials_changed_at = session().created_at + Seconds(1),
            Err(D::TokenRevoked),
        ),
        // contract 6, items 4 and 14: the client refreshes, and gets a token for where the account is now
        (
            "moved",
            |_, account, _| "did:web:other.test".clone_into(&mut account.pds_did),
            Err(D::TokenExpired),
        ),
        (
            "another's account",
            |_, account, _| account.did = fixtures::other_did(),
            Err(D::TokenUnverified),
        ),
    ];
    for (name, change, expected) in cases {
        assert_eq!(admitted(change), expected, "{name}");
    }
}

// R-485, contract 6, item 16
#[test]
fn a_session_of_a_takedown_needs_no_row_and_ends_with_the_password() {
    for (changed_after, moved, expected) in [
        (-1, false, Ok(())),
        (0, false, Ok(())),
        (1, false, Err(XrpcDenial::TokenRevoked)),
        (0, true, Err(XrpcDenial::TokenExpired)),
    ] {
        let taken_down = LegacySession {
            basis: Basis::TakenDown,
            ..session()
        };
        let claims = issued(&taken_down, 1, NOW).access;
        let account = Account {
            status: AccountStatus::TakenDown,
            credentials_changed_at: claims.iat + Seconds(changed_after),
            pds_did: if moved {
                "did:web:other.test"
            } else {
                "did:web:pds.test"
            }
            .to_owned(),
            ..fixtures::account()
        };
        let scopes = scopes_of(ServiceMethod::SignPlcOperation);
        assert_eq!(admit(&claims, &account, None, scopes), expected);
        assert_eq!(
            admit(&claims, &account, None, scopes_of(ServiceMethod::UpdateEmail)),
            Err(XrpcDenial::TokenScope)
        );
    }
}

// contract 2.2, R-485
#[test]
fn a_pds_leads_an_account_that_was_taken_down_to_the_exit_and_nowhere_else() {
    let mut account = fixtures::account();
    let open = [
        ServiceMethod::SendEmail,
        ServiceMethod::RequestPlcOperationSignature,
        ServiceMethod::SignPlcOperation,
        ServiceMethod::DeactivateAccount,
        ServiceMethod::GetSession,
    ];
    for status in [AccountStatus::Active, AccountStatus::Deactivated] {
        account.status = status;
        for method in ServiceMethod::ALL {
            assert_eq!(admit_host(&account, method), Ok(()), "{method:?}");
        }
    }
    account.status = AccountStatus::TakenDown;
    for method in ServiceMethod::ALL {
        let admitted = admit_host(&account, method).is_ok();
        assert_eq!(admitted, open.contains(&method), "{method:?}");
    }
}
