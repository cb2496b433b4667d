create table documents (
    tenant_id   uuid not null default current_tenant() references tenants on delete cascade,
    id          uuid not null default gen_random_uuid(),
    author_id   uuid,
    title       text not null,
    body        text not null default '',
    created_at  timestamptz not null default now(),
    updated_at  timestamptz not null default now(),
    primary key (tenant_id, id),
    -- With the tenant in the key, a document never points at another tenant's user.
    foreign key (tenant_id, author_id) references users (tenant_id, id) on delete set null (author_id)
);

create index documents_by_age on documents (tenant_id, created_at);
create index documents_by_author on documents (tenant_id, author_id);

alter table documents enable row level security;
alter table documents force  row level security;
create policy own_rows on documents
    using (tenant_id = (select current_tenant())) with check (tenant_id = (select current_tenant()));
