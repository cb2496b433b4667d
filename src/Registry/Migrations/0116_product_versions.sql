-- The product's files that workers have started with. They are released: their text must not change any more.
create table product_versions (
    version     int primary key,
    name        text not null,
    checksum    text not null,
    checked_at  timestamptz not null default now()
);

insert into product_versions (version, name, checksum)
select distinct on (version) version, name, checksum from tenant_migrations order by version, applied_at desc;
