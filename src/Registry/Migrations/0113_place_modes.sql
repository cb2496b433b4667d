-- The places in product databases whose mode or epoch differs from what provisioning wrote there, or may differ. A row without a mode
-- is being written: whoever finds it writes again. The token tells a late writer that another one has begun since.
create table place_modes (
    tenant_id   uuid not null references tenants on delete cascade,
    server      text not null,
    database    text not null,
    epoch       bigint,
    mode        text check (mode in ('open', 'readOnly', 'closed')),
    token       uuid not null,
    primary key (tenant_id, server, database)
);
