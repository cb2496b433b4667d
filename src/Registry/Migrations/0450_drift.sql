-- This installation, whose id everything bears that its programs make outside. A backup of the registry has it, too.
create table installation (
    id        uuid primary key,
    only_one  boolean not null unique default true check (only_one)
);
insert into installation (id) values (gen_random_uuid());

-- Where the outside differs from the registry. A scan that still sees a finding moves its last_seen_at, and one that does not see it any more ends it.
create table drift_findings (
    id             uuid primary key,
    resource       text not null,
    kind           text not null check (kind in ('orphan', 'missing', 'different')),
    server         text,
    name           text not null,
    -- As far as the registry knows it.
    tenant_id      uuid,
    -- When the thing was made, as far as that can be known.
    made_at        timestamptz,
    differences    jsonb not null,
    first_seen_at  timestamptz not null,
    last_seen_at   timestamptz not null,
    ended_at       timestamptz,
    -- The operations of the scans.
    first_scan     uuid not null,
    last_scan      uuid not null
);

create unique index drift_findings_open on drift_findings (resource, kind, name, coalesce(server, '')) where ended_at is null;
create index drift_findings_by_age on drift_findings (first_seen_at, id);
create index drift_findings_of_tenant on drift_findings (tenant_id, first_seen_at, id) where tenant_id is not null;
create index drift_findings_ended on drift_findings (ended_at) where ended_at is not null;
