-- The operation that set the hold and has not announced it yet; null for holds without an announcement.
alter table holds add column unannounced uuid references operations deferrable initially deferred;

-- Which holds a reactivation lifts: those that stood when it was accepted, so that it cannot lift one that was set meanwhile.
create table reactivations (
    operation_id  uuid primary key references operations deferrable initially deferred,
    tenant_id     uuid not null references tenants,
    codes         text[] not null,
    -- The tenant's place is being opened, to be tested while its holds still keep everybody else out.
    opening       boolean not null default false
);
create index reactivations_by_tenant on reactivations (tenant_id);
