-- The control-plane database of commit 3b48fc0 as its own programs left it when they were stopped: tenants of all three tiers, one suspended, and
-- operations that are accepted, running, compensating, stalled, compensated and completed. Dumped with pg_dump; comments and settings removed.
CREATE TABLE public.audit (
    id bigint NOT NULL,
    at timestamp with time zone DEFAULT now() NOT NULL,
    actor text NOT NULL,
    action text NOT NULL,
    tenant_id uuid,
    operation_id uuid,
    detail jsonb
);
ALTER TABLE public.audit ALTER COLUMN id ADD GENERATED ALWAYS AS IDENTITY (
    SEQUENCE NAME public.audit_id_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1
);
CREATE TABLE public.database_servers (
    name text NOT NULL,
    region text NOT NULL,
    host text NOT NULL,
    port integer NOT NULL,
    max_tenants integer NOT NULL,
    max_schemas_per_database integer NOT NULL,
    accepting boolean DEFAULT true NOT NULL,
    CONSTRAINT database_servers_max_schemas_per_database_check CHECK ((max_schemas_per_database > 0)),
    CONSTRAINT database_servers_max_tenants_check CHECK ((max_tenants >= 0))
);
CREATE TABLE public.idempotency_keys (
    caller text NOT NULL,
    key text NOT NULL,
    request_hash bytea NOT NULL,
    operation_id uuid NOT NULL,
    created_at timestamp with time zone DEFAULT now() NOT NULL
);
CREATE TABLE public.operation_history (
    id bigint NOT NULL,
    operation_id uuid NOT NULL,
    at timestamp with time zone NOT NULL,
    event text NOT NULL,
    step text,
    attempt integer,
    fence bigint,
    data jsonb,
    message_id uuid
);
ALTER TABLE public.operation_history ALTER COLUMN id ADD GENERATED ALWAYS AS IDENTITY (
    SEQUENCE NAME public.operation_history_id_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1
);
CREATE TABLE public.operation_steps (
    operation_id uuid NOT NULL,
    step text NOT NULL,
    fence bigint NOT NULL,
    settled boolean DEFAULT false NOT NULL,
    holder uuid,
    held_fence bigint,
    expires_at timestamp with time zone,
    status text DEFAULT 'pending'::text NOT NULL,
    attempt integer DEFAULT 0 NOT NULL,
    started_at timestamp with time zone,
    dispatched_at timestamp with time zone,
    due_at timestamp with time zone,
    deadline timestamp with time zone,
    finished_at timestamp with time zone,
    failure jsonb,
    held_by text,
    output jsonb
)
WITH (fillfactor='70');
CREATE TABLE public.operations (
    id uuid NOT NULL,
    kind text NOT NULL,
    tenant_id uuid NOT NULL,
    workflow_digest text NOT NULL,
    state text NOT NULL,
    input jsonb NOT NULL,
    failure jsonb,
    next_due_at timestamp with time zone DEFAULT (now() + '00:00:30'::interval),
    requested_by text NOT NULL,
    created_at timestamp with time zone DEFAULT now() NOT NULL,
    finished_at timestamp with time zone,
    traceparent text
)
WITH (fillfactor='60');
CREATE TABLE public.outbox (
    message_id uuid NOT NULL,
    message_type text NOT NULL,
    destination text,
    body text NOT NULL,
    claimed_until timestamp with time zone NOT NULL,
    traceparent text
);
CREATE TABLE public.plans (
    name text NOT NULL,
    definition jsonb NOT NULL
);
CREATE TABLE public.registry_migrations (
    version integer NOT NULL,
    name text NOT NULL,
    checksum text NOT NULL,
    applied_at timestamp with time zone DEFAULT now() NOT NULL
);
CREATE TABLE public.tenant_credentials (
    tenant_id uuid NOT NULL,
    purpose text NOT NULL,
    username text NOT NULL,
    sealed bytea NOT NULL,
    updated_at timestamp with time zone DEFAULT now() NOT NULL
);
CREATE TABLE public.tenant_keys (
    tenant_id uuid NOT NULL,
    master_key_id text NOT NULL,
    wrapped bytea NOT NULL
);
CREATE TABLE public.tenant_migrations (
    tenant_id uuid NOT NULL,
    version integer NOT NULL,
    name text NOT NULL,
    checksum text NOT NULL,
    applied_at timestamp with time zone DEFAULT now() NOT NULL
);
CREATE TABLE public.tenant_settings (
    tenant_id uuid NOT NULL,
    key text NOT NULL,
    value jsonb,
    sealed bytea,
    CONSTRAINT tenant_settings_check CHECK (((value IS NULL) <> (sealed IS NULL)))
);
CREATE TABLE public.tenants (
    id uuid NOT NULL,
    slug text NOT NULL,
    name text NOT NULL,
    plan text NOT NULL,
    tier text NOT NULL,
    status text NOT NULL,
    domain text,
    subdomain text NOT NULL,
    region text,
    timezone text NOT NULL,
    admin_email text NOT NULL,
    features jsonb DEFAULT '{}'::jsonb NOT NULL,
    settings jsonb DEFAULT '{}'::jsonb NOT NULL,
    placement_server text,
    placement_database text,
    placement_schema text,
    schema_version integer,
    organization_id text,
    admin_user_id text,
    version bigint DEFAULT 1 NOT NULL,
    created_at timestamp with time zone DEFAULT now() NOT NULL,
    updated_at timestamp with time zone DEFAULT now() NOT NULL,
    CONSTRAINT tenants_status_check CHECK ((status = ANY (ARRAY['provisioning'::text, 'active'::text, 'suspended'::text, 'failed'::text, 'deprovisioned'::text]))),
    CONSTRAINT tenants_tier_check CHECK ((tier = ANY (ARRAY['row'::text, 'schema'::text, 'database'::text])))
);
CREATE TABLE public.workflows (
    digest text NOT NULL,
    kind text NOT NULL,
    version integer NOT NULL,
    definition jsonb NOT NULL
);
INSERT INTO public.audit OVERRIDING SYSTEM VALUE VALUES
	(1, '2026-11-25 23:57:23.933799+00', 'ada', 'tenant.provision', '01a21524-825d-7c55-85e5-c512a132b91f', '01a21524-825d-73a5-a6ee-1406aeb5bced', '{"plan": "basic", "slug": "in-rows", "tier": "row"}'),
	(2, '2026-11-25 23:57:24.690687+00', 'ada', 'tenant-activated', '01a21524-825d-7c55-85e5-c512a132b91f', '01a21524-825d-73a5-a6ee-1406aeb5bced', NULL),
	(3, '2026-11-25 23:57:24.731103+00', 'ada', 'tenant.provision', '01a21524-857b-7460-9c7f-87dfaf09b2b9', '01a21524-857b-76a0-9a47-ea3c48af004d', '{"plan": "premium", "slug": "in-schema", "tier": "schema"}'),
	(4, '2026-11-25 23:57:24.817859+00', 'ada', 'tenant-activated', '01a21524-857b-7460-9c7f-87dfaf09b2b9', '01a21524-857b-76a0-9a47-ea3c48af004d', NULL),
	(5, '2026-11-25 23:57:24.839427+00', 'ada', 'tenant.provision', '01a21524-85e7-7842-8f1b-cb851d927f00', '01a21524-85e7-71af-813e-f180c7c0b2f5', '{"plan": "enterprise", "slug": "in-database", "tier": "database"}'),
	(6, '2026-11-25 23:57:24.979642+00', 'ada', 'tenant-activated', '01a21524-85e7-7842-8f1b-cb851d927f00', '01a21524-85e7-71af-813e-f180c7c0b2f5', NULL),
	(7, '2026-11-25 23:57:25.018351+00', 'ada', 'tenant.provision', '01a21524-869a-79c0-b8c5-bea7a4a369fa', '01a21524-869a-7040-b77a-2a6de8ef5612', '{"plan": "basic", "slug": "undone", "tier": "row"}'),
	(8, '2026-11-25 23:57:25.192342+00', 'ada', 'tenant-provisioning-undone', '01a21524-869a-79c0-b8c5-bea7a4a369fa', '01a21524-869a-7040-b77a-2a6de8ef5612', NULL),
	(9, '2026-11-25 23:57:25.221221+00', 'ada', 'tenant.provision', '01a21524-8765-7ec5-8da6-8590d497f4b7', '01a21524-8765-745a-b91c-89294641084f', '{"plan": "premium", "slug": "stuck", "tier": "schema"}'),
	(10, '2026-11-25 23:57:25.350008+00', 'ada', 'tenant-activated', '01a21524-8765-7ec5-8da6-8590d497f4b7', '01a21524-8765-745a-b91c-89294641084f', NULL),
	(11, '2026-11-25 23:57:25.44089+00', 'ada', 'tenant.provision', '01a21524-8840-744b-8319-6483e8fafbce', '01a21524-8840-78b0-9994-5440bba7bce8', '{"plan": "enterprise", "slug": "returning", "tier": "database"}'),
	(12, '2026-11-25 23:57:25.582713+00', 'ada', 'tenant.provision', '01a21524-88ce-70f3-abb9-4449a3dba454', '01a21524-88ce-778f-b40c-e77d2c8302e9', '{"plan": "enterprise", "slug": "paused", "tier": "database"}'),
	(13, '2026-11-25 23:57:25.633888+00', 'ada', 'tenant.provision', '01a21524-8901-78ae-9fd4-5061c067adaf', '01a21524-8901-7ff0-9cb9-74fe49c073c9', '{"plan": "premium", "slug": "inflight", "tier": "schema"}'),
	(14, '2026-11-25 23:57:26.323491+00', 'ada', 'tenant.provision', '01a21524-8bb3-7e28-aef3-f4e9fcf1b94f', '01a21524-8bb3-7864-af81-fcef1f8a08c2', '{"plan": "basic", "slug": "fresh", "tier": "row"}');
INSERT INTO public.database_servers VALUES
	('eu-1', 'eu', 'db-1.example', 5432, 100, 500, true);
INSERT INTO public.idempotency_keys VALUES
	('ada', 'key-in-rows', '\x9cfae61d9690e7c98b152f99fdd5d963cc0e0eaf525b718f2b96619d0aa76c31', '01a21524-825d-73a5-a6ee-1406aeb5bced', '2026-11-25 23:57:23.933799+00'),
	('ada', 'key-in-schema', '\xc130ce00726fdbaa87bd54750dc7dce51673d3958b8257f4a2bb70fb2b83e30f', '01a21524-857b-76a0-9a47-ea3c48af004d', '2026-11-25 23:57:24.731103+00'),
	('ada', 'key-in-database', '\x9b92c281952cb4bf151ee7104c1eb417b5e3317f8a3c614c1c3c3a824aba64a2', '01a21524-85e7-71af-813e-f180c7c0b2f5', '2026-11-25 23:57:24.839427+00'),
	('ada', 'key-undone', '\xd3c0d1a9789b142b3d67404d92b107d07a2b1f73acef32720c9cede14f4bf014', '01a21524-869a-7040-b77a-2a6de8ef5612', '2026-11-25 23:57:25.018351+00'),
	('ada', 'key-stuck', '\x542dc709b6f2c16b326dae252e06c2c6651a45af28475cec9ec45874d1271b39', '01a21524-8765-745a-b91c-89294641084f', '2026-11-25 23:57:25.221221+00'),
	('ada', 'key-returning', '\xd7d17aeec33434d13d36a3ca5f2dd0c28daf8d1b320200e290614c8c3eca7840', '01a21524-8840-78b0-9994-5440bba7bce8', '2026-11-25 23:57:25.44089+00'),
	('ada', 'key-paused', '\xbc93a7d93ce5760008528a5ee96d7bac027ab56d529d9f6a8e421b214a785218', '01a21524-88ce-778f-b40c-e77d2c8302e9', '2026-11-25 23:57:25.582713+00'),
	('ada', 'key-inflight', '\x9c291e28511e9b3af331db9765082ff833467f8f6bee6bc1422cd43ce7ca0c0c', '01a21524-8901-7ff0-9cb9-74fe49c073c9', '2026-11-25 23:57:25.633888+00'),
	('ada', 'key-fresh', '\xcc71bd42db27b7f6c6b5ddebd1dcd8a352d17751699d95a99858ac7e4bfb03ca', '01a21524-8bb3-7864-af81-fcef1f8a08c2', '2026-11-25 23:57:26.323491+00');
INSERT INTO public.operation_history OVERRIDING SYSTEM VALUE VALUES
	(1, '01a21524-825d-73a5-a6ee-1406aeb5bced', '2026-11-25 23:57:23.933799+00', 'accepted', NULL, NULL, NULL, NULL, NULL),
	(2, '01a21524-825d-73a5-a6ee-1406aeb5bced', '2026-11-25 23:57:24.400414+00', 'started', NULL, NULL, NULL, '{"version": 1, "workflow": "provision"}', '01a21524-82ac-7d5f-a98c-82ec19298066'),
	(3, '01a21524-825d-73a5-a6ee-1406aeb5bced', '2026-11-25 23:57:24.400414+00', 'stepDispatched', 'reserve', 1, 1, NULL, NULL),
	(4, '01a21524-825d-73a5-a6ee-1406aeb5bced', '2026-11-25 23:57:24.608585+00', 'stepSucceeded', 'reserve', 1, 1, '{"output": {"tier": "row", "schema": "product", "server": "eu-1", "database": "saga_rows"}}', '01a21524-84f0-7a3a-b648-505a6dd9004e'),
	(5, '01a21524-825d-73a5-a6ee-1406aeb5bced', '2026-11-25 23:57:24.608585+00', 'stepDispatched', 'identity', 1, 1, NULL, NULL),
	(6, '01a21524-825d-73a5-a6ee-1406aeb5bced', '2026-11-25 23:57:24.608585+00', 'stepDispatched', 'database', 1, 1, NULL, NULL),
	(7, '01a21524-825d-73a5-a6ee-1406aeb5bced', '2026-11-25 23:57:24.608585+00', 'stepDispatched', 'storage', 1, 1, NULL, NULL),
	(8, '01a21524-825d-73a5-a6ee-1406aeb5bced', '2026-11-25 23:57:24.608585+00', 'stepDispatched', 'cache', 1, 1, NULL, NULL),
	(9, '01a21524-825d-73a5-a6ee-1406aeb5bced', '2026-11-25 23:57:24.608585+00', 'stepDispatched', 'configuration', 1, 1, NULL, NULL),
	(10, '01a21524-825d-73a5-a6ee-1406aeb5bced', '2026-11-25 23:57:24.628274+00', 'stepSucceeded', 'identity', 1, 1, NULL, '01a21524-850e-741a-9243-dee7f13ae7bb'),
	(11, '01a21524-825d-73a5-a6ee-1406aeb5bced', '2026-11-25 23:57:24.628274+00', 'stepDispatched', 'administrator', 1, 1, NULL, NULL),
	(12, '01a21524-825d-73a5-a6ee-1406aeb5bced', '2026-11-25 23:57:24.633046+00', 'stepSucceeded', 'database', 1, 1, NULL, '01a21524-8510-7c48-88e0-ec2ec0409392'),
	(13, '01a21524-825d-73a5-a6ee-1406aeb5bced', '2026-11-25 23:57:24.633046+00', 'stepDispatched', 'migrate', 1, 1, NULL, NULL),
	(14, '01a21524-825d-73a5-a6ee-1406aeb5bced', '2026-11-25 23:57:24.638128+00', 'stepSucceeded', 'storage', 1, 1, NULL, '01a21524-8512-73ea-9f2f-a3477bd24ad6'),
	(15, '01a21524-825d-73a5-a6ee-1406aeb5bced', '2026-11-25 23:57:24.6446+00', 'stepSucceeded', 'cache', 1, 1, NULL, '01a21524-851b-76fc-a606-3d431fc7c8c1'),
	(16, '01a21524-825d-73a5-a6ee-1406aeb5bced', '2026-11-25 23:57:24.650741+00', 'stepSucceeded', 'administrator', 1, 1, NULL, '01a21524-8523-7492-96f4-e7afb3c0a3ce'),
	(17, '01a21524-825d-73a5-a6ee-1406aeb5bced', '2026-11-25 23:57:24.66132+00', 'stepSucceeded', 'migrate', 1, 1, NULL, '01a21524-8526-7cfe-a958-7dc7ea4802a9'),
	(18, '01a21524-825d-73a5-a6ee-1406aeb5bced', '2026-11-25 23:57:24.678322+00', 'stepSucceeded', 'configuration', 1, 1, '{"output": {"sealed": 1, "features": 3, "settings": 5, "generated": 1}}', '01a21524-8543-763d-9e31-48f31e0791de'),
	(19, '01a21524-825d-73a5-a6ee-1406aeb5bced', '2026-11-25 23:57:24.678322+00', 'stepDispatched', 'verify', 1, 1, NULL, NULL),
	(20, '01a21524-825d-73a5-a6ee-1406aeb5bced', '2026-11-25 23:57:24.686156+00', 'stepSucceeded', 'verify', 1, 1, NULL, '01a21524-854c-7942-9861-a46212798a7e');
