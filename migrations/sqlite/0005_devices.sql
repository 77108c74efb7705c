-- Where people are signed in, and on which device they allowed what.
-- By hand it can be run once, since SQLite adds no column `if not exists`. We leave out a column that is there:
-- such a statement has a line of its own.

-- A password given in a browser. It counts only inside the browser session that holds its id.
create table if not exists browser_sign_in (
  id blob not null primary key,
  did text not null references account (did),
  browser blob not null, -- digest naming the browser, as in auth_request
  device text not null, -- family of browser and system, as the browser calls itself; never an address
  created_at integer not null,
  last_seen_at integer not null, -- to within an hour
  expires_at integer not null,
  ended_at integer
) strict;

create index if not exists browser_sign_in_did on browser_sign_in (did) where ended_at is null;
create index if not exists browser_sign_in_browser on browser_sign_in (browser) where ended_at is null;
create index if not exists browser_sign_in_over on browser_sign_in (coalesce(ended_at, expires_at));

-- of the sign-in that approved it; null from before this migration
alter table auth_request add column device text;

alter table oauth_session add column device text;
alter table oauth_session add column browser blob;
