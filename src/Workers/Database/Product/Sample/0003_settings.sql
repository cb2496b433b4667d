create table settings (
    tenant_id   uuid not null default current_tenant() references tenants on delete cascade,
    key         text not null,
    value       jsonb not null,
    updated_at  timestamptz not null default now(),
    primary key (tenant_id, key)
);

alter table settings enable row level security;
alter table settings force  row level security;
create policy own_rows on settings
    using (tenant_id = (select current_tenant())) with check (tenant_id = (select current_tenant()));

-- The canary: a tenant that nobody is, with a row that nobody may read. Verification tries.
set local app.tenant_id = '00000000-0000-0000-0000-000000000000';
insert into tenants (tenant_id) values (current_tenant());
insert into settings (key, value) values ('canary', 'true');
set local app.tenant_id = '';