INSERT INTO public.operation_history OVERRIDING SYSTEM VALUE VALUES
	(21, '01a21524-825d-73a5-a6ee-1406aeb5bced', '2026-11-25 23:57:24.686156+00', 'stepDispatched', 'activate', 1, 1, NULL, NULL),
	(22, '01a21524-825d-73a5-a6ee-1406aeb5bced', '2026-11-25 23:57:24.712587+00', 'stepSucceeded', 'activate', 1, 1, '{"output": {"status": "active"}}', '01a21524-8562-7d7d-8a05-b86c74cfe0b8'),
	(23, '01a21524-825d-73a5-a6ee-1406aeb5bced', '2026-11-25 23:57:24.712587+00', 'stepDispatched', 'notify', 1, 1, NULL, NULL),
	(24, '01a21524-825d-73a5-a6ee-1406aeb5bced', '2026-11-25 23:57:24.723736+00', 'stepSucceeded', 'notify', 1, 1, NULL, '01a21524-8570-7ba3-9493-fba45fbbc7c9'),
	(25, '01a21524-825d-73a5-a6ee-1406aeb5bced', '2026-11-25 23:57:24.723736+00', 'completed', NULL, NULL, NULL, NULL, NULL),
	(26, '01a21524-857b-76a0-9a47-ea3c48af004d', '2026-11-25 23:57:24.731103+00', 'accepted', NULL, NULL, NULL, NULL, NULL),
	(27, '01a21524-857b-76a0-9a47-ea3c48af004d', '2026-11-25 23:57:24.739852+00', 'started', NULL, NULL, NULL, '{"version": 1, "workflow": "provision"}', '01a21524-857c-729b-ac6d-bef935f8b37b'),
	(28, '01a21524-857b-76a0-9a47-ea3c48af004d', '2026-11-25 23:57:24.739852+00', 'stepDispatched', 'reserve', 1, 1, NULL, NULL),
	(29, '01a21524-857b-76a0-9a47-ea3c48af004d', '2026-11-25 23:57:24.755372+00', 'stepSucceeded', 'reserve', 1, 1, '{"output": {"tier": "schema", "schema": "t_01a21524857b74609c7f87dfaf09b2b9", "server": "eu-1", "database": "saga_schemas_1"}}', '01a21524-8590-7f9e-9891-3d2bda9c26b9'),
	(30, '01a21524-857b-76a0-9a47-ea3c48af004d', '2026-11-25 23:57:24.755372+00', 'stepDispatched', 'identity', 1, 1, NULL, NULL),
	(31, '01a21524-857b-76a0-9a47-ea3c48af004d', '2026-11-25 23:57:24.755372+00', 'stepDispatched', 'database', 1, 1, NULL, NULL),
	(32, '01a21524-857b-76a0-9a47-ea3c48af004d', '2026-11-25 23:57:24.755372+00', 'stepDispatched', 'storage', 1, 1, NULL, NULL),
	(33, '01a21524-857b-76a0-9a47-ea3c48af004d', '2026-11-25 23:57:24.755372+00', 'stepDispatched', 'cache', 1, 1, NULL, NULL),
	(34, '01a21524-857b-76a0-9a47-ea3c48af004d', '2026-11-25 23:57:24.755372+00', 'stepDispatched', 'configuration', 1, 1, NULL, NULL),
	(35, '01a21524-857b-76a0-9a47-ea3c48af004d', '2026-11-25 23:57:24.766664+00', 'stepSucceeded', 'cache', 1, 1, NULL, '01a21524-859a-7380-8b19-f719cc856cfd'),
	(36, '01a21524-857b-76a0-9a47-ea3c48af004d', '2026-11-25 23:57:24.770643+00', 'stepSucceeded', 'storage', 1, 1, NULL, '01a21524-859a-727d-bf01-98adbb18e9fe'),
	(37, '01a21524-857b-76a0-9a47-ea3c48af004d', '2026-11-25 23:57:24.774454+00', 'stepSucceeded', 'database', 1, 1, NULL, '01a21524-859a-7888-bea7-0fcf4cfd1e49'),
	(38, '01a21524-857b-76a0-9a47-ea3c48af004d', '2026-11-25 23:57:24.774454+00', 'stepDispatched', 'migrate', 1, 1, NULL, NULL),
	(39, '01a21524-857b-76a0-9a47-ea3c48af004d', '2026-11-25 23:57:24.78525+00', 'stepSucceeded', 'identity', 1, 1, NULL, '01a21524-859a-7b2e-919a-57a4ed3e1c51'),
	(40, '01a21524-857b-76a0-9a47-ea3c48af004d', '2026-11-25 23:57:24.78525+00', 'stepDispatched', 'administrator', 1, 1, NULL, NULL);
INSERT INTO public.operation_history OVERRIDING SYSTEM VALUE VALUES
	(41, '01a21524-857b-76a0-9a47-ea3c48af004d', '2026-11-25 23:57:24.788173+00', 'stepSucceeded', 'configuration', 1, 1, '{"output": {"sealed": 1, "features": 3, "settings": 5, "generated": 1}}', '01a21524-85a3-7fca-9177-780ee4cbe27f'),
	(42, '01a21524-857b-76a0-9a47-ea3c48af004d', '2026-11-25 23:57:24.79199+00', 'stepSucceeded', 'migrate', 1, 1, NULL, '01a21524-85aa-7d64-908d-43f57f095759'),
	(43, '01a21524-857b-76a0-9a47-ea3c48af004d', '2026-11-25 23:57:24.794036+00', 'stepSucceeded', 'administrator', 1, 1, NULL, '01a21524-85b5-7af4-8cc8-3228afb9dbc4'),
	(44, '01a21524-857b-76a0-9a47-ea3c48af004d', '2026-11-25 23:57:24.794036+00', 'stepDispatched', 'verify', 1, 1, NULL, NULL),
	(45, '01a21524-857b-76a0-9a47-ea3c48af004d', '2026-11-25 23:57:24.799419+00', 'stepSucceeded', 'verify', 1, 1, NULL, '01a21524-85bd-7b56-9656-92b5ea3aae7d'),
	(46, '01a21524-857b-76a0-9a47-ea3c48af004d', '2026-11-25 23:57:24.799419+00', 'stepDispatched', 'activate', 1, 1, NULL, NULL),
	(47, '01a21524-857b-76a0-9a47-ea3c48af004d', '2026-11-25 23:57:24.822118+00', 'stepSucceeded', 'activate', 1, 1, '{"output": {"status": "active"}}', '01a21524-85d3-715e-8879-78c22ca955fa'),
	(48, '01a21524-857b-76a0-9a47-ea3c48af004d', '2026-11-25 23:57:24.822118+00', 'stepDispatched', 'notify', 1, 1, NULL, NULL),
	(49, '01a21524-857b-76a0-9a47-ea3c48af004d', '2026-11-25 23:57:24.829612+00', 'stepSucceeded', 'notify', 1, 1, NULL, '01a21524-85db-7636-9fdf-499f0ec2debd'),
	(50, '01a21524-857b-76a0-9a47-ea3c48af004d', '2026-11-25 23:57:24.829612+00', 'completed', NULL, NULL, NULL, NULL, NULL),
	(51, '01a21524-85e7-71af-813e-f180c7c0b2f5', '2026-11-25 23:57:24.839427+00', 'accepted', NULL, NULL, NULL, NULL, NULL),
	(52, '01a21524-85e7-71af-813e-f180c7c0b2f5', '2026-11-25 23:57:24.845699+00', 'started', NULL, NULL, NULL, '{"version": 1, "workflow": "provision"}', '01a21524-85e8-707f-81cf-69dea8ccef57'),
	(53, '01a21524-85e7-71af-813e-f180c7c0b2f5', '2026-11-25 23:57:24.845699+00', 'stepDispatched', 'reserve', 1, 1, NULL, NULL),
	(54, '01a21524-85e7-71af-813e-f180c7c0b2f5', '2026-11-25 23:57:24.857158+00', 'stepSucceeded', 'reserve', 1, 1, '{"output": {"tier": "database", "schema": "product", "server": "eu-1", "database": "tenant_01a2152485e778428f1bcb851d927f00"}}', '01a21524-85f6-7d8f-a309-c34196ca1a2a'),
	(55, '01a21524-85e7-71af-813e-f180c7c0b2f5', '2026-11-25 23:57:24.857158+00', 'stepDispatched', 'identity', 1, 1, NULL, NULL),
	(56, '01a21524-85e7-71af-813e-f180c7c0b2f5', '2026-11-25 23:57:24.857158+00', 'stepDispatched', 'database', 1, 1, NULL, NULL),
	(57, '01a21524-85e7-71af-813e-f180c7c0b2f5', '2026-11-25 23:57:24.857158+00', 'stepDispatched', 'storage', 1, 1, NULL, NULL),
	(58, '01a21524-85e7-71af-813e-f180c7c0b2f5', '2026-11-25 23:57:24.857158+00', 'stepDispatched', 'cache', 1, 1, NULL, NULL),
	(59, '01a21524-85e7-71af-813e-f180c7c0b2f5', '2026-11-25 23:57:24.857158+00', 'stepDispatched', 'configuration', 1, 1, NULL, NULL),
	(60, '01a21524-85e7-71af-813e-f180c7c0b2f5', '2026-11-25 23:57:24.935228+00', 'stepSucceeded', 'identity', 1, 1, NULL, '01a21524-85fd-72d8-89e6-7fea720c39a4');
INSERT INTO public.operation_history OVERRIDING SYSTEM VALUE VALUES
	(61, '01a21524-85e7-71af-813e-f180c7c0b2f5', '2026-11-25 23:57:24.935228+00', 'stepDispatched', 'administrator', 1, 1, NULL, NULL),
	(62, '01a21524-85e7-71af-813e-f180c7c0b2f5', '2026-11-25 23:57:24.943276+00', 'stepSucceeded', 'storage', 1, 1, NULL, '01a21524-85fe-7ac9-ae25-ab99c76601bf'),
	(63, '01a21524-85e7-71af-813e-f180c7c0b2f5', '2026-11-25 23:57:24.949969+00', 'stepSucceeded', 'cache', 1, 1, NULL, '01a21524-85fe-7b98-aefd-3ee27ef12521'),
	(64, '01a21524-85e7-71af-813e-f180c7c0b2f5', '2026-11-25 23:57:24.951949+00', 'stepSucceeded', 'database', 1, 1, NULL, '01a21524-85fe-7d26-911d-25bbf34e18a0'),
	(65, '01a21524-85e7-71af-813e-f180c7c0b2f5', '2026-11-25 23:57:24.951949+00', 'stepDispatched', 'migrate', 1, 1, NULL, NULL),
	(66, '01a21524-85e7-71af-813e-f180c7c0b2f5', '2026-11-25 23:57:24.954802+00', 'stepSucceeded', 'administrator', 1, 1, NULL, '01a21524-864f-7972-898a-69bbe87a4de0'),
	(67, '01a21524-85e7-71af-813e-f180c7c0b2f5', '2026-11-25 23:57:24.958291+00', 'stepSucceeded', 'configuration', 1, 1, '{"output": {"sealed": 1, "features": 3, "settings": 5, "generated": 1}}', '01a21524-8651-7a69-81c3-ae13377d3aa3'),
	(68, '01a21524-85e7-71af-813e-f180c7c0b2f5', '2026-11-25 23:57:24.961158+00', 'stepSucceeded', 'migrate', 1, 1, NULL, '01a21524-865c-710f-bc4b-dcbef0246d84'),
	(69, '01a21524-85e7-71af-813e-f180c7c0b2f5', '2026-11-25 23:57:24.961158+00', 'stepDispatched', 'verify', 1, 1, NULL, NULL),
	(70, '01a21524-85e7-71af-813e-f180c7c0b2f5', '2026-11-25 23:57:24.975846+00', 'stepSucceeded', 'verify', 1, 1, NULL, '01a21524-866c-7b4f-b3c1-bb52d7c92af8'),
	(71, '01a21524-85e7-71af-813e-f180c7c0b2f5', '2026-11-25 23:57:24.975846+00', 'stepDispatched', 'activate', 1, 1, NULL, NULL),
	(72, '01a21524-85e7-71af-813e-f180c7c0b2f5', '2026-11-25 23:57:24.990439+00', 'stepSucceeded', 'activate', 1, 1, '{"output": {"status": "active"}}', '01a21524-867a-7f76-b078-e46866e47cbe'),
	(73, '01a21524-85e7-71af-813e-f180c7c0b2f5', '2026-11-25 23:57:24.990439+00', 'stepDispatched', 'notify', 1, 1, NULL, NULL),
	(74, '01a21524-85e7-71af-813e-f180c7c0b2f5', '2026-11-25 23:57:24.997918+00', 'stepSucceeded', 'notify', 1, 1, NULL, '01a21524-8683-7741-a6c8-367033685682'),
	(75, '01a21524-85e7-71af-813e-f180c7c0b2f5', '2026-11-25 23:57:24.997918+00', 'completed', NULL, NULL, NULL, NULL, NULL),
	(77, '01a21524-869a-7040-b77a-2a6de8ef5612', '2026-11-25 23:57:25.035961+00', 'started', NULL, NULL, NULL, '{"version": 1, "workflow": "provision"}', '01a21524-86a0-7013-aeff-d426f2dfe7f5'),
	(78, '01a21524-869a-7040-b77a-2a6de8ef5612', '2026-11-25 23:57:25.035961+00', 'stepDispatched', 'reserve', 1, 1, NULL, NULL),
	(79, '01a21524-869a-7040-b77a-2a6de8ef5612', '2026-11-25 23:57:25.051811+00', 'stepSucceeded', 'reserve', 1, 1, '{"output": {"tier": "row", "schema": "product", "server": "eu-1", "database": "saga_rows"}}', '01a21524-86b8-75ba-9856-a0a9a17ad933'),
	(80, '01a21524-869a-7040-b77a-2a6de8ef5612', '2026-11-25 23:57:25.051811+00', 'stepDispatched', 'identity', 1, 1, NULL, NULL),
	(81, '01a21524-869a-7040-b77a-2a6de8ef5612', '2026-11-25 23:57:25.051811+00', 'stepDispatched', 'database', 1, 1, NULL, NULL);
