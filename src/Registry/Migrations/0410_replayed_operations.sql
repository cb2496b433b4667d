-- A replay of an operation that was compensated or cancelled runs its command again, as an operation of its own.
alter table operations add column replay_of uuid references operations (id);

-- At most one of them is open or has completed, whoever orders at the same time.
create unique index operations_replay on operations (replay_of) where replay_of is not null and state not in ('compensated', 'cancelled');
create index operations_replays on operations (replay_of, created_at) where replay_of is not null;
