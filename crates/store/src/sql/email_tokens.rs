//! Codes sent by e-mail.

statements! {

/// did, purpose, digest, created_at
KEEP_EMAIL_TOKEN = "
insert into email_token (did, purpose, digest, created_at)
select did, $2, $3, $4 from account where did = $1
on conflict (did, purpose) do update
set digest = excluded.digest, created_at = excluded.created_at";

/// did, purpose
EMAIL_TOKEN = "
select did, digest, created_at
from email_token
where did = $1 and purpose = $2";

/// digest, purpose
EMAIL_TOKEN_BY_DIGEST = "
select did, digest, created_at
from email_token
where digest = $1 and purpose = $2";

/// did, purpose, digest
SPEND_EMAIL_TOKEN = "
delete from email_token
where did = $1 and purpose = $2 and digest = $3";

/// did
FORGET_EMAIL_TOKENS = "
delete from email_token
where did = $1";

}
