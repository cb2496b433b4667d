-- Copies of backups in a second bucket.
alter table backups
    -- When all files of the backup were read back from the copy.
    add column copied_at       timestamptz,
    -- How often a copy has failed, when and why the last time.
    add column copy_failures   int not null default 0,
    add column copy_failed_at  timestamptz,
    add column copy_failure    jsonb;

alter table registry_backups
    add column copied_at       timestamptz,
    add column copy_failures   int not null default 0,
    add column copy_failed_at  timestamptz,
    add column copy_failure    jsonb;

create index backups_uncopied on backups (started_at) where state = 'completed' and copied_at is null;
