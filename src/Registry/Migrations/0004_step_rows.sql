-- How far each step has come moves out of one document, which each transition wrote anew as a whole, into the row that
-- holds the step's fence and lease: a transition writes the steps that it changes.

alter table step_leases rename to operation_steps;
alter index step_leases_pkey rename to operation_steps_pkey;
alter table operation_steps
    add column status         text not null default 'pending',
    add column attempt        int  not null default 0,
    add column started_at     timestamptz,
    add column dispatched_at  timestamptz,
    add column due_at         timestamptz,
    add column deadline       timestamptz,
    add column finished_at    timestamptz,
    add column failure        jsonb,
    add column held_by        text,
    add column output         jsonb;

insert into operation_steps as s (operation_id, step, fence, status, attempt, started_at, dispatched_at, due_at, deadline, finished_at, failure, held_by, output)
select o.id, v.name, coalesce(v.fence, 0), coalesce(v.status, 'pending'), coalesce(v.attempt, 0), v."startedAt", v."dispatchedAt", v."dueAt", v.deadline, v."finishedAt",
    v.failure, v."heldBy", v.output
from operations o cross join jsonb_to_recordset(o.steps) as v(
    name text, fence bigint, status text, attempt int, "startedAt" timestamptz, "dispatchedAt" timestamptz, "dueAt" timestamptz, deadline timestamptz, "finishedAt" timestamptz,
    failure jsonb, "heldBy" text, output jsonb)
on conflict (operation_id, step) do update set
    status = excluded.status, attempt = excluded.attempt, started_at = excluded.started_at, dispatched_at = excluded.dispatched_at, due_at = excluded.due_at,
    deadline = excluded.deadline, finished_at = excluded.finished_at, failure = excluded.failure, held_by = excluded.held_by, output = excluded.output;

alter table operations drop column steps;
alter table operations set (fillfactor = 60);

-- The newest line of the history says it: a transition that moves a step only leaves the operation's row alone.
alter table operations drop column version, drop column updated_at;

-- The index on what is active says as much.
drop index operations_active;
