-- Less to write for each request. Every statement may be run again.

-- A request has no code until it is approved, and most of the time none to look for.
create unique index if not exists auth_request_given_code on auth_request (code) where code is not null;
drop index if exists auth_request_code;
