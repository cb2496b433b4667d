-- Why a tenant may not do all it usually may: one row for each reason, so that the end of one does not lift another.
create table holds (
    tenant_id   uuid not null references tenants,
    code        text not null check (code in ('nonPayment', 'abuse', 'request', 'maintenance', 'limitExceeded', 'other', 'deletion', 'move', 'restore')),
    effect      text not null check (effect in ('closed', 'noGrowth', 'readOnly', 'away')),
    actor       text not null,
    reason      text not null,
    created_at  timestamptz not null default now(),
    primary key (tenant_id, code)
);

-- Suspended was a status. It is what a tenant with a closing hold is shown as.
insert into holds (tenant_id, code, effect, actor, reason)
select id, 'other', 'closed', 'saga', 'Suspended before holds had reasons.' from tenants where status = 'suspended';
update tenants set status = 'active' where status = 'suspended';
alter table tenants drop constraint tenants_status_check;
alter table tenants add constraint tenants_status_check check (status in ('provisioning', 'active', 'failed', 'deprovisioned'));
