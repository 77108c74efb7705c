-- Clients that authenticate, clients the operator trusts, and what accounts granted to which client.
-- By hand it can be run once, since SQLite adds no column `if not exists`. We leave out a column that is there:
-- such a statement has a line of its own.

-- JSON of the key the client authenticated with; null for a public client
alter table oauth_session add column client_key text;

-- What an account last granted a client and did not take back.
create table if not exists client_grant (
  did text not null references account (did),
  client blob not null, -- digest of the client_id, which may be longer than an index takes
  client_id text not null,
  scope text not null,
  known integer not null, -- 0, 1: whether nobody could pose as the client when it was given this
  granted_at integer not null, -- for the first time
  updated_at integer not null,
  primary key (did, client)
) strict, without rowid;

create table if not exists trusted_client (
  client blob not null primary key, -- digest of the client_id
  client_id text not null,
  name text not null,
  first_party integer not null, -- 0, 1
  logo_type text, -- media type; null without a logo
  logo blob,
  trusted_at integer not null
) strict;
