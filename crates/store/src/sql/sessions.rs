//! OAuth sessions.

statements! {

/// id, did, client_id, scope, jkt, salt, generation, created_at, rotated_at, expires_at, client_key, code
BEGIN_SESSION = "
insert into oauth_session
  (id, did, client_id, scope, jkt, salt, generation, created_at, rotated_at, expires_at, client_key, device, browser)
select $1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, device, browser
from auth_request
where code = $12";

/// id
SESSION = "
select s.id, s.client_id, s.scope, s.jkt, s.salt, s.generation, s.created_at, s.rotated_at, s.expires_at,
  s.ended_at, s.end_reason, s.client_key,
  a.did, a.handle, a.email, a.email_confirmed_at, a.email_auth_factor, a.pds_did, a.status, a.credentials_changed_at
from oauth_session s join account a on a.did = s.did
where s.id = $1";

/// id
HOLD_SESSION = "
update oauth_session
set generation = generation
where id = $1
returning generation, rotated_at, expires_at, ended_at";

/// id, generation presented, now
ROTATE_REFRESH = "
update oauth_session
set generation = generation + 1, rotated_at = $3
where id = $1 and generation = $2 and ended_at is null and expires_at > $3";

/// id
SESSION_EXISTS = "
select id
from oauth_session
where id = $1";

}
