-- How far a step has come, written by its worker with the renewal of the lease: at most once a second, and without a transition.
-- The checkpoint is the worker's own; the next attempt in the same direction begins there.
alter table operation_steps
    add column progress       jsonb,
    add column progressed_at  timestamptz,
    add column checkpoint     jsonb;
