//! Every statement, written once for both engines.
//!
//! Rules: TEXT, 64-bit integers and bytes only; `$n`; listed columns; a write is guarded by the state
//! it expects; instants are bound. `HOLD_` statements change nothing: on PostgreSQL they lock the row
//! and tell what is in it, so that what a verb decides next cannot be overtaken.
//!
//! Rows are always held in one order, so that verbs wait for each other and never in a circle:
//! request, session, mark. A sweep waits for nobody.

use crate::store::Engine;

/// Declares statements and the list that the test prepares on both engines.
macro_rules! statements {
    ($($(#[$doc:meta])* $name:ident = $sql:literal;)*) => {
        $($(#[$doc])* pub(crate) const $name: &str = $sql;)*

        /// Each of them, by name.
        #[cfg(test)]
        pub(crate) const ALL: &[(&str, &str)] = &[$((stringify!($name), $sql)),*];
    };
}
statements! {

// requests

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

/// id, now, browser, did, scope, authenticated_at, code, code_expires_at
APPROVE_REQUEST = "
update auth_request
set state = 'approved', decided_at = $2, did = $4, scope = $5, authenticated_at = $6, code = $7, code_expires_at = $8
where id = $1 and state = 'pending' and expires_at > $2 and browser = $3
returning request";

/// id, now, browser
DENY_REQUEST = "
update auth_request
set state = 'denied', decided_at = $2
where id = $1 and state = 'pending' and expires_at > $2 and browser = $3
returning request";

// codes

/// code
CODE = "
select r.request, r.scope, r.authenticated_at, r.code_expires_at, r.state, r.session,
  a.did, a.handle, a.email, a.pds_did, a.status, a.credentials_changed_at
from auth_request r join account a on a.did = r.did
where r.code = $1";

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

/// code, now, reason
REPLAY_CODE = "
update oauth_session
set ended_at = $2, end_reason = $3
where id = (select session from auth_request where code = $1 and state = 'redeemed') and ended_at is null";

/// code
CODE_GAVE_SESSION = "
select s.id
from auth_request r join oauth_session s on s.id = r.session
where r.code = $1";

// sessions

/// id, did, client_id, scope, jkt, salt, generation, created_at, rotated_at, expires_at
BEGIN_SESSION = "
insert into oauth_session
  (id, did, client_id, scope, jkt, salt, generation, created_at, rotated_at, expires_at)
values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)";

/// id
SESSION = "
select s.id, s.client_id, s.scope, s.jkt, s.salt, s.generation, s.created_at, s.rotated_at, s.expires_at,
  s.ended_at, s.end_reason,
  a.did, a.handle, a.email, a.pds_did, a.status, a.credentials_changed_at
from oauth_session s join account a on a.did = s.did
where s.id = $1";

/// id
HOLD_SESSION = "
update oauth_session
set generation = generation
where id = $1
returning generation, rotated_at, expires_at, ended_at";

/// id, generation presented, now
ROTATE_REFRESH = "
update oauth_session
set generation = generation + 1, rotated_at = $3
where id = $1 and generation = $2 and ended_at is null and expires_at > $3";

/// id, now, reason
END_SESSION = "
update oauth_session
set ended_at = $2, end_reason = $3
where id = $1 and ended_at is null";

/// id
SESSION_EXISTS = "
select id
from oauth_session
where id = $1";

/// did, now, reason
END_SESSIONS_OF_ACCOUNT = "
update oauth_session
set ended_at = $2, end_reason = $3
where did = $1 and ended_at is null and expires_at > $2";

// accounts

/// did, handle, email, pds_did, status, password_hash, credentials_changed_at, created_at
CREATE_ACCOUNT = "
insert into account (did, handle, email, pds_did, status, password_hash, credentials_changed_at, created_at)
values ($1, $2, $3, $4, $5, $6, $7, $8)
on conflict do nothing";

/// did, handle, email
TAKEN_NAMES = "
select did, handle, email
from account
where did = $1 or handle = $2 or email = $3";

/// did
ACCOUNT = "
select did, handle, email, pds_did, status, credentials_changed_at
from account
where did = $1";

/// sixteen times a did
ACCOUNTS = "
select did, handle, email, pds_did, status, credentials_changed_at
from account
where did in ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16)";

/// did
SIGN_IN_BY_DID = "
select did, handle, email, pds_did, status, credentials_changed_at, password_hash
from account
where did = $1";

/// handle
SIGN_IN_BY_HANDLE = "
select did, handle, email, pds_did, status, credentials_changed_at, password_hash
from account
where handle = $1";

/// email
SIGN_IN_BY_EMAIL = "
select did, handle, email, pds_did, status, credentials_changed_at, password_hash
from account
where email = $1";

/// did, old hash, new hash
REPLACE_PASSWORD_HASH = "
update account
set password_hash = $3
where did = $1 and password_hash = $2";

/// did, new hash, now
CHANGE_PASSWORD = "
update account
set password_hash = $2, credentials_changed_at = $3
where did = $1";

/// did, pds_did
REHOME_ACCOUNT = "
update account
set pds_did = $2
where did = $1";

// browsers

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

// keys

SIGNING_KEYS = "
select kid, algorithm, sealed, created_at, state
from signing_key
order by created_at desc, kid";

/// kid, algorithm, sealed, created_at
ADOPT_SIGNING_KEY = "
insert into signing_key (kid, algorithm, sealed, created_at, state)
values ($1, $2, $3, $4, 'current')
on conflict do nothing";

/// algorithm
CURRENT_SIGNING_KEY = "
select kid, algorithm, sealed, created_at, state
from signing_key
where algorithm = $1 and state = 'current'";

/// fingerprint
CLAIM_DEPLOYMENT = "
insert into deployment (id, root_fingerprint)
values (1, $1)
on conflict do nothing";

DEPLOYMENT = "
select root_fingerprint
from deployment
where id = 1";

// marks

/// digest, expires_at, now. A mark whose time has passed is as good as none.
REMEMBER_MARK = "
insert into mark (digest, expires_at)
values ($1, $2)
on conflict (digest) do update set expires_at = excluded.expires_at where mark.expires_at <= $3";

}

/// What the engines need in different words.
pub(crate) struct ByEngine {
    pub(crate) sqlite: &'static str,
    pub(crate) postgres: &'static str,
}

impl ByEngine {
    pub(crate) const fn on(&self, engine: Engine) -> &'static str {
        match engine {
            Engine::Sqlite => self.sqlite,
            Engine::Postgres => self.postgres,
        }
    }
}
