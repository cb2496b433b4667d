-- Replays, of which somebody looks what became of them: an order to an operation, or an operation that runs the command of another one again.
create table replay_checks (
    operation_id  uuid primary key references operations,
    requested_at  timestamptz not null,
    requested_by  text not null,
    -- The history line of the order; null when the operation itself is the replay.
    ordered_at    bigint,
    -- How the operation ends if the replay succeeds.
    expects       text not null check (expects in ('completed', 'undone')),
    -- What its workers have outside. Other differences of its tenant are not its outcome.
    resources     text[] not null,
    -- The operation of the scan that looks; null until there is one.
    scan          uuid,
    -- What the scan says of it; null until it has ended.
    outcome       text check (outcome in ('verified', 'contradicted', 'unverified')),
    reason        text,
    judged_at     timestamptz,
    check ((outcome is null) = (judged_at is null))
);

create index replay_checks_due on replay_checks (requested_at) where scan is null and outcome is null and cardinality(resources) > 0;
create index replay_checks_looking on replay_checks (scan) where scan is not null and outcome is null;

-- Scans by their schedule are looked for among all operations.
create index operations_scheduled_scans on operations (created_at) where kind = 'scanDrift' and requested_by = 'system';
