-- Sessions of createSession, app passwords, and codes sent by e-mail.
-- Every statement may be run again: a database migrated by hand is as good as one migrated by us.

create table if not exists app_password (
  did text not null references account (did),
  name text not null,
  digest blob not null,
  kind text not null, -- plain, privileged
  created_at integer not null,
  primary key (did, name)
) strict, without rowid;

create unique index if not exists app_password_digest on app_password (digest);

-- What has ended is not here any more.
create table if not exists legacy_session (
  id text not null primary key,
  did text not null references account (did),
  app_password text, -- name of the one it was begun with; null for the account's own password
  kind text, -- of that app password
  salt blob not null,
  generation integer not null, -- of the refresh token given out last
  superseded text not null, -- when those before it were first used, the newest first, with commas between
  created_at integer not null,
  expires_at integer not null -- of the refresh token given out last
) strict;

create index if not exists legacy_session_did on legacy_session (did, app_password);
create index if not exists legacy_session_expires_at on legacy_session (expires_at);

-- One for each purpose at most.
create table if not exists email_token (
  did text not null references account (did),
  purpose text not null,
  digest blob not null, -- keyed
  created_at integer not null,
  primary key (did, purpose)
) strict, without rowid;

create unique index if not exists email_token_digest on email_token (digest);
create index if not exists email_token_created_at on email_token (created_at);
