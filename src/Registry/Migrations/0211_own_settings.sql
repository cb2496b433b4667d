-- A tenant's own value that is sealed. Its command is stored, so it carries the value in a box that only workers open.
alter table tenant_settings
    -- Written for the tenant by a command of its own, so that a plan's default does not replace it. Only sealed values need the mark: the
    -- others are among the tenant's data.
    add column own        boolean not null default false,
    -- What programs may see that must not read the value.
    add column is_sealed  boolean not null generated always as (sealed is not null) stored;

-- Key pairs for boxes. The private key is wrapped by a master key, and only workers have those.
create table box_keys (
    id             uuid primary key,
    public_key     bytea not null,
    master_key_id  text  not null unique,
    wrapped        bytea not null,
    created_at     timestamptz not null default now()
);
