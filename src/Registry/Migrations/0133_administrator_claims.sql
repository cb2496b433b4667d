-- The tenants that need a user of the identity provider as their administrator. Tenants may share a user, and the last of them deletes
-- it. A claim is written before the user is looked up or created, and removed before the user may be deleted.
create table administrator_claims (
    email      text not null,
    tenant_id  uuid not null references tenants on delete cascade,
    primary key (email, tenant_id)
);

-- Locked while an address's claims change. An attempt that may be deleting the user leaves its lease here. Nobody else may claim the
-- address while the lease stands, nor before deleting_until: a call that got no answer can still take effect.
create table administrator_addresses (
    email               text primary key,
    deleting_operation  uuid,
    deleting_step       text,
    deleting_fence      bigint,
    deleting_holder     uuid,
    deleting_until      timestamptz
);

insert into administrator_claims (email, tenant_id)
select lower(admin_email), id from tenants where admin_user_id is not null and status not in ('failed', 'deprovisioned');