INSERT INTO public.operation_history OVERRIDING SYSTEM VALUE VALUES
	(82, '01a21524-869a-7040-b77a-2a6de8ef5612', '2026-11-25 23:57:25.051811+00', 'stepDispatched', 'storage', 1, 1, NULL, NULL),
	(83, '01a21524-869a-7040-b77a-2a6de8ef5612', '2026-11-25 23:57:25.051811+00', 'stepDispatched', 'cache', 1, 1, NULL, NULL),
	(84, '01a21524-869a-7040-b77a-2a6de8ef5612', '2026-11-25 23:57:25.051811+00', 'stepDispatched', 'configuration', 1, 1, NULL, NULL),
	(85, '01a21524-869a-7040-b77a-2a6de8ef5612', '2026-11-25 23:57:25.059771+00', 'stepSucceeded', 'identity', 1, 1, NULL, '01a21524-86c0-77eb-9483-8a32990165e2'),
	(86, '01a21524-869a-7040-b77a-2a6de8ef5612', '2026-11-25 23:57:25.059771+00', 'stepDispatched', 'administrator', 1, 1, NULL, NULL),
	(87, '01a21524-869a-7040-b77a-2a6de8ef5612', '2026-11-25 23:57:25.06664+00', 'stepSucceeded', 'database', 1, 1, NULL, '01a21524-86c6-7c02-9b6f-96dbe95827e6'),
	(88, '01a21524-869a-7040-b77a-2a6de8ef5612', '2026-11-25 23:57:25.06664+00', 'stepDispatched', 'migrate', 1, 1, NULL, NULL),
	(89, '01a21524-869a-7040-b77a-2a6de8ef5612', '2026-11-25 23:57:25.069211+00', 'stepSucceeded', 'cache', 1, 1, NULL, '01a21524-86c7-76f6-a8b3-b644f0a38ba4'),
	(90, '01a21524-869a-7040-b77a-2a6de8ef5612', '2026-11-25 23:57:25.075351+00', 'stepSucceeded', 'storage', 1, 1, NULL, '01a21524-86c7-7ace-8e74-06b2e3ef20d4'),
	(91, '01a21524-869a-7040-b77a-2a6de8ef5612', '2026-11-25 23:57:25.077838+00', 'stepSucceeded', 'administrator', 1, 1, NULL, '01a21524-86c8-736f-b794-e294663f7142'),
	(92, '01a21524-869a-7040-b77a-2a6de8ef5612', '2026-11-25 23:57:25.087115+00', 'stepSucceeded', 'configuration', 1, 1, '{"output": {"sealed": 1, "features": 3, "settings": 5, "generated": 1}}', '01a21524-86d2-7a6d-8c3f-439c063d3f3f'),
	(93, '01a21524-869a-7040-b77a-2a6de8ef5612', '2026-11-25 23:57:25.093173+00', 'stepSucceeded', 'migrate', 1, 1, NULL, '01a21524-86d4-733b-bf68-a5ec8ba65b17'),
	(94, '01a21524-869a-7040-b77a-2a6de8ef5612', '2026-11-25 23:57:25.093173+00', 'stepDispatched', 'verify', 1, 1, NULL, NULL),
	(95, '01a21524-869a-7040-b77a-2a6de8ef5612', '2026-11-25 23:57:25.115566+00', 'stepFailed', 'verify', 1, 1, '{"final": true, "failure": {"code": "not-verified", "remedy": "Look at the database.", "message": "Tables are missing.", "transient": false}}', '01a21524-86ef-757d-b0d9-6677ff3d7654'),
	(96, '01a21524-869a-7040-b77a-2a6de8ef5612', '2026-11-25 23:57:25.115566+00', 'compensationStarted', 'verify', NULL, NULL, '{"failure": {"code": "not-verified", "remedy": "Look at the database.", "message": "Tables are missing.", "transient": false}}', NULL),
	(97, '01a21524-869a-7040-b77a-2a6de8ef5612', '2026-11-25 23:57:25.115566+00', 'stepSkipped', 'activate', 0, 0, NULL, NULL),
	(98, '01a21524-869a-7040-b77a-2a6de8ef5612', '2026-11-25 23:57:25.115566+00', 'stepSkipped', 'notify', 0, 0, NULL, NULL),
	(99, '01a21524-869a-7040-b77a-2a6de8ef5612', '2026-11-25 23:57:25.115566+00', 'compensationDispatched', 'verify', 1, 2, NULL, NULL),
	(100, '01a21524-869a-7040-b77a-2a6de8ef5612', '2026-11-25 23:57:25.135939+00', 'stepCompensated', 'verify', 1, 2, NULL, '01a21524-870b-7baa-86fe-8536438dfb65'),
	(101, '01a21524-869a-7040-b77a-2a6de8ef5612', '2026-11-25 23:57:25.135939+00', 'compensationDispatched', 'storage', 1, 2, NULL, NULL);
INSERT INTO public.operation_history OVERRIDING SYSTEM VALUE VALUES
	(102, '01a21524-869a-7040-b77a-2a6de8ef5612', '2026-11-25 23:57:25.135939+00', 'compensationDispatched', 'cache', 1, 2, NULL, NULL),
	(103, '01a21524-869a-7040-b77a-2a6de8ef5612', '2026-11-25 23:57:25.135939+00', 'compensationDispatched', 'configuration', 1, 2, NULL, NULL),
	(104, '01a21524-869a-7040-b77a-2a6de8ef5612', '2026-11-25 23:57:25.135939+00', 'compensationDispatched', 'migrate', 1, 2, NULL, NULL),
	(105, '01a21524-869a-7040-b77a-2a6de8ef5612', '2026-11-25 23:57:25.135939+00', 'compensationDispatched', 'administrator', 1, 2, NULL, NULL),
	(106, '01a21524-869a-7040-b77a-2a6de8ef5612', '2026-11-25 23:57:25.146025+00', 'stepCompensated', 'migrate', 1, 2, NULL, '01a21524-8715-7f54-a5b7-a2a4e16abf07'),
	(107, '01a21524-869a-7040-b77a-2a6de8ef5612', '2026-11-25 23:57:25.146025+00', 'compensationDispatched', 'database', 1, 2, NULL, NULL),
	(108, '01a21524-869a-7040-b77a-2a6de8ef5612', '2026-11-25 23:57:25.153833+00', 'stepCompensated', 'cache', 1, 2, NULL, '01a21524-8715-7f41-a806-39ac28e4a173'),
	(109, '01a21524-869a-7040-b77a-2a6de8ef5612', '2026-11-25 23:57:25.156043+00', 'stepCompensated', 'storage', 1, 2, NULL, '01a21524-8715-7088-ae4a-764e4d165bc4'),
	(110, '01a21524-869a-7040-b77a-2a6de8ef5612', '2026-11-25 23:57:25.157972+00', 'stepCompensated', 'administrator', 1, 2, NULL, '01a21524-8716-752b-a62e-d2a0ff563421'),
	(111, '01a21524-869a-7040-b77a-2a6de8ef5612', '2026-11-25 23:57:25.157972+00', 'compensationDispatched', 'identity', 1, 2, NULL, NULL),
	(112, '01a21524-869a-7040-b77a-2a6de8ef5612', '2026-11-25 23:57:25.160829+00', 'stepCompensated', 'configuration', 1, 2, NULL, '01a21524-871c-7bb9-900b-ce9992e953b5'),
	(113, '01a21524-869a-7040-b77a-2a6de8ef5612', '2026-11-25 23:57:25.163557+00', 'stepCompensated', 'database', 1, 2, NULL, '01a21524-871f-7188-90a8-df52ec810d78'),
	(114, '01a21524-869a-7040-b77a-2a6de8ef5612', '2026-11-25 23:57:25.174534+00', 'stepCompensated', 'identity', 1, 2, NULL, '01a21524-872d-7f22-995a-1623df084f4a'),
	(115, '01a21524-869a-7040-b77a-2a6de8ef5612', '2026-11-25 23:57:25.174534+00', 'compensationDispatched', 'reserve', 1, 2, NULL, NULL),
	(116, '01a21524-869a-7040-b77a-2a6de8ef5612', '2026-11-25 23:57:25.204573+00', 'stepCompensated', 'reserve', 1, 2, NULL, '01a21524-8750-7a52-aade-f9043142fd4a'),
	(117, '01a21524-869a-7040-b77a-2a6de8ef5612', '2026-11-25 23:57:25.204573+00', 'compensated', NULL, NULL, NULL, NULL, NULL),
	(119, '01a21524-8765-745a-b91c-89294641084f', '2026-11-25 23:57:25.23295+00', 'started', NULL, NULL, NULL, '{"version": 1, "workflow": "provision"}', '01a21524-8767-7fc3-a845-56a29f0f7a85'),
	(120, '01a21524-8765-745a-b91c-89294641084f', '2026-11-25 23:57:25.23295+00', 'stepDispatched', 'reserve', 1, 1, NULL, NULL),
	(121, '01a21524-8765-745a-b91c-89294641084f', '2026-11-25 23:57:25.263384+00', 'stepSucceeded', 'reserve', 1, 1, '{"output": {"tier": "schema", "schema": "t_01a2152487657ec58da68590d497f4b7", "server": "eu-1", "database": "saga_schemas_1"}}', '01a21524-8784-75ee-86c2-997232fdc07b'),
	(122, '01a21524-8765-745a-b91c-89294641084f', '2026-11-25 23:57:25.263384+00', 'stepDispatched', 'identity', 1, 1, NULL, NULL);
INSERT INTO public.operation_history OVERRIDING SYSTEM VALUE VALUES
	(123, '01a21524-8765-745a-b91c-89294641084f', '2026-11-25 23:57:25.263384+00', 'stepDispatched', 'database', 1, 1, NULL, NULL),
	(124, '01a21524-8765-745a-b91c-89294641084f', '2026-11-25 23:57:25.263384+00', 'stepDispatched', 'storage', 1, 1, NULL, NULL),
	(125, '01a21524-8765-745a-b91c-89294641084f', '2026-11-25 23:57:25.263384+00', 'stepDispatched', 'cache', 1, 1, NULL, NULL),
	(126, '01a21524-8765-745a-b91c-89294641084f', '2026-11-25 23:57:25.263384+00', 'stepDispatched', 'configuration', 1, 1, NULL, NULL),
	(127, '01a21524-8765-745a-b91c-89294641084f', '2026-11-25 23:57:25.279098+00', 'stepSucceeded', 'cache', 1, 1, NULL, '01a21524-8798-7cf4-a5b0-fac6632690b4'),
	(128, '01a21524-8765-745a-b91c-89294641084f', '2026-11-25 23:57:25.287693+00', 'stepSucceeded', 'database', 1, 1, NULL, '01a21524-8798-78aa-bfd7-7c315fb64d83'),
	(129, '01a21524-8765-745a-b91c-89294641084f', '2026-11-25 23:57:25.287693+00', 'stepDispatched', 'migrate', 1, 1, NULL, NULL),
	(130, '01a21524-8765-745a-b91c-89294641084f', '2026-11-25 23:57:25.291723+00', 'stepSucceeded', 'storage', 1, 1, NULL, '01a21524-8799-79cd-817b-2464d9d00fa7'),
	(76, '01a21524-869a-7040-b77a-2a6de8ef5612', '2026-11-25 23:57:25.018351+00', 'accepted', NULL, NULL, NULL, NULL, NULL),
	(118, '01a21524-8765-745a-b91c-89294641084f', '2026-11-25 23:57:25.221221+00', 'accepted', NULL, NULL, NULL, NULL, NULL),
	(143, '01a21524-8840-78b0-9994-5440bba7bce8', '2026-11-25 23:57:25.44089+00', 'accepted', NULL, NULL, NULL, NULL, NULL),
	(196, '01a21524-8901-7ff0-9cb9-74fe49c073c9', '2026-11-25 23:57:25.633888+00', 'accepted', NULL, NULL, NULL, NULL, NULL),
	(131, '01a21524-8765-745a-b91c-89294641084f', '2026-11-25 23:57:25.294922+00', 'stepSucceeded', 'identity', 1, 1, NULL, '01a21524-8799-7d49-b605-0487566bc3f4'),
	(132, '01a21524-8765-745a-b91c-89294641084f', '2026-11-25 23:57:25.294922+00', 'stepDispatched', 'administrator', 1, 1, NULL, NULL),
	(133, '01a21524-8765-745a-b91c-89294641084f', '2026-11-25 23:57:25.298502+00', 'stepSucceeded', 'configuration', 1, 1, '{"output": {"sealed": 1, "features": 3, "settings": 5, "generated": 1}}', '01a21524-87a6-7d21-b644-b7bf38471909'),
	(134, '01a21524-8765-745a-b91c-89294641084f', '2026-11-25 23:57:25.302141+00', 'stepSucceeded', 'migrate', 1, 1, NULL, '01a21524-87ad-7411-aab2-b083f8124ea4'),
	(135, '01a21524-8765-745a-b91c-89294641084f', '2026-11-25 23:57:25.305214+00', 'stepSucceeded', 'administrator', 1, 1, NULL, '01a21524-87b4-768d-8611-3697ceb2e931'),
	(136, '01a21524-8765-745a-b91c-89294641084f', '2026-11-25 23:57:25.305214+00', 'stepDispatched', 'verify', 1, 1, NULL, NULL),
	(137, '01a21524-8765-745a-b91c-89294641084f', '2026-11-25 23:57:25.327772+00', 'stepSucceeded', 'verify', 1, 1, NULL, '01a21524-87c1-70dd-9b07-74512c04c996'),
	(138, '01a21524-8765-745a-b91c-89294641084f', '2026-11-25 23:57:25.327772+00', 'stepDispatched', 'activate', 1, 1, NULL, NULL);
INSERT INTO public.operation_history OVERRIDING SYSTEM VALUE VALUES
	(139, '01a21524-8765-745a-b91c-89294641084f', '2026-11-25 23:57:25.375469+00', 'stepSucceeded', 'activate', 1, 1, '{"output": {"status": "active"}}', '01a21524-87ef-74e6-bd7e-2c35bb6d0513'),
	(140, '01a21524-8765-745a-b91c-89294641084f', '2026-11-25 23:57:25.375469+00', 'stepDispatched', 'notify', 1, 1, NULL, NULL),
	(141, '01a21524-8765-745a-b91c-89294641084f', '2026-11-25 23:57:25.408234+00', 'stepFailed', 'notify', 1, 1, '{"final": true, "failure": {"code": "mail-refused", "remedy": "Correct the address, and replay the step.", "message": "The mail server refuses the address.", "transient": false}}', '01a21524-8811-7d00-99ca-a5cb24832279'),
	(142, '01a21524-8765-745a-b91c-89294641084f', '2026-11-25 23:57:25.408234+00', 'stalled', NULL, NULL, NULL, '{"failure": {"code": "mail-refused", "remedy": "Correct the address, and replay the step.", "message": "The mail server refuses the address.", "transient": false}}', NULL),
	(144, '01a21524-8840-78b0-9994-5440bba7bce8', '2026-11-25 23:57:25.462781+00', 'started', NULL, NULL, NULL, '{"version": 1, "workflow": "provision"}', '01a21524-8845-7aaf-a34e-7a095ba50fd0'),
	(145, '01a21524-8840-78b0-9994-5440bba7bce8', '2026-11-25 23:57:25.462781+00', 'stepDispatched', 'reserve', 1, 1, NULL, NULL),
	(146, '01a21524-8840-78b0-9994-5440bba7bce8', '2026-11-25 23:57:25.475265+00', 'stepSucceeded', 'reserve', 1, 1, '{"output": {"tier": "database", "schema": "product", "server": "eu-1", "database": "tenant_01a215248840744b83196483e8fafbce"}}', '01a21524-885e-7342-b249-79e3bfccb108'),
	(147, '01a21524-8840-78b0-9994-5440bba7bce8', '2026-11-25 23:57:25.475265+00', 'stepDispatched', 'identity', 1, 1, NULL, NULL),
	(148, '01a21524-8840-78b0-9994-5440bba7bce8', '2026-11-25 23:57:25.475265+00', 'stepDispatched', 'database', 1, 1, NULL, NULL),
	(149, '01a21524-8840-78b0-9994-5440bba7bce8', '2026-11-25 23:57:25.475265+00', 'stepDispatched', 'storage', 1, 1, NULL, NULL),
	(150, '01a21524-8840-78b0-9994-5440bba7bce8', '2026-11-25 23:57:25.475265+00', 'stepDispatched', 'cache', 1, 1, NULL, NULL),
	(151, '01a21524-8840-78b0-9994-5440bba7bce8', '2026-11-25 23:57:25.475265+00', 'stepDispatched', 'configuration', 1, 1, NULL, NULL),
	(152, '01a21524-8840-78b0-9994-5440bba7bce8', '2026-11-25 23:57:25.489792+00', 'stepSucceeded', 'storage', 1, 1, NULL, '01a21524-886a-7290-9a9f-eb564dd2b99e'),
	(153, '01a21524-8840-78b0-9994-5440bba7bce8', '2026-11-25 23:57:25.49235+00', 'stepSucceeded', 'cache', 1, 1, NULL, '01a21524-886b-7b5e-9a1c-87a772f3ae47'),
	(154, '01a21524-8840-78b0-9994-5440bba7bce8', '2026-11-25 23:57:25.497323+00', 'stepSucceeded', 'identity', 1, 1, NULL, '01a21524-886b-77b0-a2aa-a1f765034b86'),
	(155, '01a21524-8840-78b0-9994-5440bba7bce8', '2026-11-25 23:57:25.497323+00', 'stepDispatched', 'administrator', 1, 1, NULL, NULL),
	(156, '01a21524-8840-78b0-9994-5440bba7bce8', '2026-11-25 23:57:25.501151+00', 'stepSucceeded', 'database', 1, 1, NULL, '01a21524-886b-7f4d-9854-0bf521ec1c0d'),
	(157, '01a21524-8840-78b0-9994-5440bba7bce8', '2026-11-25 23:57:25.501151+00', 'stepDispatched', 'migrate', 1, 1, NULL, NULL),
	(158, '01a21524-8840-78b0-9994-5440bba7bce8', '2026-11-25 23:57:25.511506+00', 'stepSucceeded', 'configuration', 1, 1, '{"output": {"sealed": 1, "features": 3, "settings": 5, "generated": 1}}', '01a21524-8870-7fe6-8fa8-a9f5f6cf475f'),
	(159, '01a21524-8840-78b0-9994-5440bba7bce8', '2026-11-25 23:57:25.521776+00', 'stepSucceeded', 'administrator', 1, 1, NULL, '01a21524-887d-7004-9eec-76f6c429027b');
