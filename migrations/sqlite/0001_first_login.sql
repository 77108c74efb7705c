-- Everything a first login needs. Instants are seconds since the epoch; digests are SHA-256 of what they stand for.
-- Every statement may be run again: a database migrated by hand is as good as one migrated by us.

create table if not exists account (
  did text not null primary key,
  handle text not null, -- lower case
  email text, -- lower case
  pds_did text not null,
  status text not null,
  password_hash text not null, -- PHC string
  credentials_changed_at integer not null,
  created_at integer not null
) strict;

create unique index if not exists account_handle on account (handle);
create unique index if not exists account_email on account (email);

-- A pushed authorization request and, once approved, its code.
create table if not exists auth_request (
  id blob not null primary key, -- digest of the request_uri
  request text not null, -- JSON of what was admitted
  admitted_at integer not null,
  expires_at integer not null,
  browser blob, -- digest naming the browser that opened it
  state text not null, -- pending, denied, approved, spoiled, redeemed
  decided_at integer,
  did text references account (did),
  scope text, -- what was granted
  authenticated_at integer,
  code blob, -- digest of the code
  code_expires_at integer,
  session text -- what the code gave
) strict;

create unique index if not exists auth_request_code on auth_request (code);
create index if not exists auth_request_pending on auth_request (expires_at) where state = 'pending';
create index if not exists auth_request_decided on auth_request (coalesce(code_expires_at, decided_at)) where state <> 'pending';

create table if not exists oauth_session (
  id text not null primary key,
  did text not null references account (did),
  client_id text not null,
  scope text not null,
  jkt text not null, -- thumbprint of the key it is bound to
  salt blob not null,
  generation integer not null, -- of the refresh token that is good now
  created_at integer not null,
  rotated_at integer not null,
  expires_at integer not null,
  ended_at integer,
  end_reason text
) strict;

create index if not exists oauth_session_did on oauth_session (did);
create index if not exists oauth_session_over on oauth_session (coalesce(ended_at, expires_at));

-- What may be used once: proofs, challenges.
create table if not exists mark (
  digest blob not null primary key,
  expires_at integer not null
) strict, without rowid;

create index if not exists mark_expires_at on mark (expires_at);

create table if not exists browser_session (
  id blob not null primary key, -- digest of the cookie's value
  data blob not null, -- sealed
  state text not null, -- live, retired
  expires_at integer not null
) strict;

create index if not exists browser_session_expires_at on browser_session (expires_at);

create table if not exists signing_key (
  kid text not null primary key,
  algorithm text not null,
  sealed blob not null,
  created_at integer not null,
  state text not null -- current, retired
) strict;

create unique index if not exists signing_key_current on signing_key (algorithm) where state = 'current';

-- One row: which root key this database belongs to.
create table if not exists deployment (
  id integer not null primary key check (id = 1),
  root_fingerprint blob not null
) strict;
