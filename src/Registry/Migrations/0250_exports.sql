-- Exports of tenants' data. The file is in the object store until it expires; what is needed to find and check it is here.
create table exports (
    id              uuid primary key,
    tenant_id       uuid not null references tenants,
    -- An operation makes one export at most, however often its steps run.
    operation_id    uuid not null unique references operations,
    state           text not null default 'running' check (state in ('running', 'completed', 'failed', 'removed')),
    requested_by    text not null,
    data_types      text[] not null,
    format          text not null,
    -- Whose data it has; null for everybody's.
    user_id         text,
    schema_version  int,
    started_at      timestamptz not null,
    -- When the rows were as they are in it.
    snapshot_at     timestamptz,
    ended_at        timestamptz,
    -- When the file is removed, and when it was.
    expires_at      timestamptz,
    removed_at      timestamptz,
    file            text,
    bytes           bigint,
    sha256          bytea,
    counts          jsonb,
    failure         jsonb
);

create index exports_by_tenant on exports (tenant_id, started_at, id);

-- The audit log's lines of those tenants whose export is being written and has them. Workers may read no others.
create view exported_audit with (security_barrier) as
select e.id as export_id, a.id, a.at, a.actor, a.action, a.operation_id, a.detail
from exports e join audit a on a.tenant_id = e.tenant_id
where e.state = 'running' and 'audit_logs' = any(e.data_types) and (e.user_id is null or a.actor = e.user_id);
