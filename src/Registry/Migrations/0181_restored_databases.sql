-- Databases that restores have made beside tenants' places. They are removed after some time.
create table restored_databases (
    operation_id  uuid primary key references operations,
    tenant_id     uuid not null references tenants,
    backup_id     uuid not null references backups,
    server        text not null,
    database      text not null,
    created_at    timestamptz not null default now(),
    announced_at  timestamptz,
    remove_at     timestamptz
);
