-- Tenants' own domains, and whether their control of it was proved. Nothing may use a domain that is not proved. One row for each
-- tenant with a domain; tenants_domain_taken keeps a domain from having two live tenants.
create table tenant_domains (
    tenant_id   uuid primary key references tenants,
    domain      text not null,
    -- What the domain's owner publishes in DNS. Not a secret, but not to be guessed.
    token       text not null,
    state       text not null check (state in ('pending', 'proved')),
    -- The latest check, and what it found instead of the record; null when it found the record.
    checked_at  timestamptz,
    failure     text,
    proved_at   timestamptz,
    created_at  timestamptz not null default now(),
    check ((state = 'proved') = (proved_at is not null))
);

-- Domains that tenants have so far were never proved.
insert into tenant_domains (tenant_id, domain, token, state)
select id, domain, replace(gen_random_uuid()::text || gen_random_uuid()::text, '-', ''), 'pending'
from tenants where domain is not null and status not in ('failed', 'deprovisioned');
