-- Invite codes, and sign-ups from the first request to the last trace of them.
-- Every statement may be run again: a database migrated by hand is as good as one migrated by us.

create table if not exists invite_code (
  code text collate "C" not null primary key,
  uses_max bigint not null,
  used bigint not null, -- sign-ups that are not finished included
  disabled bigint not null, -- 0, 1
  for_account text collate "C" not null, -- DID, or admin
  created_by text not null, -- DID, or admin
  created_at bigint not null
);

create index if not exists invite_code_for_account on invite_code (for_account, code);

create table if not exists invite_use (
  code text collate "C" not null references invite_code (code),
  used_by text collate "C" not null, -- DID, or id of a sign-up that is not finished
  used_at bigint not null,
  primary key (code, used_by)
);

create index if not exists invite_use_used_by on invite_use (used_by);

-- Who has the names of one that is not finished is in taken_name.
create table if not exists sign_up (
  id text collate "C" not null primary key,
  handle text collate "C" not null,
  email text collate "C" not null,
  invite text,
  recovery_key text, -- did:key
  password_hash text not null, -- PHC string
  pds_did text collate "C" not null,
  stage text not null, -- JSON
  done bigint not null, -- 0, 1: whether it is an account
  did text collate "C", -- once there is one
  hold bigint not null, -- drivers so far
  held_until bigint not null,
  retry_at bigint not null, -- when the reconciler takes it up; when it is forgotten, once it is done
  created_at bigint not null
);

create index if not exists sign_up_did on sign_up (did);
create index if not exists sign_up_pds on sign_up (pds_did) where done = 0;
create index if not exists sign_up_retry_at on sign_up (done, retry_at);
