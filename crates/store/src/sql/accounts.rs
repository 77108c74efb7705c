//! Accounts.

statements! {

/// did, handle, email, pds_did, status, password_hash, credentials_changed_at, created_at, email_confirmed_at,
/// email_auth_factor. Nothing while one of this DID is deleted: its PDS would delete the new one.
CREATE_ACCOUNT = "
insert into account
  (did, handle, email, pds_did, status, password_hash, credentials_changed_at, created_at,
  email_confirmed_at, email_auth_factor)
select $1, $2, $3, $4, $5, $6, $7, $8, $9, $10
where not exists (select 1 from account_change where did = $1 and kind = 'deletion')
on conflict do nothing";

/// did, handle, email
TAKEN_NAMES = "
select did, handle, email from account where did = $1
union
select did, handle, email from account where handle = $2
union
select did, handle, email from account where email = $3";

/// did
ACCOUNT = "
select did, handle, email, email_confirmed_at, email_auth_factor, pds_did, status, credentials_changed_at
from account
where did = $1";

/// handle, how many
ACCOUNTS_AFTER = "
select did, handle, email, email_confirmed_at, email_auth_factor, pds_did, status, credentials_changed_at
from account
where handle > $1
order by handle
limit $2";

/// did
SIGN_IN_BY_DID = "
select did, handle, email, email_confirmed_at, email_auth_factor, pds_did, status, credentials_changed_at,
  password_hash
from account
where did = $1";

/// handle
SIGN_IN_BY_HANDLE = "
select did, handle, email, email_confirmed_at, email_auth_factor, pds_did, status, credentials_changed_at,
  password_hash
from account
where handle = $1";

/// email
SIGN_IN_BY_EMAIL = "
select did, handle, email, email_confirmed_at, email_auth_factor, pds_did, status, credentials_changed_at,
  password_hash
from account
where email = $1";

/// did, old hash, new hash
REPLACE_PASSWORD_HASH = "
update account
set password_hash = $3
where did = $1 and password_hash = $2";

/// did, authenticated_at. Nothing where the password changed since.
HOLD_ACCOUNT = "
update account
set credentials_changed_at = credentials_changed_at
where did = $1 and credentials_changed_at <= $2";

/// did, new hash, now
CHANGE_PASSWORD = "
update account
set password_hash = $2, credentials_changed_at = $3
where did = $1";

/// did. The account, whenever its password changed.
HOLD_NAMES_OF_ACCOUNT = "
update account
set credentials_changed_at = credentials_changed_at
where did = $1
returning handle, email, email_confirmed_at";

/// pds_did, did, how many
ACCOUNTS_ON_HOST_AFTER = "
select did, handle, email, email_confirmed_at, email_auth_factor, pds_did, status, credentials_changed_at
from account
where pds_did = $1 and did > $2
order by did
limit $3";

/// did, handle
RENAME_ACCOUNT = "
update account
set handle = $2
where did = $1";

/// did, pds_did
REHOME_ACCOUNT = "
update account
set pds_did = $2
where did = $1";

}
