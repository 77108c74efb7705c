-- Sign-ups of people who have a DID already.
-- A name of the kind arrival is a DID that is on its way here.

-- JSON
alter table sign_up add column if not exists arrival text;
