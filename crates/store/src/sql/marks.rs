//! What may be used once.

statements! {

/// digest, expires_at, now. A mark whose time has passed is as good as none.
REMEMBER_MARK = "
insert into mark (digest, expires_at)
values ($1, $2)
on conflict (digest) do update set expires_at = excluded.expires_at where mark.expires_at <= $3";

}
