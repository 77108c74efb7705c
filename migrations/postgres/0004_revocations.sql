-- What ended before its time, in the order in which resources are told of it.
-- Every statement may be run again: a database migrated by hand is as good as one migrated by us.

-- One row, which every verb that ends a session holds last: so numbers become visible in their order, without gaps.
create table if not exists revocation_head (
  id bigint not null primary key check (id = 1),
  seq bigint not null -- of the newest
);

insert into revocation_head (id, seq) values (1, 0) on conflict do nothing;

create table if not exists revocation (
  seq bigint not null primary key,
  revoked_at bigint not null,
  over_at bigint not null, -- the last token concerned has ended by itself
  revoked text not null -- JSON of what ended
);
