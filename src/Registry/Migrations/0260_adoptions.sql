-- What an adoption found in a database or schema, from before its first change: a row for each placement that was adopted.
create table adoptions (
    placement_id   uuid primary key references placements,
    tenant_id      uuid not null references tenants,
    operation_id   uuid not null references operations,
    -- The version of the product's schema that was found.
    found_version  int not null,
    -- The statements that put everything back, in order.
    undo           jsonb not null,
    taken_at       timestamptz not null default now(),
    announced_at   timestamptz
);

-- Checked in the transaction that accepts an adoption. Raises SG003 when the place is in use, when its server takes no more, or when the id
-- is another tenant's. A failed tenant of this id begins anew, because the rows of what it adopts carry the id. Runs as the owner, because
-- no program that accepts commands may change a tenant's status; only those programs may call it.
create function admit_adoption(
    adopted uuid, wanted_slug text, wanted_plan text, wanted_plan_version int, wanted_subdomain text, wanted_tier text,
    on_server text, in_database text, in_schema text, accepted_at timestamptz) returns void
language plpgsql security definer set search_path from current as $$
begin
    if not has_table_privilege(session_user, 'tenants', 'INSERT') then
        raise exception 'only programs that accept commands may do this' using errcode = 'insufficient_privilege';
    end if;
    if exists (select from tenants t where t.id = adopted and t.status <> 'failed')
        or not exists (select from database_servers s where s.name = on_server and s.accepting and s.placed < s.max_tenants)
        or exists (
            select from placements p where p.server = on_server and p.database = in_database and p.state <> 'gone'
                and not (p.tier = 'schema' and wanted_tier = 'schema' and p.schema <> in_schema))
    then
        raise exception 'the place cannot be adopted' using errcode = 'SG003';
    end if;
    update tenants t set status = 'provisioning', slug = wanted_slug, plan = wanted_plan, plan_version = wanted_plan_version, subdomain = wanted_subdomain, tier = wanted_tier,
        schema_version = null, organization_id = null, admin_user_id = null, version = t.version + 1, updated_at = accepted_at
    where t.id = adopted and t.status = 'failed';
end $$;
