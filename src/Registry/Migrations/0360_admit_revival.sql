-- The gate of admit_tenant for the names of a deprovisioned tenant that comes back. Raises 23505 when others have its slug, subdomain or domain by now, or had
-- them last, and SG001 for its name.
create function admit_revived_names(revived uuid) returns void language plpgsql as $$
declare
    own constant tenants := (select t from tenants t where t.id = revived);
begin
    if exists (select from tenants o where o.id <> own.id and o.status not in ('failed', 'deprovisioned') and (o.slug = own.slug or o.subdomain = own.subdomain))
        or exists (select from tenant_domains d where d.domain = own.domain and d.state = 'proved' and d.tenant_id <> own.id)
    then
        raise exception 'another tenant has a name of the tenant' using errcode = 'unique_violation';
    end if;
    perform require_free_names(own.slug, own.subdomain, own.domain, own.id);
    perform admit_name(own.id, own.name);
end $$;

-- As before, and with deprovisioned tenants whose restore has been accepted: they are provisioned again as soon as the backup was checked.
create or replace function unplaced_tenants() returns table (region text, waiting bigint) language sql stable as $$
    select u.region, count(*) from (
        select t.region from tenants t
        where t.status = 'provisioning' and not exists (select from placements p where p.tenant_id = t.id and p.state in ('building', 'current'))
        union all
        select t.region from operations o join tenants t on t.id = o.tenant_id
        where o.kind = 'restore' and o.state in ('accepted', 'running', 'compensating', 'stalled') and t.status = 'deprovisioned') u
    group by u.region
$$;
