-- Deprovisionings that are under way: one row for each tenant, from the acceptance until the tenant is gone or the deprovisioning was taken back.
create table deprovisionings (
    tenant_id      uuid primary key references tenants,
    -- The operation that closes the tenant, and who asked for it.
    operation_id   uuid not null references operations deferrable initially deferred,
    requested_by   text not null,
    requested_at   timestamptz not null,
    grace_days     int not null check (grace_days >= 0),
    delete_at      timestamptz not null,
    backup         boolean not null,
    -- How long nobody else gets the tenant's names afterwards.
    reserved_days  int not null check (reserved_days >= 0),
    -- The scheduled command that removes everything, and the operation that it became.
    scheduled_id   uuid not null,
    removal_id     uuid references operations deferrable initially deferred,
    announced_at   timestamptz,
    -- From then on the removal cannot be cancelled. Set and cancelled under the lock of the tenant's row.
    final_at       timestamptz
);

-- Names of tenants that are gone, which nobody else gets for a while.
create table reserved_names (
    kind       text not null check (kind in ('slug', 'subdomain', 'domain')),
    name       text not null,
    tenant_id  uuid not null references tenants,
    until      timestamptz not null,
    primary key (kind, name)
);

-- Called after the names were written: the insert has waited for a tenant with these names that was just being removed.
create function require_free_names(wanted_slug text, wanted_subdomain text, wanted_domain text) returns void language plpgsql as $$
begin
    if exists (
        select from reserved_names r
        where r.until > now() and (r.kind, r.name) in (('slug', wanted_slug), ('subdomain', wanted_subdomain), ('domain', wanted_domain)))
    then
        raise exception 'the name of a deprovisioned tenant is still reserved' using errcode = 'unique_violation';
    end if;
end $$;

-- What was removed of a tenant, when and by whom. The text is kept as it was written; the checksum is of its bytes in UTF-8.
create table deletion_certificates (
    operation_id  uuid primary key references operations,
    tenant_id     uuid not null references tenants,
    document      text not null,
    sha256        text not null,
    created_at    timestamptz not null default now()
);
create index deletion_certificates_by_tenant on deletion_certificates (tenant_id, created_at);

-- What a step of a removal found before it removed anything, so that the certificate tells it however often the step begins again.
create table removal_findings (
    operation_id  uuid not null references operations,
    step          text not null,
    found         jsonb not null,
    primary key (operation_id, step)
);
