-- A tenant may have several domains. A claim that is not proved blocks nobody and expires; a domain that is proved has one tenant.
lock table tenants in share row exclusive mode;
lock table tenant_domains in access exclusive mode;
delete from tenant_domains d using tenants t where t.id = d.tenant_id and t.status in ('failed', 'deprovisioned');
alter table tenant_domains
    -- Of a claim that is not proved. There was no way to prove one before, so the time of the existing ones begins now.
    add column expires_at timestamptz not null default now() + interval '7 days',
    -- When the tenant's organisation got the domain; null while it has not.
    add column linked_at  timestamptz,
    drop constraint tenant_domains_pkey,
    add primary key (tenant_id, domain);
create unique index tenant_domains_proved on tenant_domains (domain) where state = 'proved';
create index tenant_domains_expiring on tenant_domains (expires_at) where state = 'pending';
drop index tenants_domain_taken;

-- Claims a domain for a tenant, or gives its claim a new time. Raises 23505 when it is proved for another tenant.
create function claim_domain(claimant uuid, wanted text, proof text, claimed_at timestamptz) returns boolean language plpgsql as $$
begin
    if exists (select from tenant_domains where domain = wanted and state = 'proved' and tenant_id <> claimant) then
        raise exception 'the domain is proved for another tenant' using errcode = 'unique_violation', constraint = 'tenant_domains_proved';
    end if;
    insert into tenant_domains (tenant_id, domain, token, state, created_at, expires_at)
    values (claimant, wanted, proof, 'pending', claimed_at, claimed_at + interval '7 days') on conflict (tenant_id, domain) do nothing;
    if found then
        return true;
    end if;
    update tenant_domains set expires_at = claimed_at + interval '7 days' where tenant_id = claimant and domain = wanted and state = 'pending';
    return false;
end $$;

-- The domains of a tenant that is gone are free. Processes of the version before this one end tenants too.
create function release_domains() returns trigger language plpgsql as $$
begin
    delete from tenant_domains where tenant_id = new.id;
    return null;
end $$;
create trigger release_domains after update of status on tenants
    for each row when (new.status in ('failed', 'deprovisioned') and old.status not in ('failed', 'deprovisioned')) execute function release_domains();

-- What hosts resolve to: the label below the product's domain, and domains that are proved.
create view runtime_v1.hosts with (security_barrier) as
select id as tenant_id, 'subdomain'::text as kind, subdomain as name
from tenants
where status not in ('failed', 'deprovisioned')
union all
select d.tenant_id, 'domain'::text, d.domain
from tenant_domains d join tenants t on t.id = d.tenant_id
where d.state = 'proved' and t.status not in ('failed', 'deprovisioned');
