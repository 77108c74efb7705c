-- Everything a first login needs. Instants are seconds since the epoch; digests are SHA-256 of what they stand for.
-- Every statement may be run again: a database migrated by hand is as good as one migrated by us.

create table if not exists account (
  did text collate "C" not null primary key,
  handle text collate "C" not null, -- lower case
  email text collate "C", -- lower case
  pds_did text not null,
  status text not null,
  password_hash text not null, -- PHC string
  credentials_changed_at bigint not null,
  created_at bigint not null
);

create unique index if not exists account_handle on account (handle);
create unique index if not exists account_email on account (email);

-- A pushed authorization request and, once approved, its code.
create table if not exists auth_request (
  id bytea not null primary key, -- digest of the request_uri
  request text not null, -- JSON of what was admitted
  admitted_at bigint not null,
  expires_at bigint not null,
  browser bytea, -- digest naming the browser that opened it
  state text not null, -- pending, denied, approved, spoiled, redeemed
  decided_at bigint,
  did text collate "C" references account (did),
  scope text, -- what was granted
  authenticated_at bigint,
  code bytea, -- digest of the code
  code_expires_at bigint,
  session text collate "C" -- what the code gave
);

create unique index if not exists auth_request_code on auth_request (code);
create index if not exists auth_request_pending on auth_request (expires_at) where state = 'pending';
create index if not exists auth_request_decided on auth_request (coalesce(code_expires_at, decided_at)) where state <> 'pending';

create table if not exists oauth_session (
  id text collate "C" not null primary key,
  did text collate "C" not null references account (did),
  client_id text not null,
  scope text not null,
  jkt text not null, -- thumbprint of the key it is bound to
  salt bytea not null,
  generation bigint not null, -- of the refresh token that is good now
  created_at bigint not null,
  rotated_at bigint not null,
  expires_at bigint not null,
  ended_at bigint,
  end_reason text
) with (fillfactor = 80); -- a rotation then stays on its page and touches no index

create index if not exists oauth_session_did on oauth_session (did);
create index if not exists oauth_session_over on oauth_session (coalesce(ended_at, expires_at));

-- What may be used once: proofs, challenges.
create table if not exists mark (
  digest bytea not null primary key,
  expires_at bigint not null
);

create index if not exists mark_expires_at on mark (expires_at);

create table if not exists browser_session (
  id bytea not null primary key, -- digest of the cookie's value
  data bytea not null, -- sealed
  state text not null, -- live, retired
  expires_at bigint not null
);

create index if not exists browser_session_expires_at on browser_session (expires_at);

create table if not exists signing_key (
  kid text collate "C" not null primary key,
  algorithm text not null,
  sealed bytea not null,
  created_at bigint not null,
  state text not null -- current, retired
);

create unique index if not exists signing_key_current on signing_key (algorithm) where state = 'current';

-- One row: which root key this database belongs to.
create table if not exists deployment (
  id bigint not null primary key check (id = 1),
  root_fingerprint bytea not null
);
