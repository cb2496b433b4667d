-- One order for many operations or tenants. What it is for is chosen once, when it is prepared.
create table batches (
    id               uuid primary key,
    kind             text not null check (kind in ('replays', 'commands')),
    state            text not null check (state in ('prepared', 'running', 'paused', 'completed', 'aborted')),
    -- Of commands: their kind. Of replays: null.
    action           text,
    -- Of replays: the order. Of commands: the command's fields without the tenant.
    input            jsonb not null,
    wave_first       int not null check (wave_first > 0),
    wave_factor      int not null check (wave_factor > 0),
    wave_max         int not null check (wave_max >= wave_first),
    rate_per_minute  int check (rate_per_minute > 0),
    stop_at_ratio    numeric not null check (stop_at_ratio between 0 and 1),
    reason           text not null,
    prepared_by      text not null,
    created_at       timestamptz not null,
    -- A batch that was prepared and not run is deleted then.
    expires_at       timestamptz not null,
    request_key      text,
    request_hash     bytea,
    -- The operation that stands for it while it runs, and whose children its commands are.
    -- Deferred, because the transaction that accepts the order to run it writes the operation last.
    operation_id     uuid references operations on delete cascade deferrable initially deferred,
    run_by           text,
    as_operator      boolean not null default false,
    wave             int not null default 0,
    wave_size        int not null default 0,
    -- When the next item may begin.
    next_item_at     timestamptz,
    pause_reason     text,
    ended_at         timestamptz,
    ended_by         text,
    end_reason       text,
    -- Whether its operation was told that it has ended.
    closed           boolean not null default false,
    -- One runner at a time works on it.
    claim            uuid,
    claimed_until    timestamptz
);

create unique index batches_request on batches (prepared_by, request_key) where request_key is not null;
create unique index batches_operation on batches (operation_id) where operation_id is not null;
create index batches_by_age on batches (created_at, id);
create index batches_moving on batches (id) where operation_id is not null and not closed;
create index batches_ended on batches (ended_at) where ended_at is not null;
create index batches_prepared on batches (expires_at) where state = 'prepared';

create table batch_items (
    batch_id      uuid not null references batches on delete cascade,
    number        int not null,
    -- The operation that is replayed, or the tenant that gets the command.
    subject       uuid not null,
    -- Of replays: the operation's version when the batch was prepared, and how it ends if the replay succeeds.
    version       bigint,
    expects       text not null check (expects in ('completed', 'undone')),
    -- Of replays: what failed.
    kind          text,
    step          text,
    code          text,
    system        text,
    state         text not null default 'pending' check (state in ('pending', 'running', 'succeeded', 'failed', 'refused', 'skipped')),
    wave          int,
    -- The operation that carries it out. Of a replay of a stalled operation: that one, and the history line of the order.
    operation_id  uuid,
    ordered_at    bigint,
    failure       jsonb,
    begun_at      timestamptz,
    ended_at      timestamptz,
    primary key (batch_id, number)
);

create unique index batch_items_subject on batch_items (batch_id, subject);
create index batch_items_running on batch_items (batch_id) where state = 'running';
create index batch_items_pending on batch_items (batch_id, number) where state = 'pending';
create index batch_items_wave on batch_items (batch_id, wave);

-- For the transaction that accepts the order to run a batch: it runs once.
create function run_batch(batch uuid, operation uuid, caller text, by_operator boolean, at timestamptz) returns void language plpgsql as $$
begin
    update batches set state = 'running', operation_id = operation, run_by = caller, as_operator = by_operator, wave = 1, wave_size = wave_first, next_item_at = at
    where id = batch and state = 'prepared' and expires_at > at;
    if not found then
        raise exception 'the batch is not prepared' using errcode = 'SG020';
    end if;
end $$;
