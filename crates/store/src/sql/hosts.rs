//! PDS hosts.

statements! {

/// did, url, sealed_password, state, added_at
ADD_PDS_HOST = "
insert into pds_host (did, url, sealed_password, state, added_at)
values ($1, $2, $3, $4, $5)
on conflict do nothing";

/// did
PDS_HOST = "
select did, url, sealed_password, state, added_at
from pds_host
where did = $1";

/// how many
PDS_HOSTS = "
select did, url, sealed_password, state, added_at
from pds_host
order by added_at, did
limit $1";

HOMES = "
select pds_did, count(*) as accounts
from account
group by pds_did
order by pds_did";

/// did. Nothing where it is no host of ours.
HOLD_PDS_HOST = "
update pds_host
set state = state
where did = $1
returning state";

/// did, state
TURN_PDS_HOST = "
update pds_host
set state = $2
where did = $1";

/// did, sealed_password
REPLACE_PDS_PASSWORD = "
update pds_host
set sealed_password = $2
where did = $1";

/// did. Accounts at home there, sign-ups, and accounts it has still to delete; in one statement, for one becomes
/// another.
INHABITANTS = "
select (select count(*) from account where pds_did = $1)
  + (select count(*) from sign_up where pds_did = $1 and done = 0)
  + (select count(*) from account_change where pds_did = $1 and kind = 'deletion') as accounts";

/// did
REMOVE_PDS_HOST = "
delete from pds_host
where did = $1";

}
