-- The PDS hosts that leave their login to us, who has which name, and what else is known of an account.
-- By hand it can be run once, since SQLite adds no column `if not exists`. We leave out a column that is there:
-- such a statement has a line of its own.

create table if not exists pds_host (
  did text not null primary key,
  url text not null, -- origin
  sealed_password blob not null, -- of its administrator
  state text not null, -- open, draining
  added_at integer not null
) strict;

create unique index if not exists pds_host_url on pds_host (url);
create index if not exists account_pds on account (pds_did, did);

-- Every handle and e-mail address that somebody has or is about to have: one table, so that no two get one.
create table if not exists taken_name (
  kind text not null, -- handle, email
  name text not null, -- lower case
  owner text not null, -- DID of an account, or id of a sign-up
  did text, -- what a handle leads to, if it leads anywhere yet
  claimed_until integer, -- an account is about to be called so; null for what it is called
  primary key (kind, name)
) strict, without rowid;

create index if not exists taken_name_owner on taken_name (owner);

insert into taken_name (kind, name, owner, did)
select 'handle', handle, did, did from account where true
on conflict do nothing;

insert into taken_name (kind, name, owner, did)
select 'email', email, did, did from account where email is not null
on conflict do nothing;

alter table account add column email_confirmed_at integer;

-- 0, 1: whether signing in takes a code sent to the address
alter table account add column email_auth_factor integer not null default 0;

-- while it is taken down: since when, why, and what it is again afterwards
alter table account add column taken_down_at integer;

alter table account add column takedown_ref text;

alter table account add column status_before_takedown text;
