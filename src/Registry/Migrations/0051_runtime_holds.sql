-- What a runtime acts on, without who set it and why.
create view runtime_v1.holds with (security_barrier) as
select h.tenant_id, h.code, h.effect
from holds h join tenants t on t.id = h.tenant_id
where t.status not in ('failed', 'deprovisioned');
