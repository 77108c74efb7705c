//! Browser sessions.

statements! {

/// id, data, expires_at
CREATE_BROWSER = "
insert into browser_session (id, data, state, expires_at)
values ($1, $2, 'live', $3)
on conflict do nothing";

/// id, data, expires_at
SAVE_BROWSER = "
update browser_session
set data = $2, expires_at = $3
where id = $1 and state = 'live'";

/// id, now
BROWSER = "
select data, expires_at
from browser_session
where id = $1 and expires_at > $2";

/// id, what is left of the data, expires_at
RETIRE_BROWSER = "
update browser_session
set data = $2, state = 'retired', expires_at = $3
where id = $1 and state = 'live'";

}
