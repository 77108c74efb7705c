//! Rows about sign-ups and invites.

use entryway_core::account::PasswordHash;
use entryway_core::email::EmailAddress;
use entryway_core::invite::{Invite, InviteCode, InviteUse};
use entryway_core::sign_up::{SignUp, SignUpId, SignUpRequest};
use entryway_scope::{Did, Handle};

use super::Columns;
use crate::db::Row;
use crate::fault::Fault;

/// From the row of `SIGN_UP`.
pub(crate) fn sign_up(row: &Row) -> Result<SignUp, Fault> {
    let columns = Columns::of(row, "sign_up");
    let invite = columns
        .optional_text("invite")?
        .map(InviteCode::parse)
        .transpose();
    let arrival = columns.optional_text("arrival")?.map(serde_json::from_str);
    let arrival = arrival.transpose();
    let request = SignUpRequest {
        handle: columns.parsed("handle", |text| Handle::parse(text).ok())?,
        email: columns.parsed("email", |text| EmailAddress::parse(text).ok())?,
        invite: invite.map_err(|_| columns.impossible("invite"))?,
        recovery_key: columns.optional_text("recovery_key")?.map(str::to_owned),
        arrival: arrival.map_err(|_| columns.impossible("arrival"))?,
    };
    Ok(SignUp {
        id: columns.parsed("id", SignUpId::parse)?,
        request,
        password: PasswordHash::new(columns.text("password_hash")?.to_owned()),
        pds_did: columns.text("pds_did")?.to_owned(),
        stage: columns.parsed("stage", |json| serde_json::from_str(json).ok())?,
        hold: columns.generation("hold")?,
        held_until: columns.instant("held_until")?,
        retry_at: columns.instant("retry_at")?,
        created_at: columns.instant("created_at")?,
    })
}

/// From the row of `INVITE`, without who used it.
pub(crate) fn invite(row: &Row) -> Result<Invite, Fault> {
    let columns = Columns::of(row, "invite_code");
    Ok(Invite {
        code: columns.parsed("code", |text| InviteCode::parse(text).ok())?,
        uses_max: columns.generation("uses_max")?,
        used: columns.generation("used")?,
        disabled: columns.flag("disabled")?,
        for_account: columns.text("for_account")?.to_owned(),
        created_by: columns.text("created_by")?.to_owned(),
        created_at: columns.instant("created_at")?,
        uses: Vec::new(),
    })
}

/// From `code, used_by, used_at`.
pub(crate) fn invite_use(row: &Row) -> Result<(InviteCode, InviteUse), Fault> {
    let columns = Columns::of(row, "invite_use");
    let used = InviteUse {
        used_by: columns.parsed("used_by", |text| Did::parse(text).ok())?,
        used_at: columns.instant("used_at")?,
    };
    Ok((columns.parsed("code", |text| InviteCode::parse(text).ok())?, used))
}
