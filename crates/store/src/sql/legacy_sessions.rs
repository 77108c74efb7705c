//! Sessions of `createSession`.

statements! {

/// did, credentials_changed_at. Nothing where the password changed since, or the account is taken down.
HOLD_FOR_LEGACY_SESSION = "
update account
set credentials_changed_at = credentials_changed_at
where did = $1 and credentials_changed_at <= $2 and status <> 'taken_down'";

/// id, did, app_password, kind, salt, generation, superseded, created_at, expires_at
BEGIN_LEGACY_SESSION = "
insert into legacy_session
  (id, did, app_password, kind, salt, generation, superseded, created_at, expires_at)
values ($1, $2, $3, $4, $5, $6, $7, $8, $9)";

/// id
LEGACY_SESSION = "
select s.id, s.app_password, s.kind, s.salt, s.generation, s.superseded, s.created_at, s.expires_at,
  a.did, a.handle, a.email, a.email_confirmed_at, a.email_auth_factor, a.pds_did, a.status, a.credentials_changed_at
from legacy_session s join account a on a.did = s.did
where s.id = $1";

/// did, now, how many at most
LEGACY_SESSIONS_OF_ACCOUNT = "
select id, app_password, kind, created_at, expires_at, count(*) over () as sessions
from legacy_session
where did = $1 and expires_at > $2
order by expires_at desc, created_at desc, id
limit $3";

/// id, generation before, generation, superseded, expires_at
ROTATE_LEGACY_SESSION = "
update legacy_session
set generation = $3, superseded = $4, expires_at = $5
where id = $1 and generation = $2";

/// id
LEGACY_SESSION_EXISTS = "
select id
from legacy_session
where id = $1";

/// id
END_LEGACY_SESSION = "
delete from legacy_session
where id = $1";

/// did
END_LEGACY_SESSIONS_OF_ACCOUNT = "
delete from legacy_session
where did = $1";

/// did, app_password
END_LEGACY_SESSIONS_OF_APP_PASSWORD = "
delete from legacy_session
where did = $1 and app_password = $2";

}
