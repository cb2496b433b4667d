-- The tables of a practice. The same text runs in every tier; each table with tenant_id gets the platform's policies.
create table practitioners (
    tenant_id  uuid not null default saga.current_tenant(),
    id         uuid not null default gen_random_uuid(),
    name       text not null,
    primary key (tenant_id, id)
);

create table patients (
    tenant_id   uuid not null default saga.current_tenant(),
    id          uuid not null default gen_random_uuid(),
    name        text not null,
    born_on     date not null,
    registered  timestamptz not null default now(),
    primary key (tenant_id, id)
);

create index patients_by_name on patients (tenant_id, lower(name));
