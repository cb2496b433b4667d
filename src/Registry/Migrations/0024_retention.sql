-- A message is known by its operation: the index leads to the operation's own lines, and goes with them.
drop index operation_history_inbox;
create unique index operation_history_inbox on operation_history (operation_id, message_id) where message_id is not null;

-- What is left of the steps of an ended operation when their rows and its history are pruned: the status of each. Null before.
alter table operations add column step_outcomes jsonb;
create index operations_to_prune on operations (finished_at) where finished_at is not null and step_outcomes is null;
create index idempotency_keys_by_age on idempotency_keys (created_at);

-- When a message came into the outbox. Its id may be older: a dead letter that is put back keeps its own.
alter table outbox add column created_at timestamptz not null default now();
