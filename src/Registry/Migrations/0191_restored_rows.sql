-- What the tenant's rows were when a restore routed it to the placement: their number and sum for each table, as JSON. A revert compares them.
alter table placements add column restored_rows jsonb;
