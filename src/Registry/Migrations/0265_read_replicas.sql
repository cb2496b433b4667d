-- The read replicas of the database servers, as the workers are configured.
create table server_replicas (
    server  text not null references database_servers,
    name    text not null,
    host    text not null,
    port    int  not null,
    zone    text,
    primary key (server, name)
);

-- Whether the placement's read-only login works on every replica of its server. The login is in tenant_credentials, with the purpose 'replica'.
alter table placements add column replica_ready boolean not null default false;

-- Until now the wish was only noted: no tenant has a replica. It is turned on by an update.
update tenants set read_replica = false where read_replica;

-- Where a tenant's rows may also be read, and the login for that: a row for each replica of its server, and none for a tenant without the
-- login. Database, schema and epoch are those of runtime_v1.placements.
create view runtime_v1.replicas with (security_barrier) as
select t.id as tenant_id, r.name, r.host, r.port, r.zone, c.username, c.sealed
from tenants t
join placements p on p.tenant_id = t.id and p.state = case t.status when 'provisioning' then 'building' else 'current' end
join server_replicas r on r.server = p.server
join tenant_credentials c on c.placement_id = p.id and c.purpose = 'replica'
where t.read_replica and p.replica_ready and t.status not in ('failed', 'deprovisioned');

-- The gate of admit_tenant for a tenant that wants a read replica. Raises SG002.
create function admit_replica(wanted_region text) returns void language plpgsql as $$
begin
    if not exists (
        select from database_servers s
        where s.accepting and s.placed < s.max_tenants and (wanted_region is null or s.region = wanted_region)
          and exists (select from server_replicas r where r.server = s.name))
    then
        raise exception 'no database server with a read replica has room' using errcode = 'SG002';
    end if;
end $$;
