//! Changes of accounts, and what is left of an account that is deleted.

use super::ByEngine;

statements! {

/// did, kind, pds_did, change, stage, hold, held_until, retry_at, created_at. The newest of a kind counts.
KEEP_CHANGE = "
insert into account_change (did, kind, pds_did, change, stage, hold, held_until, retry_at, created_at)
values ($1, $2, $3, $4, $5, $6, $7, $8, $9)
on conflict (did, kind) do update
set pds_did = excluded.pds_did, change = excluded.change, stage = excluded.stage, hold = excluded.hold,
  held_until = excluded.held_until, retry_at = excluded.retry_at, created_at = excluded.created_at";

/// did, kind
ACCOUNT_CHANGE = "
select did, kind, pds_did, change, stage, hold, held_until, retry_at, created_at
from account_change
where did = $1 and kind = $2";

/// did
CHANGES_OF = "
select did, kind, pds_did, change, stage, hold, held_until, retry_at, created_at
from account_change
where did = $1
order by kind";

/// now, how many
DUE_CHANGES = "
select did, kind, pds_did, change, stage, hold, held_until, retry_at, created_at
from account_change
where retry_at <= $1 and held_until <= $1
order by retry_at, did, kind
limit $2";

/// did
HOLD_CHANGES_OF = "
update account_change
set hold = hold
where did = $1
returning did, kind, pds_did, change, stage, hold, held_until, retry_at, created_at";

/// did, kind
HOLD_CHANGE = "
update account_change
set hold = hold
where did = $1 and kind = $2
returning did, kind, pds_did, change, stage, hold, held_until, retry_at, created_at";

/// did, kind
FORGET_CHANGE = "
delete from account_change
where did = $1 and kind = $2";

/// did
FORGET_CHANGES_OF = "
delete from account_change
where did = $1";

/// did, pds_did. Whoever is told of them is told there.
REHOME_CHANGES = "
update account_change
set pds_did = $2
where did = $1";

/// did. The account, whenever its password changed, with all that it is.
HOLD_WHOLE_ACCOUNT = "
update account
set credentials_changed_at = credentials_changed_at
where did = $1
returning did, handle, email, email_confirmed_at, email_auth_factor, pds_did, status, credentials_changed_at";

/// did
DELETE_APP_PASSWORDS = "
delete from app_password
where did = $1";

/// did
DELETE_SIGN_INS = "
delete from browser_sign_in
where did = $1";

/// did
DELETE_REQUESTS = "
delete from auth_request
where did = $1";

/// did. They have ended, which was told.
DELETE_SESSIONS = "
delete from oauth_session
where did = $1";

/// did. Of those that became it; one that did not is another's.
DELETE_SIGN_UPS = "
delete from sign_up
where did = $1 and done = 1";

/// did
DELETE_INVITE_USES = "
delete from invite_use
where used_by = $1";

/// did. Nobody signs up with them; how often each was used stays known.
DISOWN_INVITES = "
update invite_code
set disabled = 1, for_account = 'admin', created_by = case when created_by = $1 then 'admin' else created_by end
where for_account = $1";

/// did
DELETE_ACCOUNT = "
delete from account
where did = $1";

}

/// did. So that nothing new comes to refer to the account before it is gone.
pub(crate) const HOLD_TO_DELETE: ByEngine = ByEngine {
    sqlite: "
update account
set credentials_changed_at = credentials_changed_at
where did = $1
returning did, handle, email, email_confirmed_at, email_auth_factor, pds_did, status, credentials_changed_at",
    postgres: "
select did, handle, email, email_confirmed_at, email_auth_factor, pds_did, status, credentials_changed_at
from account
where did = $1
for update",
};
