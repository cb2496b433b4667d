-- Where a tenant's data lies becomes a thing of its own, with an epoch and a state: a tenant may have one that is current, and others
-- that are being built, or kept for a time. Names on the server belong to the placement.
create table placements (
    -- The tenant's own id for its first placement, so that the names of what was made before are those of its placement.
    id          uuid primary key,
    tenant_id   uuid   not null references tenants,
    -- Grows with each placement that a tenant gets, and when its routing switches to one.
    epoch       bigint not null,
    server      text   not null references database_servers,
    database    text   not null,
    schema      text   not null,
    tier        text   not null check (tier in ('row', 'schema', 'database')),
    -- The role that the tenant's own sessions sign in as, and the one that owns its objects where it has one.
    login       text   not null,
    owner       text,
    state       text   not null check (state in ('building', 'current', 'kept', 'gone')),
    created_at  timestamptz not null default now(),
    updated_at  timestamptz not null default now(),
    unique (tenant_id, epoch)
);
create unique index placements_one_current  on placements (tenant_id) where state = 'current';
create unique index placements_one_building on placements (tenant_id) where state = 'building';
create index placements_by_place on placements (server, database) where state <> 'gone';

insert into placements (id, tenant_id, epoch, server, database, schema, tier, login, owner, state, created_at, updated_at)
select id, id, 1, placement_server, placement_database, placement_schema, tier, 't_' || replace(id::text, '-', ''),
    case when tier <> 'row' then 't_' || replace(id::text, '-', '') || '_owner' end,
    case when status in ('active', 'suspended') then 'current' else 'building' end, created_at, updated_at
from tenants where placement_server is not null;

alter table tenants drop column placement_server, drop column placement_database, drop column placement_schema;

-- Placements that are not gone, counted where they are made and released: nobody counts rows under a lock.
alter table database_servers add column placed int not null default 0 check (placed >= 0);
update database_servers s set placed = (select count(*) from placements p where p.server = s.name and p.state <> 'gone');

create table shared_databases (
    server    text not null references database_servers,
    number    int  not null check (number > 0),
    database  text not null,
    schemas   int  not null check (schemas >= 0),
    primary key (server, number),
    unique (server, database)
);
insert into shared_databases (server, number, database, schemas)
select server, substring(database from '[0-9]+$')::int, database, count(*)
from placements where tier = 'schema' and state <> 'gone' group by server, database;
