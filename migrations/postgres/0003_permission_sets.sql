-- What was read of permission sets, and scopes that access tokens name by their hash.
-- Every statement may be run again: a database migrated by hand is as good as one migrated by us.

-- As last read with proof; the newest record an authority was ever seen to have.
create table if not exists permission_set (
  name text collate "C" not null primary key, -- NSID
  did text collate "C" not null, -- whose repository the record is in
  rev text collate "C" not null, -- revision of that repository, a TID: compared byte by byte
  cid text collate "C" not null, -- of the record
  record text not null, -- JSON
  read_at bigint not null
);

-- A whole scope that is too long for a token.
create table if not exists scope_reference (
  reference text collate "C" not null primary key, -- ref: and the CID of the scope
  scope text not null,
  expires_at bigint not null -- no token names it any more
);

create index if not exists scope_reference_expires_at on scope_reference (expires_at);
