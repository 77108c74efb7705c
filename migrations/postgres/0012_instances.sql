-- What several instances share of their own affairs.

-- What is limited, counted for whoever does it.
create table if not exists attempt_count (
  digest bytea not null primary key, -- of what is limited, and for whom
  attempts bigint not null,
  expires_at bigint not null
);

create index if not exists attempt_count_expires_at on attempt_count (expires_at);

-- Which instance does a job that one of them does for all.
create table if not exists job_lease (
  job text collate "C" not null primary key,
  holder bytea not null, -- random, anew at each start
  held_until bigint not null
);
