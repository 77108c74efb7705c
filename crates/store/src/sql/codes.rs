//! Codes and what came of them.

statements! {

/// code
CODE = "
select r.request, r.scope, r.authenticated_at, r.code_expires_at, r.state, r.session,
  a.did, a.handle, a.email, a.email_confirmed_at, a.email_auth_factor, a.pds_did, a.status, a.credentials_changed_at
from auth_request r join account a on a.did = r.did
where r.code = $1";

/// did, now. The codes of an account that are good, which are those of the last minute.
OPEN_CODES = "
select code, request
from auth_request
where did = $1 and state = 'approved'
  and state <> 'pending' and coalesce(code_expires_at, decided_at) > $2";

/// code
HOLD_CODE = "
update auth_request
set state = state
where code = $1
returning state, code_expires_at, session";

/// code, session
REDEEM_CODE = "
update auth_request
set state = 'redeemed', session = $2
where code = $1 and state = 'approved'";

/// code
SPOIL_CODE = "
update auth_request
set state = 'spoiled'
where code = $1 and state = 'approved'";

/// code
CODE_GAVE_SESSION = "
select s.id
from auth_request r join oauth_session s on s.id = r.session
where r.code = $1";

}
