-- Commands that run at a time. They hold no scope, and are validated again when they run.
create table scheduled_commands (
    id               uuid primary key,
    kind             text not null,
    -- Null for a new tenant or none.
    tenant_id        uuid,
    command          jsonb not null,
    run_at           timestamptz not null,
    -- When it is refused if it could not begin until then.
    expires_at       timestamptz not null,
    state            text not null default 'scheduled' check (state in ('scheduled', 'submitted', 'refused', 'cancelled', 'rejected')),
    needs_approval   boolean not null,
    requested_by     text not null,
    created_at       timestamptz not null,
    -- The idempotency key under which it was posted.
    request_key      text,
    request_hash     bytea,
    approved_by      text,
    approved_at      timestamptz,
    approval_reason  text,
    -- When a runner looks at it next; null while it needs an approval, and when it has ended.
    next_try_at      timestamptz,
    tries            int not null default 0,
    -- The runner that may submit it. Whoever ends the row clears it.
    claim            uuid,
    operation_id     uuid,
    refusal          jsonb,
    ended_at         timestamptz,
    ended_by         text,
    end_reason       text
);

create index scheduled_commands_due on scheduled_commands (next_try_at) where next_try_at is not null;
create index scheduled_commands_by_age on scheduled_commands (created_at, id);
create unique index scheduled_commands_key on scheduled_commands (requested_by, request_key) where request_key is not null;

-- Part of the transaction that accepts the command: it is submitted once, and not after somebody cancelled it.
create function submit_scheduled(scheduled uuid, claimed uuid, operation uuid, at timestamptz) returns void language plpgsql as $$
begin
    update scheduled_commands set state = 'submitted', operation_id = operation, ended_at = at, next_try_at = null, claim = null
    where id = scheduled and claim = claimed and state = 'scheduled';
    if not found then
        raise exception 'the scheduled command has ended, or another process submits it' using errcode = 'SG010';
    end if;
end $$;
