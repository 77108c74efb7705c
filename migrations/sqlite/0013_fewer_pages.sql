-- Less to write for each request. Every statement may be run again, also where an earlier run stopped.

-- Marks in the order in which they come: among those of one second their digests lie anywhere, so that in a table and
-- an index sorted by digest each mark changed two pages that no other one did.
create table if not exists mark (digest blob not null primary key, expires_at integer not null) strict;

create table if not exists mark_in_order (
  digest blob not null primary key,
  expires_at integer not null
) strict;

insert or ignore into mark_in_order select digest, expires_at from mark;
drop table mark;
alter table mark_in_order rename to mark;
create index if not exists mark_expires_at on mark (expires_at);

-- A request has no code until it is approved, and most of the time none to look for.
create unique index if not exists auth_request_given_code on auth_request (code) where code is not null;
drop index if exists auth_request_code;
