-- When a backup was last restored beside, verified and dropped to prove that it can be.
alter table backups add column proven_at timestamptz;

create index backups_proven on backups (proven_at) where proven_at is not null;
