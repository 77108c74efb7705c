//! Whether an account may act, and how it is written to.

statements! {

/// did
ACTIVATE_ACCOUNT = "
update account
set status = 'active'
where did = $1 and status = 'deactivated'";

/// did. One that is taken down will be deactivated when it is restored.
DEACTIVATE_ACCOUNT = "
update account
set status = case when status = 'taken_down' then status else 'deactivated' end,
  status_before_takedown = case when status = 'taken_down' then 'deactivated' else status_before_takedown end
where did = $1 and status <> 'deactivated' and coalesce(status_before_takedown, '') <> 'deactivated'";

/// did, now, ref, origin. Said again, the last word counts.
TAKE_DOWN_ACCOUNT = "
update account
set status_before_takedown = case when status = 'taken_down' then status_before_takedown else status end,
  status = 'taken_down', taken_down_at = $2, takedown_ref = $3, takedown_origin = $4
where did = $1";

/// did
RESTORE_ACCOUNT = "
update account
set status = coalesce(status_before_takedown, 'active'), status_before_takedown = null, taken_down_at = null,
  takedown_ref = null, takedown_origin = null
where did = $1 and status = 'taken_down'";

/// did. Where it was taken down because its PDS said so.
RESTORE_FOLLOWED = "
update account
set status = coalesce(status_before_takedown, 'active'), status_before_takedown = null, taken_down_at = null,
  takedown_ref = null, takedown_origin = null
where did = $1 and status = 'taken_down' and takedown_origin = 'pds'
returning status";

/// did
TAKEDOWN = "
select taken_down_at, takedown_ref, coalesce(takedown_origin, 'operator') as takedown_origin
from account
where did = $1 and status = 'taken_down' and taken_down_at is not null";

/// did, email
CHANGE_EMAIL = "
update account
set email = $2, email_confirmed_at = null, email_auth_factor = 0
where did = $1";

/// did, email, now
CONFIRM_EMAIL = "
update account
set email_confirmed_at = coalesce(email_confirmed_at, $3)
where did = $1 and email = $2";

/// did
ASK_AUTH_FACTOR = "
update account
set email_auth_factor = 1
where did = $1 and email is not null and email_confirmed_at is not null";

/// did
DROP_AUTH_FACTOR = "
update account
set email_auth_factor = 0
where did = $1";

}
