-- The PDS hosts that leave their login to us, who has which name, and what else is known of an account.
-- Every statement may be run again: a database migrated by hand is as good as one migrated by us.

create table if not exists pds_host (
  did text collate "C" not null primary key,
  url text not null, -- origin
  sealed_password bytea not null, -- of its administrator
  state text not null, -- open, draining
  added_at bigint not null
);

create unique index if not exists pds_host_url on pds_host (url);
create index if not exists account_pds on account (pds_did, did);

-- Every handle and e-mail address that somebody has or is about to have: one table, so that no two get one.
create table if not exists taken_name (
  kind text not null, -- handle, email
  name text collate "C" not null, -- lower case
  owner text collate "C" not null, -- DID of an account, or id of a sign-up
  did text collate "C", -- what a handle leads to, if it leads anywhere yet
  claimed_until bigint, -- an account is about to be called so; null for what it is called
  primary key (kind, name)
);

create index if not exists taken_name_owner on taken_name (owner);

insert into taken_name (kind, name, owner, did)
select 'handle', handle, did, did from account
on conflict do nothing;

insert into taken_name (kind, name, owner, did)
select 'email', email, did, did from account where email is not null
on conflict do nothing;

alter table account add column if not exists email_confirmed_at bigint;

-- 0, 1: whether signing in takes a code sent to the address
alter table account add column if not exists email_auth_factor bigint not null default 0;

-- while it is taken down: since when, why, and what it is again afterwards
alter table account add column if not exists taken_down_at bigint;

alter table account add column if not exists takedown_ref text;

alter table account add column if not exists status_before_takedown text;
