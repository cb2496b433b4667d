-- Plans have versions. A tenant keeps the version that it was given until it is migrated. Processes of the version before this one know one
-- version of each plan, plans.definition, and give it to new tenants: it is version 1 of every plan that they may use.
create table plan_versions (
    name        text not null references plans on delete cascade,
    version     int  not null check (version > 0),
    definition  jsonb not null,
    note        text,
    created_by  text not null,
    created_at  timestamptz not null default now(),
    primary key (name, version)
);

-- The version that tenants are given from now on.
alter table plans add column current_version int not null default 1;

-- A plan as it was shipped is replaced by what is shipped now: by its second version where tenants have the first. A plan that an operator
-- changed or added stays as it is. Storage is counted in GiB from now on.
with shipped (name, definition) as (values
    ('basic', '{"name": "basic", "tiers": ["row"], "defaultTier": "row",
      "limits": {"users": 25, "storageMegabytes": 5120, "requestsPerMinute": 600, "databaseConnections": 5},
      "features": {"sso": false, "auditExport": false, "customDomain": false},
      "settings": {
      "passwordMinLength": {"value": 10, "minimum": 8, "maximum": 128},
      "passwordRequireMixed": {"value": false},
      "sessionTimeoutMinutes": {"value": 480, "minimum": 5, "maximum": 43200},
      "uploadMaxMegabytes": {"value": 25, "minimum": 1, "maximum": 10240},
      "webhookSigningSecret": {"generate": true, "sealed": true}}}'::jsonb),
    ('premium', '{"name": "premium", "tiers": ["schema", "row"], "defaultTier": "schema",
      "limits": {"users": 250, "storageMegabytes": 102400, "requestsPerMinute": 3000, "databaseConnections": 10},
      "features": {"sso": true, "auditExport": false, "customDomain": true},
      "settings": {
      "passwordMinLength": {"value": 12, "minimum": 8, "maximum": 128},
      "passwordRequireMixed": {"value": true},
      "sessionTimeoutMinutes": {"value": 240, "minimum": 5, "maximum": 43200},
      "uploadMaxMegabytes": {"value": 100, "minimum": 1, "maximum": 10240},
      "webhookSigningSecret": {"generate": true, "sealed": true}}}'::jsonb),
    ('enterprise', '{"name": "enterprise", "tiers": ["database", "schema"], "defaultTier": "database",
      "limits": {"users": 10000, "storageMegabytes": 1048576, "requestsPerMinute": 12000, "databaseConnections": 20},
      "features": {"sso": true, "auditExport": true, "customDomain": true},
      "settings": {
      "passwordMinLength": {"value": 14, "minimum": 8, "maximum": 128},
      "passwordRequireMixed": {"value": true},
      "sessionTimeoutMinutes": {"value": 60, "minimum": 5, "maximum": 43200},
      "uploadMaxMegabytes": {"value": 1024, "minimum": 1, "maximum": 10240},
      "webhookSigningSecret": {"generate": true, "sealed": true}}}'::jsonb),
    ('custom', '{"name": "custom", "tiers": ["row", "schema", "database"], "defaultTier": "schema",
      "limits": {"users": 1000, "storageMegabytes": 102400, "requestsPerMinute": 6000, "databaseConnections": 10},
      "features": {"sso": true, "auditExport": true, "customDomain": true},
      "settings": {
      "passwordMinLength": {"value": 12, "minimum": 8, "maximum": 128},
      "passwordRequireMixed": {"value": true},
      "sessionTimeoutMinutes": {"value": 120, "minimum": 5, "maximum": 43200},
      "uploadMaxMegabytes": {"value": 250, "minimum": 1, "maximum": 10240},
      "webhookSigningSecret": {"generate": true, "sealed": true}}}'::jsonb)
), defaults (name, definition) as (values
    ('basic', '{"name": "basic", "tiers": ["row"], "defaultTier": "row",
      "limits": {"users": 100, "storageGib": 10, "requestsPerDay": 1000, "databaseConnections": 5, "ownLimits": "atMost"}, "graceDays": 30,
      "features": {"biometric_auth": false, "ai_verification": false, "advanced_analytics": false, "custom_branding": false, "priority_support": false},
      "settings": {
      "security.password_policy": {"value": {"minLength": 8, "requireUppercase": true, "requireLowercase": true, "requireNumbers": true, "requireSpecialCharacters": false}, "schema": {"type": "object", "additionalProperties": false, "required": ["minLength", "requireUppercase", "requireLowercase", "requireNumbers", "requireSpecialCharacters"], "properties": {"minLength": {"type": "integer", "minimum": 8, "maximum": 128}, "requireUppercase": {"type": "boolean"}, "requireLowercase": {"type": "boolean"}, "requireNumbers": {"type": "boolean"}, "requireSpecialCharacters": {"type": "boolean"}}}},
      "session.timeout": {"value": 3600, "minimum": 60, "maximum": 2592000},
      "file_upload.max_size": {"value": 10, "minimum": 1, "maximum": 10},
      "api.rate_limit": {"value": 1000, "minimum": 1, "maximum": 1000},
      "api.burst_per_minute": {"value": 600, "minimum": 1, "maximum": 600},
      "webhookSigningSecret": {"generate": true, "sealed": true}}}'::jsonb),
    ('premium', '{"name": "premium", "tiers": ["schema", "row"], "defaultTier": "schema",
      "limits": {"users": 1000, "storageGib": 100, "requestsPerDay": 10000, "databaseConnections": 10, "ownLimits": "atMost"}, "graceDays": 30,
      "features": {"biometric_auth": true, "ai_verification": false, "advanced_analytics": false, "custom_branding": true, "priority_support": false},
      "settings": {
      "security.password_policy": {"value": {"minLength": 10, "requireUppercase": true, "requireLowercase": true, "requireNumbers": true, "requireSpecialCharacters": true}, "schema": {"type": "object", "additionalProperties": false, "required": ["minLength", "requireUppercase", "requireLowercase", "requireNumbers", "requireSpecialCharacters"], "properties": {"minLength": {"type": "integer", "minimum": 8, "maximum": 128}, "requireUppercase": {"type": "boolean"}, "requireLowercase": {"type": "boolean"}, "requireNumbers": {"type": "boolean"}, "requireSpecialCharacters": {"type": "boolean"}}}},
      "session.timeout": {"value": 7200, "minimum": 60, "maximum": 2592000},
      "file_upload.max_size": {"value": 100, "minimum": 1, "maximum": 100},
      "api.rate_limit": {"value": 10000, "minimum": 1, "maximum": 10000},
      "api.burst_per_minute": {"value": 3000, "minimum": 1, "maximum": 3000},
      "webhookSigningSecret": {"generate": true, "sealed": true}}}'::jsonb),
    ('enterprise', '{"name": "enterprise", "tiers": ["database", "schema"], "defaultTier": "database",
      "limits": {"users": 10000, "storageGib": 1024, "requestsPerDay": 100000, "databaseConnections": 20, "ownLimits": "atMost"}, "graceDays": 30,
      "features": {"biometric_auth": true, "ai_verification": true, "advanced_analytics": true, "custom_branding": true, "priority_support": true},
      "settings": {
      "security.password_policy": {"value": {"minLength": 12, "requireUppercase": true, "requireLowercase": true, "requireNumbers": true, "requireSpecialCharacters": true}, "schema": {"type": "object", "additionalProperties": false, "required": ["minLength", "requireUppercase", "requireLowercase", "requireNumbers", "requireSpecialCharacters"], "properties": {"minLength": {"type": "integer", "minimum": 8, "maximum": 128}, "requireUppercase": {"type": "boolean"}, "requireLowercase": {"type": "boolean"}, "requireNumbers": {"type": "boolean"}, "requireSpecialCharacters": {"type": "boolean"}}}},
      "session.timeout": {"value": 14400, "minimum": 60, "maximum": 2592000},
      "file_upload.max_size": {"value": 1000, "minimum": 1, "maximum": 1000},
      "api.rate_limit": {"value": 100000, "minimum": 1, "maximum": 100000},
      "api.burst_per_minute": {"value": 12000, "minimum": 1, "maximum": 12000},
      "webhookSigningSecret": {"generate": true, "sealed": true}}}'::jsonb),
    ('custom', '{"name": "custom", "tiers": ["row", "schema", "database"], "defaultTier": "schema",
      "limits": {"users": 100000, "storageGib": 10240, "databaseConnections": 20, "ownLimits": "atLeast"}, "graceDays": 30,
      "features": {"biometric_auth": true, "ai_verification": true, "advanced_analytics": true, "custom_branding": true, "priority_support": true},
      "settings": {
      "security.password_policy": {"value": {"minLength": 12, "requireUppercase": true, "requireLowercase": true, "requireNumbers": true, "requireSpecialCharacters": true}, "schema": {"type": "object", "additionalProperties": false, "required": ["minLength", "requireUppercase", "requireLowercase", "requireNumbers", "requireSpecialCharacters"], "properties": {"minLength": {"type": "integer", "minimum": 8, "maximum": 128}, "requireUppercase": {"type": "boolean"}, "requireLowercase": {"type": "boolean"}, "requireNumbers": {"type": "boolean"}, "requireSpecialCharacters": {"type": "boolean"}}}},
      "session.timeout": {"value": 14400, "minimum": 60, "maximum": 2592000},
      "file_upload.max_size": {"value": 1000, "minimum": 1, "maximum": 2147483647},
      "api.rate_limit": {"value": 100000, "minimum": 1, "maximum": 2147483647},
      "api.burst_per_minute": {"value": 12000, "minimum": 1, "maximum": 2147483647},
      "webhookSigningSecret": {"generate": true, "sealed": true}}}'::jsonb)
), found as (
    select p.name, p.definition, coalesce(p.definition = s.definition, false) as replaced, exists (select from tenants t where t.plan = p.name) as used
    from plans p left join shipped s on s.name = p.name
), kept as (
    insert into plan_versions (name, version, definition, created_by)
    select name, 1, jsonb_set(definition #- '{limits,storageMegabytes}', '{limits,storageGib}', to_jsonb(ceil((definition #>> '{limits,storageMegabytes}')::numeric / 1024)::bigint)), 'system'
    from found where used or not replaced
), added as (
    insert into plan_versions (name, version, definition, created_by)
    select d.name, case when f.used then 2 else 1 end, d.definition, 'system' from defaults d join found f on f.name = d.name and f.replaced
)
update plans p set
    current_version = case when f.used then 2 else 1 end,
    definition = case when f.used then p.definition else jsonb_set(d.definition, '{limits}', d.definition -> 'limits' || jsonb_build_object(
        'storageMegabytes', (d.definition #>> '{limits,storageGib}')::bigint * 1024, 'requestsPerMinute', d.definition #> '{settings,api.burst_per_minute,value}')) end
from found f join defaults d on d.name = f.name where p.name = f.name and f.replaced;

alter table tenants
    add column plan_version int not null default 1,
    -- The tenant's own limits, instead of the plan's.
    add column max_users int check (max_users > 0),
    add column max_storage_gib bigint check (max_storage_gib > 0),
    add foreign key (plan, plan_version) references plan_versions (name, version);

alter table plan_changes
    add column from_version int not null default 1,
    add column to_version int not null default 1;

-- What a tenant may use: its own limits, or its plan's. An absent number of requests means that the plan does not limit them.
create view runtime_v1.limits with (security_barrier) as
select t.id as tenant_id, coalesce(t.max_users, (v.definition #>> '{limits,users}')::int) as users,
    coalesce(t.max_storage_gib, (v.definition #>> '{limits,storageGib}')::bigint) as storage_gib,
    (v.definition #>> '{limits,requestsPerDay}')::bigint as requests_per_day
from tenants t join plan_versions v on v.name = t.plan and v.version = t.plan_version
where t.status not in ('failed', 'deprovisioned');

-- A feature is also read as features.<name>.
create or replace view runtime_v1.settings with (security_barrier) as
select s.tenant_id, s.key, s.value, s.sealed
from tenant_settings s join tenants t on t.id = s.tenant_id
where t.status not in ('failed', 'deprovisioned')
union all
select s.tenant_id, 'features.' || substr(s.key, 9), s.value, s.sealed
from tenant_settings s join tenants t on t.id = s.tenant_id
where s.key like 'feature:%' and t.status not in ('failed', 'deprovisioned');
