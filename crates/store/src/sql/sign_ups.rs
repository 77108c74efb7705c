//! Sign-ups.

statements! {

/// id, handle, email, invite, recovery_key, arrival, password_hash, pds_did, stage, done, did, hold, held_until,
/// retry_at, created_at
BEGIN_SIGN_UP = "
insert into sign_up
  (id, handle, email, invite, recovery_key, arrival, password_hash, pds_did, stage, done, did, hold, held_until,
  retry_at, created_at)
values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15)";

/// id
SIGN_UP = "
select id, handle, email, invite, recovery_key, arrival, password_hash, pds_did, stage, hold, held_until, retry_at,
  created_at
from sign_up
where id = $1";

/// handle, email. Those that have one of the names, or had it until they became an account.
SIGN_UPS_WITH = "
select id, handle, email, invite, recovery_key, arrival, password_hash, pds_did, stage, hold, held_until, retry_at,
  created_at
from sign_up
where id in (select owner from taken_name where (kind = 'handle' and name = $1) or (kind = 'email' and name = $2))
union
select id, handle, email, invite, recovery_key, arrival, password_hash, pds_did, stage, hold, held_until, retry_at,
  created_at
from sign_up
where did in (select owner from taken_name where (kind = 'handle' and name = $1) or (kind = 'email' and name = $2))
order by created_at, id";

/// did. The sign-up with which a DID is on its way here, or came a moment ago.
ARRIVAL = "
select id, handle, email, invite, recovery_key, arrival, password_hash, pds_did, stage, hold, held_until, retry_at,
  created_at
from sign_up
where did = $1 and arrival is not null
order by created_at desc, id
limit 1";

/// now, how many
DUE_SIGN_UPS = "
select id, handle, email, invite, recovery_key, arrival, password_hash, pds_did, stage, hold, held_until, retry_at,
  created_at
from sign_up
where done = 0 and retry_at <= $1 and held_until <= $1
order by retry_at, id
limit $2";

/// id
HOLD_SIGN_UP = "
update sign_up
set hold = hold
where id = $1
returning id, handle, email, invite, recovery_key, arrival, password_hash, pds_did, stage, hold, held_until, retry_at,
  created_at";

/// id, stage, done, did, hold, held_until, retry_at
ADVANCE_SIGN_UP = "
update sign_up
set stage = $2, done = $3, did = $4, hold = $5, held_until = $6, retry_at = $7
where id = $1";

/// id
RELEASE_SIGN_UP = "
delete from sign_up
where id = $1";

/// owner, did. What the handle of a sign-up leads to.
LEAD_HANDLE = "
update taken_name
set did = $2
where owner = $1 and kind = 'handle'";

}