INSERT INTO public.operation_history OVERRIDING SYSTEM VALUE VALUES
	(160, '01a21524-8840-78b0-9994-5440bba7bce8', '2026-11-25 23:57:25.524957+00', 'stepSucceeded', 'migrate', 1, 1, NULL, '01a21524-888a-71a5-bbec-2c78e9c8da70'),
	(161, '01a21524-8840-78b0-9994-5440bba7bce8', '2026-11-25 23:57:25.524957+00', 'stepDispatched', 'verify', 1, 1, NULL, NULL),
	(162, '01a21524-8840-78b0-9994-5440bba7bce8', '2026-11-25 23:57:25.536737+00', 'stepFailed', 'verify', 1, 1, '{"final": true, "failure": {"code": "not-verified", "remedy": "Look at the database.", "message": "Tables are missing.", "transient": false}}', '01a21524-889a-7a75-a2e6-d4aa4d63ffd8'),
	(163, '01a21524-8840-78b0-9994-5440bba7bce8', '2026-11-25 23:57:25.536737+00', 'compensationStarted', 'verify', NULL, NULL, '{"failure": {"code": "not-verified", "remedy": "Look at the database.", "message": "Tables are missing.", "transient": false}}', NULL),
	(164, '01a21524-8840-78b0-9994-5440bba7bce8', '2026-11-25 23:57:25.536737+00', 'stepSkipped', 'activate', 0, 0, NULL, NULL),
	(165, '01a21524-8840-78b0-9994-5440bba7bce8', '2026-11-25 23:57:25.536737+00', 'stepSkipped', 'notify', 0, 0, NULL, NULL),
	(166, '01a21524-8840-78b0-9994-5440bba7bce8', '2026-11-25 23:57:25.536737+00', 'compensationDispatched', 'verify', 1, 2, NULL, NULL),
	(167, '01a21524-8840-78b0-9994-5440bba7bce8', '2026-11-25 23:57:25.546524+00', 'stepCompensated', 'verify', 1, 2, NULL, '01a21524-88a6-77b1-96b7-6f8d280c984c'),
	(168, '01a21524-8840-78b0-9994-5440bba7bce8', '2026-11-25 23:57:25.546524+00', 'compensationDispatched', 'storage', 1, 2, NULL, NULL),
	(169, '01a21524-8840-78b0-9994-5440bba7bce8', '2026-11-25 23:57:25.546524+00', 'compensationDispatched', 'cache', 1, 2, NULL, NULL),
	(170, '01a21524-8840-78b0-9994-5440bba7bce8', '2026-11-25 23:57:25.546524+00', 'compensationDispatched', 'configuration', 1, 2, NULL, NULL),
	(171, '01a21524-8840-78b0-9994-5440bba7bce8', '2026-11-25 23:57:25.546524+00', 'compensationDispatched', 'migrate', 1, 2, NULL, NULL),
	(172, '01a21524-8840-78b0-9994-5440bba7bce8', '2026-11-25 23:57:25.546524+00', 'compensationDispatched', 'administrator', 1, 2, NULL, NULL),
	(173, '01a21524-8840-78b0-9994-5440bba7bce8', '2026-11-25 23:57:25.5547+00', 'stepCompensated', 'cache', 1, 2, NULL, '01a21524-88af-779a-bf08-2071ab5ed90d'),
	(174, '01a21524-8840-78b0-9994-5440bba7bce8', '2026-11-25 23:57:25.559058+00', 'stepCompensated', 'storage', 1, 2, NULL, '01a21524-88b0-77e1-8dc6-ac6a508045f4'),
	(175, '01a21524-8840-78b0-9994-5440bba7bce8', '2026-11-25 23:57:25.561328+00', 'stepCompensated', 'administrator', 1, 2, NULL, '01a21524-88b0-73c8-b58d-7c478acc0c9f'),
	(176, '01a21524-8840-78b0-9994-5440bba7bce8', '2026-11-25 23:57:25.561328+00', 'compensationDispatched', 'identity', 1, 2, NULL, NULL),
	(177, '01a21524-8840-78b0-9994-5440bba7bce8', '2026-11-25 23:57:25.56399+00', 'stepCompensated', 'migrate', 1, 2, NULL, '01a21524-88b1-7244-9cdc-e9732a9d6865'),
	(178, '01a21524-8840-78b0-9994-5440bba7bce8', '2026-11-25 23:57:25.56399+00', 'compensationDispatched', 'database', 1, 2, NULL, NULL),
	(179, '01a21524-8840-78b0-9994-5440bba7bce8', '2026-11-25 23:57:25.567818+00', 'stepCompensated', 'configuration', 1, 2, NULL, '01a21524-88b4-73f7-a357-db130541a407');
INSERT INTO public.operation_history OVERRIDING SYSTEM VALUE VALUES
	(180, '01a21524-8840-78b0-9994-5440bba7bce8', '2026-11-25 23:57:25.571008+00', 'stepCompensated', 'identity', 1, 2, NULL, '01a21524-88be-7c2e-85f4-ddfc8121e543'),
	(181, '01a21524-88ce-778f-b40c-e77d2c8302e9', '2026-11-25 23:57:25.582713+00', 'accepted', NULL, NULL, NULL, NULL, NULL),
	(182, '01a21524-88ce-778f-b40c-e77d2c8302e9', '2026-11-25 23:57:25.591089+00', 'started', NULL, NULL, NULL, '{"version": 1, "workflow": "provision"}', '01a21524-88d0-77d3-81a0-39e65baea727'),
	(183, '01a21524-88ce-778f-b40c-e77d2c8302e9', '2026-11-25 23:57:25.591089+00', 'stepDispatched', 'reserve', 1, 1, NULL, NULL),
	(184, '01a21524-88ce-778f-b40c-e77d2c8302e9', '2026-11-25 23:57:25.601777+00', 'stepSucceeded', 'reserve', 1, 1, '{"output": {"tier": "database", "schema": "product", "server": "eu-1", "database": "tenant_01a2152488ce70f3abb94449a3dba454"}}', '01a21524-88df-741e-a193-0399dcfb7ea1'),
	(185, '01a21524-88ce-778f-b40c-e77d2c8302e9', '2026-11-25 23:57:25.601777+00', 'stepDispatched', 'identity', 1, 1, NULL, NULL),
	(186, '01a21524-88ce-778f-b40c-e77d2c8302e9', '2026-11-25 23:57:25.601777+00', 'stepDispatched', 'database', 1, 1, NULL, NULL),
	(187, '01a21524-88ce-778f-b40c-e77d2c8302e9', '2026-11-25 23:57:25.601777+00', 'stepDispatched', 'storage', 1, 1, NULL, NULL),
	(188, '01a21524-88ce-778f-b40c-e77d2c8302e9', '2026-11-25 23:57:25.601777+00', 'stepDispatched', 'cache', 1, 1, NULL, NULL),
	(189, '01a21524-88ce-778f-b40c-e77d2c8302e9', '2026-11-25 23:57:25.601777+00', 'stepDispatched', 'configuration', 1, 1, NULL, NULL),
	(190, '01a21524-88ce-778f-b40c-e77d2c8302e9', '2026-11-25 23:57:25.610259+00', 'stepSucceeded', 'identity', 1, 1, NULL, '01a21524-88e6-7f81-8d30-142d4023ae2b'),
	(191, '01a21524-88ce-778f-b40c-e77d2c8302e9', '2026-11-25 23:57:25.610259+00', 'stepDispatched', 'administrator', 1, 1, NULL, NULL),
	(192, '01a21524-88ce-778f-b40c-e77d2c8302e9', '2026-11-25 23:57:25.615344+00', 'stepSucceeded', 'storage', 1, 1, NULL, '01a21524-88e7-7fde-b01e-89e3a4e95550'),
	(193, '01a21524-88ce-778f-b40c-e77d2c8302e9', '2026-11-25 23:57:25.618445+00', 'stepSucceeded', 'cache', 1, 1, NULL, '01a21524-88e7-7564-9695-4c6e6cd0059a'),
	(194, '01a21524-88ce-778f-b40c-e77d2c8302e9', '2026-11-25 23:57:25.621372+00', 'stepSucceeded', 'configuration', 1, 1, '{"output": {"sealed": 1, "features": 3, "settings": 5, "generated": 1}}', '01a21524-88f0-7016-8e8d-87307ab10291'),
	(195, '01a21524-88ce-778f-b40c-e77d2c8302e9', '2026-11-25 23:57:25.624089+00', 'stepSucceeded', 'administrator', 1, 1, NULL, '01a21524-88f4-7f0b-90d7-2d0cc03da304'),
	(197, '01a21524-8901-7ff0-9cb9-74fe49c073c9', '2026-11-25 23:57:25.643986+00', 'started', NULL, NULL, NULL, '{"version": 1, "workflow": "provision"}', '01a21524-8903-7e21-a918-35ad6e7f69c8'),
	(198, '01a21524-8901-7ff0-9cb9-74fe49c073c9', '2026-11-25 23:57:25.643986+00', 'stepDispatched', 'reserve', 1, 1, NULL, NULL),
	(199, '01a21524-8901-7ff0-9cb9-74fe49c073c9', '2026-11-25 23:57:25.657227+00', 'stepSucceeded', 'reserve', 1, 1, '{"output": {"tier": "schema", "schema": "t_01a21524890178ae9fd45061c067adaf", "server": "eu-1", "database": "saga_schemas_1"}}', '01a21524-8915-750d-87e1-c0855f83a782'),
	(200, '01a21524-8901-7ff0-9cb9-74fe49c073c9', '2026-11-25 23:57:25.657227+00', 'stepDispatched', 'identity', 1, 1, NULL, NULL);
INSERT INTO public.operation_history OVERRIDING SYSTEM VALUE VALUES
	(201, '01a21524-8901-7ff0-9cb9-74fe49c073c9', '2026-11-25 23:57:25.657227+00', 'stepDispatched', 'database', 1, 1, NULL, NULL),
	(202, '01a21524-8901-7ff0-9cb9-74fe49c073c9', '2026-11-25 23:57:25.657227+00', 'stepDispatched', 'storage', 1, 1, NULL, NULL),
	(203, '01a21524-8901-7ff0-9cb9-74fe49c073c9', '2026-11-25 23:57:25.657227+00', 'stepDispatched', 'cache', 1, 1, NULL, NULL),
	(204, '01a21524-8901-7ff0-9cb9-74fe49c073c9', '2026-11-25 23:57:25.657227+00', 'stepDispatched', 'configuration', 1, 1, NULL, NULL),
	(205, '01a21524-8901-7ff0-9cb9-74fe49c073c9', '2026-11-25 23:57:25.673807+00', 'stepSucceeded', 'identity', 1, 1, NULL, '01a21524-8920-7b3d-a1e5-adc42162ab76'),
	(206, '01a21524-8901-7ff0-9cb9-74fe49c073c9', '2026-11-25 23:57:25.673807+00', 'stepDispatched', 'administrator', 1, 1, NULL, NULL),
	(207, '01a21524-8901-7ff0-9cb9-74fe49c073c9', '2026-11-25 23:57:25.689729+00', 'stepSucceeded', 'administrator', 1, 1, NULL, '01a21524-8932-7409-aca9-7e7b686c9c2d'),
	(208, '01a21524-8901-7ff0-9cb9-74fe49c073c9', '2026-11-25 23:57:25.701702+00', 'stepFailed', 'cache', 1, 1, '{"final": false, "failure": {"code": "redis-unavailable", "system": "redis", "message": "Redis does not answer.", "transient": true}, "retryAt": "2026-11-25T23:57:25.7828892+00:00"}', '01a21524-8940-728e-93f8-4fe612ce9118'),
	(209, '01a21524-8901-7ff0-9cb9-74fe49c073c9', '2026-11-25 23:57:25.707421+00', 'stepSucceeded', 'configuration', 1, 1, '{"output": {"sealed": 1, "features": 3, "settings": 5, "generated": 1}}', '01a21524-8947-7a13-b50b-ca82e5395966'),
	(210, '01a21524-8901-7ff0-9cb9-74fe49c073c9', '2026-11-25 23:57:25.795772+00', 'stepDispatched', 'cache', 2, 2, NULL, '01a21524-899b-7fcd-9580-74f9305ec8e0'),
	(211, '01a21524-8901-7ff0-9cb9-74fe49c073c9', '2026-11-25 23:57:25.811498+00', 'stepFailed', 'cache', 2, 2, '{"final": false, "failure": {"code": "redis-unavailable", "system": "redis", "message": "Redis does not answer.", "transient": true}, "retryAt": "2026-11-25T23:57:26.0674749+00:00"}', '01a21524-89af-796a-85d5-40f88dfea710'),
	(212, '01a21524-8901-7ff0-9cb9-74fe49c073c9', '2026-11-25 23:57:26.099626+00', 'stepDispatched', 'cache', 3, 3, NULL, '01a21524-8ac5-7ee8-afdf-3e67b3a3ec8e'),
	(213, '01a21524-8901-7ff0-9cb9-74fe49c073c9', '2026-11-25 23:57:26.114098+00', 'stepHeld', 'cache', 3, 3, '{"until": "2026-11-25T23:57:55.815661+00:00", "reason": "redis is unavailable: Redis does not answer.", "system": "redis"}', '01a21524-8ad9-7cf5-a35c-2812af231aaf'),
	(214, '01a21524-8901-7ff0-9cb9-74fe49c073c9', '2026-11-25 23:57:26.139411+00', 'stepFailed', 'storage', 1, 1, '{"final": false, "failure": {"code": "storage-slow", "system": "s3", "message": "The object store was slow.", "transient": true}, "retryAt": "2026-11-25T23:57:26.308343+00:00"}', '01a21524-8af6-7d1e-83f7-80f25535b4b9'),
	(215, '01a21524-8bb3-7864-af81-fcef1f8a08c2', '2026-11-25 23:57:26.323491+00', 'accepted', NULL, NULL, NULL, NULL, NULL);
