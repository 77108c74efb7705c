-- What an operator lists of invites, the latest first.
-- Every statement may be run again: a database migrated by hand is as good as one migrated by us.

create index if not exists invite_code_recent on invite_code (created_at desc, code);
