-- The control-plane database. Applied once, in one transaction; never edited after release.

create table plans (
    name        text primary key,
    definition  jsonb not null
);

create table database_servers (
    name                     text primary key,
    region                   text not null,
    host                     text not null,
    port                     int  not null,
    -- Tenants of any tier that may be placed here.
    max_tenants              int  not null check (max_tenants >= 0),
    -- Schema-tier tenants in one shared database; another database is begun when all are full.
    max_schemas_per_database int  not null check (max_schemas_per_database > 0),
    accepting                boolean not null default true
);

create table tenants (
    id                  uuid primary key,
    slug                text not null,
    name                text not null,
    plan                text not null references plans,
    tier                text not null check (tier in ('row', 'schema', 'database')),
    status              text not null check (status in ('provisioning', 'active', 'suspended', 'failed', 'deprovisioned')),
    domain              text,
    subdomain           text not null,
    region              text,
    timezone            text not null,
    admin_email         text not null,
    features            jsonb not null default '{}',
    settings            jsonb not null default '{}',
    placement_server    text references database_servers,
    placement_database  text,
    placement_schema    text,
    schema_version      int,
    organization_id     text,
    admin_user_id       text,
    version             bigint not null default 1,
    created_at          timestamptz not null default now(),
    updated_at          timestamptz not null default now()
);

-- A name is taken while its tenant lives, and free again afterwards.
create unique index tenants_slug_taken      on tenants (slug)      where status not in ('failed', 'deprovisioned');
create unique index tenants_domain_taken    on tenants (domain)    where status not in ('failed', 'deprovisioned');
create unique index tenants_subdomain_taken on tenants (subdomain) where status not in ('failed', 'deprovisioned');
create index tenants_by_age       on tenants (created_at, id);
create index tenants_by_slug      on tenants (slug, created_at);
create index tenants_by_placement on tenants (placement_server, placement_database) where placement_server is not null;

-- A key per tenant, wrapped by a master key. Destroying the row makes everything sealed with it unreadable.
create table tenant_keys (
    tenant_id      uuid primary key references tenants,
    master_key_id  text  not null,
    wrapped        bytea not null
);

create table tenant_credentials (
    tenant_id   uuid not null references tenants,
    -- What it opens: 'database', 'cache', 'storage'.
    purpose     text not null,
    username    text not null,
    sealed      bytea not null,
    updated_at  timestamptz not null default now(),
    primary key (tenant_id, purpose)
);

create table tenant_settings (
    tenant_id  uuid not null references tenants,
    key        text not null,
    -- One of the two: in the clear, or sealed with the tenant's key.
    value      jsonb,
    sealed     bytea,
    primary key (tenant_id, key),
    check ((value is null) <> (sealed is null))
);

create table tenant_migrations (
    tenant_id   uuid not null references tenants,
    version     int  not null,
    name        text not null,
    checksum    text not null,
    applied_at  timestamptz not null default now(),
    primary key (tenant_id, version)
);

-- Definitions by content: an operation keeps the very steps it started with.
create table workflows (
    digest      text primary key,
    kind        text not null,
    version     int  not null,
    definition  jsonb not null
);

create table operations (
    id               uuid primary key,
    kind             text not null,
    tenant_id        uuid not null references tenants,
    workflow_digest  text not null references workflows,
    state            text not null,
    input            jsonb not null,
    steps            jsonb not null,
    failure          jsonb,
    -- When the sweeper must wake it; null when nothing is timed. A new operation is woken if its first message is lost.
    next_due_at      timestamptz default now() + interval '30 seconds',
    requested_by     text not null,
    version          bigint not null default 1,
    created_at       timestamptz not null default now(),
    updated_at       timestamptz not null default now(),
    finished_at      timestamptz
) with (fillfactor = 70);

-- At most one operation is active per tenant: an index says so, not a check.
create unique index operations_one_active on operations (tenant_id)
    where state in ('accepted', 'running', 'compensating', 'stalled');
create index operations_due    on operations (next_due_at) where next_due_at is not null;
create index operations_active on operations (state) where state in ('accepted', 'running', 'compensating', 'stalled');
create index operations_by_age on operations (created_at, id);
create index operations_by_tenant on operations (tenant_id, created_at);

