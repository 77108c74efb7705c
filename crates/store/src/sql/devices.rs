//! Where people are signed in, and what they allowed there.

statements! {

/// id, did, browser, device, created_at, last_seen_at, expires_at
BEGIN_SIGN_IN = "
insert into browser_sign_in (id, did, browser, device, created_at, last_seen_at, expires_at)
values ($1, $2, $3, $4, $5, $6, $7)";

/// browser, did, now. What another one takes the place of.
END_EARLIER_SIGN_IN = "
update browser_sign_in
set ended_at = $3
where browser = $1 and did = $2 and ended_at is null";

/// id, did, now
END_SIGN_IN = "
update browser_sign_in
set ended_at = $3
where id = $1 and did = $2 and ended_at is null and expires_at > $3";

/// did, now
END_SIGN_INS_OF_ACCOUNT = "
update browser_sign_in
set ended_at = $2
where did = $1 and ended_at is null and expires_at > $2";

/// did, now, id. Nothing where that one has ended.
END_OTHER_SIGN_INS = "
update browser_sign_in
set ended_at = $2
where did = $1 and ended_at is null and expires_at > $2 and id <> $3
  and exists (select 1 from browser_sign_in kept
              where kept.id = $3 and kept.did = $1 and kept.ended_at is null and kept.expires_at > $2)";

/// browser, now
END_SIGN_INS_OF_BROWSER = "
update browser_sign_in
set ended_at = $2
where browser = $1 and ended_at is null and expires_at > $2";

/// browser, now, before
SEE_BROWSER = "
update browser_sign_in
set last_seen_at = $2
where browser = $1 and ended_at is null and last_seen_at <= $3";

/// now, then sixteen times an id
LIVE_SIGN_INS = "
select s.id, s.last_seen_at,
  a.did, a.handle, a.email, a.email_confirmed_at, a.email_auth_factor, a.pds_did, a.status, a.credentials_changed_at
from browser_sign_in s join account a on a.did = s.did
where s.id in ($2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17)
  and s.ended_at is null and s.expires_at > $1";

/// did, now, browser, how many at most. That browser comes first.
DEVICES = "
select id, did, browser, device, created_at, last_seen_at, expires_at, count(*) over () as devices
from browser_sign_in
where did = $1 and ended_at is null and expires_at > $2
order by case when browser = $3 then 0 else 1 end, last_seen_at desc, created_at desc, id
limit $4";

/// did, now, the instants since when a session of a public and of a confidential client must have been used,
/// how many apps at most, how many sessions of each. A row for each session, and for an app without any.
CONNECTED_APPS = "
with live as (
  select client_id, id, scope, device, browser, created_at, rotated_at, expires_at,
    case when client_key is null then 0 else 1 end as confidential,
    row_number() over (partition by client_id order by rotated_at desc, id) as place
  from oauth_session
  where did = $1 and ended_at is null and expires_at > $2
    and ((client_key is null and rotated_at > $3) or (client_key is not null and rotated_at > $4))
), part as (
  select client_id, null as scope, null as known, created_at as since, rotated_at as used_at, 1 as sessions
  from live
  union all
  select client_id, scope, known, granted_at, updated_at, 0
  from client_grant
  where did = $1
), app as (
  select client_id, max(scope) as granted, max(known) as known, min(since) as since, max(used_at) as used_at,
    sum(sessions) as sessions, count(*) over () as apps
  from part
  group by client_id
  order by max(used_at) desc, client_id
  limit $5
)
select app.client_id, app.granted, app.known, app.since, app.used_at, app.sessions, app.apps,
  live.id, live.scope, live.device, live.browser, live.confidential,
  live.created_at, live.rotated_at, live.expires_at
from app left join live on live.client_id = app.client_id and live.place <= $6
order by app.used_at desc, app.client_id, live.place";

/// fifty times a client
TRUSTED_AMONG = "
select client_id, name, first_party, logo_type
from trusted_client
where client in (
  $1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, $18, $19, $20, $21, $22, $23, $24, $25,
  $26, $27, $28, $29, $30, $31, $32, $33, $34, $35, $36, $37, $38, $39, $40, $41, $42, $43, $44, $45, $46, $47, $48,
  $49, $50)";

}
