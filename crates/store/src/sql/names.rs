//! Who has which handle and which e-mail address.

statements! {

/// kind, name, owner, did, claimed_until, now. A claim that was not made use of in time is anybody's.
TAKE_NAME = "
insert into taken_name (kind, name, owner, did, claimed_until)
values ($1, $2, $3, $4, $5)
on conflict (kind, name) do update
set owner = excluded.owner, did = excluded.did, claimed_until = excluded.claimed_until
where taken_name.claimed_until <= $6";

/// kind, name, owner
RELEASE_NAME = "
delete from taken_name
where kind = $1 and name = $2 and owner = $3";

/// did. The handle an account is about to have.
CLAIMED_HANDLE = "
select name, claimed_until
from taken_name
where owner = $1 and kind = 'handle' and claimed_until is not null";

/// did, handle, claimed_until
EXTEND_CLAIM = "
update taken_name
set claimed_until = $3
where kind = 'handle' and name = $2 and owner = $1 and claimed_until is not null";

/// did, handle
CONFIRM_CLAIM = "
update taken_name
set claimed_until = null
where kind = 'handle' and name = $2 and owner = $1 and claimed_until is not null";

/// did, handle
RELEASE_CLAIM = "
delete from taken_name
where kind = 'handle' and name = $2 and owner = $1 and claimed_until is not null";

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
