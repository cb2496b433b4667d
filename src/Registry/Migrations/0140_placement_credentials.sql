-- A tenant that moves has two placements, each with its own logins and its own tables. Credentials for a placement and the product's
-- migrations are rows of that placement. A credential without a placement is the tenant's, such as the one for the cache.
-- In the order in which steps use them, so that a step that runs now finishes first.
lock table tenant_credentials, tenant_migrations in access exclusive mode;

-- The placement that a statement means that names only the tenant.
create function placement_of(tenant uuid) returns uuid language sql stable as $$
    select id from placements where tenant_id = tenant and state in ('current', 'building') order by state = 'current' desc limit 1
$$;

alter table tenant_credentials add column placement_id uuid references placements;
-- A login whose placement is unknown opens nothing: provisioning was undone, and its logins with it.
update tenant_credentials c set placement_id = (
    select p.id from placements p where p.tenant_id = c.tenant_id
    order by array_position(array['current', 'building', 'kept', 'gone'], p.state), p.epoch desc limit 1)
where c.purpose = 'database';
delete from tenant_credentials where purpose = 'database' and placement_id is null;
alter table tenant_credentials
    drop constraint tenant_credentials_pkey,
    add constraint tenant_credentials_key unique (placement_id, purpose),
    add constraint tenant_credentials_database_has_placement check (placement_id is not null or purpose <> 'database');
create unique index tenant_credentials_of_tenant on tenant_credentials (tenant_id, purpose) where placement_id is null;
create index tenant_credentials_by_tenant on tenant_credentials (tenant_id);

alter table tenant_migrations add column placement_id uuid references placements;
update tenant_migrations m set placement_id = (
    select p.id from placements p where p.tenant_id = m.tenant_id
    order by array_position(array['current', 'building', 'kept', 'gone'], p.state), p.epoch desc limit 1);
delete from tenant_migrations where placement_id is null;
alter table tenant_migrations drop constraint tenant_migrations_pkey, add primary key (placement_id, version);

-- Processes of the version before this one write without a placement. Statements of this version never run it.
create function fill_placement() returns trigger language plpgsql as $$
begin
    new.placement_id := placement_of(new.tenant_id);
    return new;
end $$;
create trigger fill_placement before insert on tenant_credentials
    for each row when (new.placement_id is null and new.purpose = 'database') execute function fill_placement();
create trigger fill_placement before insert on tenant_migrations
    for each row when (new.placement_id is null) execute function fill_placement();

-- The same columns as before. Of a placement's credentials, those of the placement that runtime_v1.placements shows.
create or replace view runtime_v1.credentials with (security_barrier) as
select c.tenant_id, c.purpose, c.username, c.sealed
from tenant_credentials c join tenants t on t.id = c.tenant_id left join placements p on p.id = c.placement_id
where c.purpose in ('database', 'cache') and t.status not in ('failed', 'deprovisioned')
    and (c.placement_id is null or p.state = case t.status when 'provisioning' then 'building' else 'current' end);
