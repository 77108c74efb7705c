//! Keys, and whose this database is.

statements! {

SIGNING_KEYS = "
select kid, algorithm, sealed, created_at, state
from signing_key
where algorithm <> 'ES256K-PLC'
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

/// fingerprint
FORGET_DEPLOYMENT = "
delete from deployment
where id = 1 and root_fingerprint = $1";

FORGET_SIGNING_KEYS = "
delete from signing_key";

}
