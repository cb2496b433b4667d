-- What a change of plan replaced, so that it can be undone exactly: a row for each operation that changed a plan.
create table plan_changes (
    operation_id  uuid primary key references operations,
    tenant_id     uuid not null references tenants,
    from_plan     text not null references plans,
    to_plan       text not null references plans,
    -- The rows of tenant_settings before the change. Sealed values stay sealed.
    settings      jsonb not null,
    announced_at  timestamptz
);
