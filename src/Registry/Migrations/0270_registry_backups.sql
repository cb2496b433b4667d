-- Backups of this database itself. Whoever loses it loses every wrapped key.
create table registry_backups (
    id                uuid primary key,
    -- An operation makes one backup at most, however often its steps run.
    operation_id      uuid not null unique references operations,
    state             text not null default 'running' check (state in ('running', 'completed', 'failed', 'expiring', 'expired')),
    requested_by      text not null,
    note              text,
    -- The highest migration of the registry in it.
    schema_version    int,
    started_at        timestamptz not null,
    -- When the rows were as they are in it.
    snapshot_at       timestamptz,
    ended_at          timestamptz,
    expired_at        timestamptz,
    bytes             bigint,
    -- The ids of the master keys that it needs: those that wrap keys in it, and the one that wraps its own key.
    master_key_ids    text[] not null default '{}',
    -- The file with the dump: name, checksum, counts.
    part              jsonb,
    manifest          jsonb,
    manifest_file     text,
    manifest_sha256   bytea,
    failure           jsonb,
    -- Its data key, wrapped by a master key; null when it was destroyed.
    key_master_id     text,
    wrapped_key       bytea
);

create index registry_backups_by_age on registry_backups (started_at, id);

-- Backup keys of tenants that were removed from this database. Older backups of it still have them.
create table destroyed_backup_keys (
    tenant_id   uuid primary key references tenants,
    -- The operation that removed the tenant.
    removal     uuid not null,
    removed_at  timestamptz not null,
    -- When no backup of this database had them any longer.
    gone_at     timestamptz
);