INSERT INTO public.operation_steps VALUES
	('01a21524-857b-76a0-9a47-ea3c48af004d', 'storage', 1, true, NULL, 1, NULL, 'succeeded', 1, '2026-11-25 23:57:24.755274+00', '2026-11-25 23:57:24.755274+00', NULL, '2026-11-26 00:07:24.755274+00', '2026-11-25 23:57:24.770602+00', NULL, NULL, NULL),
	('01a21524-825d-73a5-a6ee-1406aeb5bced', 'reserve', 1, true, NULL, 1, NULL, 'succeeded', 1, '2026-11-25 23:57:24.380902+00', '2026-11-25 23:57:24.380902+00', NULL, '2026-11-26 00:07:24.380902+00', '2026-11-25 23:57:24.60765+00', NULL, NULL, '{"tier": "row", "schema": "product", "server": "eu-1", "database": "saga_rows"}'),
	('01a21524-857b-76a0-9a47-ea3c48af004d', 'database', 1, true, NULL, 1, NULL, 'succeeded', 1, '2026-11-25 23:57:24.755274+00', '2026-11-25 23:57:24.755274+00', NULL, '2026-11-26 00:07:24.755274+00', '2026-11-25 23:57:24.774409+00', NULL, NULL, NULL),
	('01a21524-857b-76a0-9a47-ea3c48af004d', 'identity', 1, true, NULL, 1, NULL, 'succeeded', 1, '2026-11-25 23:57:24.755274+00', '2026-11-25 23:57:24.755274+00', NULL, '2026-11-26 00:07:24.755274+00', '2026-11-25 23:57:24.785193+00', NULL, NULL, NULL),
	('01a21524-825d-73a5-a6ee-1406aeb5bced', 'identity', 1, true, NULL, 1, NULL, 'succeeded', 1, '2026-11-25 23:57:24.60765+00', '2026-11-25 23:57:24.60765+00', NULL, '2026-11-26 00:07:24.60765+00', '2026-11-25 23:57:24.628219+00', NULL, NULL, NULL),
	('01a21524-825d-73a5-a6ee-1406aeb5bced', 'database', 1, true, NULL, 1, NULL, 'succeeded', 1, '2026-11-25 23:57:24.60765+00', '2026-11-25 23:57:24.60765+00', NULL, '2026-11-26 00:07:24.60765+00', '2026-11-25 23:57:24.633005+00', NULL, NULL, NULL),
	('01a21524-825d-73a5-a6ee-1406aeb5bced', 'storage', 1, true, NULL, 1, NULL, 'succeeded', 1, '2026-11-25 23:57:24.60765+00', '2026-11-25 23:57:24.60765+00', NULL, '2026-11-26 00:07:24.60765+00', '2026-11-25 23:57:24.638085+00', NULL, NULL, NULL),
	('01a21524-825d-73a5-a6ee-1406aeb5bced', 'cache', 1, true, NULL, 1, NULL, 'succeeded', 1, '2026-11-25 23:57:24.60765+00', '2026-11-25 23:57:24.60765+00', NULL, '2026-11-26 00:07:24.60765+00', '2026-11-25 23:57:24.644563+00', NULL, NULL, NULL),
	('01a21524-825d-73a5-a6ee-1406aeb5bced', 'administrator', 1, true, NULL, 1, NULL, 'succeeded', 1, '2026-11-25 23:57:24.628219+00', '2026-11-25 23:57:24.628219+00', NULL, '2026-11-26 00:07:24.628219+00', '2026-11-25 23:57:24.650703+00', NULL, NULL, NULL),
	('01a21524-825d-73a5-a6ee-1406aeb5bced', 'migrate', 1, true, NULL, 1, NULL, 'succeeded', 1, '2026-11-25 23:57:24.633005+00', '2026-11-25 23:57:24.633005+00', NULL, '2026-11-26 00:07:24.633005+00', '2026-11-25 23:57:24.661281+00', NULL, NULL, NULL),
	('01a21524-825d-73a5-a6ee-1406aeb5bced', 'configuration', 1, true, NULL, 1, NULL, 'succeeded', 1, '2026-11-25 23:57:24.60765+00', '2026-11-25 23:57:24.60765+00', NULL, '2026-11-26 00:07:24.60765+00', '2026-11-25 23:57:24.678268+00', NULL, NULL, '{"sealed": 1, "features": 3, "settings": 5, "generated": 1}'),
	('01a21524-825d-73a5-a6ee-1406aeb5bced', 'verify', 1, true, NULL, 1, NULL, 'succeeded', 1, '2026-11-25 23:57:24.678268+00', '2026-11-25 23:57:24.678268+00', NULL, '2026-11-26 00:07:24.678268+00', '2026-11-25 23:57:24.686107+00', NULL, NULL, NULL),
	('01a21524-825d-73a5-a6ee-1406aeb5bced', 'activate', 1, true, NULL, 1, NULL, 'succeeded', 1, '2026-11-25 23:57:24.686107+00', '2026-11-25 23:57:24.686107+00', NULL, '2026-11-26 00:07:24.686107+00', '2026-11-25 23:57:24.712529+00', NULL, NULL, '{"status": "active"}'),
	('01a21524-825d-73a5-a6ee-1406aeb5bced', 'notify', 1, true, NULL, 1, NULL, 'succeeded', 1, '2026-11-25 23:57:24.712529+00', '2026-11-25 23:57:24.712529+00', NULL, '2026-11-26 00:07:24.712529+00', '2026-11-25 23:57:24.723226+00', NULL, NULL, NULL),
	('01a21524-857b-76a0-9a47-ea3c48af004d', 'reserve', 1, true, NULL, 1, NULL, 'succeeded', 1, '2026-11-25 23:57:24.73973+00', '2026-11-25 23:57:24.73973+00', NULL, '2026-11-26 00:07:24.73973+00', '2026-11-25 23:57:24.755274+00', NULL, NULL, '{"tier": "schema", "schema": "t_01a21524857b74609c7f87dfaf09b2b9", "server": "eu-1", "database": "saga_schemas_1"}'),
	('01a21524-85e7-71af-813e-f180c7c0b2f5', 'administrator', 1, true, NULL, 1, NULL, 'succeeded', 1, '2026-11-25 23:57:24.93514+00', '2026-11-25 23:57:24.93514+00', NULL, '2026-11-26 00:07:24.93514+00', '2026-11-25 23:57:24.954769+00', NULL, NULL, NULL),
	('01a21524-85e7-71af-813e-f180c7c0b2f5', 'configuration', 1, true, NULL, 1, NULL, 'succeeded', 1, '2026-11-25 23:57:24.857094+00', '2026-11-25 23:57:24.857094+00', NULL, '2026-11-26 00:07:24.857094+00', '2026-11-25 23:57:24.958253+00', NULL, NULL, '{"sealed": 1, "features": 3, "settings": 5, "generated": 1}'),
	('01a21524-857b-76a0-9a47-ea3c48af004d', 'cache', 1, true, NULL, 1, NULL, 'succeeded', 1, '2026-11-25 23:57:24.755274+00', '2026-11-25 23:57:24.755274+00', NULL, '2026-11-26 00:07:24.755274+00', '2026-11-25 23:57:24.766616+00', NULL, NULL, NULL),
	('01a21524-857b-76a0-9a47-ea3c48af004d', 'configuration', 1, true, NULL, 1, NULL, 'succeeded', 1, '2026-11-25 23:57:24.755274+00', '2026-11-25 23:57:24.755274+00', NULL, '2026-11-26 00:07:24.755274+00', '2026-11-25 23:57:24.788135+00', NULL, NULL, '{"sealed": 1, "features": 3, "settings": 5, "generated": 1}'),
	('01a21524-857b-76a0-9a47-ea3c48af004d', 'migrate', 1, true, NULL, 1, NULL, 'succeeded', 1, '2026-11-25 23:57:24.774409+00', '2026-11-25 23:57:24.774409+00', NULL, '2026-11-26 00:07:24.774409+00', '2026-11-25 23:57:24.791959+00', NULL, NULL, NULL);
INSERT INTO public.operation_steps VALUES
	('01a21524-857b-76a0-9a47-ea3c48af004d', 'administrator', 1, true, NULL, 1, NULL, 'succeeded', 1, '2026-11-25 23:57:24.785193+00', '2026-11-25 23:57:24.785193+00', NULL, '2026-11-26 00:07:24.785193+00', '2026-11-25 23:57:24.793998+00', NULL, NULL, NULL),
	('01a21524-857b-76a0-9a47-ea3c48af004d', 'verify', 1, true, NULL, 1, NULL, 'succeeded', 1, '2026-11-25 23:57:24.793998+00', '2026-11-25 23:57:24.793998+00', NULL, '2026-11-26 00:07:24.793998+00', '2026-11-25 23:57:24.799379+00', NULL, NULL, NULL),
	('01a21524-857b-76a0-9a47-ea3c48af004d', 'activate', 1, true, NULL, 1, NULL, 'succeeded', 1, '2026-11-25 23:57:24.799379+00', '2026-11-25 23:57:24.799379+00', NULL, '2026-11-26 00:07:24.799379+00', '2026-11-25 23:57:24.822056+00', NULL, NULL, '{"status": "active"}'),
	('01a21524-857b-76a0-9a47-ea3c48af004d', 'notify', 1, true, NULL, 1, NULL, 'succeeded', 1, '2026-11-25 23:57:24.822056+00', '2026-11-25 23:57:24.822056+00', NULL, '2026-11-26 00:07:24.822056+00', '2026-11-25 23:57:24.829551+00', NULL, NULL, NULL),
	('01a21524-85e7-71af-813e-f180c7c0b2f5', 'reserve', 1, true, NULL, 1, NULL, 'succeeded', 1, '2026-11-25 23:57:24.845593+00', '2026-11-25 23:57:24.845593+00', NULL, '2026-11-26 00:07:24.845593+00', '2026-11-25 23:57:24.857094+00', NULL, NULL, '{"tier": "database", "schema": "product", "server": "eu-1", "database": "tenant_01a2152485e778428f1bcb851d927f00"}'),
	('01a21524-85e7-71af-813e-f180c7c0b2f5', 'identity', 1, true, NULL, 1, NULL, 'succeeded', 1, '2026-11-25 23:57:24.857094+00', '2026-11-25 23:57:24.857094+00', NULL, '2026-11-26 00:07:24.857094+00', '2026-11-25 23:57:24.93514+00', NULL, NULL, NULL),
	('01a21524-85e7-71af-813e-f180c7c0b2f5', 'storage', 1, true, NULL, 1, NULL, 'succeeded', 1, '2026-11-25 23:57:24.857094+00', '2026-11-25 23:57:24.857094+00', NULL, '2026-11-26 00:07:24.857094+00', '2026-11-25 23:57:24.94322+00', NULL, NULL, NULL),
	('01a21524-85e7-71af-813e-f180c7c0b2f5', 'cache', 1, true, NULL, 1, NULL, 'succeeded', 1, '2026-11-25 23:57:24.857094+00', '2026-11-25 23:57:24.857094+00', NULL, '2026-11-26 00:07:24.857094+00', '2026-11-25 23:57:24.949921+00', NULL, NULL, NULL),
	('01a21524-85e7-71af-813e-f180c7c0b2f5', 'database', 1, true, NULL, 1, NULL, 'succeeded', 1, '2026-11-25 23:57:24.857094+00', '2026-11-25 23:57:24.857094+00', NULL, '2026-11-26 00:07:24.857094+00', '2026-11-25 23:57:24.951895+00', NULL, NULL, NULL),
	('01a21524-85e7-71af-813e-f180c7c0b2f5', 'migrate', 1, true, NULL, 1, NULL, 'succeeded', 1, '2026-11-25 23:57:24.951895+00', '2026-11-25 23:57:24.951895+00', NULL, '2026-11-26 00:07:24.951895+00', '2026-11-25 23:57:24.961115+00', NULL, NULL, NULL),
	('01a21524-85e7-71af-813e-f180c7c0b2f5', 'verify', 1, true, NULL, 1, NULL, 'succeeded', 1, '2026-11-25 23:57:24.961115+00', '2026-11-25 23:57:24.961115+00', NULL, '2026-11-26 00:07:24.961115+00', '2026-11-25 23:57:24.975781+00', NULL, NULL, NULL),
	('01a21524-869a-7040-b77a-2a6de8ef5612', 'identity', 2, true, NULL, 2, NULL, 'compensated', 1, '2026-11-25 23:57:25.157926+00', '2026-11-25 23:57:25.157926+00', NULL, '2026-11-26 00:07:25.157926+00', '2026-11-25 23:57:25.174466+00', NULL, NULL, NULL),
	('01a21524-85e7-71af-813e-f180c7c0b2f5', 'activate', 1, true, NULL, 1, NULL, 'succeeded', 1, '2026-11-25 23:57:24.975781+00', '2026-11-25 23:57:24.975781+00', NULL, '2026-11-26 00:07:24.975781+00', '2026-11-25 23:57:24.990379+00', NULL, NULL, '{"status": "active"}'),
	('01a21524-85e7-71af-813e-f180c7c0b2f5', 'notify', 1, true, NULL, 1, NULL, 'succeeded', 1, '2026-11-25 23:57:24.990379+00', '2026-11-25 23:57:24.990379+00', NULL, '2026-11-26 00:07:24.990379+00', '2026-11-25 23:57:24.997839+00', NULL, NULL, NULL),
	('01a21524-869a-7040-b77a-2a6de8ef5612', 'reserve', 2, true, NULL, 2, NULL, 'compensated', 1, '2026-11-25 23:57:25.174466+00', '2026-11-25 23:57:25.174466+00', NULL, '2026-11-26 00:07:25.174466+00', '2026-11-25 23:57:25.204476+00', NULL, NULL, '{"tier": "row", "schema": "product", "server": "eu-1", "database": "saga_rows"}'),
	('01a21524-869a-7040-b77a-2a6de8ef5612', 'verify', 2, true, NULL, 2, NULL, 'compensated', 1, '2026-11-25 23:57:25.113451+00', '2026-11-25 23:57:25.113451+00', NULL, '2026-11-26 00:07:25.113451+00', '2026-11-25 23:57:25.135845+00', '{"code": "not-verified", "remedy": "Look at the database.", "message": "Tables are missing.", "transient": false}', NULL, NULL),
	('01a21524-869a-7040-b77a-2a6de8ef5612', 'migrate', 2, true, NULL, 2, NULL, 'compensated', 1, '2026-11-25 23:57:25.135845+00', '2026-11-25 23:57:25.135845+00', NULL, '2026-11-26 00:07:25.135845+00', '2026-11-25 23:57:25.14596+00', NULL, NULL, NULL),
	('01a21524-869a-7040-b77a-2a6de8ef5612', 'cache', 2, true, NULL, 2, NULL, 'compensated', 1, '2026-11-25 23:57:25.135845+00', '2026-11-25 23:57:25.135845+00', NULL, '2026-11-26 00:07:25.135845+00', '2026-11-25 23:57:25.153786+00', NULL, NULL, NULL),
	('01a21524-869a-7040-b77a-2a6de8ef5612', 'storage', 2, true, NULL, 2, NULL, 'compensated', 1, '2026-11-25 23:57:25.135845+00', '2026-11-25 23:57:25.135845+00', NULL, '2026-11-26 00:07:25.135845+00', '2026-11-25 23:57:25.156005+00', NULL, NULL, NULL),
	('01a21524-869a-7040-b77a-2a6de8ef5612', 'administrator', 2, true, NULL, 2, NULL, 'compensated', 1, '2026-11-25 23:57:25.135845+00', '2026-11-25 23:57:25.135845+00', NULL, '2026-11-26 00:07:25.135845+00', '2026-11-25 23:57:25.157926+00', NULL, NULL, NULL);
