use super::bench::{Bench, NOON};
use super::on_both_engines;
use crate::{INVITES_AT_ONCE_MAX, INVITES_PAGE, InviteCreation, InviteDisabling};
use entryway_core::invite::{Invite, InviteCode};
use entryway_oauth::time::Seconds;

pub(super) fn code(number: u32) -> InviteCode {
    let mut entropy = [0; 10];
    entropy[..4].copy_from_slice(&number.to_be_bytes());
    InviteCode::from_entropy("entryway.example", entropy)
}

fn invite(number: u32, uses_max: u32) -> Invite {
    Invite {
        code: code(number),
        uses_max,
        disabled: false,
        for_account: "admin".to_owned(),
        created_by: "admin".to_owned(),
        created_at: NOON,
        used: 0,
        uses: Vec::new(),
    }
}

/// An invite that is good so often.
pub(super) async fn make(bench: &Bench, number: u32, uses_max: u32) -> InviteCode {
    let made = bench.store.create_invites(&[invite(number, uses_max)]).await;
    assert_eq!(made.unwrap(), InviteCreation::Created);
    code(number)
}

/// An invite that an account made for itself.
pub(super) async fn make_for(bench: &Bench, number: u32, owner: &str) -> InviteCode {
    let made = Invite {
        for_account: owner.to_owned(),
        created_by: owner.to_owned(),
        ..invite(number, 1)
    };
    let made = bench.store.create_invites(&[made]).await;
    assert_eq!(made.unwrap(), InviteCreation::Created);
    code(number)
}

pub(super) async fn stored(bench: &Bench, of: &InviteCode) -> Invite {
    bench.store.invite(of).await.unwrap().unwrap()
}

async fn an_invite_is_kept_as_it_was_made_and_unused(bench: &Bench) {
    let made = Invite {
        disabled: true,
        for_account: "did:plc:ewvi7nxzyoun6zhxrhs64oiz".to_owned(),
        ..invite(1, 10_000)
    };
    let said_to_be_used = Invite {
        used: 7,
        ..made.clone()
    };
    let created = bench.store.create_invites(&[said_to_be_used]).await.unwrap();
    assert_eq!(created, InviteCreation::Created);
    assert_eq!(stored(bench, &made.code).await, made);
    assert_eq!(bench.store.invite(&code(2)).await.unwrap(), None);
}

async fn invites_are_made_all_or_none(bench: &Bench) {
    make(bench, 1, 1).await;
    let refused = bench.store.create_invites(&[invite(2, 1), invite(1, 1)]).await;
    assert!(refused.is_err());
    assert_eq!(bench.store.invite(&code(2)).await.unwrap(), None);
    let number = |number| invite(u32::try_from(number).unwrap(), 1);
    let too_many: Vec<Invite> = (10..=10 + INVITES_AT_ONCE_MAX).map(number).collect();
    let refused = bench.store.create_invites(&too_many).await.unwrap();
    assert_eq!(refused, InviteCreation::TooMany);
    assert_eq!(bench.store.invite(&code(10)).await.unwrap(), None);
}

async fn the_invites_of_an_account_are_listed_a_page_at_a_time(bench: &Bench) {
    let mut made: Vec<Invite> = (0..=INVITES_PAGE).map(|number| invite(number, 1)).collect();
    let other = Invite {
        for_account: "did:plc:ewvi7nxzyoun6zhxrhs64oiz".to_owned(),
        ..invite(1_000, 1)
    };
    bench.store.create_invites(&made).await.unwrap();
    bench
        .store
        .create_invites(std::slice::from_ref(&other))
        .await
        .unwrap();
    made.sort_by(|one, other| one.code.cmp(&other.code));
    let after = async |owner: &str, last| bench.store.invites_after(owner, last).await.unwrap();
    let (last, page) = made.split_last().unwrap();
    assert_eq!(after("admin", None).await, page);
    let rest = after("admin", page.last().map(|invite| &invite.code)).await;
    assert_eq!(rest, std::slice::from_ref(last));
    assert_eq!(
        after(&other.for_account, None).await,
        std::slice::from_ref(&other)
    );
    assert_eq!(after("nobody", None).await, []);
}

async fn the_invites_of_everybody_are_listed_the_latest_first(bench: &Bench) {
    let mut made = Vec::new();
    for (number, later) in [(1, 0), (2, 5), (3, 5), (4, 9)] {
        let invite = Invite {
            created_at: NOON + Seconds(later),
            ..invite(number, 1)
        };
        made.push(invite);
    }
    made[2].for_account = "did:plc:ewvi7nxzyoun6zhxrhs64oiz".to_owned();
    bench.store.create_invites(&made).await.unwrap();
    made.sort_by(|one, other| (other.created_at, &one.code).cmp(&(one.created_at, &other.code)));
    let after = async |last, limit| bench.store.recent_invites(last, limit).await.unwrap();
    assert_eq!(after(None, 100).await, made);
    assert_eq!(after(None, 2).await, made[..2]);
    assert_eq!(after(Some(&made[1]), 2).await, made[2..]);
    assert_eq!(after(Some(&made[3]), 2).await, []);
}

async fn invites_are_withdrawn_one_by_one_or_all_of_an_account(bench: &Bench) {
    for number in [1, 2, 3] {
        make(bench, number, 1).await;
    }
    let disable = async |number| bench.store.disable_invite(&code(number)).await.unwrap();
    assert_eq!(disable(1).await, InviteDisabling::Disabled);
    assert_eq!(disable(9).await, InviteDisabling::Unknown);
    assert_eq!(stored(bench, &code(1)).await.uses_left(), 0);
    assert_eq!(stored(bench, &code(2)).await.uses_left(), 1);
    let all = async || bench.store.disable_invites_of_account("admin").await.unwrap();
    assert_eq!(all().await, 2);
    assert_eq!(all().await, 0);
    assert_eq!(stored(bench, &code(3)).await.uses_left(), 0);
}

on_both_engines![
    an_invite_is_kept_as_it_was_made_and_unused,
    invites_are_made_all_or_none,
    the_invites_of_an_account_are_listed_a_page_at_a_time,
    the_invites_of_everybody_are_listed_the_latest_first,
    invites_are_withdrawn_one_by_one_or_all_of_an_account,
];
