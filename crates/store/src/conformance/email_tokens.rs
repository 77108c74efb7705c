use super::bench::{Bench, NOON, account, count, hash, race};
use super::on_both_engines;
use crate::{EmailTokenKeeping, EmailTokenSpending, Swept};
use entryway_core::account::Account;
use entryway_core::email::EmailAddress;
use entryway_core::email_change::AddressWarrant;
use entryway_core::email_token::{EMAIL_TOKEN_LIFETIME, EmailTokenPurpose, StoredEmailToken};
use entryway_oauth::secret::Digest;
use entryway_oauth::time::{Seconds, Timestamp};

const RESET: EmailTokenPurpose = EmailTokenPurpose::ResetPassword;

async fn keep_at(bench: &Bench, of: &Account, purpose: EmailTokenPurpose, now: Timestamp) -> Digest {
    let digest = bench.digest();
    let to = of.email.as_deref().unwrap();
    let kept = bench
        .store
        .keep_email_token(&of.did, purpose, digest, to, now)
        .await;
    assert_eq!(kept.unwrap(), EmailTokenKeeping::Kept);
    digest
}

async fn keep(bench: &Bench, of: &Account, purpose: EmailTokenPurpose) -> Digest {
    keep_at(bench, of, purpose, NOON).await
}

async fn kept(bench: &Bench, of: &Account, purpose: EmailTokenPurpose) -> Option<StoredEmailToken> {
    bench.store.email_token(&of.did, purpose).await.unwrap()
}

async fn spend(
    bench: &Bench,
    of: &Account,
    purpose: EmailTokenPurpose,
    digest: Digest,
) -> EmailTokenSpending {
    let spent = bench.store.spend_email_token(&of.did, purpose, digest);
    spent.await.unwrap()
}

async fn each_purpose_has_a_code_of_its_own(bench: &Bench) {
    let person = bench.account().await;
    let mut digests = Vec::new();
    for purpose in EmailTokenPurpose::ALL {
        assert_eq!(kept(bench, &person, purpose).await, None);
        digests.push(keep(bench, &person, purpose).await);
    }
    for (purpose, digest) in EmailTokenPurpose::ALL.into_iter().zip(digests) {
        let expected = StoredEmailToken {
            digest,
            created_at: NOON,
        };
        assert_eq!(kept(bench, &person, purpose).await, Some(expected));
    }
    let nobody = bench
        .store
        .keep_email_token(&account(9).did, RESET, bench.digest(), "a@mail.example", NOON)
        .await;
    assert_eq!(nobody.unwrap(), EmailTokenKeeping::Unknown);
}

async fn the_last_code_that_was_sent_is_the_one_that_is_good(bench: &Bench) {
    let person = bench.account().await;
    let first = keep(bench, &person, RESET).await;
    let second = keep_at(bench, &person, RESET, NOON + Seconds(60)).await;
    let expected = StoredEmailToken {
        digest: second,
        created_at: NOON + Seconds(60),
    };
    assert_eq!(kept(bench, &person, RESET).await, Some(expected));
    let find = async |digest, purpose| {
        let found = bench.store.email_token_by_digest(digest, purpose).await;
        found.unwrap()
    };
    assert_eq!(find(first, RESET).await, None);
    assert_eq!(find(second, EmailTokenPurpose::DeleteAccount).await, None);
    assert_eq!(find(second, RESET).await, Some((person.did.clone(), expected)));
    assert_eq!(
        spend(bench, &person, RESET, first).await,
        EmailTokenSpending::Gone
    );
}

async fn a_code_is_spent_once_by_its_account_for_its_purpose(bench: &Bench) {
    let (person, other) = (bench.account().await, bench.account().await);
    let code = keep(bench, &person, RESET).await;
    let wrong = EmailTokenPurpose::UpdateEmail;
    assert_eq!(spend(bench, &other, RESET, code).await, EmailTokenSpending::Gone);
    assert_eq!(spend(bench, &person, wrong, code).await, EmailTokenSpending::Gone);
    let answers = race(|_| {
        let (store, did) = (bench.store.clone(), person.did.clone());
        async move { store.spend_email_token(&did, RESET, code).await.unwrap() }
    })
    .await;
    assert_eq!(count(&answers, &EmailTokenSpending::Spent), 1);
    assert_eq!(kept(bench, &person, RESET).await, None);
}

async fn codes_are_worthless_after_the_address_or_the_password_changed(bench: &Bench) {
    for is_password in [true, false] {
        let (person, other) = (bench.account().await, bench.account().await);
        for purpose in [RESET, EmailTokenPurpose::UpdateEmail] {
            keep(bench, &person, purpose).await;
        }
        keep(bench, &other, RESET).await;
        if is_password {
            let second = hash("second");
            let changed = bench.store.change_password(&person.did, &second, NOON);
            changed.await.unwrap();
        } else {
            let address = EmailAddress::parse("new@mail.example").unwrap();
            let changed = bench
                .store
                .change_email(&person.did, &address, AddressWarrant::Operator, NOON);
            changed.await.unwrap();
        }
        for purpose in [RESET, EmailTokenPurpose::UpdateEmail] {
            assert_eq!(kept(bench, &person, purpose).await, None);
        }
        assert!(kept(bench, &other, RESET).await.is_some());
    }
}

// attack: a letter is on its way to an address that somebody else reads, while the account gets another
async fn a_code_that_was_sent_to_a_former_address_is_worthless(bench: &Bench) {
    let person = bench.account().await;
    let answers = race(|number| {
        let (store, of, digest) = (bench.store.clone(), person.clone(), bench.digest());
        async move {
            if number == 32 {
                let address = EmailAddress::parse("new@mail.example").unwrap();
                let changed = store.change_email(&of.did, &address, AddressWarrant::Operator, NOON);
                changed.await.unwrap();
                return EmailTokenKeeping::Unknown;
            }
            let to = of.email.as_deref().unwrap();
            let kept = store.keep_email_token(&of.did, RESET, digest, to, NOON).await;
            kept.unwrap()
        }
    })
    .await;
    let (good, late) = (EmailTokenKeeping::Kept, EmailTokenKeeping::OtherAddress);
    assert_eq!(count(&answers, &good) + count(&answers, &late), 63);
    assert_eq!(kept(bench, &person, RESET).await, None);
}

async fn a_code_that_is_over_is_swept(bench: &Bench) {
    let person = bench.account().await;
    keep(bench, &person, RESET).await;
    let end = NOON + EMAIL_TOKEN_LIFETIME;
    for (now, email_tokens) in [(end - Seconds(1), 0), (end, 1), (end, 0)] {
        let expected = Swept {
            email_tokens,
            ..Swept::default()
        };
        assert_eq!(bench.store.sweep(now, 100).await.unwrap(), expected);
    }
}

on_both_engines![
    each_purpose_has_a_code_of_its_own,
    the_last_code_that_was_sent_is_the_one_that_is_good,
    a_code_is_spent_once_by_its_account_for_its_purpose,
    codes_are_worthless_after_the_address_or_the_password_changed,
    a_code_that_was_sent_to_a_former_address_is_worthless,
    a_code_that_is_over_is_swept,
];
