-- What a tenant's own schedule of backups says. What is null comes from the configuration, for its plan or for all.
create table backup_schedules (
    tenant_id  uuid primary key references tenants,
    -- Five fields in the tenant's time zone, or 'none'.
    cron       text,
    set_by     text not null,
    set_at     timestamptz not null
);

-- When each tenant is backed up by its schedule.
create table backup_runs (
    tenant_id          uuid primary key references tenants,
    -- What the next run was computed from: expression, time zone and jitter.
    basis              text not null,
    -- The next run; null for none.
    next_due_at        timestamptz,
    -- When a scheduler looks at it. While one submits the run, it is a little later, in case that one dies.
    try_at             timestamptz,
    -- The last run that was submitted or given up. The latter has no operation.
    last_due_at        timestamptz,
    last_operation_id  uuid,
    -- The first run since the last complete backup; null when there was none.
    unconfirmed_since  timestamptz,
    -- When the alert about it was raised.
    alerted_at         timestamptz
);

create index backup_runs_to_try on backup_runs (try_at) where try_at is not null;
create index backup_runs_unconfirmed on backup_runs (unconfirmed_since) where unconfirmed_since is not null;
