use super::bench::{Bench, NOON, count, hash, race};
use super::devices::{is_live, sign_in};
use super::on_both_engines;
use crate::{
    AppPasswordCreation, EmailTokenKeeping, LegacyBegin, NewLegacySession, PasswordChange, PasswordReset,
};
use entryway_core::account::{Account, Identifier};
use entryway_core::app_password::{AppPasswordEntry, AppPasswordKind, AppPasswordName};
use entryway_core::code::CodeState;
use entryway_core::email_token::EmailTokenPurpose;
use entryway_core::legacy_session::{Basis, LegacyLifetimes, LegacySession};
use entryway_core::session::{EndReason, Ended};
use entryway_oauth::revocation::Revoked;
use entryway_oauth::secret::{Digest, SessionId};
use entryway_oauth::time::{Seconds, Timestamp};

const LATER: Timestamp = Timestamp::from_seconds(NOON.seconds() + 30);

async fn sent(bench: &Bench, of: &Account, purpose: EmailTokenPurpose) -> Digest {
    let code = bench.digest();
    let to = of.email.as_deref().unwrap();
    let kept = bench
        .store
        .keep_email_token(&of.did, purpose, code, to, NOON)
        .await;
    assert_eq!(kept.unwrap(), EmailTokenKeeping::Kept);
    code
}

async fn reset(bench: &Bench, code: Digest, to: &str) -> PasswordReset {
    let reset = bench.store.reset_password(code, &hash(to), LATER).await;
    reset.unwrap()
}

async fn begin(bench: &Bench, of: &Account, basis: Basis) -> SessionId {
    let mut entropy = [0; 16];
    entropy[..4].copy_from_slice(&bench.fresh().to_be_bytes());
    let id = SessionId::from_entropy(entropy);
    let lifetimes = LegacyLifetimes::default();
    let session = LegacySession::begin(of.did.clone(), basis, id, [7; 16], &lifetimes, NOON);
    let new = NewLegacySession {
        session: &session,
        account: of,
        auth_factor: None,
    };
    let begun = bench.store.begin_legacy_session(new).await.unwrap();
    assert_eq!(begun, LegacyBegin::Begun);
    id
}

async fn app_password(bench: &Bench, of: &Account) -> Basis {
    let (name, kind) = (
        AppPasswordName::parse("a bot").unwrap(),
        AppPasswordKind::Privileged,
    );
    let entry = AppPasswordEntry {
        name: name.clone(),
        kind,
        created_at: NOON,
    };
    let made = bench
        .store
        .create_app_password(&of.did, &entry, bench.digest())
        .await;
    assert_eq!(made.unwrap(), AppPasswordCreation::Created);
    Basis::AppPassword { name, kind }
}

async fn opened_by(bench: &Bench, of: &Account) -> (Account, String) {
    let identifier = Identifier::Did(of.did.clone());
    let found = bench.store.account_for_sign_in(&identifier).await.unwrap();
    let (account, hash) = found.unwrap();
    (account, hash.expose().to_owned())
}

//
async fn a_reset_ends_everything_that_the_old_password_opened(bench: &Bench) {
    let (session, _) = bench.session().await;
    let person = bench.store.account(&session.did).await.unwrap().unwrap();
    let bot = app_password(bench, &person).await;
    let begun = [
        begin(bench, &person, Basis::AccountPassword).await,
        begin(bench, &person, bot.clone()).await,
    ];
    let device = sign_in(bench, &person.did).await;
    let (open, other) = bench.code().await;
    let others = begin(bench, &other, Basis::AccountPassword).await;
    let code = sent(bench, &person, EmailTokenPurpose::ResetPassword).await;
    sent(bench, &person, EmailTokenPurpose::DeleteAccount).await;

    let done = reset(bench, code, "second").await;
    assert_eq!(done, PasswordReset::Reset(person.did.clone()));
    let (now, opens) = opened_by(bench, &person).await;
    assert_eq!(now.credentials_changed_at, LATER);
    assert_eq!(opens, hash("second").expose());
    let ended = bench.stored(session.id).await.ended;
    let reason = EndReason::PasswordChanged;
    assert_eq!(ended, Some(Ended { at: LATER, reason }));
    let told = bench.store.revocations_after(0, 10).await.unwrap();
    let expected = Revoked::Account {
        sub: person.did.clone(),
        sessions: vec![session.id],
    };
    assert_eq!(told.last().map(|event| &event.revoked), Some(&expected));
    for id in begun {
        assert_eq!(bench.store.legacy_session(id).await.unwrap(), None);
    }
    assert!(!is_live(bench, &device, LATER).await);
    for purpose in EmailTokenPurpose::ALL {
        assert_eq!(bench.store.email_token(&person.did, purpose).await.unwrap(), None);
    }
    // the app password itself was no secret of whoever knew the password
    begin(bench, &now, bot).await;
    // and nobody else's is touched
    let facts = bench.store.code(open).await.unwrap().unwrap();
    assert_eq!(facts.state, CodeState::Open);
    assert!(bench.store.legacy_session(others).await.unwrap().is_some());
}

