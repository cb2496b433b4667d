-- Who cancelled the operation, and why. It then ends as cancelled, when what ran is undone.
alter table operations add column cancellation jsonb;

-- Whether the transaction that accepted the operation changed more than the operation itself, such as a new tenant's row. The first steps'
-- compensations undo that, so they run even when no step has. Operations from before are taken to have changed something.
alter table operations add column wrote_on_acceptance boolean not null default true;
