-- Product services read the registry through these views only, with a role of their own: docs/runtime-contract.md.
-- Columns are only ever added, at the end. What cannot stay as it is becomes a schema runtime_v2 beside this one.
-- A migration that changes a column or table named here drops the view and creates it again, with the same columns.

-- A tenant's key once more, wrapped by a runtime key: a runtime opens it without any master key.
create table tenant_runtime_keys (
    tenant_id       uuid  not null references tenant_keys on delete cascade,
    runtime_key_id  text  not null,
    wrapped         bytea not null,
    primary key (tenant_id, runtime_key_id)
);

create schema runtime_v1;

-- Views run with their owner's rights, so the role needs none on the tables. Barriers: a caller's own cheap function must
-- not see rows before the view has filtered them.
create view runtime_v1.tenants with (security_barrier) as
select id, slug, name, plan, tier, status, version
from tenants
where status not in ('failed', 'deprovisioned');

-- The current place. While a tenant is provisioned, the one that is being built: what is verified is what runtimes will use.
-- A place that is being built for a tenant that has one already is not shown.
create view runtime_v1.placements with (security_barrier) as
select p.tenant_id, p.server, s.host, s.port, p.database, p.schema, p.epoch
from placements p join database_servers s on s.name = p.server join tenants t on t.id = p.tenant_id
where t.status not in ('failed', 'deprovisioned') and p.state = case t.status when 'provisioning' then 'building' else 'current' end;

-- Purposes that runtimes use. Another one is not theirs until it is named here.
create view runtime_v1.credentials with (security_barrier) as
select c.tenant_id, c.purpose, c.username, c.sealed
from tenant_credentials c join tenants t on t.id = c.tenant_id
where c.purpose in ('database', 'cache') and t.status not in ('failed', 'deprovisioned');

create view runtime_v1.settings with (security_barrier) as
select s.tenant_id, s.key, s.value, s.sealed
from tenant_settings s join tenants t on t.id = s.tenant_id
where t.status not in ('failed', 'deprovisioned');

create view runtime_v1.keys with (security_barrier) as
select k.tenant_id, k.runtime_key_id, k.wrapped
from tenant_runtime_keys k join tenants t on t.id = k.tenant_id
where t.status not in ('failed', 'deprovisioned');
