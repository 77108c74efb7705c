-- Where people are signed in, and on which device they allowed what.
-- Every statement may be run again: a database migrated by hand is as good as one migrated by us.

-- A password given in a browser. It counts only inside the browser session that holds its id.
create table if not exists browser_sign_in (
  id bytea not null primary key,
  did text collate "C" not null references account (did),
  browser bytea not null, -- digest naming the browser, as in auth_request
  device text not null, -- family of browser and system, as the browser calls itself; never an address
  created_at bigint not null,
  last_seen_at bigint not null, -- to within an hour
  expires_at bigint not null,
  ended_at bigint
);

create index if not exists browser_sign_in_did on browser_sign_in (did) where ended_at is null;
create index if not exists browser_sign_in_browser on browser_sign_in (browser) where ended_at is null;
create index if not exists browser_sign_in_over on browser_sign_in (coalesce(ended_at, expires_at));

-- of the sign-in that approved it; null from before this migration
alter table auth_request add column if not exists device text;

alter table oauth_session add column if not exists device text;
alter table oauth_session add column if not exists browser bytea;
