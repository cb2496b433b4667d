-- What a rotation has changed, from the moment that runtimes see the new credentials: a row for each rotation.
create table credential_rotations (
    operation_id  uuid primary key references operations,
    tenant_id     uuid not null references tenants,
    -- Of database, cache and tenantKey.
    what          text[] not null,
    switched_at   timestamptz not null default now(),
    -- Until then the former logins work beside the new ones.
    drains_until  timestamptz not null
);
