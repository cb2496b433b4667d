-- When a backup of the registry was last restored into it. What was made before may be forgotten by it.
alter table installation add column restored_at timestamptz;

-- The id that the thing bears, and the operation that repaired it.
alter table drift_findings add column owner uuid;
alter table drift_findings add column repaired_by uuid;

-- How much the last scan of everything compared, by its step.
create table drift_totals (
    step      text primary key,
    compared  bigint not null,
    scan      uuid not null
);

-- Orphans that were renamed and barred, until they are removed or released.
create table drift_quarantine (
    id              uuid primary key,
    finding_id      uuid not null,
    -- The repair.
    operation_id    uuid not null,
    resource        text not null,
    server          text,
    name            text not null,
    -- The name that it has meanwhile. What cannot be renamed keeps its own.
    renamed         text not null,
    owner           uuid,
    tenant_id       uuid,
    reason          text not null,
    -- What a release puts back.
    was             jsonb not null,
    state           text not null check (state in ('quarantining', 'quarantined', 'releasing', 'released', 'removing', 'removed', 'left')),
    begun_at        timestamptz not null,
    quarantined_at  timestamptz,
    -- When it is removed, by which scheduled command.
    until           timestamptz,
    removal         uuid,
    ended_at        timestamptz,
    -- Why it was left where it is instead of being removed.
    words           text,
    unique (operation_id, finding_id)
);

create unique index drift_quarantine_active on drift_quarantine (resource, renamed, coalesce(server, '')) where ended_at is null;
create index drift_quarantine_by_age on drift_quarantine (begun_at, id);
create index drift_quarantine_ended on drift_quarantine (ended_at) where ended_at is not null;
