-- What failed when the operation's failure was set, and when, for the list of failures: the steps' rows change afterwards, and are pruned.
-- Null for operations of earlier versions, whose steps are looked at instead as long as they are there.
alter table operations
    add column failed_at    timestamptz,
    -- Null when no step failed: the operation waited too long for its scopes.
    add column failed_step  text,
    -- Whether it was the step's compensation.
    add column failed_back  boolean;

-- Those that wait for an operator or are being undone, whatever their age, and those that have ended, by time. Operations without a failure
-- are in neither.
create index operations_failing on operations ((coalesce(failed_at, created_at))) where failure is not null and finished_at is null;
create index operations_failed on operations ((coalesce(failed_at, finished_at))) where failure is not null and finished_at is not null;
