//! Grants of accounts, and the clients the operator trusts.

statements! {

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

}
