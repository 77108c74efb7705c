//! Who has which handle and which e-mail address.

statements! {

/// kind, name, owner, did, now. A claim of an earlier release that was not made use of in time is anybody's.
TAKE_NAME = "
insert into taken_name (kind, name, owner, did)
values ($1, $2, $3, $4)
on conflict (kind, name) do update
set owner = excluded.owner, did = excluded.did, claimed_until = null
where taken_name.claimed_until <= $5";

/// kind, name, owner
RELEASE_NAME = "
delete from taken_name
where kind = $1 and name = $2 and owner = $3";

/// handle
HANDLE_OWNER = "
select n.did, a.status
from taken_name n left join account a on a.did = n.did
where n.kind = 'handle' and n.name = $1 and n.did is not null";

/// owner, did. The names of a sign-up are the account's.
HAND_NAMES_OVER = "
update taken_name
set owner = $2, did = $2
where owner = $1";

/// owner
RELEASE_NAMES = "
delete from taken_name
where owner = $1";

}