INSERT INTO public.operation_steps VALUES
	('01a21524-869a-7040-b77a-2a6de8ef5612', 'configuration', 2, true, NULL, 2, NULL, 'compensated', 1, '2026-11-25 23:57:25.135845+00', '2026-11-25 23:57:25.135845+00', NULL, '2026-11-26 00:07:25.135845+00', '2026-11-25 23:57:25.160792+00', NULL, NULL, '{"sealed": 1, "features": 3, "settings": 5, "generated": 1}'),
	('01a21524-869a-7040-b77a-2a6de8ef5612', 'database', 2, true, NULL, 2, NULL, 'compensated', 1, '2026-11-25 23:57:25.14596+00', '2026-11-25 23:57:25.14596+00', NULL, '2026-11-26 00:07:25.14596+00', '2026-11-25 23:57:25.16352+00', NULL, NULL, NULL),
	('01a21524-869a-7040-b77a-2a6de8ef5612', 'activate', 0, false, NULL, NULL, NULL, 'skipped', 0, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL),
	('01a21524-869a-7040-b77a-2a6de8ef5612', 'notify', 0, false, NULL, NULL, NULL, 'skipped', 0, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL),
	('01a21524-8765-745a-b91c-89294641084f', 'reserve', 1, true, NULL, 1, NULL, 'succeeded', 1, '2026-11-25 23:57:25.232852+00', '2026-11-25 23:57:25.232852+00', NULL, '2026-11-26 00:07:25.232852+00', '2026-11-25 23:57:25.263301+00', NULL, NULL, '{"tier": "schema", "schema": "t_01a2152487657ec58da68590d497f4b7", "server": "eu-1", "database": "saga_schemas_1"}'),
	('01a21524-8765-745a-b91c-89294641084f', 'cache', 1, true, NULL, 1, NULL, 'succeeded', 1, '2026-11-25 23:57:25.263301+00', '2026-11-25 23:57:25.263301+00', NULL, '2026-11-26 00:07:25.263301+00', '2026-11-25 23:57:25.279044+00', NULL, NULL, NULL),
	('01a21524-8765-745a-b91c-89294641084f', 'database', 1, true, NULL, 1, NULL, 'succeeded', 1, '2026-11-25 23:57:25.263301+00', '2026-11-25 23:57:25.263301+00', NULL, '2026-11-26 00:07:25.263301+00', '2026-11-25 23:57:25.287624+00', NULL, NULL, NULL),
	('01a21524-8765-745a-b91c-89294641084f', 'storage', 1, true, NULL, 1, NULL, 'succeeded', 1, '2026-11-25 23:57:25.263301+00', '2026-11-25 23:57:25.263301+00', NULL, '2026-11-26 00:07:25.263301+00', '2026-11-25 23:57:25.291679+00', NULL, NULL, NULL),
	('01a21524-8765-745a-b91c-89294641084f', 'identity', 1, true, NULL, 1, NULL, 'succeeded', 1, '2026-11-25 23:57:25.263301+00', '2026-11-25 23:57:25.263301+00', NULL, '2026-11-26 00:07:25.263301+00', '2026-11-25 23:57:25.294866+00', NULL, NULL, NULL),
	('01a21524-8765-745a-b91c-89294641084f', 'configuration', 1, true, NULL, 1, NULL, 'succeeded', 1, '2026-11-25 23:57:25.263301+00', '2026-11-25 23:57:25.263301+00', NULL, '2026-11-26 00:07:25.263301+00', '2026-11-25 23:57:25.29846+00', NULL, NULL, '{"sealed": 1, "features": 3, "settings": 5, "generated": 1}'),
	('01a21524-8765-745a-b91c-89294641084f', 'migrate', 1, true, NULL, 1, NULL, 'succeeded', 1, '2026-11-25 23:57:25.287624+00', '2026-11-25 23:57:25.287624+00', NULL, '2026-11-26 00:07:25.287624+00', '2026-11-25 23:57:25.302086+00', NULL, NULL, NULL),
	('01a21524-8765-745a-b91c-89294641084f', 'administrator', 1, true, NULL, 1, NULL, 'succeeded', 1, '2026-11-25 23:57:25.294866+00', '2026-11-25 23:57:25.294866+00', NULL, '2026-11-26 00:07:25.294866+00', '2026-11-25 23:57:25.30516+00', NULL, NULL, NULL),
	('01a21524-8765-745a-b91c-89294641084f', 'verify', 1, true, NULL, 1, NULL, 'succeeded', 1, '2026-11-25 23:57:25.30516+00', '2026-11-25 23:57:25.30516+00', NULL, '2026-11-26 00:07:25.30516+00', '2026-11-25 23:57:25.3277+00', NULL, NULL, NULL),
	('01a21524-8765-745a-b91c-89294641084f', 'activate', 1, true, NULL, 1, NULL, 'succeeded', 1, '2026-11-25 23:57:25.3277+00', '2026-11-25 23:57:25.3277+00', NULL, '2026-11-26 00:07:25.3277+00', '2026-11-25 23:57:25.37538+00', NULL, NULL, '{"status": "active"}'),
	('01a21524-8765-745a-b91c-89294641084f', 'notify', 1, true, NULL, 1, NULL, 'failed', 1, '2026-11-25 23:57:25.37538+00', '2026-11-25 23:57:25.37538+00', NULL, '2026-11-26 00:07:25.37538+00', '2026-11-25 23:57:25.40765+00', '{"code": "mail-refused", "remedy": "Correct the address, and replay the step.", "message": "The mail server refuses the address.", "transient": false}', NULL, NULL),
	('01a21524-8840-78b0-9994-5440bba7bce8', 'reserve', 1, true, NULL, 1, NULL, 'succeeded', 1, '2026-11-25 23:57:25.462675+00', '2026-11-25 23:57:25.462675+00', NULL, '2026-11-26 00:07:25.462675+00', '2026-11-25 23:57:25.475194+00', NULL, NULL, '{"tier": "database", "schema": "product", "server": "eu-1", "database": "tenant_01a215248840744b83196483e8fafbce"}'),
	('01a21524-8840-78b0-9994-5440bba7bce8', 'cache', 2, true, NULL, 2, NULL, 'compensated', 1, '2026-11-25 23:57:25.54645+00', '2026-11-25 23:57:25.54645+00', NULL, '2026-11-26 00:07:25.54645+00', '2026-11-25 23:57:25.554652+00', NULL, NULL, NULL),
	('01a21524-8840-78b0-9994-5440bba7bce8', 'storage', 2, true, NULL, 2, NULL, 'compensated', 1, '2026-11-25 23:57:25.54645+00', '2026-11-25 23:57:25.54645+00', NULL, '2026-11-26 00:07:25.54645+00', '2026-11-25 23:57:25.559008+00', NULL, NULL, NULL),
	('01a21524-88ce-778f-b40c-e77d2c8302e9', 'storage', 1, true, NULL, 1, NULL, 'succeeded', 1, '2026-11-25 23:57:25.601712+00', '2026-11-25 23:57:25.601712+00', NULL, '2026-11-26 00:07:25.601712+00', '2026-11-25 23:57:25.615307+00', NULL, NULL, NULL),
	('01a21524-8840-78b0-9994-5440bba7bce8', 'administrator', 2, true, NULL, 2, NULL, 'compensated', 1, '2026-11-25 23:57:25.54645+00', '2026-11-25 23:57:25.54645+00', NULL, '2026-11-26 00:07:25.54645+00', '2026-11-25 23:57:25.561275+00', NULL, NULL, NULL);
INSERT INTO public.operation_steps VALUES
	('01a21524-88ce-778f-b40c-e77d2c8302e9', 'cache', 1, true, NULL, 1, NULL, 'succeeded', 1, '2026-11-25 23:57:25.601712+00', '2026-11-25 23:57:25.601712+00', NULL, '2026-11-26 00:07:25.601712+00', '2026-11-25 23:57:25.618412+00', NULL, NULL, NULL),
	('01a21524-8840-78b0-9994-5440bba7bce8', 'migrate', 2, true, NULL, 2, NULL, 'compensated', 1, '2026-11-25 23:57:25.54645+00', '2026-11-25 23:57:25.54645+00', NULL, '2026-11-26 00:07:25.54645+00', '2026-11-25 23:57:25.563943+00', NULL, NULL, NULL),
	('01a21524-88ce-778f-b40c-e77d2c8302e9', 'configuration', 1, true, NULL, 1, NULL, 'succeeded', 1, '2026-11-25 23:57:25.601712+00', '2026-11-25 23:57:25.601712+00', NULL, '2026-11-26 00:07:25.601712+00', '2026-11-25 23:57:25.621337+00', NULL, NULL, '{"sealed": 1, "features": 3, "settings": 5, "generated": 1}'),
	('01a21524-8840-78b0-9994-5440bba7bce8', 'database', 2, false, '2c6623a1-f0ee-496b-9dce-4dee0017bd78', 2, '2026-11-25 23:57:40.568564+00', 'compensating', 1, '2026-11-25 23:57:25.563943+00', '2026-11-25 23:57:25.563943+00', '2026-11-25 23:58:25.563943+00', '2026-11-26 00:07:25.563943+00', NULL, NULL, NULL, NULL),
	('01a21524-8840-78b0-9994-5440bba7bce8', 'configuration', 2, true, NULL, 2, NULL, 'compensated', 1, '2026-11-25 23:57:25.54645+00', '2026-11-25 23:57:25.54645+00', NULL, '2026-11-26 00:07:25.54645+00', '2026-11-25 23:57:25.56778+00', NULL, NULL, '{"sealed": 1, "features": 3, "settings": 5, "generated": 1}'),
	('01a21524-8840-78b0-9994-5440bba7bce8', 'identity', 2, true, NULL, 2, NULL, 'compensated', 1, '2026-11-25 23:57:25.561275+00', '2026-11-25 23:57:25.561275+00', NULL, '2026-11-26 00:07:25.561275+00', '2026-11-25 23:57:25.570973+00', NULL, NULL, NULL),
	('01a21524-88ce-778f-b40c-e77d2c8302e9', 'reserve', 1, true, NULL, 1, NULL, 'succeeded', 1, '2026-11-25 23:57:25.591006+00', '2026-11-25 23:57:25.591006+00', NULL, '2026-11-26 00:07:25.591006+00', '2026-11-25 23:57:25.601712+00', NULL, NULL, '{"tier": "database", "schema": "product", "server": "eu-1", "database": "tenant_01a2152488ce70f3abb94449a3dba454"}'),
	('01a21524-8840-78b0-9994-5440bba7bce8', 'activate', 0, false, NULL, NULL, NULL, 'skipped', 0, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL),
	('01a21524-8840-78b0-9994-5440bba7bce8', 'notify', 0, false, NULL, NULL, NULL, 'skipped', 0, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL),
	('01a21524-8840-78b0-9994-5440bba7bce8', 'verify', 2, true, NULL, 2, NULL, 'compensated', 1, '2026-11-25 23:57:25.536548+00', '2026-11-25 23:57:25.536548+00', NULL, '2026-11-26 00:07:25.536548+00', '2026-11-25 23:57:25.54645+00', '{"code": "not-verified", "remedy": "Look at the database.", "message": "Tables are missing.", "transient": false}', NULL, NULL),
	('01a21524-88ce-778f-b40c-e77d2c8302e9', 'database', 1, false, 'e70f764a-4a29-47dd-b479-1cc522cd3906', 1, '2026-11-25 23:57:40.605944+00', 'running', 1, '2026-11-25 23:57:25.601712+00', '2026-11-25 23:57:25.601712+00', '2026-11-25 23:58:25.601712+00', '2026-11-26 00:07:25.601712+00', NULL, NULL, NULL, NULL),
	('01a21524-88ce-778f-b40c-e77d2c8302e9', 'identity', 1, true, NULL, 1, NULL, 'succeeded', 1, '2026-11-25 23:57:25.601712+00', '2026-11-25 23:57:25.601712+00', NULL, '2026-11-26 00:07:25.601712+00', '2026-11-25 23:57:25.610209+00', NULL, NULL, NULL),
	('01a21524-88ce-778f-b40c-e77d2c8302e9', 'administrator', 1, true, NULL, 1, NULL, 'succeeded', 1, '2026-11-25 23:57:25.610209+00', '2026-11-25 23:57:25.610209+00', NULL, '2026-11-26 00:07:25.610209+00', '2026-11-25 23:57:25.624059+00', NULL, NULL, NULL),
	('01a21524-8901-7ff0-9cb9-74fe49c073c9', 'reserve', 1, true, NULL, 1, NULL, 'succeeded', 1, '2026-11-25 23:57:25.643888+00', '2026-11-25 23:57:25.643888+00', NULL, '2026-11-26 00:07:25.643888+00', '2026-11-25 23:57:25.657124+00', NULL, NULL, '{"tier": "schema", "schema": "t_01a21524890178ae9fd45061c067adaf", "server": "eu-1", "database": "saga_schemas_1"}'),
	('01a21524-8901-7ff0-9cb9-74fe49c073c9', 'database', 1, false, 'cd2aeaf0-94f4-445d-9502-a5bdc15922ae', 1, '2026-11-25 23:57:40.661605+00', 'running', 1, '2026-11-25 23:57:25.657124+00', '2026-11-25 23:57:25.657124+00', '2026-11-25 23:58:25.657124+00', '2026-11-26 00:07:25.657124+00', NULL, NULL, NULL, NULL),
	('01a21524-8901-7ff0-9cb9-74fe49c073c9', 'identity', 1, true, NULL, 1, NULL, 'succeeded', 1, '2026-11-25 23:57:25.657124+00', '2026-11-25 23:57:25.657124+00', NULL, '2026-11-26 00:07:25.657124+00', '2026-11-25 23:57:25.673738+00', NULL, NULL, NULL),
	('01a21524-8901-7ff0-9cb9-74fe49c073c9', 'administrator', 1, true, NULL, 1, NULL, 'succeeded', 1, '2026-11-25 23:57:25.673738+00', '2026-11-25 23:57:25.673738+00', NULL, '2026-11-26 00:07:25.673738+00', '2026-11-25 23:57:25.689677+00', NULL, NULL, NULL),
	('01a21524-8901-7ff0-9cb9-74fe49c073c9', 'configuration', 1, true, NULL, 1, NULL, 'succeeded', 1, '2026-11-25 23:57:25.657124+00', '2026-11-25 23:57:25.657124+00', NULL, '2026-11-26 00:07:25.657124+00', '2026-11-25 23:57:25.707376+00', NULL, NULL, '{"sealed": 1, "features": 3, "settings": 5, "generated": 1}'),
	('01a21524-8901-7ff0-9cb9-74fe49c073c9', 'storage', 1, true, NULL, 1, NULL, 'waiting', 1, '2026-11-25 23:57:25.657124+00', '2026-11-25 23:57:25.657124+00', '2026-11-25 23:57:26.308343+00', '2026-11-26 00:07:25.657124+00', NULL, '{"code": "storage-slow", "system": "s3", "message": "The object store was slow.", "transient": true}', NULL, NULL),
	('01a21524-8901-7ff0-9cb9-74fe49c073c9', 'cache', 3, false, NULL, 3, NULL, 'held', 2, '2026-11-25 23:57:25.657124+00', '2026-11-25 23:57:26.099553+00', '2026-11-25 23:57:55.815661+00', '2026-11-26 00:07:55.373232+00', NULL, '{"code": "redis-unavailable", "system": "redis", "message": "Redis does not answer.", "transient": true}', 'redis', NULL);
