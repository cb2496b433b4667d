-- Each placement has its own tables, and so its own version of the product's schema. tenants.schema_version shows that of the placement
-- that is routed to, for processes of the version before this one.
-- Writers of tenants wait, and readers and checks of foreign keys do not, so that none can wait for this transaction while it waits for them.
lock table tenants in share row exclusive mode;
lock table placements in access exclusive mode;
alter table placements add column schema_version int;
update placements p set schema_version = t.schema_version from tenants t where p.id = placement_of(t.id) and t.schema_version is not null;

-- Those processes also write it there.
create function schema_version_of_placement() returns trigger language plpgsql as $$
begin
    update placements set schema_version = new.schema_version
    where id = placement_of(new.id) and schema_version is distinct from new.schema_version;
    return null;
end $$;
create trigger schema_version_of_placement after update of schema_version on tenants
    for each row when (new.schema_version is distinct from old.schema_version) execute function schema_version_of_placement();
