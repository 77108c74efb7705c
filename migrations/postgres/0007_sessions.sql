-- Sessions of createSession, app passwords, and codes sent by e-mail.
-- Every statement may be run again: a database migrated by hand is as good as one migrated by us.

create table if not exists app_password (
  did text collate "C" not null references account (did),
  name text collate "C" not null,
  digest bytea not null,
  kind text not null, -- plain, privileged
  created_at bigint not null,
  primary key (did, name)
);

create unique index if not exists app_password_digest on app_password (digest);

-- What has ended is not here any more.
create table if not exists legacy_session (
  id text collate "C" not null primary key,
  did text collate "C" not null references account (did),
  app_password text collate "C", -- name of the one it was begun with; null for the account's own password
  kind text, -- of that app password
  salt bytea not null,
  generation bigint not null, -- of the refresh token given out last
  superseded text not null, -- when those before it were first used, the newest first, with commas between
  created_at bigint not null,
  expires_at bigint not null -- of the refresh token given out last
);

create index if not exists legacy_session_did on legacy_session (did, app_password);
create index if not exists legacy_session_expires_at on legacy_session (expires_at);

-- One for each purpose at most.
create table if not exists email_token (
  did text collate "C" not null references account (did),
  purpose text not null,
  digest bytea not null, -- keyed
  created_at bigint not null,
  primary key (did, purpose)
);

create unique index if not exists email_token_digest on email_token (digest);
create index if not exists email_token_created_at on email_token (created_at);
