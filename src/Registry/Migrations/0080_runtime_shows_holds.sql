-- A tenant that a hold closes is shown to runtimes as suspended, as it was when that was a status.
create or replace view runtime_v1.tenants with (security_barrier) as
select id, slug, name, plan, tier,
    case when status = 'active' and exists (select from holds h where h.tenant_id = id and h.effect not in ('noGrowth', 'readOnly', 'away')) then 'suspended' else status end as status,
    version
from tenants
where status not in ('failed', 'deprovisioned');
