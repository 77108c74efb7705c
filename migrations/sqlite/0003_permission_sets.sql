-- What was read of permission sets, and scopes that access tokens name by their hash.
-- Every statement may be run again: a database migrated by hand is as good as one migrated by us.

-- As last read with proof; the newest record an authority was ever seen to have.
create table if not exists permission_set (
  name text not null primary key, -- NSID
  did text not null, -- whose repository the record is in
  rev text not null, -- revision of that repository, a TID
  cid text not null, -- of the record
  record text not null, -- JSON
  read_at integer not null
) strict;

-- A whole scope that is too long for a token.
create table if not exists scope_reference (
  reference text not null primary key, -- ref: and the CID of the scope
  scope text not null,
  expires_at integer not null -- no token names it any more
) strict;

create index if not exists scope_reference_expires_at on scope_reference (expires_at);
