-- Where the rows of tenants come from that were copied from a product without tenants: a row for each such adoption.
create table adopted_sources (
    operation_id  uuid primary key references operations,
    tenant_id     uuid not null references tenants,
    server        text not null,
    database      text not null,
    schema        text not null,
    announced_at  timestamptz
);

-- The users that an adoption makes members of the tenant's organisation, from before the first of them is one. Those with added were no
-- members before, so their memberships are what the compensation ends.
create table adopted_members (
    tenant_id     uuid not null references tenants,
    user_id       text not null,
    operation_id  uuid not null references operations,
    added         boolean not null default false,
    primary key (tenant_id, user_id)
);

-- As before, and with the tier row for a source whose rows are copied. It is only read, so its server needs no room and may be closed to further
-- placements, and other schemas of its database may be tenants' places.
create or replace function admit_adoption(
    adopted uuid, wanted_slug text, wanted_plan text, wanted_plan_version int, wanted_subdomain text, wanted_tier text,
    on_server text, in_database text, in_schema text, accepted_at timestamptz) returns void
language plpgsql security definer set search_path from current as $$
begin
    if not has_table_privilege(session_user, 'tenants', 'INSERT') then
        raise exception 'only programs that accept commands may do this' using errcode = 'insufficient_privilege';
    end if;
    if exists (select from tenants t where t.id = adopted and t.status <> 'failed')
        or not exists (select from database_servers s where s.name = on_server and (wanted_tier = 'row' or s.accepting and s.placed < s.max_tenants))
        or exists (
            select from placements p where p.server = on_server and p.database = in_database and p.state <> 'gone'
                and not (p.tier = 'schema' and wanted_tier in ('schema', 'row') and p.schema <> in_schema))
    then
        raise exception 'the place cannot be adopted' using errcode = 'SG003';
    end if;
    update tenants t set status = 'provisioning', slug = wanted_slug, plan = wanted_plan, plan_version = wanted_plan_version, subdomain = wanted_subdomain, tier = wanted_tier,
        schema_version = null, organization_id = null, admin_user_id = null, version = t.version + 1, updated_at = accepted_at
    where t.id = adopted and t.status = 'failed';
end $$;
