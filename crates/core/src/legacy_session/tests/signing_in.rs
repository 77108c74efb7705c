//! What becomes of `createSession`.

use super::*;

type Case = (
    AccountStatus,
    Credential,
    Factor,
    TakenDown,
    Result<SignIn, XrpcDenial>,
);

fn app() -> Credential {
    Credential::AppPassword {
        name: AppPasswordName::parse("my bot").unwrap(),
        kind: AppPasswordKind::Plain,
    }
}

// A11
#[test]
fn a_sign_in_is_decided_by_the_table() {
    use AccountStatus as Is;
    use Credential::{AccountPassword as Own, Wrong};
    use Factor::{Missing, NotAsked, Right};
    use TakenDown::{Allow, Refuse};
    let begin = |basis| Ok(SignIn::Begin(basis));
    let (own, plain) = (
        || begin(Basis::AccountPassword),
        || begin(app_password(AppPasswordKind::Plain)),
    );
    let (wrong, down) = (
        || Err(XrpcDenial::CredentialsWrong),
        || Err(XrpcDenial::AccountTakedown),
    );
    let bad_code = || Factor::Wrong(XrpcDenial::EmailTokenExpired);
    let cases: [Case; 24] = [
        (Is::Active, Own, NotAsked, Refuse, own()),
        (Is::Active, Own, NotAsked, Allow, own()),
        (Is::Active, Own, Right, Refuse, own()),
        (Is::Active, Own, Missing, Refuse, Ok(SignIn::Challenge)),
        (
            Is::Active,
            Own,
            bad_code(),
            Refuse,
            Err(XrpcDenial::EmailTokenExpired),
        ),
        // no code is sent, and none is asked for, where the password is wrong
        (Is::Active, Wrong, NotAsked, Refuse, wrong()),
        (Is::Active, Wrong, Missing, Refuse, wrong()),
        (Is::Active, Wrong, Right, Allow, wrong()),
        (Is::Active, Wrong, bad_code(), Refuse, wrong()),
        // an app has nobody who could read a code
        (Is::Active, app(), NotAsked, Refuse, plain()),
        (Is::Active, app(), Missing, Refuse, plain()),
        (Is::Active, app(), bad_code(), Refuse, plain()),
        (Is::Deactivated, Own, NotAsked, Refuse, own()),
        (Is::Deactivated, Own, Missing, Refuse, Ok(SignIn::Challenge)),
        (Is::Deactivated, app(), NotAsked, Refuse, plain()),
        // whoever does not know the password does not learn of the takedown
        (Is::TakenDown, Wrong, NotAsked, Refuse, wrong()),
        (Is::TakenDown, Wrong, NotAsked, Allow, wrong()),
        (Is::TakenDown, app(), NotAsked, Refuse, wrong()),
        (Is::TakenDown, app(), NotAsked, Allow, wrong()),
        (Is::TakenDown, Own, NotAsked, Refuse, down()),
        (Is::TakenDown, Own, Missing, Refuse, down()),
        (Is::TakenDown, Own, NotAsked, Allow, begin(Basis::TakenDown)),
        (Is::TakenDown, Own, Missing, Allow, Ok(SignIn::Challenge)),
        (Is::TakenDown, Own, Right, Allow, begin(Basis::TakenDown)),
    ];
    for (status, credential, factor, taken_down, expected) in cases {
        let account = Account {
            status,
            ..fixtures::account()
        };
        let name = format!("{status:?} {credential:?} {factor:?} {taken_down:?}");
        assert_eq!(
            sign_in(Some(&account), credential, factor, taken_down),
            expected,
            "{name}"
        );
    }
}

//
#[test]
fn an_unknown_account_is_refused_as_a_wrong_password_is() {
    for credential in [Credential::Wrong, Credential::AccountPassword, app()] {
        let unknown = sign_in(None, credential, Factor::NotAsked, TakenDown::Allow);
        let wrong = sign_in(
            Some(&fixtures::account()),
            Credential::Wrong,
            Factor::NotAsked,
            TakenDown::Allow,
        );
        assert_eq!(unknown, wrong);
    }
}