async fn a_code_that_was_not_exchanged_is_spoiled_by_a_reset(bench: &Bench) {
    let (open, person) = bench.code().await;
    let code = sent(bench, &person, EmailTokenPurpose::ResetPassword).await;
    let done = reset(bench, code, "second").await;
    assert_eq!(done, PasswordReset::Reset(person.did.clone()));
    let facts = bench.store.code(open).await.unwrap().unwrap();
    assert_eq!(facts.state, CodeState::Spoiled);
}

async fn only_the_code_that_was_sent_last_for_it_resets_a_password(bench: &Bench) {
    let person = bench.account().await;
    let older = sent(bench, &person, EmailTokenPurpose::ResetPassword).await;
    let wrong = sent(bench, &person, EmailTokenPurpose::UpdateEmail).await;
    let code = sent(bench, &person, EmailTokenPurpose::ResetPassword).await;
    for code in [older, wrong, bench.digest()] {
        assert_eq!(reset(bench, code, "second").await, PasswordReset::TokenGone);
    }
    assert_eq!(
        opened_by(bench, &person).await,
        (person.clone(), hash("first").expose().to_owned())
    );
    assert_eq!(
        reset(bench, code, "second").await,
        PasswordReset::Reset(person.did)
    );
    assert_eq!(reset(bench, code, "third").await, PasswordReset::TokenGone);
}

async fn a_changed_password_makes_the_code_for_a_new_one_worthless(bench: &Bench) {
    let person = bench.account().await;
    let code = sent(bench, &person, EmailTokenPurpose::ResetPassword).await;
    let changed = bench
        .store
        .change_password(&person.did, &hash("second"), NOON)
        .await;
    assert_eq!(changed.unwrap(), PasswordChange::Changed);
    assert_eq!(reset(bench, code, "third").await, PasswordReset::TokenGone);
    assert_eq!(opened_by(bench, &person).await.1, hash("second").expose());
}

/// Resets with one code, changes of the password, other codes being sent and sign-ins, all at once.
async fn of_many_with_one_code_one_chooses_the_password(bench: &Bench) {
    let person = bench.account().await;
    let code = sent(bench, &person, EmailTokenPurpose::ResetPassword).await;
    let answers = race(|number| {
        let store = bench.store.clone();
        async move {
            let new = hash(&format!("chosen{number}"));
            match store.reset_password(code, &new, LATER).await.unwrap() {
                PasswordReset::Reset(_) => Some(new),
                PasswordReset::TokenGone => None,
            }
        }
    })
    .await;
    assert_eq!(count(&answers, &None), 63);
    let chosen = answers.into_iter().flatten().next().unwrap();
    assert_eq!(opened_by(bench, &person).await.1, chosen.expose());

    let code = sent(bench, &person, EmailTokenPurpose::ResetPassword).await;
    let answers = race(|number| {
        let (store, did) = (bench.store.clone(), person.did.clone());
        let (fresh, to) = (bench.digest(), person.email.clone().unwrap());
        async move {
            match number % 3 {
                0 => {
                    let new = hash("reset");
                    let reset = store.reset_password(code, &new, LATER + Seconds(1)).await;
                    reset.unwrap() == PasswordReset::Reset(did)
                }
                1 => {
                    let purpose = EmailTokenPurpose::ResetPassword;
                    let kept = store.keep_email_token(&did, purpose, fresh, &to, LATER).await;
                    kept.unwrap() != EmailTokenKeeping::Kept
                }
                _ => {
                    let changed = store.change_password(&did, &hash("changed"), LATER).await;
                    changed.unwrap() == PasswordChange::Unknown
                }
            }
        }
    })
    .await;
    assert!(count(&answers, &true) <= 1);
}

on_both_engines![
    a_reset_ends_everything_that_the_old_password_opened,
    a_code_that_was_not_exchanged_is_spoiled_by_a_reset,
    only_the_code_that_was_sent_last_for_it_resets_a_password,
    a_changed_password_makes_the_code_for_a_new_one_worthless,
    of_many_with_one_code_one_chooses_the_password,
];
