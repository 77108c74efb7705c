-- Changes of accounts that others have to learn of, from the first request until all agree; and who took an account
-- down.
-- Every statement may be run again: a database migrated by hand is as good as one migrated by us.

-- What is about to happen to which account. A deletion outlives the account it is of.
create table if not exists account_change (
  did text collate "C" not null,
  kind text not null, -- handle, status, takedown, deletion, move
  pds_did text collate "C" not null, -- of the host that is told
  change text not null, -- JSON
  stage text not null, -- JSON
  hold bigint not null, -- drivers so far
  held_until bigint not null,
  retry_at bigint not null, -- when the reconciler takes it up
  created_at bigint not null,
  primary key (did, kind)
);

create index if not exists account_change_retry_at on account_change (retry_at);
create index if not exists account_change_pds on account_change (pds_did);

-- while it is taken down: operator or pds, whoever said so; null from before this migration
alter table account add column if not exists takedown_origin text;

-- what a deleted account leaves nothing in
create index if not exists auth_request_did on auth_request (did) where did is not null;
create index if not exists browser_sign_in_account on browser_sign_in (did);
