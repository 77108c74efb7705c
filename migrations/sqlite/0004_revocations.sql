-- What ended before its time, in the order in which resources are told of it.
-- Every statement may be run again: a database migrated by hand is as good as one migrated by us.

-- One row, which every verb that ends a session holds last: so numbers become visible in their order, without gaps.
create table if not exists revocation_head (
  id integer not null primary key check (id = 1),
  seq integer not null -- of the newest
) strict;

insert into revocation_head (id, seq) values (1, 0) on conflict do nothing;

create table if not exists revocation (
  seq integer not null primary key,
  revoked_at integer not null,
  over_at integer not null, -- the last token concerned has ended by itself
  revoked text not null -- JSON of what ended
) strict;
