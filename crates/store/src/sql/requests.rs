//! Pushed requests until they are decided.

statements! {

/// id, request, admitted_at, expires_at
ADMIT_REQUEST = "
insert into auth_request (id, request, admitted_at, expires_at, state)
values ($1, $2, $3, $4, 'pending')";

/// id, now
PEEK_REQUEST = "
select request, admitted_at, expires_at
from auth_request
where id = $1 and state = 'pending' and expires_at > $2";

/// id, now, browser, expires_at, seconds from admission that it may stay open at most
BIND_REQUEST = "
update auth_request
set browser = $3,
    expires_at = case
      when expires_at >= $4 or expires_at >= admitted_at + $5 then expires_at
      when $4 < admitted_at + $5 then $4
      else admitted_at + $5 end
where id = $1 and state = 'pending' and expires_at > $2 and (browser is null or browser = $3)
returning request, admitted_at, expires_at";

/// id, now, browser
HOLD_REQUEST = "
update auth_request
set state = state
where id = $1 and state = 'pending' and expires_at > $2 and browser = $3
returning request";

/// id, now, browser, did, scope, authenticated_at, code, code_expires_at
APPROVE_REQUEST = "
update auth_request
set state = 'approved', decided_at = $2, did = $4, scope = $5, authenticated_at = $6, code = $7, code_expires_at = $8,
    device = (select device from browser_sign_in where browser = $3 and did = $4 and ended_at is null
              order by created_at desc limit 1)
where id = $1 and state = 'pending' and expires_at > $2 and browser = $3
returning request";

/// id, now, browser
DENY_REQUEST = "
update auth_request
set state = 'denied', decided_at = $2
where id = $1 and state = 'pending' and expires_at > $2 and browser = $3
returning request";

}
