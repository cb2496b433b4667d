-- Backups of tenants. The parts are files in the object store; what is needed to find, check and open them is here.
create table backups (
    id                uuid primary key,
    tenant_id         uuid not null references tenants,
    -- An operation makes one backup at most, however often its steps run.
    operation_id      uuid not null unique references operations,
    state             text not null default 'running' check (state in ('running', 'completed', 'failed')),
    requested_by      text not null,
    note              text,
    include_objects   boolean not null,
    tier              text not null,
    server            text,
    -- The version of the product schema in it.
    schema_version    int,
    started_at        timestamptz not null,
    -- When the rows were as they are in it.
    snapshot_at       timestamptz,
    ended_at          timestamptz,
    bytes             bigint,
    manifest          jsonb,
    -- The manifest's file in the object store, and its checksum.
    manifest_file     text,
    manifest_sha256   bytea,
    failure           jsonb
);

create index backups_by_tenant on backups (tenant_id, started_at, id);

create table backup_parts (
    backup_id    uuid not null references backups on delete cascade,
    name         text not null,
    -- The step that writes it.
    step         text not null,
    file         text not null,
    format       text not null,
    bytes        bigint not null,
    plain_bytes  bigint not null,
    -- Of the file, so that it is checked without a key.
    sha256       bytea not null,
    counts       jsonb not null,
    details      jsonb not null,
    primary key (backup_id, name)
);

-- A tenant's backup keys, wrapped by a master key. They are not the keys that seal the tenant's secrets, because they are kept as long as a
-- backup is.
create table backup_keys (
    tenant_id      uuid not null references tenants,
    version        int not null,
    master_key_id  text not null,
    wrapped        bytea not null,
    created_at     timestamptz not null default now(),
    primary key (tenant_id, version)
);

-- The key of each backup, wrapped by one of the tenant's. Without its row nobody can read the backup.
create table backup_data_keys (
    backup_id    uuid primary key references backups on delete cascade,
    tenant_id    uuid not null,
    key_version  int not null,
    wrapped      bytea not null,
    foreign key (tenant_id, key_version) references backup_keys
);

create index backup_data_keys_by_key on backup_data_keys (tenant_id, key_version);
