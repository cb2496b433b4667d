-- Checked in the transaction that accepts a new tenant: what would otherwise fail after the acceptance. Raises SG001 for a name that the
-- identity provider could not give to the tenant's organisation, and SG002 when no database server has room for one more tenant.
create index tenants_provisioning on tenants (region) where status = 'provisioning';
create index tenants_named_like_another on tenants (lower(name)) where name like '%)' and status not in ('failed', 'deprovisioned');

-- Tenants that were accepted and have no placement yet. They will need room.
create function unplaced_tenants() returns table (region text, waiting bigint) language sql stable as $$
    select t.region, count(*) from tenants t
    where t.status = 'provisioning' and not exists (select from placements p where p.tenant_id = t.id and p.state in ('building', 'current'))
    group by t.region
$$;

-- What is left for further tenants in the region (everywhere when null), if all that are unplaced get their room.
create function room_for_tenants(wanted text) returns bigint language sql stable as $$
    with room as (select s.region, greatest(s.max_tenants - s.placed, 0) as room from database_servers s where s.accepting)
    select least(
        (select coalesce(sum(room), 0) from room) - (select coalesce(sum(waiting), 0) from unplaced_tenants()),
        case when wanted is not null then
            (select coalesce(sum(room), 0) from room where region = wanted) - (select coalesce(sum(waiting), 0) from unplaced_tenants() where region = wanted)
        end)
$$;

create function admit_tenant(wanted_name text, wanted_slug text, wanted_region text) returns void language plpgsql as $$
declare
    -- An organisation is called by the tenant's name or, if that is taken, by this, so it must not be another tenant's name.
    fallback constant text := lower(wanted_name || ' (' || wanted_slug || ')');
    other constant text := substring(lower(wanted_name) from '\(([a-z][a-z0-9-]*)\)$');
    -- More than the commands that are accepted at the same moment.
    plenty constant int := 200;
begin
    -- Commands whose names could meet come one after the other. Others have different keys, and do not wait.
    perform pg_advisory_xact_lock(keys.key) from (
        select hashtextextended(n, 7305) as key from unnest(array[fallback, lower(wanted_name)]) n where n like '%)' order by 1) keys;
    if exists (select from tenants t where lower(t.name) = fallback and t.name like '%)' and t.status not in ('failed', 'deprovisioned'))
        or exists (select from tenants t where t.slug = other and lower(t.name || ' (' || t.slug || ')') = lower(wanted_name) and t.status not in ('failed', 'deprovisioned'))
    then
        raise exception 'the name is that of another organisation' using errcode = 'SG001';
    end if;

    -- Far from full, an estimate that needs no lock is enough.
    if (select coalesce(sum(s.max_tenants - s.placed), 0) from database_servers s where s.accepting and (wanted_region is null or s.region = wanted_region))
        - (select count(*) from tenants t where t.status = 'provisioning') > plenty
    then
        return;
    end if;
    perform 1 from database_servers s where s.accepting order by s.name for no key update;
    if room_for_tenants(wanted_region) < 1 then
        raise exception 'no database server has room' using errcode = 'SG002';
    end if;
end $$;
