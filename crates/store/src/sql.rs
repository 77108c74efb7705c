//! Every statement, written once for both engines.
//!
//! Rules: TEXT, 64-bit integers and bytes only; `$n`; listed columns; a write is guarded by the state
//! it expects; instants are bound. `HOLD_` statements change nothing: on PostgreSQL they lock the row
//! and tell what is in it, so that what a verb decides next cannot be overtaken.
//!
//! Rows are always held in one order, so that verbs wait for each other and never in a circle:
//! request while it waits, account, grant, request once approved, session, mark. A sweep waits for nobody.

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

/// id, now, browser
HOLD_REQUEST = "
update auth_request
set state = state
where id = $1 and state = 'pending' and expires_at > $2 and browser = $3
returning request";

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

// grants and trust

/// did, client, client_id, scope, known, now. What was granted before stays, and is told; otherwise this is.
/// Nothing for an account that does not exist.
HOLD_GRANT = "
insert into client_grant (did, client, client_id, scope, known, granted_at, updated_at)
select did, $2, $3, $4, $5, $6, $6 from account where did = $1
on conflict (did, client) do update set updated_at = excluded.updated_at
returning scope, known";

/// did, client. Nothing where there is no grant.
HOLD_EXISTING_GRANT = "
update client_grant
set updated_at = updated_at
where did = $1 and client = $2
returning scope, known";

/// did, client, scope, known
GRANT = "
update client_grant
set scope = $3, known = $4
where did = $1 and client = $2";

/// did, client
REVOKE_GRANT = "
delete from client_grant
where did = $1 and client = $2";

/// did
REVOKE_GRANTS_OF_ACCOUNT = "
delete from client_grant
where did = $1";

/// client
IS_TRUSTED = "
select client_id
from trusted_client
where client = $1";

/// client, then sixteen times a did. The operator's word comes without a did, a grant without a name.
STANDING = "
select null as did, null as scope, null as known, name, first_party, logo_type
from trusted_client
where client = $1
union all
select did, scope, known, null, null, null
from client_grant
where client = $1
  and did in ($2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17)";

/// client, client_id, name, first_party, logo_type, logo, now
TRUST_CLIENT = "
insert into trusted_client (client, client_id, name, first_party, logo_type, logo, trusted_at)
values ($1, $2, $3, $4, $5, $6, $7)
on conflict (client) do update
set name = excluded.name, first_party = excluded.first_party, logo_type = excluded.logo_type,
    logo = excluded.logo, trusted_at = excluded.trusted_at";

/// client
DISTRUST_CLIENT = "
delete from trusted_client
where client = $1";

/// how many at most
TRUSTED_CLIENTS = "
select client_id, name, first_party, logo_type, trusted_at
from trusted_client
order by client_id
limit $1";

/// client
CLIENT_LOGO = "
select logo_type, logo
from trusted_client
where client = $1 and logo is not null";

// codes

/// code
CODE = "
select r.request, r.scope, r.authenticated_at, r.code_expires_at, r.state, r.session,
  a.did, a.handle, a.email, a.pds_did, a.status, a.credentials_changed_at
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

/// id, did, client_id, scope, jkt, salt, generation, created_at, rotated_at, expires_at, client_key
BEGIN_SESSION = "
insert into oauth_session
  (id, did, client_id, scope, jkt, salt, generation, created_at, rotated_at, expires_at, client_key)
values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11)";

/// id
SESSION = "
select s.id, s.client_id, s.scope, s.jkt, s.salt, s.generation, s.created_at, s.rotated_at, s.expires_at,
  s.ended_at, s.end_reason, s.client_key,
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

/// did, now, reason, client_id
END_SESSIONS_OF_CLIENT = "
update oauth_session
set ended_at = $2, end_reason = $3
where did = $1 and client_id = $4 and ended_at is null and expires_at > $2";

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

/// did, authenticated_at. Nothing where the password changed since.
HOLD_ACCOUNT = "
update account
set credentials_changed_at = credentials_changed_at
where did = $1 and credentials_changed_at <= $2";

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

// permission sets

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
