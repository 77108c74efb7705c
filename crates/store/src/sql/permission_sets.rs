//! Permission sets, and scopes that tokens name by their hash.

statements! {

/// name
PERMISSION_SET = "
select name, did, rev, cid, record, read_at
from permission_set
where name = $1";

/// name, did, rev, cid, record, read_at. In one revision a repository says one thing: where it says two, the
/// first stays.
KEEP_PERMISSION_SET = "
insert into permission_set (name, did, rev, cid, record, read_at)
values ($1, $2, $3, $4, $5, $6)
on conflict (name) do update
set did = excluded.did, rev = excluded.rev, cid = excluded.cid, record = excluded.record,
    read_at = case
      when permission_set.did = excluded.did and permission_set.rev = excluded.rev
        and permission_set.read_at > excluded.read_at then permission_set.read_at
      else excluded.read_at end
where permission_set.did <> excluded.did
  or permission_set.rev < excluded.rev
  or (permission_set.rev = excluded.rev and permission_set.cid = excluded.cid)";

// scopes that tokens name by their hash

/// reference, scope, expires_at
KEEP_SCOPE = "
insert into scope_reference (reference, scope, expires_at)
values ($1, $2, $3)
on conflict (reference) do update
set expires_at = excluded.expires_at
where scope_reference.expires_at < excluded.expires_at";

/// reference, now
SCOPE_OF = "
select scope
from scope_reference
where reference = $1 and expires_at > $2";

}
