-- Invite codes, and sign-ups from the first request to the last trace of them.
-- Every statement may be run again: a database migrated by hand is as good as one migrated by us.

create table if not exists invite_code (
  code text not null primary key,
  uses_max integer not null,
  used integer not null, -- sign-ups that are not finished included
  disabled integer not null, -- 0, 1
  for_account text not null, -- DID, or admin
  created_by text not null, -- DID, or admin
  created_at integer not null
) strict;

create index if not exists invite_code_for_account on invite_code (for_account, code);

create table if not exists invite_use (
  code text not null references invite_code (code),
  used_by text not null, -- DID, or id of a sign-up that is not finished
  used_at integer not null,
  primary key (code, used_by)
) strict, without rowid;

create index if not exists invite_use_used_by on invite_use (used_by);

-- Who has the names of one that is not finished is in taken_name.
create table if not exists sign_up (
  id text not null primary key,
  handle text not null,
  email text not null,
  invite text,
  recovery_key text, -- did:key
  password_hash text not null, -- PHC string
  pds_did text not null,
  stage text not null, -- JSON
  done integer not null, -- 0, 1: whether it is an account
  did text, -- once there is one
  hold integer not null, -- drivers so far
  held_until integer not null,
  retry_at integer not null, -- when the reconciler takes it up; when it is forgotten, once it is done
  created_at integer not null
) strict;

create index if not exists sign_up_did on sign_up (did);
create index if not exists sign_up_pds on sign_up (pds_did) where done = 0;
create index if not exists sign_up_retry_at on sign_up (done, retry_at);
