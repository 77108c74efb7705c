//! The feed of what ended before its time. What ends sessions stands beside the only code that may:
//! `verbs/revocations.rs`.

statements! {

/// how many numbers to take; the last of them comes back
NUMBER_REVOCATIONS = "
update revocation_head
set seq = seq + $1
where id = 1
returning seq";

/// seq, revoked_at, over_at, revoked
TELL_REVOCATION = "
insert into revocation (seq, revoked_at, over_at, revoked)
values ($1, $2, $3, $4)";

/// seq, how many at most
REVOCATIONS_AFTER = "
select seq, revoked_at, over_at, revoked
from revocation
where seq > $1
order by seq
limit $2";

FEED_POSITION = "
select seq as head, coalesce((select min(seq) from revocation), seq + 1) as oldest
from revocation_head
where id = 1";

}
