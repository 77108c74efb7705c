//! What is counted against whoever does it.

statements! {

/// digest, expires_at, now, the most. A count whose time has passed begins anew.
COUNT_ATTEMPT = "
insert into attempt_count (digest, attempts, expires_at)
values ($1, 1, $2)
on conflict (digest) do update set
  attempts = case when attempt_count.expires_at <= $3 then 1 else attempt_count.attempts + 1 end,
  expires_at = case when attempt_count.expires_at <= $3 then excluded.expires_at else attempt_count.expires_at end
where attempt_count.expires_at <= $3 or attempt_count.attempts < $4";

/// digest, now
TAKE_BACK_ATTEMPT = "
update attempt_count
set attempts = attempts - 1
where digest = $1 and expires_at > $2 and attempts > 0";

}
