-- Operations that were accepted while others hold their scopes. The one that waits longest gets all of its scopes at once, as soon as
-- they are free. Commands that do not wait cannot overtake it.
create table operation_scope_waits (
    operation_id  uuid primary key references operations,
    position      bigint generated always as identity,
    scopes        text[] not null,
    -- Whether it needs a slot of the installation afterwards.
    needs_slot    boolean not null,
    since         timestamptz not null,
    expires_at    timestamptz,
    -- Its time is over, and the message that ends it is written: it can no longer get its scopes.
    refusing      boolean not null default false
);
create index operation_scope_waits_by_scope on operation_scope_waits using gin (scopes);
create index operation_scope_waits_expiring on operation_scope_waits (expires_at) where expires_at is not null and not refusing;

-- While it waits for a scope it neither has a slot nor queues for one.
alter table operations
    drop constraint operations_slot_check,
    add constraint operations_slot_check check (slot in ('queued', 'admitted', 'released', 'exempt', 'waiting')) not valid;
alter table operations validate constraint operations_slot_check;