INSERT INTO public.operations VALUES
	('01a21524-825d-73a5-a6ee-1406aeb5bced', 'provision', '01a21524-825d-7c55-85e5-c512a132b91f', 'f952f042b11c378f46a4ae5b56cb625a1e0d941af8b7a67876837ee45aebfa53', 'completed', '{"name": "in-rows", "plan": "basic", "slug": "in-rows", "adminEmail": "admin@in-rows.example"}', NULL, NULL, 'ada', '2026-11-25 23:57:23.933799+00', '2026-11-25 23:57:24.723736+00', NULL),
	('01a21524-857b-76a0-9a47-ea3c48af004d', 'provision', '01a21524-857b-7460-9c7f-87dfaf09b2b9', 'f952f042b11c378f46a4ae5b56cb625a1e0d941af8b7a67876837ee45aebfa53', 'completed', '{"name": "in-schema", "plan": "premium", "slug": "in-schema", "domain": "in-schema.example", "adminEmail": "admin@in-schema.example"}', NULL, NULL, 'ada', '2026-11-25 23:57:24.731103+00', '2026-11-25 23:57:24.829612+00', NULL),
	('01a21524-85e7-71af-813e-f180c7c0b2f5', 'provision', '01a21524-85e7-7842-8f1b-cb851d927f00', 'f952f042b11c378f46a4ae5b56cb625a1e0d941af8b7a67876837ee45aebfa53', 'completed', '{"name": "in-database", "plan": "enterprise", "slug": "in-database", "domain": "in-database.example", "adminEmail": "admin@in-database.example"}', NULL, NULL, 'ada', '2026-11-25 23:57:24.839427+00', '2026-11-25 23:57:24.997918+00', NULL),
	('01a21524-869a-7040-b77a-2a6de8ef5612', 'provision', '01a21524-869a-79c0-b8c5-bea7a4a369fa', 'f952f042b11c378f46a4ae5b56cb625a1e0d941af8b7a67876837ee45aebfa53', 'compensated', '{"name": "undone", "plan": "basic", "slug": "undone", "adminEmail": "admin@undone.example"}', '{"code": "not-verified", "remedy": "Look at the database.", "message": "Tables are missing.", "transient": false}', NULL, 'ada', '2026-11-25 23:57:25.018351+00', '2026-11-25 23:57:25.204573+00', NULL),
	('01a21524-8765-745a-b91c-89294641084f', 'provision', '01a21524-8765-7ec5-8da6-8590d497f4b7', 'f952f042b11c378f46a4ae5b56cb625a1e0d941af8b7a67876837ee45aebfa53', 'stalled', '{"name": "stuck", "plan": "premium", "slug": "stuck", "adminEmail": "admin@stuck.example"}', '{"code": "mail-refused", "remedy": "Correct the address, and replay the step.", "message": "The mail server refuses the address.", "transient": false}', NULL, 'ada', '2026-11-25 23:57:25.221221+00', NULL, NULL),
	('01a21524-8840-78b0-9994-5440bba7bce8', 'provision', '01a21524-8840-744b-8319-6483e8fafbce', 'f952f042b11c378f46a4ae5b56cb625a1e0d941af8b7a67876837ee45aebfa53', 'compensating', '{"name": "returning", "plan": "enterprise", "slug": "returning", "adminEmail": "admin@returning.example"}', '{"code": "not-verified", "remedy": "Look at the database.", "message": "Tables are missing.", "transient": false}', '2026-11-25 23:57:55.443991+00', 'ada', '2026-11-25 23:57:25.44089+00', NULL, NULL),
	('01a21524-88ce-778f-b40c-e77d2c8302e9', 'provision', '01a21524-88ce-70f3-abb9-4449a3dba454', 'f952f042b11c378f46a4ae5b56cb625a1e0d941af8b7a67876837ee45aebfa53', 'running', '{"name": "paused", "plan": "enterprise", "slug": "paused", "adminEmail": "admin@paused.example"}', NULL, '2026-11-25 23:57:55.583228+00', 'ada', '2026-11-25 23:57:25.582713+00', NULL, NULL),
	('01a21524-8901-7ff0-9cb9-74fe49c073c9', 'provision', '01a21524-8901-78ae-9fd4-5061c067adaf', 'f952f042b11c378f46a4ae5b56cb625a1e0d941af8b7a67876837ee45aebfa53', 'running', '{"name": "inflight", "plan": "premium", "slug": "inflight", "adminEmail": "admin@inflight.example"}', NULL, '2026-11-25 23:57:26.308343+00', 'ada', '2026-11-25 23:57:25.633888+00', NULL, NULL),
	('01a21524-8bb3-7864-af81-fcef1f8a08c2', 'provision', '01a21524-8bb3-7e28-aef3-f4e9fcf1b94f', 'f952f042b11c378f46a4ae5b56cb625a1e0d941af8b7a67876837ee45aebfa53', 'accepted', '{"name": "fresh", "plan": "basic", "slug": "fresh", "adminEmail": "admin@fresh.example"}', NULL, '2026-11-25 23:57:56.323833+00', 'ada', '2026-11-25 23:57:26.323491+00', NULL, NULL);
INSERT INTO public.outbox VALUES
	('01a21524-8bb5-7b01-bec3-f68ed1efae9e', 'Saga.Contracts.Steps.OperationSubmitted', 'saga-operations', '{"operationId":"01a21524-8bb3-7864-af81-fcef1f8a08c2"}', '-infinity', NULL),
	('01a21524-8bbf-7dc5-928a-07992ba2757a', 'Saga.Contracts.Steps.ExecuteStep', 'saga-worker-database', '{"operationId":"01a21524-8901-7ff0-9cb9-74fe49c073c9","tenantId":"01a21524-8901-78ae-9fd4-5061c067adaf","step":"database","fence":1,"attempt":1,"deadline":"2026-11-25T23:58:25.657124+00:00"}', '-infinity', NULL),
	('01a21524-8bc0-738a-a0ea-4ab7546ed11c', 'Saga.Contracts.Steps.StepHeld', 'saga-operations', '{"system":"worker","reason":"The worker was stopped.","retryAfter":"00:00:01","operationId":"01a21524-88ce-778f-b40c-e77d2c8302e9","step":"database","fence":1}', '-infinity', NULL);
INSERT INTO public.plans VALUES
	('basic', '{"name": "basic", "tiers": ["row"], "limits": {"users": 25, "storageMegabytes": 5120, "requestsPerMinute": 600, "databaseConnections": 5}, "features": {"sso": false, "auditExport": false, "customDomain": false}, "settings": {"passwordMinLength": {"value": 10}, "uploadMaxMegabytes": {"value": 25}, "passwordRequireMixed": {"value": false}, "webhookSigningSecret": {"sealed": true, "generate": true}, "sessionTimeoutMinutes": {"value": 480}}, "defaultTier": "row"}'),
	('premium', '{"name": "premium", "tiers": ["schema", "row"], "limits": {"users": 250, "storageMegabytes": 102400, "requestsPerMinute": 3000, "databaseConnections": 10}, "features": {"sso": true, "auditExport": false, "customDomain": true}, "settings": {"passwordMinLength": {"value": 12}, "uploadMaxMegabytes": {"value": 100}, "passwordRequireMixed": {"value": true}, "webhookSigningSecret": {"sealed": true, "generate": true}, "sessionTimeoutMinutes": {"value": 240}}, "defaultTier": "schema"}'),
	('enterprise', '{"name": "enterprise", "tiers": ["database", "schema"], "limits": {"users": 10000, "storageMegabytes": 1048576, "requestsPerMinute": 12000, "databaseConnections": 20}, "features": {"sso": true, "auditExport": true, "customDomain": true}, "settings": {"passwordMinLength": {"value": 14}, "uploadMaxMegabytes": {"value": 1024}, "passwordRequireMixed": {"value": true}, "webhookSigningSecret": {"sealed": true, "generate": true}, "sessionTimeoutMinutes": {"value": 60}}, "defaultTier": "database"}'),
	('custom', '{"name": "custom", "tiers": ["row", "schema", "database"], "limits": {"users": 1000, "storageMegabytes": 102400, "requestsPerMinute": 6000, "databaseConnections": 10}, "features": {"sso": true, "auditExport": true, "customDomain": true}, "settings": {"passwordMinLength": {"value": 12}, "uploadMaxMegabytes": {"value": 250}, "passwordRequireMixed": {"value": true}, "webhookSigningSecret": {"sealed": true, "generate": true}, "sessionTimeoutMinutes": {"value": 120}}, "defaultTier": "schema"}');
INSERT INTO public.registry_migrations VALUES
	(1, '0001_registry', '0c7d20d73c77c5963c00ff5d8b111cbc59ead31a95854c09ca166b53664e568d', '2026-11-25 23:57:11.442335+00'),
	(2, '0002_hot_path', '07266200dcadad26a999f7a5fda05e3d5fa5a27dd78a98bd793b26008b72921d', '2026-11-25 23:57:11.581362+00'),
	(3, '0003_fewer_indexes', 'b08c47229e85a187043a44eb35f8c4d65e3fbc4f7e1725be66d710a359b66c7e', '2026-11-25 23:57:11.585409+00'),
	(4, '0004_step_rows', '4342dfadeb1b1e068b1ef584e1ca4864264761428a820768b12b4dbd9da0c199', '2026-11-25 23:57:11.596713+00'),
	(5, '0005_trace_context', '41c492bb296d7cbaf33f79abcbe87340eb21cb44ec3616da02f956dcf9e8386c', '2026-11-25 23:57:11.608692+00'),
	(6, '0006_fresh_messages', '2e1b3079062d6712afb58b83595016b51e78d0e45cb55311170ebba9d725f2b5', '2026-11-25 23:57:11.620698+00'),
	(7, '0007_trace_of_an_operation', '7f5c330df8bf040a691a9da567c9379680d24c5ccc69fe7132d03ea514ebe804', '2026-11-25 23:57:11.633113+00');
INSERT INTO public.tenant_keys VALUES
	('01a21524-825d-7c55-85e5-c512a132b91f', 'k1', '\x01e360e9df4d29aaec61701e012030a21f2c42c3eac512f1deef1d50c610c8de26720f1bd283596ebb5c4b44c4242131aef274897647c4e00f6ac9b15c16fdbe7e41b22a2f'),
	('01a21524-857b-7460-9c7f-87dfaf09b2b9', 'k1', '\x01e360e9df4d29aaec3dd221d4eb2f106907f69877d84e1beb0ea1c41ba0413d15938dd80fae2fc01fe7a9ca717216b4c43801d73857847ef06b5a516e69914ce989cb10ee'),
	('01a21524-85e7-7842-8f1b-cb851d927f00', 'k1', '\x01e360e9df4d29aaec190838fc77deae499526c62cc5198f2c4495f7c8796bab422f60a25f6256ad7379c194724b3b001a2c2bdf467d0adb58fadfafeb576c583bdb3a170b'),
	('01a21524-8765-7ec5-8da6-8590d497f4b7', 'k1', '\x01e360e9df4d29aaec8216cba17367891c151d35850ffed5810d48506e94f990322f61dd0d8bff49b6fdbfdb931f5fbf6c54948bdabcea5f68c8ffbb34053c2558edb0f1ec'),
	('01a21524-8840-744b-8319-6483e8fafbce', 'k1', '\x01e360e9df4d29aaec4999c146eadd66f568cd7155f930120615380e07bd0e0a7c3ea0fa73474e6bae7c8313aa6a5f74051995fc7e606631d5309b00e3aaa5d8ae5ee6c8a6'),
	('01a21524-88ce-70f3-abb9-4449a3dba454', 'k1', '\x01e360e9df4d29aaecc3ce621731954a381c6c538ad032bc55e45d877076a354a4c60f7b09ceabc74686233a80087e3cdd9e9a136c3c2cbf00fb185d089a8a3a3f2611c7f4'),
	('01a21524-8901-78ae-9fd4-5061c067adaf', 'k1', '\x01e360e9df4d29aaeccfc137cd4b9f3bbb4d47b4d8342ebc3be310e52721664d685f98fd6d99797eeb5e512dff53c08d700b21f3bcebcbe33b84ea8ddc0b41e29f1adcc0f2');
INSERT INTO public.tenant_settings VALUES
	('01a21524-825d-7c55-85e5-c512a132b91f', 'passwordMinLength', '10', NULL),
	('01a21524-825d-7c55-85e5-c512a132b91f', 'uploadMaxMegabytes', '25', NULL),
	('01a21524-825d-7c55-85e5-c512a132b91f', 'passwordRequireMixed', 'false', NULL),
	('01a21524-825d-7c55-85e5-c512a132b91f', 'webhookSigningSecret', NULL, '\x010af94c9914c566649721740b1bf7fbdd899a8657c8dc4190170e2b45cf12bc4b96672eabfd2a632a94dcbaa2c53dbea7f3605b7387e0004f7fc201902926d29c43f18deae432cfbdfa500e5268ce340cbfe84d8ef97b6431e303cb5b96d95a5cc04e21bd89fb'),
	('01a21524-825d-7c55-85e5-c512a132b91f', 'sessionTimeoutMinutes', '480', NULL),
	('01a21524-825d-7c55-85e5-c512a132b91f', 'feature:sso', 'false', NULL),
	('01a21524-825d-7c55-85e5-c512a132b91f', 'feature:auditExport', 'false', NULL),
	('01a21524-825d-7c55-85e5-c512a132b91f', 'feature:customDomain', 'false', NULL),
	('01a21524-857b-7460-9c7f-87dfaf09b2b9', 'passwordMinLength', '12', NULL),
	('01a21524-857b-7460-9c7f-87dfaf09b2b9', 'uploadMaxMegabytes', '100', NULL),
	('01a21524-857b-7460-9c7f-87dfaf09b2b9', 'passwordRequireMixed', 'true', NULL),
	('01a21524-857b-7460-9c7f-87dfaf09b2b9', 'webhookSigningSecret', NULL, '\x01e921372e4a41689646b0fb645c6091b7bc58e7dc53238e5193d36a52f406b368faf00210211ee312d46f3e94c5c6978d33c9e3a91c659d0bc9928a0b8bcd544210943fa8927b6306c761f2e7210ee5a0e183569f3799c5e8f936acf2db2cdfce97486cb5e2c1'),
	('01a21524-857b-7460-9c7f-87dfaf09b2b9', 'sessionTimeoutMinutes', '240', NULL),
	('01a21524-857b-7460-9c7f-87dfaf09b2b9', 'feature:sso', 'true', NULL),
	('01a21524-857b-7460-9c7f-87dfaf09b2b9', 'feature:auditExport', 'false', NULL),
	('01a21524-857b-7460-9c7f-87dfaf09b2b9', 'feature:customDomain', 'true', NULL),
	('01a21524-85e7-7842-8f1b-cb851d927f00', 'passwordMinLength', '14', NULL),
	('01a21524-85e7-7842-8f1b-cb851d927f00', 'uploadMaxMegabytes', '1024', NULL),
	('01a21524-85e7-7842-8f1b-cb851d927f00', 'passwordRequireMixed', 'true', NULL),
	('01a21524-85e7-7842-8f1b-cb851d927f00', 'webhookSigningSecret', NULL, '\x01481c1c6be153177b0711286ec982ccf351918eac18bf98d0da95fbabcca916e1bf8c1b1967318c2a8023e86110559ee674018a78b69294db5056fc0fc3de615411e7c0090048631a123d15e5fd173d673fa9f4d71d9dfd631d56cca0424e4101e83cc27fd5a0');
