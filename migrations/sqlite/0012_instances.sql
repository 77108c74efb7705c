-- What several instances share of their own affairs.

-- What is limited, counted for whoever does it.
create table if not exists attempt_count (
  digest blob not null primary key, -- of what is limited, and for whom
  attempts integer not null,
  expires_at integer not null
) strict, without rowid;

create index if not exists attempt_count_expires_at on attempt_count (expires_at);

-- Which instance does a job that one of them does for all.
create table if not exists job_lease (
  job text not null primary key,
  holder blob not null, -- random, anew at each start
  held_until integer not null
) strict;
