-- What became of a dispatch: whether a worker took it, until when that worker is believed to live, and how often it was sent,
-- deferred, or lost its worker.

alter table operation_steps
    -- When a worker took the lease of the newest fence; null until then. A fence is taken once.
    add column taken_at          timestamptz,
    -- When the attempt that began with it is given up.
    add column attempt_ends_at   timestamptz,
    -- When the holder of the lease is taken for lost, unless it renews it.
    add column lost_at           timestamptz,
    -- When the sweeper wakes the operation to look at this step: from the first renewal of a lease on. Most steps end before
    -- that, and never touch the index.
    add column watched_until     timestamptz,
    add column deliveries        int not null default 0,
    add column lost_in_a_row     int not null default 0,
    add column deferred_since    timestamptz,
    add column deferred_times    int not null default 0;

create index operation_steps_watched on operation_steps (watched_until) where watched_until is not null;
