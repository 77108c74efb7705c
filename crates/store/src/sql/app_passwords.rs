//! App passwords.

statements! {

/// did
COUNT_APP_PASSWORDS = "
select count(*) as app_passwords
from app_password
where did = $1";

/// did, name, digest, kind, created_at
CREATE_APP_PASSWORD = "
insert into app_password (did, name, digest, kind, created_at)
values ($1, $2, $3, $4, $5)
on conflict (did, name) do nothing";

/// did, how many
APP_PASSWORDS = "
select name, kind, created_at
from app_password
where did = $1
order by created_at, name
limit $2";

/// did, digest
APP_PASSWORD = "
select name, kind, created_at
from app_password
where did = $1 and digest = $2";

/// did, name
HOLD_APP_PASSWORD = "
update app_password
set kind = kind
where did = $1 and name = $2
returning kind";

/// did, name
REVOKE_APP_PASSWORD = "
delete from app_password
where did = $1 and name = $2";

}
