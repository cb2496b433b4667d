-- The sample product's tables: the same text in every tenant's own schema and in the schema that tenants share.
-- Runs as the owner of the schema, with nothing else on the search path.

-- The tenant that a session may work for: the one it has set, unless the login belongs to another tenant.
create function current_tenant() returns uuid
language sql stable parallel safe
return (
    select case
        when session_user ~ '^t_[0-9a-f]{32}$' and substr(session_user::text, 3)::uuid <> wanted.id then null
        else wanted.id
    end
    from (select nullif(current_setting('app.tenant_id', true), '')::uuid) as wanted(id)
);

-- Whose rows may be here at all.
create table tenants (
    tenant_id      uuid primary key,
    registered_at  timestamptz not null default now()
);

create table users (
    tenant_id     uuid not null default current_tenant() references tenants on delete cascade,
    id            uuid not null default gen_random_uuid(),
    email         text not null,
    display_name  text not null,
    created_at    timestamptz not null default now(),
    primary key (tenant_id, id),
    unique (tenant_id, email)
);

alter table tenants enable row level security;
alter table tenants force  row level security;
create policy own_rows on tenants
    using (tenant_id = (select current_tenant())) with check (tenant_id = (select current_tenant()));

alter table users enable row level security;
alter table users force  row level security;
create policy own_rows on users
    using (tenant_id = (select current_tenant())) with check (tenant_id = (select current_tenant()));