-- What happened, in order. Also the inbox: a message that changed an operation is named by one line.
create table operation_history (
    id            bigint generated always as identity primary key,
    operation_id  uuid not null references operations,
    at            timestamptz not null,
    event         text not null,
    step          text,
    attempt       int,
    fence         bigint,
    data          jsonb,
    message_id    uuid
);

create index operation_history_by_operation on operation_history (operation_id, id);
create unique index operation_history_inbox on operation_history (message_id) where message_id is not null;

-- The newest dispatch of each step, recorded before its message leaves, and who works on it.
create table step_leases (
    operation_id  uuid not null references operations,
    step          text not null,
    -- The newest fence. An older one may not touch anything.
    fence         bigint not null,
    -- Whether a result of the newest fence is recorded: nothing more to do under it.
    settled       boolean not null default false,
    holder        uuid,
    held_fence    bigint,
    expires_at    timestamptz,
    primary key (operation_id, step)
) with (fillfactor = 70);

create table outbox (
    -- UUIDv7: sorts by age.
    message_id     uuid primary key,
    message_type   text not null,
    -- A queue, or null to publish to whoever subscribed.
    destination    text,
    body           text not null,
    -- Until then its writer sends it itself; afterwards any relay may.
    claimed_until  timestamptz not null
);

create index outbox_unclaimed on outbox (claimed_until);

create table idempotency_keys (
    caller        text not null,
    key           text not null,
    request_hash  bytea not null,
    operation_id  uuid not null references operations,
    created_at    timestamptz not null default now(),
    primary key (caller, key)
);

create table audit (
    id            bigint generated always as identity primary key,
    at            timestamptz not null default now(),
    actor         text not null,
    action        text not null,
    tenant_id     uuid,
    operation_id  uuid,
    detail        jsonb
);

insert into plans (name, definition) values
('basic', '{
  "name": "basic", "tiers": ["row"], "defaultTier": "row",
  "limits": {"users": 25, "storageMegabytes": 5120, "requestsPerMinute": 600, "databaseConnections": 5},
  "features": {"sso": false, "auditExport": false, "customDomain": false},
  "settings": {
    "passwordMinLength": {"value": 10}, "passwordRequireMixed": {"value": false},
    "sessionTimeoutMinutes": {"value": 480}, "uploadMaxMegabytes": {"value": 25},
    "webhookSigningSecret": {"generate": true, "sealed": true}
  }}'),
('premium', '{
  "name": "premium", "tiers": ["schema", "row"], "defaultTier": "schema",
  "limits": {"users": 250, "storageMegabytes": 102400, "requestsPerMinute": 3000, "databaseConnections": 10},
  "features": {"sso": true, "auditExport": false, "customDomain": true},
  "settings": {
    "passwordMinLength": {"value": 12}, "passwordRequireMixed": {"value": true},
    "sessionTimeoutMinutes": {"value": 240}, "uploadMaxMegabytes": {"value": 100},
    "webhookSigningSecret": {"generate": true, "sealed": true}
  }}'),
('enterprise', '{
  "name": "enterprise", "tiers": ["database", "schema"], "defaultTier": "database",
  "limits": {"users": 10000, "storageMegabytes": 1048576, "requestsPerMinute": 12000, "databaseConnections": 20},
  "features": {"sso": true, "auditExport": true, "customDomain": true},
  "settings": {
    "passwordMinLength": {"value": 14}, "passwordRequireMixed": {"value": true},
    "sessionTimeoutMinutes": {"value": 60}, "uploadMaxMegabytes": {"value": 1024},
    "webhookSigningSecret": {"generate": true, "sealed": true}
  }}'),
('custom', '{
  "name": "custom", "tiers": ["row", "schema", "database"], "defaultTier": "schema",
  "limits": {"users": 1000, "storageMegabytes": 102400, "requestsPerMinute": 6000, "databaseConnections": 10},
  "features": {"sso": true, "auditExport": true, "customDomain": true},
  "settings": {
    "passwordMinLength": {"value": 12}, "passwordRequireMixed": {"value": true},
    "sessionTimeoutMinutes": {"value": 120}, "uploadMaxMegabytes": {"value": 250},
    "webhookSigningSecret": {"generate": true, "sealed": true}
  }}');
