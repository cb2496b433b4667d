-- What else is known of a tenant, and what an update of it replaced.
alter table tenants
    add column description         text,
    add column phone               text,
    -- The pools of the processes that serve it; null for their own sizes.
    add column pool_minimum        int,
    add column pool_maximum        int,
    add column read_replica        boolean not null default false,
    add column auto_update         boolean not null default true,
    -- {"days": ["sunday"], "start": "02:30", "durationMinutes": 120}, in the tenant's time zone.
    add column maintenance_window  jsonb,
    add constraint tenants_pool check (pool_minimum >= 0 and pool_maximum >= greatest(pool_minimum, 1));

-- A row for each operation that updates a tenant, written when the operation is accepted.
create table tenant_changes (
    operation_id   uuid primary key references operations deferrable initially deferred,
    tenant_id      uuid not null references tenants,
    -- The columns that it changes, as they were and as they become.
    before         jsonb not null,
    after          jsonb not null,
    -- Whether the operation claimed the new domain for the tenant.
    claimed        boolean not null default false,
    -- The new administrator before the operation: whether it was a member of the organisation, and one of its administrators.
    was_member     boolean,
    was_admin      boolean,
    -- The rows of tenant_settings before the operation. Sealed values stay sealed.
    settings       jsonb,
    announced_at   timestamptz
);

-- The gate of admit_tenant for the new name of a tenant that exists. Raises SG001.
create function admit_name(renamed uuid, wanted_name text) returns void language plpgsql as $$
declare
    own constant text := (select slug from tenants where id = renamed);
    fallback constant text := lower(wanted_name || ' (' || own || ')');
    other constant text := substring(lower(wanted_name) from '\(([a-z][a-z0-9-]*)\)$');
begin
    perform pg_advisory_xact_lock(keys.key) from (
        select hashtextextended(n, 7305) as key from unnest(array[fallback, lower(wanted_name)]) n where n like '%)' order by 1) keys;
    if exists (select from tenants t where lower(t.name) = fallback and t.name like '%)' and t.id <> renamed and t.status not in ('failed', 'deprovisioned'))
        or exists (select from tenants t where t.slug = other and t.id <> renamed and lower(t.name || ' (' || t.slug || ')') = lower(wanted_name)
            and t.status not in ('failed', 'deprovisioned'))
    then
        raise exception 'the name is that of another organisation' using errcode = 'SG001';
    end if;
end $$;

-- How large the pools of processes that serve a tenant shall be, where it has a wish.
create view runtime_v1.pools with (security_barrier) as
select id as tenant_id, coalesce(pool_minimum, 0) as minimum, pool_maximum as maximum
from tenants
where pool_maximum is not null and status not in ('failed', 'deprovisioned');
