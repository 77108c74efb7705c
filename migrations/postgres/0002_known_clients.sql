-- Clients that authenticate, clients the operator trusts, and what accounts granted to which client.
-- Every statement may be run again: a database migrated by hand is as good as one migrated by us.

-- JSON of the key the client authenticated with; null for a public client
alter table oauth_session add column if not exists client_key text;

-- What an account last granted a client and did not take back.
create table if not exists client_grant (
  did text collate "C" not null references account (did),
  client bytea not null, -- digest of the client_id, which may be longer than an index takes
  client_id text not null,
  scope text not null,
  known bigint not null, -- 0, 1: whether nobody could pose as the client when it was given this
  granted_at bigint not null, -- for the first time
  updated_at bigint not null,
  primary key (did, client)
);

create table if not exists trusted_client (
  client bytea not null primary key, -- digest of the client_id
  client_id text not null,
  name text not null,
  first_party bigint not null, -- 0, 1
  logo_type text, -- media type; null without a logo
  logo bytea,
  trusted_at bigint not null
);
