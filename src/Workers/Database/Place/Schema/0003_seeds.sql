-- The tenants whose first rows were written here, so that a repeated attempt does not write them again.
create table saga.seeds (
    tenant_id  uuid primary key references saga.place on delete cascade,
    file       text not null,
    checksum   text not null,
    seeded_at  timestamptz not null default now()
);
alter table saga.seeds alter tenant_id set statistics 0, alter file set statistics 0, alter checksum set statistics 0, alter seeded_at set statistics 0;
