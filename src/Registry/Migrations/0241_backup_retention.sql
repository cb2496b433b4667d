-- Backups expire: their files are removed, their keys are destroyed, and what there was stays to be seen.
alter table backups drop constraint backups_state_check;
alter table backups add constraint backups_state_check check (state in ('running', 'completed', 'failed', 'expiring', 'expired'));

-- When its files were gone.
alter table backups add column expired_at timestamptz;

-- What a tenant keeps by its own rule. What is null comes from the configuration.
alter table backup_schedules
    add column keep_last    int check (keep_last >= 0),
    add column keep_daily   int check (keep_daily >= 0),
    add column keep_weekly  int check (keep_weekly >= 0),
    add column keep_days    int check (keep_days >= 0);

create index backups_stored on backups (tenant_id, started_at) where state in ('completed', 'expiring');