INSERT INTO public.tenant_settings VALUES
	('01a21524-85e7-7842-8f1b-cb851d927f00', 'sessionTimeoutMinutes', '60', NULL),
	('01a21524-85e7-7842-8f1b-cb851d927f00', 'feature:sso', 'true', NULL),
	('01a21524-85e7-7842-8f1b-cb851d927f00', 'feature:auditExport', 'true', NULL),
	('01a21524-85e7-7842-8f1b-cb851d927f00', 'feature:customDomain', 'true', NULL),
	('01a21524-8765-7ec5-8da6-8590d497f4b7', 'passwordMinLength', '12', NULL),
	('01a21524-8765-7ec5-8da6-8590d497f4b7', 'uploadMaxMegabytes', '100', NULL),
	('01a21524-8765-7ec5-8da6-8590d497f4b7', 'passwordRequireMixed', 'true', NULL),
	('01a21524-8765-7ec5-8da6-8590d497f4b7', 'webhookSigningSecret', NULL, '\x01aa58ee00e8319a127335fc0d9128ed0471515ba130c24aa5d2c19017e8f7dbb9aee49cc1e3724a4ddb54bdc21c9d9153f9ccf2c0d41251f1a47e52c1c032b83a44f589478ba5daa6d7474a3ca48f0ecd04c3360c798c8f6ca4589a705ed09fbc6d4b9b5a7c03'),
	('01a21524-8765-7ec5-8da6-8590d497f4b7', 'sessionTimeoutMinutes', '240', NULL),
	('01a21524-8765-7ec5-8da6-8590d497f4b7', 'feature:sso', 'true', NULL),
	('01a21524-8765-7ec5-8da6-8590d497f4b7', 'feature:auditExport', 'false', NULL),
	('01a21524-8765-7ec5-8da6-8590d497f4b7', 'feature:customDomain', 'true', NULL),
	('01a21524-88ce-70f3-abb9-4449a3dba454', 'passwordMinLength', '14', NULL),
	('01a21524-88ce-70f3-abb9-4449a3dba454', 'uploadMaxMegabytes', '1024', NULL),
	('01a21524-88ce-70f3-abb9-4449a3dba454', 'passwordRequireMixed', 'true', NULL),
	('01a21524-88ce-70f3-abb9-4449a3dba454', 'webhookSigningSecret', NULL, '\x01b91ea65fb354679f645ac99a51b676fd42a4e7ad902af53b5c33e0fd7bc40491f648f3f2237c544ccd61d68347bc043ede6aa93c0dafd37e555461c275310819182c435be80e60cab49d7de56facdd1145b9fd6d3c9f992293e617d9cb334cb81ce3c5177fac'),
	('01a21524-88ce-70f3-abb9-4449a3dba454', 'sessionTimeoutMinutes', '60', NULL),
	('01a21524-88ce-70f3-abb9-4449a3dba454', 'feature:sso', 'true', NULL),
	('01a21524-88ce-70f3-abb9-4449a3dba454', 'feature:auditExport', 'true', NULL),
	('01a21524-88ce-70f3-abb9-4449a3dba454', 'feature:customDomain', 'true', NULL);
INSERT INTO public.tenant_settings VALUES
	('01a21524-8901-78ae-9fd4-5061c067adaf', 'passwordMinLength', '12', NULL),
	('01a21524-8901-78ae-9fd4-5061c067adaf', 'uploadMaxMegabytes', '100', NULL),
	('01a21524-8901-78ae-9fd4-5061c067adaf', 'passwordRequireMixed', 'true', NULL),
	('01a21524-8901-78ae-9fd4-5061c067adaf', 'webhookSigningSecret', NULL, '\x01f0f656be1067bfcb3b2c1b2c8f0f2322b582d16a91beda253a97bc8f0dcfff0aa1b44d9c3b1c5c87b905e60bdfb3fbc8372d6603f713057041642c6247d85a7dec9bec9845bb85248fe4a57672ca949f1f6a42a04941813df11a8d119c666cd25ef4c085e453'),
	('01a21524-8901-78ae-9fd4-5061c067adaf', 'sessionTimeoutMinutes', '240', NULL),
	('01a21524-8901-78ae-9fd4-5061c067adaf', 'feature:sso', 'true', NULL),
	('01a21524-8901-78ae-9fd4-5061c067adaf', 'feature:auditExport', 'false', NULL),
	('01a21524-8901-78ae-9fd4-5061c067adaf', 'feature:customDomain', 'true', NULL);
INSERT INTO public.tenants VALUES
	('01a21524-825d-7c55-85e5-c512a132b91f', 'in-rows', 'in-rows', 'basic', 'row', 'active', NULL, 'in-rows', NULL, 'UTC', 'admin@in-rows.example', '{}', '{}', 'eu-1', 'saga_rows', 'product', NULL, NULL, NULL, 3, '2026-11-25 23:57:23.933799+00', '2026-11-25 23:57:24.690687+00'),
	('01a21524-85e7-7842-8f1b-cb851d927f00', 'in-database', 'in-database', 'enterprise', 'database', 'active', 'in-database.example', 'in-database', NULL, 'UTC', 'admin@in-database.example', '{}', '{}', 'eu-1', 'tenant_01a2152485e778428f1bcb851d927f00', 'product', NULL, NULL, NULL, 3, '2026-11-25 23:57:24.839427+00', '2026-11-25 23:57:24.979642+00'),
	('01a21524-869a-79c0-b8c5-bea7a4a369fa', 'undone', 'undone', 'basic', 'row', 'failed', NULL, 'undone', NULL, 'UTC', 'admin@undone.example', '{}', '{}', NULL, NULL, NULL, NULL, NULL, NULL, 3, '2026-11-25 23:57:25.018351+00', '2026-11-25 23:57:25.192342+00'),
	('01a21524-8765-7ec5-8da6-8590d497f4b7', 'stuck', 'stuck', 'premium', 'schema', 'active', NULL, 'stuck', NULL, 'UTC', 'admin@stuck.example', '{}', '{}', 'eu-1', 'saga_schemas_1', 't_01a2152487657ec58da68590d497f4b7', NULL, NULL, NULL, 3, '2026-11-25 23:57:25.221221+00', '2026-11-25 23:57:25.350008+00'),
	('01a21524-8840-744b-8319-6483e8fafbce', 'returning', 'returning', 'enterprise', 'database', 'provisioning', NULL, 'returning', NULL, 'UTC', 'admin@returning.example', '{}', '{}', 'eu-1', 'tenant_01a215248840744b83196483e8fafbce', 'product', NULL, NULL, NULL, 2, '2026-11-25 23:57:25.44089+00', '2026-11-25 23:57:25.467998+00'),
	('01a21524-88ce-70f3-abb9-4449a3dba454', 'paused', 'paused', 'enterprise', 'database', 'provisioning', NULL, 'paused', NULL, 'UTC', 'admin@paused.example', '{}', '{}', 'eu-1', 'tenant_01a2152488ce70f3abb94449a3dba454', 'product', NULL, NULL, NULL, 2, '2026-11-25 23:57:25.582713+00', '2026-11-25 23:57:25.595902+00'),
	('01a21524-8901-78ae-9fd4-5061c067adaf', 'inflight', 'inflight', 'premium', 'schema', 'provisioning', NULL, 'inflight', NULL, 'UTC', 'admin@inflight.example', '{}', '{}', 'eu-1', 'saga_schemas_1', 't_01a21524890178ae9fd45061c067adaf', NULL, NULL, NULL, 2, '2026-11-25 23:57:25.633888+00', '2026-11-25 23:57:25.649457+00'),
	('01a21524-8bb3-7e28-aef3-f4e9fcf1b94f', 'fresh', 'fresh', 'basic', 'row', 'provisioning', NULL, 'fresh', NULL, 'UTC', 'admin@fresh.example', '{}', '{}', NULL, NULL, NULL, NULL, NULL, NULL, 1, '2026-11-25 23:57:26.323491+00', '2026-11-25 23:57:26.323491+00'),
	('01a21524-857b-7460-9c7f-87dfaf09b2b9', 'in-schema', 'in-schema', 'premium', 'schema', 'suspended', 'in-schema.example', 'in-schema', NULL, 'UTC', 'admin@in-schema.example', '{}', '{}', 'eu-1', 'saga_schemas_1', 't_01a21524857b74609c7f87dfaf09b2b9', NULL, NULL, NULL, 3, '2026-11-25 23:57:24.731103+00', '2026-11-25 23:57:24.817859+00');
INSERT INTO public.workflows VALUES
	('f952f042b11c378f46a4ae5b56cb625a1e0d941af8b7a67876837ee45aebfa53', 'provision', 1, '{"kind": "provision", "steps": [{"kind": "compensatable", "name": "reserve", "after": [], "worker": "reservation", "backoff": "00:00:00.5000000", "deadline": "00:10:00", "maxAttempts": 5, "backoffLimit": "00:00:30", "attemptTimeout": "00:01:00"}, {"kind": "compensatable", "name": "identity", "after": ["reserve"], "worker": "identity", "backoff": "00:00:00.5000000", "deadline": "00:10:00", "maxAttempts": 5, "backoffLimit": "00:00:30", "attemptTimeout": "00:01:00"}, {"kind": "compensatable", "name": "database", "after": ["reserve"], "worker": "database", "backoff": "00:00:00.5000000", "deadline": "00:10:00", "maxAttempts": 5, "backoffLimit": "00:00:30", "attemptTimeout": "00:01:00"}, {"kind": "compensatable", "name": "storage", "after": ["reserve"], "worker": "storage", "backoff": "00:00:00.5000000", "deadline": "00:10:00", "maxAttempts": 5, "backoffLimit": "00:00:30", "attemptTimeout": "00:01:00"}, {"kind": "compensatable", "name": "cache", "after": ["reserve"], "worker": "cache", "backoff": "00:00:00.5000000", "deadline": "00:10:00", "maxAttempts": 5, "backoffLimit": "00:00:30", "attemptTimeout": "00:01:00"}, {"kind": "compensatable", "name": "configuration", "after": ["reserve"], "worker": "configuration", "backoff": "00:00:00.5000000", "deadline": "00:10:00", "maxAttempts": 5, "backoffLimit": "00:00:30", "attemptTimeout": "00:01:00"}, {"kind": "compensatable", "name": "migrate", "after": ["database"], "worker": "database", "backoff": "00:00:00.5000000", "deadline": "00:10:00", "maxAttempts": 5, "backoffLimit": "00:00:30", "attemptTimeout": "00:01:00"}, {"kind": "compensatable", "name": "administrator", "after": ["identity"], "worker": "identity", "backoff": "00:00:00.5000000", "deadline": "00:10:00", "maxAttempts": 5, "backoffLimit": "00:00:30", "attemptTimeout": "00:01:00"}, {"kind": "compensatable", "name": "verify", "after": ["migrate", "storage", "cache", "configuration", "administrator"], "worker": "verification", "backoff": "00:00:00.5000000", "deadline": "00:10:00", "maxAttempts": 5, "backoffLimit": "00:00:30", "attemptTimeout": "00:01:00"}, {"kind": "pivot", "name": "activate", "after": ["verify"], "worker": "reservation", "backoff": "00:00:00.5000000", "deadline": "00:10:00", "maxAttempts": 5, "backoffLimit": "00:00:30", "attemptTimeout": "00:01:00"}, {"kind": "retriable", "name": "notify", "after": ["activate"], "worker": "notification", "backoff": "00:00:00.5000000", "deadline": "00:10:00", "maxAttempts": 5, "backoffLimit": "00:00:30", "attemptTimeout": "00:01:00"}], "version": 1}');
SELECT pg_catalog.setval('public.audit_id_seq', 14, true);
SELECT pg_catalog.setval('public.operation_history_id_seq', 215, true);
ALTER TABLE ONLY public.audit
    ADD CONSTRAINT audit_pkey PRIMARY KEY (id);
ALTER TABLE ONLY public.database_servers
    ADD CONSTRAINT database_servers_pkey PRIMARY KEY (name);
ALTER TABLE ONLY public.idempotency_keys
    ADD CONSTRAINT idempotency_keys_pkey PRIMARY KEY (caller, key);
ALTER TABLE ONLY public.operation_history
    ADD CONSTRAINT operation_history_pkey PRIMARY KEY (operation_id, id);
ALTER TABLE ONLY public.operation_steps
    ADD CONSTRAINT operation_steps_pkey PRIMARY KEY (operation_id, step);
ALTER TABLE ONLY public.operations
    ADD CONSTRAINT operations_pkey PRIMARY KEY (id);
ALTER TABLE ONLY public.outbox
    ADD CONSTRAINT outbox_pkey PRIMARY KEY (message_id);
ALTER TABLE ONLY public.plans
    ADD CONSTRAINT plans_pkey PRIMARY KEY (name);
ALTER TABLE ONLY public.registry_migrations
    ADD CONSTRAINT registry_migrations_pkey PRIMARY KEY (version);
ALTER TABLE ONLY public.tenant_credentials
    ADD CONSTRAINT tenant_credentials_pkey PRIMARY KEY (tenant_id, purpose);
ALTER TABLE ONLY public.tenant_keys
    ADD CONSTRAINT tenant_keys_pkey PRIMARY KEY (tenant_id);
ALTER TABLE ONLY public.tenant_migrations
    ADD CONSTRAINT tenant_migrations_pkey PRIMARY KEY (tenant_id, version);
ALTER TABLE ONLY public.tenant_settings
    ADD CONSTRAINT tenant_settings_pkey PRIMARY KEY (tenant_id, key);
ALTER TABLE ONLY public.tenants
    ADD CONSTRAINT tenants_pkey PRIMARY KEY (id);
ALTER TABLE ONLY public.workflows
    ADD CONSTRAINT workflows_pkey PRIMARY KEY (digest);
CREATE UNIQUE INDEX operation_history_inbox ON public.operation_history USING btree (message_id) WHERE (message_id IS NOT NULL);
CREATE INDEX operations_by_age ON public.operations USING btree (created_at, id);
CREATE INDEX operations_by_tenant ON public.operations USING btree (tenant_id, created_at);
CREATE INDEX operations_due ON public.operations USING btree (next_due_at) WHERE (next_due_at IS NOT NULL);
CREATE UNIQUE INDEX operations_one_active ON public.operations USING btree (tenant_id) WHERE (state = ANY (ARRAY['accepted'::text, 'running'::text, 'compensating'::text, 'stalled'::text]));
CREATE INDEX outbox_fresh ON public.outbox USING btree (message_id) WHERE (claimed_until = '-infinity'::timestamp with time zone);
CREATE INDEX tenants_by_age ON public.tenants USING btree (created_at, id);
CREATE INDEX tenants_by_placement ON public.tenants USING btree (placement_server, placement_database) WHERE (placement_server IS NOT NULL);
CREATE INDEX tenants_by_slug ON public.tenants USING btree (slug, created_at);
CREATE UNIQUE INDEX tenants_domain_taken ON public.tenants USING btree (domain) WHERE (status <> ALL (ARRAY['failed'::text, 'deprovisioned'::text]));
CREATE UNIQUE INDEX tenants_slug_taken ON public.tenants USING btree (slug) WHERE (status <> ALL (ARRAY['failed'::text, 'deprovisioned'::text]));
CREATE UNIQUE INDEX tenants_subdomain_taken ON public.tenants USING btree (subdomain) WHERE (status <> ALL (ARRAY['failed'::text, 'deprovisioned'::text]));
ALTER TABLE ONLY public.idempotency_keys
    ADD CONSTRAINT idempotency_keys_operation_id_fkey FOREIGN KEY (operation_id) REFERENCES public.operations(id);
ALTER TABLE ONLY public.operations
    ADD CONSTRAINT operations_tenant_id_fkey FOREIGN KEY (tenant_id) REFERENCES public.tenants(id);
ALTER TABLE ONLY public.operations
    ADD CONSTRAINT operations_workflow_digest_fkey FOREIGN KEY (workflow_digest) REFERENCES public.workflows(digest);
ALTER TABLE ONLY public.tenant_credentials
    ADD CONSTRAINT tenant_credentials_tenant_id_fkey FOREIGN KEY (tenant_id) REFERENCES public.tenants(id);
ALTER TABLE ONLY public.tenant_keys
    ADD CONSTRAINT tenant_keys_tenant_id_fkey FOREIGN KEY (tenant_id) REFERENCES public.tenants(id);
ALTER TABLE ONLY public.tenant_migrations
    ADD CONSTRAINT tenant_migrations_tenant_id_fkey FOREIGN KEY (tenant_id) REFERENCES public.tenants(id);
ALTER TABLE ONLY public.tenant_settings
    ADD CONSTRAINT tenant_settings_tenant_id_fkey FOREIGN KEY (tenant_id) REFERENCES public.tenants(id);
ALTER TABLE ONLY public.tenants
    ADD CONSTRAINT tenants_placement_server_fkey FOREIGN KEY (placement_server) REFERENCES public.database_servers(name);
ALTER TABLE ONLY public.tenants
    ADD CONSTRAINT tenants_plan_fkey FOREIGN KEY (plan) REFERENCES public.plans(name);
