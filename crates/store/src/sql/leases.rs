//! Who does which job.

statements! {

/// job, holder, held_until, now
HOLD_LEASE = "
insert into job_lease (job, holder, held_until)
values ($1, $2, $3)
on conflict (job) do update set holder = excluded.holder, held_until = excluded.held_until
where job_lease.holder = excluded.holder or job_lease.held_until <= $4";

/// job, holder
RELEASE_LEASE = "
delete from job_lease
where job = $1 and holder = $2";

}
