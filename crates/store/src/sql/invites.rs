//! Invite codes.

statements! {

/// code, uses_max, disabled, for_account, created_by, created_at
CREATE_INVITE = "
insert into invite_code (code, uses_max, used, disabled, for_account, created_by, created_at)
values ($1, $2, 0, $3, $4, $5, $6)";

/// code
INVITE = "
select code, uses_max, used, disabled, for_account, created_by, created_at
from invite_code
where code = $1";

/// for_account, code, how many
INVITES_AFTER = "
select code, uses_max, used, disabled, for_account, created_by, created_at
from invite_code
where for_account = $1 and code > $2
order by code
limit $3";

/// code, how many. Those of sign-ups that are finished, the first ones first.
USES_OF_INVITE = "
select code, used_by, used_at
from invite_use
where code = $1 and used_by like 'did:%'
order by used_at, used_by
limit $2";

/// for_account, code, how many codes, how many uses
USES_OF_INVITES_AFTER = "
select code, used_by, used_at
from invite_use
where code in (select code from invite_code where for_account = $1 and code > $2 order by code limit $3)
  and used_by like 'did:%'
order by used_at, used_by
limit $4";

/// created_at and code of the one before, how many. The first comparison alone says where to begin in the index.
RECENT_INVITES = "
select code, uses_max, used, disabled, for_account, created_by, created_at
from invite_code
where created_at <= $1 and (created_at < $1 or code > $2)
order by created_at desc, code
limit $3";

/// created_at and code of the one before, how many codes, how many uses
USES_OF_RECENT_INVITES = "
select code, used_by, used_at
from invite_use
where code in (
    select code
    from invite_code
    where created_at <= $1 and (created_at < $1 or code > $2)
    order by created_at desc, code
    limit $3
  )
  and used_by like 'did:%'
order by used_at, used_by
limit $4";

/// code
DISABLE_INVITE = "
update invite_code
set disabled = 1
where code = $1";

/// for_account
DISABLE_INVITES_OF_ACCOUNT = "
update invite_code
set disabled = 1
where for_account = $1 and disabled = 0";

/// code
USE_INVITE = "
update invite_code
set used = used + 1
where code = $1 and disabled = 0 and used < uses_max";

/// code, id of the sign-up, now
KEEP_INVITE_USE = "
insert into invite_use (code, used_by, used_at)
values ($1, $2, $3)";

/// id of the sign-up, did
FINISH_INVITE_USE = "
update invite_use
set used_by = $2
where used_by = $1";

/// id of the sign-up
GIVE_BACK_INVITE_USE = "
delete from invite_use
where used_by = $1
returning code";

/// code
GIVE_BACK_INVITE = "
update invite_code
set used = used - 1
where code = $1 and used > 0";

}
